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
