//! The settings file as it is written. The JSON Schema is generated from these types.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::rule::{Action, Mode};
use crate::engine::pull::{Cloud, Federation, PullIdentity, Question};

/// Settings of the acr-admission webhook.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Settings")]
pub struct SettingsDocument {
    /// Always `acr-admission.dev/v1`.
    pub(super) api_version: ApiVersion,
    /// Always `Settings`.
    pub(super) kind: Kind,
    /// What an export of Azure does not show about this cluster.
    #[serde(default)]
    pub(super) cluster: ClusterDocument,
    /// What is done with verdicts; the first rule that matches the namespace wins.
    #[serde(default)]
    pub(super) rules: Vec<RuleDocument>,
    /// What is done with verdicts where no rule matches. Without it: mode `warn`.
    #[serde(default)]
    pub(super) default: Actions,
    /// Whether updates that change neither image nor service account nor pull secrets are let pass.
    #[serde(default = "yes")]
    pub(super) skip_unchanged: bool,
    /// How old the inventory may be before reviews carry a warning, such as `24h` or `7d`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(super) max_inventory_age: Option<Spanned<String>>,
    /// Where the reference of reason codes is kept; denials end with this URL and the code behind it. Without it:
    /// <https://acr-admission.dev/reasons#>, where nothing is published yet, so name a copy of docs/reasons.md.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(super) docs_url: Option<Spanned<String>>,
    /// Whether `exceptions` count at all.
    #[serde(default)]
    pub(super) exceptions_enabled: bool,
    /// Images that are admitted for a while although the verdict says otherwise.
    #[serde(default)]
    #[schemars(with = "Vec<ExceptionDocument>")]
    pub(super) exceptions: Vec<Spanned<ExceptionDocument>>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) enum ApiVersion {
    #[serde(rename = "acr-admission.dev/v1")]
    V1,
}

/// The only kind there is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) enum Kind {
    Settings,
}

/// The cluster that the webhook runs in.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Cluster")]
pub(super) struct ClusterDocument {
    /// The cluster's resource name in the inventory. May be left out where the inventory holds one cluster.
    pub(super) name: Option<String>,
    /// Who pulls where no pull secret does.
    #[serde(default)]
    #[schemars(schema_with = "pull_identities")]
    pub(super) pull_identity: Option<PullIdentity>,
    /// The cloud of the nodes.
    #[serde(default)]
    #[schemars(schema_with = "clouds")]
    pub(super) cloud: Option<Cloud>,
    /// The identity of service accounts that name none, by name or id.
    pub(super) default_identity: Option<String>,
    /// The issuer of the cluster's service account tokens, exactly as the cluster writes it.
    pub(super) oidc_issuer: Option<String>,
    /// When a client id annotation is believed.
    #[serde(default)]
    #[schemars(schema_with = "federations")]
    pub(super) federation: Option<Federation>,
}

/// Some namespaces and what is done there.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Rule")]
pub(super) struct RuleDocument {
    /// A name for logs and metrics.
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// Which namespaces. Names and labels both given: both must match.
    #[schemars(with = "Namespaces")]
    pub(super) namespaces: Spanned<Namespaces>,
    /// What is done with pods.
    pub(super) mode: Mode,
    /// What is done with Deployments, Jobs and other workloads; without it, as with pods.
    pub(super) workloads: Option<Mode>,
    /// Whose permission is asked about; without it, `workload`.
    #[serde(default)]
    #[schemars(schema_with = "questions")]
    pub(super) question: Option<Question>,
    /// What is done where the verdict is unknown; without it, `deny` when enforcing, else `warn`.
    pub(super) unknown: Option<Action>,
    /// What is done with hosts of Azure Container Registry that no export knows; without it, as with unknown.
    pub(super) unlisted_acr: Option<Action>,
    /// What is done with all other registries; without it, `allow`.
    pub(super) other_registries: Option<Action>,
}

/// What is done where no rule matches.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Default")]
pub(super) struct Actions {
    /// What is done with pods; without it, `warn`.
    pub(super) mode: Option<Mode>,
    /// What is done with Deployments, Jobs and other workloads; without it, as with pods.
    pub(super) workloads: Option<Mode>,
    /// Whose permission is asked about; without it, `workload`.
    #[serde(default)]
    #[schemars(schema_with = "questions")]
    pub(super) question: Option<Question>,
    /// What is done where the verdict is unknown; without it, `deny` when enforcing, else `warn`.
    pub(super) unknown: Option<Action>,
    /// What is done with hosts of Azure Container Registry that no export knows; without it, as with unknown.
    pub(super) unlisted_acr: Option<Action>,
    /// What is done with all other registries; without it, `allow`.
    pub(super) other_registries: Option<Action>,
}

/// Which namespaces a rule is for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Namespaces {
    /// Names; `*` stands for any run of characters. A pattern covers the whole name.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) names: Vec<Spanned<String>>,
    /// Labels that the namespace must carry, each with this value.
    #[serde(default)]
    pub(super) match_labels: BTreeMap<String, String>,
    /// Conditions on the namespace's labels; all must hold.
    #[serde(default)]
    #[schemars(with = "Vec<LabelCondition>")]
    pub(super) match_expressions: Vec<Spanned<LabelCondition>>,
}

/// One condition on a label, as in Kubernetes' label selectors.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LabelCondition {
    /// The label's key.
    pub(super) key: String,
    /// How the label is compared.
    pub(super) operator: LabelOperator,
    /// The values of `In` and `NotIn`.
    #[serde(default)]
    pub(super) values: Vec<String>,
}

/// The operators of Kubernetes' label selectors.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
pub(super) enum LabelOperator {
    /// The label is there and has one of the values.
    In,
    /// The label is absent or has another value.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

/// Images that are admitted for a while although the verdict says otherwise.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Exception")]
pub(super) struct ExceptionDocument {
    /// A name for logs and metrics.
    pub(super) name: String,
    /// The namespaces, by exact name. At least one.
    pub(super) namespaces: Vec<String>,
    /// The kinds of object, such as `Pod`; none means every kind.
    #[serde(default)]
    pub(super) kinds: Vec<String>,
    /// Names of the objects, `*` for any run of characters; none means every name.
    #[serde(default)]
    pub(super) names: Vec<String>,
    /// Service accounts, `*` for any run of characters; none means every one.
    #[serde(default)]
    pub(super) service_accounts: Vec<String>,
    /// Images as `host/repository` without tag or digest, `*` for any run of characters. At least one.
    pub(super) images: Vec<String>,
    /// Why this is needed.
    pub(super) reason: String,
    /// Who answers for it.
    #[serde(default)]
    pub(super) owner: Option<String>,
    /// When it ends, such as `2027-01-31T00:00:00Z`.
    pub(super) expires_at: String,
}

const fn yes() -> bool {
    true
}

// The engine knows no schemas; a test reads every word below back into the engine's type.

fn pull_identities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": ["kubelet", "serviceAccount", "serviceAccountGeneric", "servicePrincipal", "none", null]})
}

fn clouds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": ["AzurePublic", "AzureChina", "AzureUSGovernment", null]})
}

fn federations(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": ["requiredWhenKnown", "required", "trusted", null]})
}

fn questions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": ["workload", "actual", null]})
}
