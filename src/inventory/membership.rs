//! Who is in which group. Graph's member lists do not name their group, so the file name does (ruling 4):
//! `<words>.<display name or id>.json`, with more words allowed at the end (`.all-types`, `.page-2`).
//!
//! ```text
//! list of directory objects, name fits a group       → its members
//! list of groups or group ids, name fits a principal → the groups it is in
//! ```

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use foldhash::fast::RandomState;
use smol_str::SmolStr;

use super::collection::{ById, Collection, Origin};
use super::document::Envelope;
use super::kind::{RecordKind, context_name};
use super::principal::object_id;
use super::problem::{LoadError, LoadErrorCode, LoadWarning, LoadWarningCode, Place};
use super::record::Record;
use crate::engine::guid::{ClientId, PrincipalId};
use crate::engine::inventory::Group;

/// A group as far as the exports show it.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupPart {
    pub(super) name: SmolStr,
    pub(super) members: Vec<PrincipalId>,
    /// Whether any member list, or the groups of any principal, told of members.
    pub(super) has_members_told: bool,
    /// Whether a list that leaves nobody out is among them.
    has_complete_list: bool,
    /// Whether a list shows that service principals are not left out.
    shows_service_principal: bool,
    /// The file of a list that may hide members.
    doubtful_list: Option<u32>,
}

impl GroupPart {
    /// Whether an export lists the members, people at least.
    pub(super) fn has_list(&self) -> bool {
        self.has_complete_list || self.doubtful_list.is_some()
    }

    fn may_hide_members(&self) -> bool {
        self.doubtful_list.is_some() && !self.has_complete_list && !self.shows_service_principal
    }

    /// Members as a packed inventory has them; `doubtful_file` where their list may hide some.
    pub(super) fn read_packed(
        &mut self,
        members: Vec<PrincipalId>,
        are_known: bool,
        doubtful_file: Option<u32>,
    ) {
        self.has_members_told |= are_known || !members.is_empty();
        self.members.extend(members);
        self.has_complete_list |= are_known && doubtful_file.is_none();
        self.doubtful_list = self.doubtful_list.or(doubtful_file);
    }

    /// Members as somebody wrote them down: complete.
    pub(super) fn write_members(&mut self, members: impl IntoIterator<Item = PrincipalId>) {
        self.members.extend(members);
        self.has_members_told = true;
        self.has_complete_list = true;
    }
}

/// Groups, and the names that assignments give to groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) by_id: ById<PrincipalId, GroupPart>,
    /// Those whose groups were listed whole.
    pub(super) complete_memberships: BTreeSet<PrincipalId>,
    hints: HashMap<PrincipalId, SmolStr, RandomState>,
}

impl Groups {
    /// The CLI prints a group's display name as an assignment's `principalName`.
    pub(super) fn hint(&mut self, id: PrincipalId, name: &str) {
        self.hints.entry(id).or_insert_with(|| name.into());
    }
}

/// What sort of list a file holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ListKind {
    /// Mixed directory objects, each with its type.
    Mixed { is_complete: bool },
    /// One type of object, named in `@odata.context` only: members, groups of somebody, or just all of them.
    Typed,
    /// Bare group ids (`getMemberGroups`).
    GroupIds,
    /// `[]`: an empty list of anything.
    Empty,
}

impl ListKind {
    /// Whether a list of somebody's groups holds those around the groups as well: `getMemberGroups` and
    /// `transitiveMemberOf` do, `memberOf` and `checkMemberGroups` do not.
    fn shows_all_groups(self, name: &FileName) -> bool {
        match self {
            Self::GroupIds => !name.says("check"),
            Self::Mixed { .. } | Self::Typed | Self::Empty => name.says("transitivememberof"),
        }
    }
}

/// A list that may tell who is in which group, once all names are known.
#[derive(Debug)]
pub(super) struct MemberList {
    origin: Origin,
    kind: ListKind,
    members: Vec<(PrincipalId, RecordKind)>,
}

/// The directory objects of one document while it is read.
#[derive(Debug, Default)]
pub(super) struct DirectoryObjects {
    pub(super) objects: Vec<(PrincipalId, RecordKind)>,
    pub(super) group_ids: Vec<PrincipalId>,
    /// Whether any object said its own type, which only mixed lists do.
    pub(super) is_annotated: bool,
    /// How many elements the document had, of whatever kind.
    pub(super) elements: usize,
}

/// Reads Graph's groups (`az ad group list|show`, group members). Returns the object id.
pub(super) fn read_group(
    collection: &mut Collection,
    origin: Origin,
    record: &Record<'_, '_>,
) -> Option<PrincipalId> {
    let id = object_id(record, "a group")?;
    let name = record.name("displayName");
    let part = collection.group(id, origin);
    if part.name.is_empty() {
        part.name = name.unwrap_or_default();
    }
    Some(id)
}

