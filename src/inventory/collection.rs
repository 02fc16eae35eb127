//! Everything read so far, merged by id, before names are resolved and loose ends are looked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

use foldhash::fast::RandomState;
use smol_str::SmolStr;

use super::assignment::Scheduled;
use super::cluster::ClusterPart;
use super::export::Exports;
use super::hand_written::HandWritten;
use super::intern::{Conditions, Scopes};
use super::kind::RecordKind;
use super::management_group::Ancestry;
use super::membership::{GroupPart, Groups, MemberList};
use super::principal::PrincipalPart;
use super::problem::{LoadError, LoadErrors, LoadWarning, Place};
use super::registry::RegistryPart;
use crate::engine::assignment::{AssignmentName, DenyAssignment, RoleAssignment, RoleDefinition};
use crate::engine::conditional_access::ConditionalAccessPolicy;
use crate::engine::guid::{PrincipalId, RoleId};
use crate::engine::inventory::{FederatedCredential, ScopeMap, Task, Token};
use crate::engine::scope::Scope;

/// Where a record came from: small, because there are 100,000 of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Origin {
    /// Index into [`Collection::files`].
    pub(super) file: u32,
    /// Line in the file.
    pub(super) line: u32,
    /// Index in the file's list.
    pub(super) index: u32,
}

/// A file or named document that was read.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) name: String,
    /// `$`, `$.value`, or empty where the document is one object.
    pub(super) list_path: &'static str,
}

/// Things in first-seen order with their origin, found by id.
#[derive(Debug)]
pub(super) struct ById<K, T> {
    items: Vec<(Origin, T)>,
    index: HashMap<K, usize, RandomState>,
}

impl<K, T> Default for ById<K, T> {
    fn default() -> Self {
        Self { items: Vec::new(), index: HashMap::default() }
    }
}

impl<K: Eq + Hash, T> ById<K, T> {
    /// The thing with this id, made by `make` where it is new; the flag says so.
    pub(super) fn entry(&mut self, id: K, origin: Origin, make: impl FnOnce() -> T) -> (&mut T, bool) {
        let next = self.items.len();
        let at = *self.index.entry(id).or_insert(next);
        let is_new = at == next;
        if is_new {
            self.items.push((origin, make()));
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "INVARIANT: the index holds positions in `items`, which only grows"
        )]
        let (_, item) = &mut self.items[at];
        (item, is_new)
    }

    /// Adds a thing, or gives it back with the one that has its id already.
    pub(super) fn insert(&mut self, id: K, origin: Origin, item: T) -> Result<(), (&mut T, T)> {
        let next = self.items.len();
        let at = *self.index.entry(id).or_insert(next);
        if at == next {
            self.items.push((origin, item));
            return Ok(());
        }
        match self.items.get_mut(at) {
            Some((_, known)) => Err((known, item)),
            None => Ok(()),
        }
    }

    /// Adds a thing, or puts it in the place of one whose origin `replaces` agrees to. Returns the one that stayed
    /// otherwise.
    pub(super) fn replace_if(
        &mut self,
        id: K,
        origin: Origin,
        item: T,
        replaces: impl FnOnce(Origin) -> bool,
    ) -> Option<&mut T> {
        let Some(at) = self.index.get(&id).copied() else {
            self.index.insert(id, self.items.len());
            self.items.push((origin, item));
            return None;
        };
        let (first, known) = self.items.get_mut(at)?;
        if !replaces(*first) {
            return Some(known);
        }
        (*first, *known) = (origin, item);
        None
    }

    pub(super) fn find(&self, id: &K) -> Option<&T> {
        self.index.get(id).and_then(|at| self.items.get(*at)).map(|(_, item)| item)
    }

    pub(super) fn find_mut(&mut self, id: &K) -> Option<&mut T> {
        self.index.get(id).and_then(|at| self.items.get_mut(*at)).map(|(_, item)| item)
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Origin, &T)> {
        self.items.iter().map(|(origin, item)| (*origin, item))
    }

    /// Ids and things, in no order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&K, &T)> {
        self.index.iter().filter_map(|(id, at)| self.items.get(*at).map(|(_, item)| (id, item)))
    }

    /// Where each thing came from, in first-seen order.
    pub(super) fn origins(&self) -> Vec<Origin> {
        self.items.iter().map(|(origin, _)| *origin).collect()
    }

    /// The things in first-seen order, without their ids.
    pub(super) fn into_items(self) -> Vec<(Origin, T)> {
        self.items
    }

    /// The things in first-seen order, with their ids.
    pub(super) fn into_pairs(self) -> impl Iterator<Item = (K, (Origin, T))> {
        let mut ids: Vec<(usize, K)> = self.index.into_iter().map(|(id, at)| (at, id)).collect();
        ids.sort_unstable_by_key(|(at, _)| *at);
        ids.into_iter().map(|(_, id)| id).zip(self.items)
    }
}

