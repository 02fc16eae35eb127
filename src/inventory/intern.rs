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
    /// The same by JSON spelling: most conditions are repetitions, which need not even be unescaped.
    spelled: HashMap<Box<str>, Vec<Versioned>, RandomState>,
}

/// A condition with its `conditionVersion`.
type Versioned = (Option<Box<str>>, Arc<AssignmentCondition>);

impl Conditions {
    /// The condition, and whether this is its first sight.
    pub(super) fn intern(&mut self, text: &str, version: Option<&str>) -> (Arc<AssignmentCondition>, bool) {
        if let Some(known) = known(&self.seen, text, version) {
            return (known, false);
        }
        let condition = Arc::new(AssignmentCondition::new(text, version));
        remember(&mut self.seen, text, version, &condition);
        (condition, true)
    }

    /// The condition that was spelled like this before.
    pub(super) fn spelled(&self, json: &str, version: Option<&str>) -> Option<Arc<AssignmentCondition>> {
        known(&self.spelled, json, version)
    }

    /// Remembers how a condition is spelled.
    pub(super) fn remember(
        &mut self,
        json: &str,
        version: Option<&str>,
        condition: &Arc<AssignmentCondition>,
    ) {
        remember(&mut self.spelled, json, version, condition);
    }
}

fn known(
    conditions: &HashMap<Box<str>, Vec<Versioned>, RandomState>,
    text: &str,
    version: Option<&str>,
) -> Option<Arc<AssignmentCondition>> {
    let versions = conditions.get(text)?;
    versions.iter().find(|(known, _)| known.as_deref() == version).map(|(_, known)| Arc::clone(known))
}

fn remember(
    conditions: &mut HashMap<Box<str>, Vec<Versioned>, RandomState>,
    text: &str,
    version: Option<&str>,
    condition: &Arc<AssignmentCondition>,
) {
    conditions.entry(text.into()).or_default().push((version.map(Box::from), Arc::clone(condition)));
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