/// Keeps what a document may tell about membership.
pub(super) fn close(
    collection: &mut Collection,
    origin: Origin,
    envelope: &Envelope,
    found: DirectoryObjects,
) {
    if !envelope.is_list {
        return;
    }
    let DirectoryObjects { mut objects, group_ids, is_annotated, elements } = found;
    let context = envelope.context.as_deref();
    let is_beta = context.is_some_and(|context| context.contains("/beta/"));
    let name = context.map(context_name);
    let kind = if !group_ids.is_empty() || name.is_some_and(|name| name.starts_with("Collection(")) {
        objects.extend(group_ids.into_iter().map(|id| (id, RecordKind::Group)));
        ListKind::GroupIds
    } else if is_annotated || name == Some("directoryObjects") {
        ListKind::Mixed { is_complete: is_beta }
    } else if matches!(name, Some("servicePrincipals" | "users" | "groups")) {
        ListKind::Typed
    } else if elements == 0 {
        ListKind::Empty
    } else {
        return;
    };
    collection.member_lists.push(MemberList { origin, kind, members: objects });
}

/// Whom a file name means.
enum Subject {
    Group(PrincipalId),
    Principal(PrincipalId),
    /// Nobody at hand.
    Stranger,
    /// Several groups or principals with one display name.
    Ambiguous(String),
}

/// Gives every list to its group or principal.
pub(super) fn resolve(collection: &mut Collection) {
    let names = Names::of(collection);
    for list in std::mem::take(&mut collection.member_lists) {
        let file = collection.place(list.origin).file;
        let name = FileName::of(&file);
        match names.subject(&name) {
            Subject::Ambiguous(shared) if list.kind != ListKind::Empty => collection.fail(LoadError {
                code: LoadErrorCode::UnknownName,
                place: Place::file(&file),
                message: format!("more than one group or identity is called `{shared}`"),
                help: "put the object id into the file name instead of the display name".to_owned(),
            }),
            Subject::Ambiguous(_) => {}
            Subject::Group(group) => give_members(collection, group, list),
            Subject::Principal(principal) => {
                if list.kind.shows_all_groups(&name) {
                    collection.groups.complete_memberships.insert(principal);
                }
                give_groups(collection, principal, list);
            }
            Subject::Stranger => unplaced(collection, &file, &name, &list),
        }
    }
}

fn give_members(collection: &mut Collection, group: PrincipalId, list: MemberList) {
    if list.kind == ListKind::GroupIds {
        return give_groups(collection, group, list);
    }
    let hint = collection.groups.hints.get(&group).cloned();
    let part = collection.group(group, list.origin);
    if part.name.is_empty() {
        part.name = hint.unwrap_or_default();
    }
    part.has_members_told = true;
    match list.kind {
        ListKind::Mixed { is_complete: true } | ListKind::Typed | ListKind::GroupIds => {
            part.has_complete_list = true;
        }
        ListKind::Mixed { is_complete: false } | ListKind::Empty => {
            part.doubtful_list = Some(list.origin.file);
        }
    }
    for (member, kind) in list.members {
        part.shows_service_principal |= kind == RecordKind::ServicePrincipal;
        part.members.push(member);
    }
}

fn give_groups(collection: &mut Collection, principal: PrincipalId, list: MemberList) {
    for (group, kind) in list.members {
        if kind == RecordKind::Group {
            let part = collection.group(group, list.origin);
            part.has_members_told = true;
            part.members.push(principal);
        }
    }
}

fn unplaced(collection: &mut Collection, file: &str, name: &FileName, list: &MemberList) {
    let is_member_list = match list.kind {
        ListKind::Mixed { .. } | ListKind::GroupIds => true,
        ListKind::Typed => name.says("member"),
        ListKind::Empty => false,
    };
    if !is_member_list {
        return;
    }
    let Some(subject) = name.candidates.first() else {
        return collection.fail(LoadError {
            code: LoadErrorCode::Unplaced,
            place: Place::file(file),
            message: "a member list whose file name does not say which group it is of".to_owned(),
            help: "name the file `members.GROUP.json` with the group's display name or object id".to_owned(),
        });
    };
    collection.warnings.push(LoadWarning {
        code: LoadWarningCode::MemberListUnplaced,
        place: Place::file(file),
        message: format!("no group or identity at hand is called `{subject}`: the list counts for nothing"),
        help: "add `az ad group list`, or put the object id into the file name".to_owned(),
    });
}

/// What a file name says: `<words>.<subject>.<extension>`.
struct FileName {
    words: String,
    /// The subject, longest reading first, because display names may hold dots.
    candidates: Vec<String>,
}

