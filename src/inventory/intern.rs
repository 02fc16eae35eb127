//! One copy of each scope and condition. A tenant has 100,000 assignments but only some thousand of either.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;
use smol_str::SmolStr;

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
    by_text: Remembered,
    /// The same by JSON spelling: most conditions are repetitions, which need not even be unescaped.
    by_spelling: Remembered,
}

impl Conditions {
    /// The condition, and whether this is its first sight.
    pub(super) fn intern(&mut self, text: &str, version: Option<&str>) -> (Arc<AssignmentCondition>, bool) {
        if let Some(known) = self.by_text.find(text, version) {
            return (known, false);
        }
        let condition = Arc::new(AssignmentCondition::new(text, version));
        self.by_text.insert(text, version, &condition);
        (condition, true)
    }

    /// The condition that was spelled like this before.
    pub(super) fn spelled(&self, json: &str, version: Option<&str>) -> Option<Arc<AssignmentCondition>> {
        self.by_spelling.find(json, version)
    }

    /// Remembers how a condition is spelled.
    pub(super) fn remember(
        &mut self,
        json: &str,
        version: Option<&str>,
        condition: &Arc<AssignmentCondition>,
    ) {
        self.by_spelling.insert(json, version, condition);
    }
}

/// Texts that were seen, with what came of them.
///
/// All texts lie in one buffer. A text of its own for each would leave a hole beside each condition when loading
/// ends, and a process never gives such memory back.
#[derive(Debug, Default)]
struct Remembered {
    texts: String,
    /// By hash of text and version; where two collide, the later one stands at the next free number.
    entries: HashMap<u64, Entry, RandomState>,
}

#[derive(Debug)]
struct Entry {
    text: Range<usize>,
    version: Option<SmolStr>,
    condition: Arc<AssignmentCondition>,
}

impl Remembered {
    fn find(&self, text: &str, version: Option<&str>) -> Option<Arc<AssignmentCondition>> {
        let mut number = self.hash(text, version);
        while let Some(entry) = self.entries.get(&number) {
            let is_it =
                self.texts.get(entry.text.clone()) == Some(text) && entry.version.as_deref() == version;
            if is_it {
                return Some(Arc::clone(&entry.condition));
            }
            number = number.wrapping_add(1);
        }
        None
    }

    fn insert(&mut self, text: &str, version: Option<&str>, condition: &Arc<AssignmentCondition>) {
        let mut number = self.hash(text, version);
        while self.entries.contains_key(&number) {
            number = number.wrapping_add(1);
        }
        let start = self.texts.len();
        self.texts.push_str(text);
        let text = start..self.texts.len();
        let version = version.map(SmolStr::new);
        self.entries.insert(number, Entry { text, version, condition: Arc::clone(condition) });
    }

    fn hash(&self, text: &str, version: Option<&str>) -> u64 {
        self.entries.hasher().hash_one((text, version))
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
