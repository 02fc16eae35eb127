//! Answers of a look-up.

use thiserror::Error;

/// What a cache knows of an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Known<T> {
    /// It exists.
    Present(T),
    /// It surely does not exist.
    Absent,
    /// The cache does not have it; it may exist all the same.
    NotCached,
}

/// Why the API server could not be asked.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{0}")]
pub struct FetchError(pub String);

impl FetchError {
    /// What the API server said, or why there was no answer.
    pub(super) fn of(error: &kube::Error) -> Self {
        match error {
            // In its own words; the client's text holds the whole answer, written for programmers.
            kube::Error::Api(status) => Self(status.message.clone()),
            other => Self(other.to_string()),
        }
    }

    /// The same for a named object.
    pub(super) fn about(kind: &str, name: &str, error: &kube::Error) -> Self {
        Self(format!("{kind} {name}: {}", Self::of(error)))
    }
}
