//! What reports say about mending an answer: a verified command, or what the documentation says to do.

use jiff::Timestamp;
use serde::Serialize;

use crate::azure_cli::{CommandFile, Remedy, Repair};
use crate::engine::fix::Reach;
use crate::engine::index::{Index, RegistryNumber};
use crate::engine::pull::Answer;

/// How to mend an answer.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FixRow {
    /// The command, quoted for bash and sh; `null` where there is only an instruction.
    pub command: Option<String>,
    /// Whether the engine has seen the command turn this verdict to allow, and in mode `rbac-abac` no other
    /// repository change. Never true of what comes from the documentation.
    pub verified: bool,
    /// How far a verified command reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach: Option<&'static str>,
    /// What to do, in a sentence, where nothing could be verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<&'static str>,
    /// The file that the command reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FileRow>,
    /// The same with the condition in a file, which no shell can damage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition_in_file: Option<ConditionInFileRow>,
    /// Deletes assignments that the registry's mode ignores, if wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clean_up: Option<String>,
}

/// A file that a command reads.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct FileRow {
    /// Its name.
    pub name: String,
    /// Its text.
    pub content: String,
}

/// A command whose condition stands in a file.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ConditionInFileRow {
    /// The command, quoted for bash and sh.
    pub command: String,
    /// The file.
    pub file: FileRow,
}

impl FixRow {
    /// How to mend an answer about an image; `None` where there is nothing to mend.
    #[must_use]
    pub fn of_answer(
        index: &Index,
        registry: Option<RegistryNumber>,
        repository: Option<&str>,
        answer: &Answer,
        now: Timestamp,
    ) -> Option<Self> {
        let repair = registry
            .zip(repository)
            .and_then(|(registry, repository)| Repair::of_answer(index, registry, repository, answer, now));
        if let Some(repair) = &repair {
            return Some(Self::from(repair));
        }
        let registry = registry.and_then(|number| index.registry(number));
        let name = registry.map(|registry| registry.name.as_str());
        Remedy::of_answer(answer, name, repository).as_ref().map(Self::from)
    }
}

impl From<&Repair> for FixRow {
    fn from(repair: &Repair) -> Self {
        let Repair { command, file, condition_in_file, reach, clean_up } = repair;
        Self {
            command: Some(command.to_string()),
            verified: true,
            reach: Some(match reach {
                Reach::Repository => "repository",
                Reach::Registry => "registry",
            }),
            instruction: None,
            file: file.as_ref().map(FileRow::from),
            condition_in_file: condition_in_file.as_ref().map(|form| ConditionInFileRow {
                command: form.command.to_string(),
                file: FileRow::from(&form.file),
            }),
            clean_up: clean_up.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&Remedy> for FixRow {
    fn from(remedy: &Remedy) -> Self {
        let Remedy { instruction, command } = remedy;
        Self {
            command: command.as_ref().map(ToString::to_string),
            verified: false,
            reach: None,
            instruction: Some(instruction),
            file: None,
            condition_in_file: None,
            clean_up: None,
        }
    }
}

impl From<&CommandFile> for FileRow {
    fn from(file: &CommandFile) -> Self {
        Self { name: file.name.clone(), content: file.content.clone() }
    }
}
