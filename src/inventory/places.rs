//! Where the things of a loaded inventory stand in its files: for tools that point at them, never for verdicts.

use super::collection::{Collection, Origin};
use super::problem::Place;

/// A list of the inventory whose things are pointed at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Listed {
    /// Container registries.
    Registries,
    /// Groups.
    Groups,
    /// Role definitions. The built-in ones stand in no file.
    RoleDefinitions,
    /// Role assignments.
    RoleAssignments,
    /// Deny assignments.
    DenyAssignments,
    /// Repository-scoped tokens.
    Tokens,
    /// Scope maps.
    ScopeMaps,
    /// Federated credentials.
    FederatedCredentials,
    /// What the exports could not read.
    Gaps,
}

/// The places of an inventory's things, by list and position.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Names of the files, and the path of the list in each.
    files: Vec<(String, &'static str)>,
    // INVARIANT: as long as the inventory's list of the same name, in the same order.
    registries: Vec<Origin>,
    groups: Vec<Origin>,
    role_definitions: Vec<Origin>,
    role_assignments: Vec<Origin>,
    deny_assignments: Vec<Origin>,
    tokens: Vec<Origin>,
    scope_maps: Vec<Origin>,
    federated_credentials: Vec<Origin>,
    gaps: Vec<Place>,
}

impl Places {
    /// The place of one thing, `position` counted from 0 in its list; `None` for what stands in no file.
    #[must_use]
    pub fn of(&self, list: Listed, position: usize) -> Option<Place> {
        let origins = match list {
            Listed::Gaps => return self.gaps.get(position).cloned(),
            Listed::Registries => &self.registries,
            Listed::Groups => &self.groups,
            Listed::RoleDefinitions => &self.role_definitions,
            Listed::RoleAssignments => &self.role_assignments,
            Listed::DenyAssignments => &self.deny_assignments,
            Listed::Tokens => &self.tokens,
            Listed::ScopeMaps => &self.scope_maps,
            Listed::FederatedCredentials => &self.federated_credentials,
        };
        let origin = origins.get(position)?;
        let (file, list_path) = self.files.get(usize::try_from(origin.file).ok()?)?;
        let path = match *list_path {
            "" => "$".to_owned(),
            list => format!("{list}[{}]", origin.index),
        };
        Some(Place { file: file.clone(), line: Some(origin.line), column: None, path })
    }

    /// The places of what was collected, before the lists are taken apart.
    pub(super) fn note(collection: &Collection) -> Self {
        Self {
            files: collection.files.iter().map(|file| (file.name.clone(), file.list_path)).collect(),
            registries: collection.registries.origins(),
            groups: collection.groups.by_id.origins(),
            role_definitions: collection.role_definitions.origins(),
            deny_assignments: collection.deny_assignments.origins(),
            role_assignments: collection.role_assignments.origins(),
            tokens: collection.tokens.origins(),
            scope_maps: collection.scope_maps.origins(),
            federated_credentials: collection.federated_credentials.origins(),
            gaps: collection.exports.gaps.iter().map(|(place, _)| place.clone()).collect(),
        }
    }
}
