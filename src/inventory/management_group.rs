//! Which management groups lie above which subscription, from whatever the exports show of it.
//!
//! ```text
//! entities list      the whole chain of names of every subscription             → known
//! show, path         one step up, children one step down; joined to a chain     → known where it ends at the root
//! subscription show  one step up                                                → seen where it does not
//! role assignments   records at a management group in one subscription's export → seen
//! ```

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::collection::FileScopes;
use super::problem::LoadWarningCode;
use super::record::Record;
use crate::engine::inventory::ManagementGroups;

/// A management group or subscription, lower case.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Node {
    Group(SmolStr),
    Subscription(SmolStr),
}

/// Everything that exports say about ancestry.
#[derive(Debug, Default)]
pub(super) struct Ancestry {
    /// Whole chains as exported; `None` where two exports contradict each other.
    chains: BTreeMap<SmolStr, Option<BTreeSet<SmolStr>>>,
    parents: BTreeMap<Node, SmolStr>,
    roots: BTreeSet<SmolStr>,
    seen: BTreeMap<SmolStr, BTreeSet<SmolStr>>,
}

impl Ancestry {
    /// Takes in what the assignments of one file tell (ruling 3).
    pub(super) fn note_file(&mut self, file: FileScopes) {
        let FileScopes { subscriptions, management_groups, .. } = file;
        let mut subscriptions = subscriptions.into_iter();
        if let (Some(subscription), None) = (subscriptions.next(), subscriptions.next()) {
            self.seen.entry(subscription).or_default().extend(management_groups);
        }
    }

    /// Takes in management groups that were seen above a subscription.
    pub(super) fn note_seen(&mut self, subscription: SmolStr, groups: BTreeSet<SmolStr>) {
        self.seen.entry(subscription).or_default().extend(groups);
    }

    /// Takes in a whole chain; `false` where it contradicts another.
    pub(super) fn note_chain(&mut self, subscription: SmolStr, chain: BTreeSet<SmolStr>) -> bool {
        match self.chains.entry(subscription) {
            Entry::Vacant(free) => {
                free.insert(Some(chain));
                true
            }
            Entry::Occupied(mut known) => {
                let agrees = known.get().as_ref().is_none_or(|known| *known == chain);
                if !agrees {
                    known.insert(None);
                }
                agrees
            }
        }
    }

    /// The result.
    pub(super) fn finish(self) -> ManagementGroups {
        let mut result = ManagementGroups { known: BTreeMap::new(), seen: self.seen.clone() };
        for (subscription, chain) in &self.chains {
            if let Some(chain) = chain {
                result.known.insert(subscription.clone(), chain.clone());
            }
        }
        for (node, parent) in &self.parents {
            let Node::Subscription(subscription) = node else { continue };
            if self.chains.contains_key(subscription) {
                continue;
            }
            let (ancestors, is_whole) = self.climb(parent);
            if is_whole {
                result.known.insert(subscription.clone(), ancestors);
            } else {
                result.seen.entry(subscription.clone()).or_default().extend(ancestors);
            }
        }
        result
    }

    /// All management groups from `start` upwards, and whether the last one is the root.
    fn climb(&self, start: &SmolStr) -> (BTreeSet<SmolStr>, bool) {
        let mut ancestors = BTreeSet::new();
        let mut current = Some(start);
        while let Some(group) = current {
            // A group met twice is a circle, which only broken data has.
            if !ancestors.insert(group.clone()) {
                return (ancestors, false);
            }
            if self.roots.contains(group) {
                return (ancestors, true);
            }
            current = self.parents.get(&Node::Group(group.clone()));
        }
        (ancestors, false)
    }
}

/// Reads a management group: `entities list`, `list`, `show`, and the REST answers behind them.
pub(super) fn read_group(ancestry: &mut Ancestry, record: &Record<'_, '_>) {
    let Some(name) = own_name(record) else { return record.missing("name", "a management group") };
    if record.lower_name("tenantId").is_some_and(|tenant| tenant == name) {
        // The root group is named after its tenant (Azure Resource Manager, "What are management groups").
        ancestry.roots.insert(name.clone());
    }
    if let Some(chain) = chain(record) {
        match chain.last() {
            Some(parent) => ancestry.note_parent(Node::Group(name.clone()), parent.clone()),
            None => {
                ancestry.roots.insert(name.clone());
            }
        }
    }
    if let Some(parent) = parent(record) {
        ancestry.note_parent(Node::Group(name.clone()), parent);
    }
    read_path(ancestry, record);
    read_children(ancestry, record, &name, 0);
}

/// Reads a subscription below a management group: `entities list`, `subscription show`.
pub(super) fn read_subscription(ancestry: &mut Ancestry, record: &Record<'_, '_>) {
    let Some(name) = own_name(record) else { return record.missing("name", "a subscription") };
    if let Some(chain) = chain(record) {
        if !ancestry.note_chain(name, chain.into_iter().collect()) {
            record.warn(
                LoadWarningCode::ExportsDisagree,
                "parentNameChain",
                "exports disagree about the management groups above this subscription: they count as unknown"
                    .to_owned(),
                "export the management groups again",
            );
        }
    } else if let Some(parent) = parent(record) {
        ancestry.note_parent(Node::Subscription(name), parent);
    }
}

impl Ancestry {
    fn note_parent(&mut self, child: Node, parent: SmolStr) {
        self.parents.entry(child).or_insert(parent);
    }
}

fn own_name(record: &Record<'_, '_>) -> Option<SmolStr> {
    record.lower_name("name").or_else(|| record.text("id").map(|id| last_segment(&id)))
}

fn last_segment(id: &str) -> SmolStr {
    id.rsplit('/').next().unwrap_or_default().to_ascii_lowercase().into()
}

fn chain(record: &Record<'_, '_>) -> Option<Vec<SmolStr>> {
    let names = record.texts("parentNameChain")?;
    Some(names.iter().map(|name| name.to_ascii_lowercase().into()).collect())
}

fn parent(record: &Record<'_, '_>) -> Option<SmolStr> {
    let details = record.object("details").and_then(|details| details.object("parent"));
    let parent = details.or_else(|| record.object("parent"))?;
    parent.text("id").map(|id| last_segment(&id)).filter(|name| !name.is_empty())
}

/// `path` with `$expand=path`: from the root to the group itself.
fn read_path(ancestry: &mut Ancestry, record: &Record<'_, '_>) {
    let inside = record.object("details").and_then(|details| details.records("path"));
    let Some(path) = record.records("path").or(inside) else { return };
    let names: Vec<SmolStr> = path.iter().filter_map(|step| step.lower_name("name")).collect();
    ancestry.roots.extend(names.first().cloned());
    for (parent, child) in names.iter().zip(names.iter().skip(1)) {
        ancestry.note_parent(Node::Group(child.clone()), parent.clone());
    }
}

/// `children` with `--expand`, nested with `--recurse`.
fn read_children(ancestry: &mut Ancestry, record: &Record<'_, '_>, name: &SmolStr, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    for child in record.records("children").unwrap_or_default() {
        let Some(child_name) = own_name(&child) else { continue };
        if child.text("type").is_some_and(|kind| kind.to_ascii_lowercase().ends_with("/subscriptions")) {
            ancestry.note_parent(Node::Subscription(child_name), name.clone());
        } else {
            ancestry.note_parent(Node::Group(child_name.clone()), name.clone());
            read_children(ancestry, &child, &child_name, depth + 1);
        }
    }
}

/// Azure allows six levels of management groups below the root; deeper nesting is not from Azure.
const MAX_DEPTH: usize = 16;