impl FileName {
    fn of(file: &str) -> Self {
        let name = Path::new(file).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let stem =
            [".json", ".yaml", ".yml"].into_iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let (words, mut subject) = stem.split_once('.').unwrap_or((stem, ""));
        let mut candidates = Vec::new();
        while !subject.is_empty() {
            candidates.push(subject.to_owned());
            subject = subject.rsplit_once('.').map_or("", |(shorter, _)| shorter);
        }
        Self { words: words.to_lowercase().replace(['-', '_', ' '], ""), candidates }
    }

    fn says(&self, word: &str) -> bool {
        self.words.contains(word)
    }
}

/// Names and ids of everything that has members or is one.
struct Names {
    groups: HashMap<String, Vec<PrincipalId>>,
    principals: HashMap<String, Vec<PrincipalId>>,
    clients: HashMap<ClientId, PrincipalId>,
}

impl Names {
    fn of(collection: &Collection) -> Self {
        let mut names = Self { groups: HashMap::new(), principals: HashMap::new(), clients: HashMap::new() };
        let groups = collection.groups.by_id.entries().map(|(id, part)| (*id, part.name.clone()));
        let hints = collection.groups.hints.iter().map(|(id, name)| (*id, name.clone()));
        for (id, name) in groups.chain(hints) {
            note(&mut names.groups, id, &name);
        }
        for (id, part) in collection.principals.entries() {
            note(&mut names.principals, *id, &part.name);
            names.clients.extend(part.client_id.map(|client| (client, *id)));
        }
        names
    }

    fn subject(&self, file: &FileName) -> Subject {
        let found = file.candidates.iter().map(|candidate| self.one(candidate, file.says("memberof")));
        found.into_iter().find(|subject| !matches!(subject, Subject::Stranger)).unwrap_or(Subject::Stranger)
    }

    fn one(&self, candidate: &str, is_member_of: bool) -> Subject {
        let key = candidate.to_lowercase();
        let groups = self.groups.get(&key).map(Vec::as_slice).unwrap_or_default();
        let principals = self.principals.get(&key).map(Vec::as_slice).unwrap_or_default();
        match (groups, principals) {
            ([], []) => self.stranger(candidate, is_member_of),
            // `memberOf` lists of a group tell where the group is a member.
            ([group], _) if is_member_of && principals.is_empty() => Subject::Principal(*group),
            ([group], []) => Subject::Group(*group),
            ([group], [_]) if !is_member_of => Subject::Group(*group),
            (_, [principal]) => Subject::Principal(*principal),
            _ => Subject::Ambiguous(candidate.to_owned()),
        }
    }

    fn stranger(&self, candidate: &str, is_member_of: bool) -> Subject {
        let client = candidate.parse().ok().and_then(|client: ClientId| self.clients.get(&client));
        match (client, candidate.parse::<PrincipalId>()) {
            (Some(principal), _) => Subject::Principal(*principal),
            (None, Ok(id)) if is_member_of => Subject::Principal(id),
            // A group that only this list and assignments know.
            (None, Ok(id)) => Subject::Group(id),
            (None, Err(_)) => Subject::Stranger,
        }
    }
}

fn note(names: &mut HashMap<String, Vec<PrincipalId>>, id: PrincipalId, name: &str) {
    for key in [name.to_lowercase(), id.to_string()] {
        let ids = names.entry(key).or_default();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
}

/// The finished groups, with the warnings about them.
pub(super) fn finish(collection: &mut Collection) -> Vec<Group> {
    let groups = std::mem::take(&mut collection.groups.by_id);
    let mut finished = Vec::new();
    for (id, (_, mut part)) in groups.into_pairs() {
        let members_may_be_hidden = part.may_hide_members();
        if members_may_be_hidden {
            let file = part.doubtful_list.and_then(|file| collection.files.get(usize::try_from(file).ok()?));
            let place = file.map_or_else(Place::default, |file| Place::file(&file.name));
            collection.warnings.push(hidden(place, &part.name));
        }
        let mut seen = std::collections::HashSet::new();
        part.members.retain(|member| seen.insert(*member));
        finished.push(Group {
            id,
            members_known: part.has_list(),
            name: part.name,
            members: part.members,
            members_may_be_hidden,
        });
    }
    finished
}

fn hidden(place: Place, name: &str) -> LoadWarning {
    LoadWarning {
        code: LoadWarningCode::GroupMembersMayBeHidden,
        place,
        message: format!(
            "the member list of group `{name}` shows no service principal; `az ad group member list` leaves them out"
        ),
        help:
            "export `az rest --method get --url https://graph.microsoft.com/beta/groups/ID/transitiveMembers`"
                .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::FileName;

    #[test]
    fn a_file_name_is_words_and_a_subject() {
        let name = FileName::of("/export/rest-graph-member_Of.Team A.v2.page-1.json");
        assert_eq!(name.words, "restgraphmemberof");
        assert_eq!(name.candidates, ["Team A.v2.page-1", "Team A.v2", "Team A"]);
        assert!(FileName::of("members.json").candidates.is_empty());
        assert!(FileName::of("-").candidates.is_empty());
    }
}
