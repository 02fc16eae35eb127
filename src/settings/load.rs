//! Settings from text: every problem at once, each with its line.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_saphyr::{Location, Spanned};
use smol_str::SmolStr;
use thiserror::Error;

use super::document::{Actions, ApiVersion, ClusterDocument, Kind, Namespaces, SettingsDocument};
use super::exception::{Exception, ExceptionCandidate};
use super::glob::Glob;
use super::rule::{Mode, Rule};
use super::schema::compare;
use super::selector::{LabelRequirement, Match, NamespaceLabels, NamespaceSelector};
use crate::engine::pull::{Cloud, Federation, PullIdentity};
use crate::yaml::Node;

/// What the operator decides, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What an export does not show about the cluster.
    pub cluster: ClusterSettings,
    /// Whether updates that change nothing about pulls are let pass.
    pub skip_unchanged: bool,
    /// How old the inventory may be before reviews say so.
    pub max_inventory_age: Option<Duration>,
    /// What stands before a reason code in links.
    pub docs_url: SmolStr,
    rules: Vec<Rule>,
    /// Asked last; matches every namespace.
    default_rule: Rule,
    exceptions: Vec<Exception>,
}

/// What an export does not show about the cluster; `None` leaves it to the inventory.
#[derive(Clone, Debug, Default)]
pub struct ClusterSettings {
    /// The resource name in the inventory.
    pub name: Option<SmolStr>,
    /// Who pulls where no pull secret does.
    pub pull_identity: Option<PullIdentity>,
    /// The cloud of the nodes.
    pub cloud: Option<Cloud>,
    /// The identity of service accounts that name none, by name or id.
    pub default_identity: Option<SmolStr>,
    /// The issuer of service account tokens.
    pub oidc_issuer: Option<SmolStr>,
    /// When a client id annotation is believed.
    pub federation: Option<Federation>,
}

/// One thing that is wrong with a settings file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SettingsProblem {
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

/// Everything that is wrong with a settings file.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{}", ProblemList(.0))]
pub struct SettingsError(pub Vec<SettingsProblem>);

/// Where reason codes are explained unless the operator keeps a copy elsewhere.
const DOCS_URL: &str = "https://acr-admission.dev/reasons#";

impl Default for Settings {
    /// Without a settings file: warn everywhere, unknown included, and refuse nothing.
    fn default() -> Self {
        Self {
            cluster: ClusterSettings::default(),
            skip_unchanged: true,
            max_inventory_age: None,
            docs_url: DOCS_URL.into(),
            rules: Vec::new(),
            default_rule: Rule::last(&Actions::default()),
            exceptions: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads a settings file.
    ///
    /// # Errors
    ///
    /// Every problem of the file at once, in the order of its lines.
    pub fn from_yaml(text: &str) -> Result<Self, SettingsError> {
        match serde_saphyr::from_str::<SettingsDocument>(text) {
            Ok(document) => Self::from_document(document),
            Err(error) => {
                let tree = serde_saphyr::from_str::<Spanned<Node>>(text);
                let problems = tree.map(|tree| compare(&tree)).unwrap_or_default();
                // Nothing found by the comparison, or not even YAML: what the parser says.
                let problems = if problems.is_empty() { vec![SettingsProblem::of(&error)] } else { problems };
                Err(SettingsError(problems))
            }
        }
    }

    /// The rule of a namespace. Where its labels are not known, every rule that they might choose is a candidate
    /// and the strictest in its mode for the object at hand wins: not knowing must not weaken anything.
    #[must_use]
    pub fn rule(
        &self,
        namespace: &str,
        labels: Option<&NamespaceLabels>,
        mode: impl Fn(&Rule) -> Mode,
    ) -> &Rule {
        let mut candidates = Vec::new();
        for rule in self.rules.iter().chain([&self.default_rule]) {
            match rule.namespaces.matches(namespace, labels) {
                Match::Yes => {
                    candidates.push(rule);
                    break;
                }
                Match::Unknown => candidates.push(rule),
                Match::No => {}
            }
        }
        candidates
            .into_iter()
            .min_by_key(|rule| (mode(rule), rule.strictness()))
            .unwrap_or(&self.default_rule)
    }

    /// Whether any rule is chosen by labels, so that they are worth a look-up.
    #[must_use]
    pub fn minds_labels(&self) -> bool {
        self.rules.iter().any(|rule| !rule.namespaces.labels.is_empty())
    }

    /// Every rule in order, the default last.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().chain([&self.default_rule])
    }

    /// Every exception, where they are switched on.
    #[must_use]
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// The one exception that covers all of a request's images. Two exceptions are never combined.
    #[must_use]
    pub fn exception<'a>(
        &'a self,
        candidates: &[ExceptionCandidate<'_>],
        now: Timestamp,
    ) -> Option<&'a Exception> {
        self.exceptions.iter().find(|exception| {
            !candidates.is_empty()
                && !exception.is_expired(now)
                && candidates.iter().all(|candidate| exception.covers(candidate))
        })
    }

