//! One policy: whom and what it is about, and what it demands. Words as Microsoft Graph writes them.

use smol_str::SmolStr;
use uuid::{Uuid, uuid};

use crate::engine::condition::Truth;
use crate::engine::guid::PrincipalId;

/// The application id of Azure Container Registry, the same in every tenant.
pub const REGISTRY_APPLICATION: Uuid = uuid!("6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26");

/// A Conditional Access policy, as far as it can touch a registry sign-in.
#[derive(Clone, Debug)]
pub struct ConditionalAccessPolicy {
    /// The policy's id.
    pub id: SmolStr,
    /// The display name.
    pub name: SmolStr,
    /// Whether it is enforced.
    pub state: PolicyState,
    /// Whom it includes.
    pub included: People,
    /// Whom it spares. Wins over inclusion.
    pub excluded: People,
    /// What it includes.
    pub applications: Applications,
    /// What it spares.
    pub excluded_applications: Applications,
    /// `clientAppTypes`: `all`, `browser`, `mobileAppsAndDesktopClients`, `exchangeActiveSync`, `other`.
    pub client_app_types: Vec<SmolStr>,
    /// Further conditions that narrow the policy to some sign-ins (`locations`, `platforms`, `signInRiskLevels`, …).
    /// No export shows what a sign-in will be like.
    pub unjudged_conditions: Vec<SmolStr>,
    /// What it demands.
    pub controls: GrantControls,
}

/// `state` of a policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PolicyState {
    /// `enabled`.
    Enabled,
    /// `enabledForReportingButNotEnforced`.
    ReportOnly,
    /// `disabled`.
    Disabled,
    /// Absent, or a word of a later version.
    Unrecognised,
}

/// A choice of people.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct People {
    /// `All`.
    pub everyone: bool,
    /// Users by object id.
    pub users: Vec<PrincipalId>,
    /// Groups by object id; members of groups in them count as well.
    pub groups: Vec<PrincipalId>,
    /// Directory roles, kinds of guests, words of a later version: exports do not show who that is.
    pub others: bool,
}

/// A choice of applications, as far as a registry is concerned.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Applications {
    /// `All`.
    pub all: bool,
    /// [`REGISTRY_APPLICATION`] by id.
    pub registry: bool,
    /// A filter, or words of a later version: exports do not show what that is.
    pub others: bool,
}

/// What a policy demands of a sign-in that it applies to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GrantControls {
    /// `block`: nothing meets it.
    pub block: bool,
    /// Operator `AND`: every control is needed, not just one.
    pub all_needed: bool,
    /// `mfa`, `compliantDevice`, …, and `authenticationStrength`, `termsOfUse`, `customAuthenticationFactors`.
    pub controls: Vec<SmolStr>,
}

impl ConditionalAccessPolicy {
    /// Whether the policy is about a registry sign-in of somebody. `includes` says whether a choice of people holds
    /// that somebody.
    pub(super) fn applies(&self, includes: impl Fn(&People) -> Truth) -> Truth {
        // Switched off is most of them, and the rest costs a look at groups.
        let state = self.state.is_enforced();
        if state == Truth::False {
            return state;
        }
        state
            .and(self.applications.hold_registry())
            .and(!self.excluded_applications.hold_registry())
            .and(self.holds_for_client())
            .and(self.holds_otherwise())
            .and(includes(&self.included))
            .and(!includes(&self.excluded))
    }

    /// Whether the client is one of those that the policy names. Registry tokens come from a browser or from a program
    /// that signs in the modern way, and an export does not show from which.
    fn holds_for_client(&self) -> Truth {
        let names = |word: &str| self.client_app_types.iter().any(|one| one.eq_ignore_ascii_case(word));
        if self.client_app_types.is_empty() || names("all") {
            return Truth::True;
        }
        match (names("browser"), names("mobileAppsAndDesktopClients")) {
            (true, true) => Truth::True,
            (false, false) => {
                // Legacy protocols only. A word of a later version may mean anything.
                let legacy = ["exchangeActiveSync", "easSupported", "other"];
                let known = |word: &SmolStr| legacy.iter().any(|one| word.eq_ignore_ascii_case(one));
                if self.client_app_types.iter().all(known) { Truth::False } else { Truth::Unknown }
            }
            (true, false) | (false, true) => Truth::Unknown,
        }
    }

    fn holds_otherwise(&self) -> Truth {
        if self.unjudged_conditions.is_empty() { Truth::True } else { Truth::Unknown }
    }
}

impl PolicyState {
    /// Reads Graph's word.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        if is("enabled") {
            Self::Enabled
        } else if is("enabledForReportingButNotEnforced") {
            Self::ReportOnly
        } else if is("disabled") {
            Self::Disabled
        } else {
            Self::Unrecognised
        }
    }

    const fn is_enforced(self) -> Truth {
        match self {
            Self::Enabled => Truth::True,
            Self::ReportOnly | Self::Disabled => Truth::False,
            Self::Unrecognised => Truth::Unknown,
        }
    }
}

impl Applications {
    const fn hold_registry(self) -> Truth {
        match self {
            Self { all: true, .. } | Self { registry: true, .. } => Truth::True,
            Self { others: true, .. } => Truth::Unknown,
            Self { .. } => Truth::False,
        }
    }
}

impl GrantControls {
    /// Whether a sign-in that meets `met` passes. A policy that demands nothing (session controls only) stops nobody.
    pub(super) fn pass(&self, met: &[SmolStr]) -> bool {
        let is_met = |control: &SmolStr| met.iter().any(|one| one.eq_ignore_ascii_case(control));
        if self.block {
            return false;
        }
        if self.all_needed {
            self.controls.iter().all(is_met)
        } else {
            self.controls.is_empty() || self.controls.iter().any(is_met)
        }
    }
}
