//! The table as it is written: what each row sets up, asks and expects.

use serde::Deserialize;
use serde_json::Value;

const TABLE: &str = include_str!("../../cases/decisions.yaml");

#[derive(Deserialize)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Row {
    #[serde(rename = "row")]
    pub(super) number: u32,
    pub(super) modes: Vec<String>,
    #[serde(default)]
    pub(super) grants: Vec<Grant>,
    #[serde(default)]
    pub(super) denies: Vec<Deny>,
    #[serde(default)]
    pub(super) registry: Value,
    pub(super) token: Option<Token>,
    #[serde(default)]
    pub(super) policies: Vec<Policy>,
    pub(super) task: Option<Task>,
    /// A group G3 of which only a list without service principals was exported.
    #[serde(default)]
    pub(super) hidden_group: bool,
    /// A group G4 of which no member list was exported.
    #[serde(default)]
    pub(super) unlisted_group: bool,
    /// All groups around U1 were exported.
    #[serde(default)]
    pub(super) complete_memberships: bool,
    /// What the export could not read.
    #[serde(default)]
    pub(super) gaps: Vec<Gap>,
    pub(super) asks: Question,
    pub(super) expect: String,
    pub(super) reason: String,
    /// All advice of the engine, where the row is about it.
    pub(super) advice: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Grant {
    pub(super) role: Option<String>,
    #[serde(default)]
    pub(super) actions: Vec<String>,
    #[serde(default)]
    pub(super) not_actions: Vec<String>,
    #[serde(default)]
    pub(super) data_actions: Vec<String>,
    #[serde(default)]
    pub(super) not_data_actions: Vec<String>,
    pub(super) scope: String,
    pub(super) principal: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) guarded: Option<String>,
    pub(super) guarded_all: Option<String>,
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
    #[serde(default)]
    pub(super) eligible_only: bool,
    #[serde(default)]
    pub(super) upper_case: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Deny {
    #[serde(default)]
    pub(super) actions: Vec<String>,
    #[serde(default)]
    pub(super) not_actions: Vec<String>,
    #[serde(default)]
    pub(super) data_actions: Vec<String>,
    pub(super) principals: Vec<String>,
    #[serde(default)]
    pub(super) excluded: Vec<String>,
    pub(super) scope: String,
    pub(super) condition: Option<String>,
    #[serde(default)]
    pub(super) only_this_scope: bool,
    #[serde(default)]
    pub(super) audit_only: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) actions: Vec<String>,
    pub(super) enabled: Option<bool>,
    pub(super) expires: Option<String>,
}

/// A Conditional Access policy: parts of Graph's shape, where they are not the usual ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) state: Option<String>,
    pub(super) users: Option<Value>,
    pub(super) applications: Option<Value>,
    #[serde(default)]
    pub(super) conditions: Value,
    pub(super) grant: Option<Value>,
}

/// Something that the export asked Azure for in vain.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gap {
    pub(super) what: String,
    /// `S1`, or whatever an export may name.
    pub(super) scope: String,
}

/// An ACR task: parts of the CLI's shape. It has a system-assigned identity, which grants call `task`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Task {
    pub(super) source: Option<Value>,
    #[serde(default)]
    pub(super) identities: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word that a row may say, and any may go together"
)]
pub(super) struct Question {
    pub(super) identity: Option<String>,
    pub(super) action: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) image: Option<String>,
    #[serde(default)]
    pub(super) task: bool,
    pub(super) quick_run: Option<String>,
    pub(super) audience: Option<String>,
    #[serde(default)]
    pub(super) met: Vec<String>,
    /// The image has not passed the quarantine.
    #[serde(default)]
    pub(super) quarantined: bool,
    /// The client's credential is from before the registry's change of mode.
    #[serde(default)]
    pub(super) former_mode: bool,
    /// The client asks a connected registry of that registry.
    #[serde(default)]
    pub(super) at_connected_registry: bool,
}

/// Every row once for each of its modes.
pub(super) fn rows() -> Vec<(std::rc::Rc<Row>, String)> {
    let table: Table = serde_saphyr::from_str(TABLE).unwrap();
    let rows: Vec<_> = table
        .rows
        .into_iter()
        .map(std::rc::Rc::new)
        .flat_map(|row| row.modes.clone().into_iter().map(move |mode| (row.clone(), mode)))
        .collect();
    // Whoever adds a row counts it here, so that none gets lost on the way to the doors.
    assert_eq!(rows.len(), 265);
    rows
}
