//! What can stop a command: one line what, one line where, one line what to do.

use std::fmt::Display;

use crate::inventory::LoadErrors;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The caller can mend it.
    #[error("{what}\n  at {place}\n  help: {help}")]
    Input {
        /// What is wrong.
        what: String,
        /// Where it is wrong.
        place: String,
        /// What to do about it.
        help: String,
    },
    /// The inventory cannot be loaded; each problem brings its own lines.
    #[error("{0}")]
    Inventory(LoadErrors),
    /// The machine is at fault, or this program.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl CliError {
    /// An error that the caller can mend.
    pub(crate) fn input(what: impl Display, place: impl Display, help: impl Display) -> Self {
        Self::Input { what: what.to_string(), place: place.to_string(), help: help.to_string() }
    }

    /// The errors one by one, each in its lines.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        match self {
            Self::Input { .. } => vec![self.to_string()],
            Self::Inventory(errors) => {
                let more = (errors.dropped() > 0).then(|| format!("and {} more", errors.dropped()));
                errors.as_slice().iter().map(ToString::to_string).chain(more).collect()
            }
            Self::Other(error) => vec![format!("{error:#}")],
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<LoadErrors> for CliError {
    fn from(errors: LoadErrors) -> Self {
        Self::Inventory(errors)
    }
}
