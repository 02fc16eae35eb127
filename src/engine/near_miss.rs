//! Near misses: the smallest differences that would have turned a denied pull to allow.
//!
//! Each was tried by the engine before it is told; none of them is advice. Most denials are a wrong prefix, the
//! wrong mode or the wrong scope, and who reads the near miss sees at once which.

use smol_str::{SmolStr, format_smolstr};

use super::action::PermissionsMode;
use super::assignment::{DenyAssignment, RoleAssignment};
use super::authorize::{AccessRequest, Contribution};
use super::condition::{Comparison, Condition, Literal, Operand};
use super::decision::{Decider, Verdict};
use super::guid::PrincipalId;
use super::index::Index;
use super::inventory::Group;
use super::trace::Considered;

/// The identity would be allowed if one thing were different.
#[derive(Clone, Copy, Debug)]
pub enum NearMissKind<'index> {
    /// If the repository were this one, or another that the condition covers.
    Repository(&'index RoleAssignment),
    /// If the registry were in this mode.
    Mode(PermissionsMode),
    /// If this assignment were made at the registry.
    Scope(&'index RoleAssignment),
    /// If this assignment were active now.
    Time(&'index RoleAssignment),
    /// If this assignment named the identity's object id: it names the client id.
    ClientId(&'index RoleAssignment),
    /// If the identity were a member of this group, whose members the export may hide.
    HiddenMember(&'index Group),
    /// If this deny assignment did not hit it.
    Deny(&'index DenyAssignment),
}

/// One near miss.
#[derive(Clone, Debug)]
pub struct NearMiss<'index> {
    /// What would have to be different.
    pub kind: NearMissKind<'index>,
    /// A repository that would be allowed, for [`NearMissKind::Repository`].
    pub example: Option<SmolStr>,
}

/// More of one kind would bury the rest.
const MAX_OF_A_KIND: usize = 5;

impl Index {
    /// What would have turned a denied pull to allow; empty where it is not denied.
    ///
    /// `trace` is the trace of the same request in the registry's mode.
    #[must_use]
    pub fn near_misses<'a>(
        &'a self,
        request: &AccessRequest<'_>,
        trace: &[Considered<'a>],
    ) -> Vec<NearMiss<'a>> {
        let decision = self.decide(request);
        if decision.verdict() != Verdict::Deny {
            return Vec::new();
        }
        if let Some(Decider::DenyAssignment(deny)) = decision.by {
            let granted = trace.iter().any(|line| line.contribution == Contribution::Granted);
            return if granted { vec![near(NearMissKind::Deny(deny))] } else { Vec::new() };
        }
        let mut found = Vec::new();
        for kind in [Self::by_repository, Self::by_scope, Self::by_time] {
            found.extend(trace.iter().filter_map(|line| kind(self, request, line)).take(MAX_OF_A_KIND));
        }
        found.extend(self.by_mode(request));
        found.extend(self.by_client_id(request));
        let hiding = self.groups_that_might_help(request, &decision);
        found.extend(hiding.map(|group| near(NearMissKind::HiddenMember(group))).take(MAX_OF_A_KIND));
        found
    }

    /// A repository that the false condition covers.
    fn by_repository<'a>(
        &'a self,
        request: &AccessRequest<'_>,
        line: &Considered<'a>,
    ) -> Option<NearMiss<'a>> {
        if line.contribution != Contribution::ConditionFalse {
            return None;
        }
        let condition = Condition::parse(line.assignment.condition.as_deref()?.text()).ok()?;
        let asked = request.repository?;
        let would_do = |example: &SmolStr| {
            let request = AccessRequest { repository: Some(example), ..*request };
            let decision = self.decide(&request);
            let by_this = decision.by.and_then(|by| match by {
                Decider::RoleAssignment(assignment) => Some(std::ptr::eq(assignment, line.assignment)),
                Decider::DenyAssignment(_) | Decider::ScopeMap(_) | Decider::ConditionalAccessPolicy(_) => {
                    None
                }
            });
            decision.verdict() == Verdict::Allow && by_this == Some(true)
        };
        let candidates = condition.comparisons().flat_map(|one| examples(one, asked)).filter(would_do);
        // The closest one says most; the first of equals, as the text has them.
        let example = candidates
            .reduce(|best, other| if alike(&other, asked) > alike(&best, asked) { other } else { best })?;
        Some(NearMiss { kind: NearMissKind::Repository(line.assignment), example: Some(example) })
    }

    /// The same assignment at the registry itself.
    fn by_scope<'a>(&'a self, request: &AccessRequest<'_>, line: &Considered<'a>) -> Option<NearMiss<'a>> {
        let elsewhere = matches!(
            line.contribution,
            Contribution::OutOfScope
                | Contribution::BelowRegistry
                | Contribution::ManagementGroupUncertain
                | Contribution::DataActionsAtManagementGroup
        );
        let registry = self.registry(request.registry)?;
        let moved = RoleAssignment { scope: registry.id.clone(), ..line.assignment.clone() };
        (elsewhere && self.would_allow(request, moved)).then(|| near(NearMissKind::Scope(line.assignment)))
    }

    fn by_time<'a>(&'a self, request: &AccessRequest<'_>, line: &Considered<'a>) -> Option<NearMiss<'a>> {
        let active = RoleAssignment { window: None, ..line.assignment.clone() };
        (line.contribution == Contribution::NotActive && self.would_allow(request, active))
            .then(|| near(NearMissKind::Time(line.assignment)))
    }

    fn by_mode(&self, request: &AccessRequest<'_>) -> Option<NearMiss<'_>> {
        let mode = self.registry(request.registry)?.mode?;
        let other = PermissionsMode::ALL.into_iter().find(|other| *other != mode)?;
        let decision = self.decide_in_mode(request, other);
        (decision.verdict() == Verdict::Allow).then(|| near(NearMissKind::Mode(other)))
    }

    /// Assignments name object ids. Who writes the client id grants nothing to anybody.
    fn by_client_id(&self, request: &AccessRequest<'_>) -> Option<NearMiss<'_>> {
        let client_id = self.principal(request.principal)?.client_id?;
        let mistaken = AccessRequest { principal: PrincipalId::new(client_id.guid()), ..*request };
        match self.decide(&mistaken) {
            decision if decision.verdict() != Verdict::Allow => None,
            decision => match decision.by? {
                Decider::RoleAssignment(assignment) => Some(near(NearMissKind::ClientId(assignment))),
                Decider::DenyAssignment(_) | Decider::ScopeMap(_) | Decider::ConditionalAccessPolicy(_) => {
                    None
                }
            },
        }
    }

    fn would_allow(&self, request: &AccessRequest<'_>, assignment: RoleAssignment) -> bool {
        self.decide_with(request, &self.suppose_added(assignment)).verdict() == Verdict::Allow
    }
}

const fn near(kind: NearMissKind<'_>) -> NearMiss<'_> {
    NearMiss { kind, example: None }
}

/// Repository names that may make one comparison true, as close to the asked one as is easily said.
fn examples(comparison: &Comparison, asked: &str) -> impl Iterator<Item = SmolStr> {
    let literals = match &comparison.right {
        Operand::Literals(literals) => &**literals,
        Operand::Attribute(_) => &[],
    };
    let last = asked.rsplit('/').next().unwrap_or(asked);
    literals
        .iter()
        .filter_map(|literal| match literal {
            Literal::Text(text) => Some(text),
            Literal::Integer(_) | Literal::Boolean(_) | Literal::Guid(_) | Literal::DateTime(_) => None,
        })
        .flat_map(move |text| {
            // Names are lower case, whatever the condition says.
            let text = text.to_lowercase();
            let of_pattern = text.replace("\\*", "").replace(['*', '?'], "x");
            let longer = format_smolstr!("{text}{last}");
            if text.ends_with('/') {
                [longer, text.into(), of_pattern.into()]
            } else {
                [text.into(), longer, of_pattern.into()]
            }
        })
        .filter(|name| !name.ends_with('/') && !name.contains(['*', '?']))
}

/// How many bytes two names begin with in common.
fn alike(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}
