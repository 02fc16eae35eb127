//! `inventory show` and `inventory validate`: what was loaded, and what is wrong with it.

mod pack;

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::args::{DocumentFormat, InventoryCommand, InventoryShowArgs, InventoryValidateArgs};
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};
use crate::cli::settings::plural;
use crate::engine::gap::{Gap, GapKind};
use crate::engine::inventory::Inventory;
use crate::inventory::{Loaded, load};
use crate::report::{API_VERSION, Cell, Columns, Paint, write_json, write_yaml};
use crate::review::printable;

/// What `inventory show` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InventoryDocument {
    api_version: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exported_at: Option<Timestamp>,
    gaps: Vec<GapRow>,
    counts: BTreeMap<&'static str, usize>,
    documents: usize,
    warnings: Vec<WarningRow>,
    skipped: Vec<SkippedRow>,
}

#[derive(Serialize)]
struct GapRow {
    what: GapKind,
    scope: String,
    command: String,
    why: String,
    weakens: &'static str,
}

#[derive(Serialize)]
struct WarningRow {
    code: &'static str,
    file: String,
    line: Option<u32>,
    path: String,
    message: String,
    help: String,
}

#[derive(Serialize)]
struct SkippedRow {
    file: String,
    why: String,
}

/// Runs `inventory …`.
///
/// # Errors
/// Every problem of the data.
pub(super) fn run(command: &InventoryCommand, output: &mut Output) -> Result<Outcome, CliError> {
    match command {
        InventoryCommand::Show(args) => show(args, output),
        InventoryCommand::Validate(args) => validate(args, output),
        InventoryCommand::Pack(args) => pack::run(args, output),
    }
}

fn show(args: &InventoryShowArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let InventoryShowArgs { inventory, output: format } = args;
    let document = document(load(&inventory.inventory)?);
    let paint = output.data_paint();
    match format {
        DocumentFormat::Table => write_text(output.data(), &document, paint)?,
        DocumentFormat::Json => write_json(output.data(), &document)?,
        DocumentFormat::Yaml => write_yaml(output.data(), &document)?,
    }
    Ok(Outcome::Fine)
}

/// Warnings do not fail: what they are about counts for nothing, which is the safe direction.
fn validate(args: &InventoryValidateArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let loaded = load(&args.inventory.inventory)?;
    for warning in &loaded.warnings {
        let title = output.talk_paint().attention("warning:");
        writeln!(output.talk(), "{title} {warning}")?;
    }
    let summary = format!(
        "the inventory is sound: {}, {}",
        plural(loaded.counts.documents, "document"),
        plural(loaded.warnings.len(), "warning")
    );
    writeln!(output.talk(), "{summary}")?;
    Ok(Outcome::Fine)
}

fn document(loaded: Loaded) -> InventoryDocument {
    let Loaded { inventory, exported_at, warnings, counts, skipped, .. } = loaded;
    InventoryDocument {
        api_version: API_VERSION,
        kind: "InventorySummary",
        exported_at,
        gaps: inventory.gaps.iter().map(GapRow::from).collect(),
        counts: counted(&inventory),
        documents: counts.documents,
        warnings: warnings
            .into_iter()
            .map(|warning| WarningRow {
                code: warning.code.as_str(),
                file: warning.place.file,
                line: warning.place.line,
                path: warning.place.path,
                message: warning.message,
                help: warning.help,
            })
            .collect(),
        skipped: skipped
            .into_iter()
            .map(|skipped| SkippedRow {
                file: skipped.path.display().to_string(),
                why: skipped.why.to_owned(),
            })
            .collect(),
    }
}

impl From<&Gap> for GapRow {
    fn from(gap: &Gap) -> Self {
        let Gap { what, scope, command, why } = gap;
        Self {
            what: *what,
            scope: scope.to_string(),
            command: command.to_string(),
            why: why.to_string(),
            weakens: what.weakens(),
        }
    }
}

/// After merging: what verdicts see.
fn counted(inventory: &Inventory) -> BTreeMap<&'static str, usize> {
    let Inventory {
        registries,
        principals,
        groups,
        complete_memberships: _,
        role_definitions,
        role_assignments,
        deny_assignments,
        tokens,
        scope_maps,
        federated_credentials,
        clusters,
        tasks,
        conditional_access_policies,
        management_groups: _,
        gaps: _,
    } = inventory;
    BTreeMap::from([
        ("registries", registries.len()),
        ("identities", principals.len()),
        ("groups", groups.len()),
        ("customRoles", role_definitions.iter().filter(|role| !role.built_in).count()),
        ("roleAssignments", role_assignments.len()),
        ("denyAssignments", deny_assignments.len()),
        ("tokens", tokens.len()),
        ("scopeMaps", scope_maps.len()),
        ("federatedCredentials", federated_credentials.len()),
        ("clusters", clusters.len()),
        ("tasks", tasks.len()),
        ("conditionalAccessPolicies", conditional_access_policies.len()),
    ])
}

fn write_text(to: &mut dyn io::Write, document: &InventoryDocument, paint: Paint) -> io::Result<()> {
    if let Some(exported_at) = document.exported_at {
        writeln!(to, "exported at {exported_at}\n")?;
    }
    let mut table = Columns::new(vec!["KIND", "COUNT"]);
    for (kind, count) in &document.counts {
        table.push(vec![Cell::text(kind), Cell::text(&count.to_string())]);
    }
    table.write(to, paint)?;
    for warning in &document.warnings {
        let line = warning.line.map(|line| format!(":{line}")).unwrap_or_default();
        writeln!(to, "\n{} {}", paint.attention(warning.code), printable(&warning.message))?;
        writeln!(to, "  at {}{line} {}", printable(&warning.file), printable(&warning.path))?;
        writeln!(to, "  help: {}", printable(&warning.help))?;
    }
    for skipped in &document.skipped {
        writeln!(to, "\nskipped {}: {}", printable(&skipped.file), printable(&skipped.why))?;
    }
    Ok(())
}
