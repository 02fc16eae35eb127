//! One copy of each scope and condition. A tenant has 100,000 assignments but only some thousand of either.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::engine::assignment::AssignmentCondition;
use crate::engine::scope::{Scope, ScopeError};

/// Scopes by spelling.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    seen: HashSet<BySpelling, RandomState>,
}

impl Scopes {
    pub(super) fn intern(&mut self, text: &str) -> Result<Scope, ScopeError> {
        if let Some(known) = self.seen.get(text) {
            return Ok(known.0.clone());
        }
        let scope = Scope::parse(text)?;
        // Only where `as_str` gives the text back can it be found again by it.
        if scope.as_str() == text {
            self.seen.insert(BySpelling(scope.clone()));
        }
        Ok(scope)
    }

    /// The scope without its last `segments` segments: a token's registry lies two above it.
    pub(super) fn ancestor(&mut self, scope: &Scope, segments: usize) -> Scope {
        let mut text = scope.as_str().trim_end_matches('/');
        for _ in 0..segments {
            text = text.rsplit_once('/').map_or("", |(above, _)| above);
        }
        self.intern(if text.is_empty() { "/" } else { text }).unwrap_or_else(|_| scope.clone())
    }
}

/// A scope that is equal only to the same spelling; scopes themselves compare without letter case.
#[derive(Debug)]
struct BySpelling(Scope);

impl Borrow<str> for BySpelling {
    fn borrow(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for BySpelling {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for BySpelling {}

impl Hash for BySpelling {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_str().hash(state);
    }
}

/// Conditions by text and version, compiled once each.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    seen: HashMap<Box<str>, Vec<Versioned>, RandomState>,
}

/// A condition with its `conditionVersion`.
type Versioned = (Option<Box<str>>, Arc<AssignmentCondition>);

impl Conditions {
    /// The condition, and whether this is its first sight.
    pub(super) fn intern(&mut self, text: &str, version: Option<&str>) -> (Arc<AssignmentCondition>, bool) {
        if let Some(versions) = self.seen.get(text)
            && let Some((_, known)) = versions.iter().find(|(known, _)| known.as_deref() == version)
        {
            return (Arc::clone(known), false);
        }
        let condition = Arc::new(AssignmentCondition::new(text, version));
        let entry = (version.map(Box::from), Arc::clone(&condition));
        self.seen.entry(text.into()).or_default().push(entry);
        (condition, true)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Conditions, Scopes};

    #[test]
    fn a_condition_is_compiled_once_per_version() {
        let mut conditions = Conditions::default();
        let (first, new) = conditions.intern("x", Some("2.0"));
        let (again, old) = conditions.intern("x", Some("2.0"));
        let (other, _) = conditions.intern("x", Some("1.0"));
        assert!(new && !old && Arc::ptr_eq(&first, &again) && !Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn spellings_of_one_scope_stay_apart_and_equal() {
        let mut scopes = Scopes::default();
        let upper = scopes.intern("/subscriptions/S").unwrap();
        let lower = scopes.intern("/subscriptions/s").unwrap();
        assert_eq!(upper, lower);
        assert_eq!((upper.as_str(), lower.as_str()), ("/subscriptions/S", "/subscriptions/s"));
        assert!(scopes.intern("s").is_err());
    }
}
