//! The codes of lint findings: one table that findings, reports, documentation and tests read.
//!
//! A code never changes its name; texts may. Each row gives the severity, a title, why it matters and what to do
//! in general. A finding adds whom it is about, and a better remedy where one is known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong yet.
    Info,
    /// Something does less, or more, than its author probably meant.
    Warning,
    /// Something does not work at all, or opens what it was meant to close.
    Error,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Info];

    /// The word in reports and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of a code.
struct Row {
    severity: Severity,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
}

macro_rules! lint_codes {
    ($($variant:ident: $severity:ident, $title:literal, $why:literal, $fix:literal;)*) => {
        /// What a finding is about, as a stable code.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum LintCode {
            $(#[doc = $title] $variant,)*
        }

        impl LintCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code as reports print it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }

            const fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        severity: Severity::$severity, title: $title, why: $why, fix: $fix,
                    },)*
                }
            }
        }
    };
}

lint_codes! {
    RoleIgnoredInAbacMode: Warning,
        "A role that registries in ABAC mode ignore",
        "A registry in mode `rbac-abac` authorizes images by data actions alone; `AcrPull`, `AcrPush`, `AcrDelete`, \
         `Owner`, `Contributor` and `Reader` hold none, so they give no access to images there",
        "assign `Container Registry Repository Reader` (or `Writer`, `Contributor`) instead, with a condition that names \
         the repositories";
    RoleIgnoredInRbacMode: Warning,
        "A repository role that registries in RBAC mode ignore",
        "A registry in mode `rbac` authorizes images by control-plane actions alone; repository roles hold only data \
         actions, so they give no access to images there",
        "assign `AcrPull` (or `AcrPush`), or switch the registry to mode `rbac-abac` once everybody who pulls has a \
         repository role";
    RolePartlyIgnored: Info,
        "A role that works at one registry and is ignored at another",
        "The scope reaches registries of both permissions modes, and a role of one mode gives no access to images in \
         the other",
        "assign the role of each mode at the registry itself, so that one look shows who may do what";
    RegistryModeMissing: Warning,
        "A registry whose permissions mode was not exported",
        "Both modes are judged; where they differ the verdict is unknown, `RegistryModeUnknown`",
        "export the registry with a newer `az acr show`, or with the api-version 2025-11-01";
    BroadRoleForPulling: Warning,
        "An identity that pulls through a role made for something else",
        "`Owner`, `Contributor`, `Reader` and other broad roles let their holder pull every repository of a registry in \
         mode `rbac`, beside everything else they allow, and stop doing so the day the registry changes its mode",
        "assign `AcrPull` at the registry, then take the broad role away if nothing else needs it";
    RepositoryRoleUnconditioned: Warning,
        "A repository role without a condition",
        "Without a condition it holds for every repository of the registry, future ones included",
        "add a condition that names the repositories, or a prefix that ends with a slash; docs/lint.md shows one";
    ConditionCancelled: Warning,
        "A condition that another assignment makes pointless",
        "Assignments add up: where the same principal may do the same without a condition, through another assignment \
         or a group, the condition limits nothing",
        "take the assignment without a condition away, or give it one";
    ConditionWithoutEffect: Warning,
        "A condition on a role of RBAC mode",
        "Conditions on repositories work on data actions only; pulls by `pull/read` carry no repository name, so the \
         condition either limits nothing or stops everything",
        "leave the condition out, or switch the registry to mode `rbac-abac` and assign a repository role";
    ScopeBelowRegistry: Error,
        "An assignment scoped below the registry",
        "Azure Container Registry looks at the registry and above; a repository in the scope is never looked at, so \
         the assignment grants nothing",
        "assign at the registry and name the repository in a condition";
    DataActionsAtManagementGroup: Error,
        "A custom role with data actions, assigned at a management group",
        "Azure does not allow it, so the assignment grants nothing",
        "assign the role at the subscription, the resource group or the registry";
    WildcardInCustomRole: Warning,
        "A custom role that relies on a wildcard in the registry's actions",
        "The registry's documentation honours such wildcards in tenants with a private link to Azure Resource Manager \
         only and tells all others to list every action; Azure RBAC's says they always match",
        "list every action, such as `Microsoft.ContainerRegistry/registries/pull/read`";
    RoleDefinitionUnknown: Warning,
        "An assignment of a role that no export defines",
        "What the role allows is not known, so it grants nothing here though it may in Azure",
        "export the role definitions with the filter `atScopeAndBelow()`";
    AssignmentNamesClientId: Error,
        "An assignment that names a client id",
        "Assignments name the object id of a principal; Azure knows no principal by its client id, so this grants \
         nothing",
        "delete it and assign the role to the object id";
    PrincipalDeleted: Warning,
        "An assignment of a deleted principal",
        "It grants nothing, an identity that is made again has another object id, and 4,000 assignments are all that a \
         subscription holds",
        "delete it";
    DuplicateAssignment: Warning,
        "Two assignments of one role to one principal at one scope",
        "Azure keeps one; two of them come from exports of different times or were written by hand, and only one can \
         be true",
        "export again, or merge the two conditions into one with OR";
    AssignmentExpired: Info,
        "An assignment whose time is over",
        "It grants nothing any more",
        "extend it in Privileged Identity Management, or export again without it";
    GroupMembersMayBeHidden: Warning,
        "A group whose members the export may hide",
        "`az ad group member list` leaves service principals, so managed identities, out; what the group grants to them \
         is then missing from every verdict",
        "export `az rest --method get --url https://graph.microsoft.com/beta/groups/ID/transitiveMembers`";
    IssuerWithoutSlash: Error,
        "A federated credential whose issuer lacks the final slash",
        "Issuers compare as exact text and those of AKS end with a slash, so no token ever matches",
        "write the issuer as `az aks show --query oidcIssuerProfile.issuerUrl` prints it";
    AdminUserEnabled: Warning,
        "A registry with the admin user switched on",
        "Its two passwords pull and push everything; roles, conditions and deny assignments are not asked, and nobody \
         can tell who used them",
        "let everybody who signs in with it use an identity or a token, then switch it off";
    AnonymousPullEnabled: Warning,
        "A registry that anybody may pull from",
        "Requests without credentials pull every repository; no role, condition, token or Conditional Access policy \
         limits them",
        "switch it off unless every repository is meant to be public";
    AnonymousPullWithoutEffect: Info,
        "Anonymous pull switched on at a registry of the Basic SKU",
        "The Basic SKU has no anonymous pull, so the switch does nothing until the registry is upgraded, and then opens \
         every repository",
        "switch it off";
    TokenDisabled: Info,
        "A token that is switched off",
        "It cannot sign in; pull secrets that hold it fail",
        "delete it if nobody needs it any more";
    TokenPasswordsExpired: Warning,
        "A token without a password that still works",
        "It cannot sign in; pull secrets that hold it fail",
        "make a new password with `az acr token credential generate`, or delete the token";
    TokenScopeMapMissing: Warning,
        "A token whose scope map is missing",
        "What the token may do is not known, so it may do nothing here",
        "export the scope maps with `az acr scope-map list`, or point the token to one that exists";
    ScopeMapWildcardInvalid: Warning,
        "A scope map with a wildcard that does not count",
        "A wildcard stands alone or at the end behind a slash (`*`, `samples/*`); an entry with any other is ignored",
        "list the repositories, or use a prefix that ends with `/*`";
    ConditionInvalid: Error,
        "A condition that does not parse",
        "The assignment grants nothing",
        "correct the condition; `acr-admission condition check` shows the place";
    ConditionVersionInvalid: Error,
        "A condition of a version other than 2.0",
        "Only version 2.0 exists, so the assignment grants nothing; the condition itself may be fine",
        "set `conditionVersion` to `2.0`";
    ConditionAttributeUnknown: Error,
        "A condition on an attribute that registries do not have",
        "An attribute that is not supplied makes a comparison unknown, and unknown grants nothing",
        "use `@Request[Microsoft.ContainerRegistry/registries/repositories:name]`, the only one there is";
    ConditionOperatorNotForAttribute: Error,
        "An operator that the attribute does not allow",
        "Azure refuses such a condition, so it cannot be what is in force",
        "use `DateTimeGreaterThan` or `DateTimeLessThan` with `@Environment[UtcNow]`";
    ConditionLeavesReadsOpen: Error,
        "A condition that leaves pulling open everywhere",
        "An action that no `ActionMatches` of a condition names is not limited by it; the role holds \
         `repositories/content/read`, so every repository can be pulled",
        "add `repositories/content/read` and `repositories/metadata/read` to the guard, as `AND !(ActionMatches{'…'})`";
    ConditionLeavesActionsOpen: Warning,
        "A condition that leaves actions of its role open everywhere",
        "An action that no `ActionMatches` of a condition names is not limited by it",
        "add every action of the role to the guard, as `AND !(ActionMatches{'…'})`";
    ConditionAlwaysTrue: Warning,
        "A condition that always holds",
        "It holds for every repository and every action of the role, as if it were not there",
        "name the repositories that are meant, or leave the condition out";
    ConditionNeverTrue: Error,
        "A condition that never holds",
        "No name that a repository can have fulfils it, so the assignment grants nothing",
        "compare with names as repositories have them: lower case, without host, tag, leading or final slash";
    PrefixWithoutSlash: Warning,
        "A prefix that does not end with a slash",
        "`StringStartsWith 'backend'` also covers `backend-infra/k8s` and `backendsvc/x`",
        "end the prefix with a slash; add a `StringEquals` for the repository of the same name";
    CapitalInValue: Warning,
        "A capital letter in a value that is compared with letter case",
        "Names of repositories are lower case, so the value never matches",
        "write it in lower case, or use the operator's `IgnoreCase` form";
    WildcardOutsideLike: Warning,
        "A wildcard in an operator that knows none",
        "Only the `Like` operators know `*` and `?`; elsewhere they are plain characters, which no repository name holds",
        "use `StringLike`, or `StringStartsWith` with a prefix that ends with a slash";
    NegatedAnyOf: Warning,
        "A negated comparison with any of several values",
        "Every value differs from at least one of two others, so this holds nearly always",
        "use `ForAllOfAllValues`, or `ForAnyOfAllValues` for a single-valued attribute";
    ResourceAttribute: Warning,
        "A leftover of the preview: the repository name from `@Resource`",
        "The preview of 2024 supplied it; today registries document `@Request` only, so the comparison is unknown and \
         grants nothing",
        "write `@Request` instead of `@Resource`";
    KeywordCase: Info,
        "A keyword in unusual letter case",
        "Whether Azure accepts it is not documented",
        "write `AND`, `OR`, `NOT`, `Exists`, `ActionMatches`, `@Request` as published";
    NegationWithoutExists: Warning,
        "A negated comparison of an attribute that may be absent",
        "Where the attribute is not supplied the comparison is unknown, negated or not, and grants nothing",
        "add `Exists` for the attribute, or `NOT Exists … OR`";
    ManyExpressions: Info,
        "A condition with more than five expressions",
        "It works, but the portal's visual editor cannot show it",
        "use the code editor, or several assignments at different scopes";
    CatalogBehindComparison: Info,
        "A condition that also stands in the way of the catalog",
        "Listing repositories carries no repository name, so a comparison outside the guard is unknown and the catalog \
         cannot be listed through this assignment",
        "put the comparison behind a guard: `!(ActionMatches{…}) OR …`";
    EscapeOutsideLike: Warning,
        "A backslash before a wildcard outside the `Like` operators",
        "Only the `Like` operators know escapes; elsewhere the backslash is a plain character, which no repository name \
         holds",
        "take backslash and wildcard out, or use `StringLike`";
    WildcardActionMatches: Info,
        "An `ActionMatches` with a wildcard",
        "It also covers actions that Azure adds later",
        "name each action";
    ExportGap: Warning,
        "Something that the export could not read",
        "What is missing makes answers unknown or wrong; each finding says which",
        "let the account that exports read it, and export again";
}

impl LintCode {
    /// How bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        self.row().severity
    }

    /// What it is, in one phrase.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// Why it matters.
    #[must_use]
    pub const fn why(self) -> &'static str {
        self.row().why
    }

    /// What to do about it in general.
    #[must_use]
    pub const fn fix(self) -> &'static str {
        self.row().fix
    }
}

impl fmt::Display for LintCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