/// An assignment's id: its name and scope. The name alone is hashed, because it is a GUID nearly always, and a
/// scope is a long text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct AssignmentKey {
    pub(super) name: AssignmentName,
    pub(super) scope: Scope,
}

impl Hash for AssignmentKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// The state of a load.
#[derive(Debug, Default)]
pub(super) struct Collection {
    pub(super) files: Vec<SourceFile>,
    pub(super) errors: Vec<LoadError>,
    pub(super) dropped_errors: usize,
    pub(super) warnings: Vec<LoadWarning>,
    pub(super) counts: BTreeMap<RecordKind, usize>,
    pub(super) scopes: Scopes,
    pub(super) conditions: Conditions,

    pub(super) registries: ById<Scope, RegistryPart>,
    /// Endpoints by login server, until the registries are all known.
    pub(super) endpoints: Vec<(Origin, SmolStr, RegistryPart)>,
    pub(super) principals: ById<PrincipalId, PrincipalPart>,
    pub(super) groups: Groups,
    pub(super) member_lists: Vec<MemberList>,
    pub(super) role_definitions: ById<RoleId, RoleDefinition>,
    pub(super) role_assignments: ById<AssignmentKey, RoleAssignment>,
    pub(super) scheduled: Vec<Scheduled>,
    pub(super) deny_assignments: ById<AssignmentKey, DenyAssignment>,
    /// Groups that deny assignments name.
    pub(super) denied_groups: BTreeMap<PrincipalId, Origin>,
    pub(super) tokens: ById<Scope, Token>,
    pub(super) scope_maps: ById<Scope, ScopeMap>,
    pub(super) federated_credentials: ById<Scope, FederatedCredential>,
    pub(super) clusters: ById<Scope, ClusterPart>,
    pub(super) tasks: ById<Scope, Task>,
    pub(super) conditional_access_policies: ById<SmolStr, ConditionalAccessPolicy>,
    pub(super) ancestry: Ancestry,
    pub(super) hand_written: Vec<HandWritten>,
    pub(super) exports: Exports,
}

/// What the assignments of one file tell about subscriptions and management groups (ruling 3).
#[derive(Debug, Default)]
pub(super) struct FileScopes {
    pub(super) subscriptions: BTreeSet<SmolStr>,
    pub(super) management_groups: BTreeSet<SmolStr>,
    /// Whether any record lies below its subscription.
    pub(super) below_subscription: bool,
}

impl FileScopes {
    pub(super) fn note(&mut self, scope: &Scope) {
        if let Some(group) = scope.management_group() {
            if !self.management_groups.contains(group) {
                self.management_groups.insert(group.into());
            }
        } else if let Some(subscription) = scope.subscription() {
            // More than one already says that this is nobody's export; a tenant may have thousands.
            if self.subscriptions.len() < 2 && !self.subscriptions.contains(subscription) {
                self.subscriptions.insert(subscription.into());
            }
            self.below_subscription |= scope.key().len() > "/subscriptions/".len() + subscription.len();
        }
    }
}

impl Collection {
    /// Where a record of an earlier file stands.
    pub(super) fn place(&self, origin: Origin) -> Place {
        let Some(file) = usize::try_from(origin.file).ok().and_then(|index| self.files.get(index)) else {
            return Place::default();
        };
        let path = match file.list_path {
            "" => "$".to_owned(),
            list => format!("{list}[{}]", origin.index),
        };
        Place { file: file.name.clone(), line: Some(origin.line), column: None, path }
    }

    pub(super) fn fail(&mut self, error: LoadError) {
        if self.errors.len() < LoadErrors::MAX {
            self.errors.push(error);
        } else {
            self.dropped_errors += 1;
        }
    }

    pub(super) fn is_principal(&self, id: PrincipalId) -> bool {
        self.principals.find(&id).is_some()
    }

    pub(super) fn count(&mut self, kind: RecordKind) {
        *self.counts.entry(kind).or_default() += 1;
    }

    pub(super) fn group(&mut self, id: PrincipalId, origin: Origin) -> &mut GroupPart {
        self.groups.by_id.entry(id, origin, GroupPart::default).0
    }
}