    fn from_document(document: SettingsDocument) -> Result<Self, SettingsError> {
        let SettingsDocument {
            api_version: ApiVersion::V1,
            kind: Kind::Settings,
            cluster,
            rules: rule_documents,
            default,
            skip_unchanged,
            max_inventory_age,
            docs_url,
            exceptions_enabled,
            exceptions: exception_documents,
        } = document;
        let mut problems = Vec::new();
        let max_inventory_age = max_inventory_age.and_then(|text| duration(&text, &mut problems));
        let docs_url = docs_url.and_then(|text| url(text, &mut problems)).unwrap_or_else(|| DOCS_URL.into());
        let mut rules = Vec::with_capacity(rule_documents.len() + 1);
        for document in &rule_documents {
            let line = document.name.referenced.line();
            let name = &document.name.value;
            if name.trim().is_empty() {
                problems.push(SettingsProblem::at(line, "`name` of a rule must not be empty".to_owned()));
            } else if rules.iter().any(|rule: &Rule| rule.name == *name) {
                problems.push(SettingsProblem::at(line, format!("two rules are called `{name}`")));
            }
            let selector = selector(&document.namespaces, &mut problems);
            rules.push(Rule::new(document, selector));
        }
        let mut exceptions = Vec::new();
        for document in &exception_documents {
            match Exception::new(&document.value) {
                Ok(exception) => exceptions.push(exception),
                Err(messages) => {
                    let line = document.referenced.line();
                    problems.extend(messages.into_iter().map(|message| SettingsProblem::at(line, message)));
                }
            }
        }
        if !problems.is_empty() {
            problems.sort_by_key(|problem| problem.line);
            return Err(SettingsError(problems));
        }
        if !exceptions_enabled {
            exceptions.clear();
        }
        let cluster = cluster_settings(cluster);
        Ok(Self {
            cluster,
            skip_unchanged,
            max_inventory_age,
            docs_url,
            rules,
            default_rule: Rule::last(&default),
            exceptions,
        })
    }
}

fn cluster_settings(document: ClusterDocument) -> ClusterSettings {
    let ClusterDocument { name, pull_identity, cloud, default_identity, oidc_issuer, federation } = document;
    ClusterSettings {
        name: name.map(SmolStr::from),
        pull_identity,
        cloud,
        default_identity: default_identity.map(SmolStr::from),
        oidc_issuer: oidc_issuer.map(SmolStr::from),
        federation,
    }
}

fn selector(document: &Spanned<Namespaces>, problems: &mut Vec<SettingsProblem>) -> NamespaceSelector {
    let Namespaces { names, match_labels, match_expressions } = &document.value;
    let mut selector = NamespaceSelector::default();
    for name in names {
        match Glob::new(&name.value) {
            Some(glob) => selector.names.push(glob),
            None => problems.push(SettingsProblem::at(name.referenced.line(), "an empty name".to_owned())),
        }
    }
    selector.labels.extend(match_labels.iter().map(|(key, value)| LabelRequirement::equal(key, value)));
    for condition in match_expressions {
        match LabelRequirement::new(&condition.value) {
            Ok(requirement) => selector.labels.push(requirement),
            Err(message) => {
                problems.push(SettingsProblem::at(condition.referenced.line(), message.to_owned()));
            }
        }
    }
    if names.is_empty() && match_labels.is_empty() && match_expressions.is_empty() {
        let message = "`namespaces` selects nothing; what holds everywhere belongs to `default`";
        problems.push(SettingsProblem::at(document.referenced.line(), message.to_owned()));
    }
    selector
}

/// A time span in hours, minutes and seconds, or in days of 24 hours.
fn duration(text: &Spanned<String>, problems: &mut Vec<SettingsProblem>) -> Option<Duration> {
    let days = text.value.strip_suffix('d').and_then(|days| days.trim().parse::<u32>().ok());
    let parsed = match days {
        Some(days) => Some(Duration::from_secs(u64::from(days) * SECONDS_OF_A_DAY)),
        None => text.value.parse::<SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok()),
    };
    let parsed = parsed.filter(|span| !span.is_zero());
    if parsed.is_none() {
        let message = format!("`{}` is no time span; write `12h`, `90m` or `7d`", text.value);
        problems.push(SettingsProblem::at(text.referenced.line(), message));
    }
    parsed
}

const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;

/// The URL stands at the end of every denial, which users read in a terminal.
fn url(text: Spanned<String>, problems: &mut Vec<SettingsProblem>) -> Option<SmolStr> {
    /// A line of a message has this much room to spare.
    const LONGEST: usize = 200;
    let is_printable = text.value.bytes().all(|byte| byte.is_ascii_graphic());
    if text.value.starts_with("https://") && is_printable && text.value.len() <= LONGEST {
        return Some(text.value.into());
    }
    let message = format!("`docsUrl` must start with https:// and hold at most {LONGEST} plain characters");
    problems.push(SettingsProblem::at(text.referenced.line(), message));
    None
}

impl SettingsProblem {
    pub(super) const fn at(line: u64, message: String) -> Self {
        Self { line, message }
    }

    fn of(error: &serde_saphyr::Error) -> Self {
        let error = error.without_snippet();
        let location = error.location().filter(|location| *location != Location::UNKNOWN);
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        Self::at(location.map_or(1, |location| location.line()), message.to_owned())
    }
}

impl fmt::Display for SettingsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// One problem a line.
struct ProblemList<'a>(&'a [SettingsProblem]);

impl fmt::Display for ProblemList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}
