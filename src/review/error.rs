//! Why a review cannot be read, and the uid that the answer needs all the same.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// A review that cannot be judged.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{problem}")]
pub struct ReviewError {
    /// The request's uid, if the text shows one however broken it is. With it the API server takes a denial for
    /// what it is; without it, for a failed call.
    pub uid: Option<String>,
    /// What is wrong.
    pub problem: ReviewProblem,
}

impl ReviewError {
    /// The problem, with the uid found by a second look at the same text.
    pub(super) fn new(body: &[u8], problem: ReviewProblem) -> Self {
        Self { uid: find_uid(body), problem }
    }
}

/// What is wrong with a review.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ReviewProblem {
    /// Nothing was sent.
    #[error("the body is empty")]
    Empty,
    /// Not JSON, or not to its end.
    #[error("the body is not JSON: {message}")]
    NotJson {
        /// The parser's words with line and column.
        message: String,
    },
    /// JSON, but no object, such as `null`.
    #[error("the body is not an AdmissionReview but {found}")]
    NotAnObject {
        /// What it is, such as `null` or `a list`.
        found: &'static str,
    },
    /// Another version than `admission.k8s.io/v1`.
    #[error("apiVersion is `{found}`, expected `admission.k8s.io/v1`")]
    WrongApiVersion {
        /// The version that was sent.
        found: String,
    },
    /// Another kind than `AdmissionReview`.
    #[error("kind is `{found}`, expected `AdmissionReview`")]
    WrongKind {
        /// The kind that was sent.
        found: String,
    },
    /// A review without `request`, such as an answer.
    #[error("the review has no `request`")]
    NoRequest,
    /// The request has no uid, so that no answer can be matched with it.
    #[error("the request has no `uid`")]
    NoUid,
    /// The request does not say what kind of object it is about.
    #[error("the request has no `kind`")]
    NoKind,
    /// Something else than CREATE, UPDATE, DELETE and CONNECT.
    #[error("the operation is `{found}`, expected CREATE, UPDATE, DELETE or CONNECT")]
    UnknownOperation {
        /// The operation that was sent.
        found: String,
    },
    /// A CREATE or UPDATE without the object.
    #[error("the request has no `object`")]
    NoObject,
    /// A field of the request has another type than the API gives it.
    #[error("the review has an unexpected shape: {message}")]
    WrongShape {
        /// The parser's words with line and column.
        message: String,
    },
}

/// The first non-empty `request.uid` before the text breaks off or breaks the rules.
fn find_uid(body: &[u8]) -> Option<String> {
    let mut uid = None;
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    // Whatever stops the walk, the uid may have been passed already.
    drop(UidSeeker { path: &["request", "uid"], uid: &mut uid }.deserialize(&mut deserializer));
    uid.filter(|uid: &String| !uid.is_empty())
}

/// Walks down `path` and puts the text at its end into `uid`.
struct UidSeeker<'u> {
    path: &'static [&'static str],
    uid: &'u mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for UidSeeker<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UidSeeker<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a review")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.path.is_empty() && self.uid.is_none() {
            *self.uid = Some(text.to_owned());
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match self.path.split_first() {
                Some((wanted, path)) if *wanted == key => {
                    map.next_value_seed(UidSeeker { path, uid: &mut *self.uid })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        IgnoredAny.visit_seq(list).map(drop)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}

/// What a JSON value is, by its first character; `None` for an object.
pub(super) fn other_than_object(body: &[u8]) -> Option<&'static str> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace())? {
        b'{' => None,
        b'[' => Some("a list"),
        b'"' => Some("a text"),
        b'n' => Some("null"),
        b't' | b'f' => Some("a boolean"),
        _ => Some("a number"),
    }
}

/// Whether the text is JSON as far as syntax goes.
pub(super) fn check_syntax(body: &[u8]) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    IgnoredAny::deserialize(&mut deserializer)?;
    deserializer.end()
}
