//! Azure scopes: the resource ids that assignments are made at.
//!
//! A scope applies to a resource when it is a *segment* prefix of the resource's id, without regard to letter
//! case: `/…/resourceGroups/rg1` says nothing about `/…/resourceGroups/rg1-prod` (Azure RBAC, "Understand scope").

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use thiserror::Error;

/// Where management groups live; the group's name follows as the last segment.
const MANAGEMENT_GROUPS: &str = "/providers/microsoft.management/managementgroups/";

/// Azure's longest resource ids are around 500 characters; ten times that is no resource id.
const MAX_LENGTH: usize = 4096;

/// A scope or resource id: `/`, a management group, a subscription, a resource group, a resource, or below.
///
/// Cheap to clone. Equality, order and hash ignore letter case and empty segments; [`fmt::Display`] gives the
/// spelling of the export back, because that is what `az` commands are fed with.
#[derive(Clone)]
pub struct Scope {
    inner: Arc<Inner>,
}

struct Inner {
    /// Lower case, one leading slash a segment, no trailing slash; the root scope is the empty text.
    key: Box<str>,
    /// As exported; `None` where it equals the key, to keep 100,000 assignments small.
    spelling: Option<Box<str>>,
}

/// Why a text is no scope.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ScopeError {
    /// The text does not start with a slash.
    #[error("a scope starts with `/`")]
    NotAbsolute,
    /// The text is longer than any Azure resource id.
    #[error("a scope has at most {MAX_LENGTH} characters")]
    TooLong,
}

impl Scope {
    /// Reads a scope as exports spell it.
    ///
    /// # Errors
    /// [`ScopeError`] where the text does not start with a slash or is absurdly long.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.len() > MAX_LENGTH {
            return Err(ScopeError::TooLong);
        }
        if !text.starts_with('/') {
            return Err(ScopeError::NotAbsolute);
        }
        let mut key = String::with_capacity(text.len());
        for segment in text.split('/').filter(|segment| !segment.is_empty()) {
            key.push('/');
            key.extend(segment.chars().map(|character| character.to_ascii_lowercase()));
        }
        let spelling = (*key != *text).then(|| Box::from(text));
        Ok(Self { inner: Arc::new(Inner { key: key.into_boxed_str(), spelling }) })
    }

    /// The scope as exported.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.inner.spelling.as_deref().unwrap_or(&self.inner.key)
    }

    /// The form that is compared: lower case, no empty segments, the root is the empty text.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.inner.key
    }

    /// Whether this scope is `resource` itself or one of its ancestors by path.
    ///
    /// Management groups are ancestors by data, not by path: see [`super::inventory::ManagementGroups`].
    #[must_use]
    pub fn contains(&self, resource: &Self) -> bool {
        resource.key().strip_prefix(self.key()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The lower-case name of the management group that this scope is, if it is one.
    #[must_use]
    pub fn management_group(&self) -> Option<&str> {
        self.key().strip_prefix(MANAGEMENT_GROUPS).filter(|name| !name.is_empty() && !name.contains('/'))
    }

    /// The lower-case id of the subscription that this scope is or lies in.
    #[must_use]
    pub fn subscription(&self) -> Option<&str> {
        let rest = self.key().strip_prefix("/subscriptions/")?;
        rest.split('/').next().filter(|id| !id.is_empty())
    }

    /// The last segment as exported: a resource's name, or empty for the root.
    #[must_use]
    pub fn name(&self) -> &str {
        self.as_str().trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Scope {}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scope {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn a_scope_contains_itself_and_what_lies_below_it() {
        let group = scope("/subscriptions/S1/resourceGroups/RG1");
        assert!(group.contains(&scope("/subscriptions/s1/resourcegroups/rg1/providers/x/y/z")));
        assert!(group.contains(&scope("/Subscriptions/s1//resourcegroups/rg1/")));
        assert!(scope("/").contains(&group));
    }

    #[test]
    fn a_text_prefix_is_no_scope_prefix() {
        let group = scope("/subscriptions/s1/resourceGroups/rg1");
        assert!(!group.contains(&scope("/subscriptions/s1/resourceGroups/rg1-prod/providers/x/y/z")));
        assert!(!group.contains(&scope("/subscriptions/s1")));
    }

    #[test]
    fn a_management_group_is_told_from_what_lies_below_it() {
        let group = scope("/providers/Microsoft.Management/managementGroups/MG1");
        assert_eq!(group.management_group(), Some("mg1"));
        assert_eq!(scope("/providers/Microsoft.Management/managementGroups/a/b").management_group(), None);
        assert_eq!(scope("/").management_group(), None);
    }

    #[test]
    fn the_spelling_of_the_export_is_kept() {
        assert_eq!(scope("/subscriptions/S1/").to_string(), "/subscriptions/S1/");
        assert_eq!(scope("/subscriptions/S1/resourceGroups/Rg").name(), "Rg");
    }

    #[test]
    fn a_relative_or_endless_text_is_refused() {
        assert!(Scope::parse("subscriptions/s1").is_err());
        assert!(Scope::parse("").is_err());
        assert!(Scope::parse(&"/a".repeat(5000)).is_err());
    }
}
