//! Arguments resolved into what commands work with: an index, a cluster, a list of manifests.

use std::path::PathBuf;

use super::args::{ClusterArgs, InventoryArgs};
use super::error::CliError;
use super::input::is_standard_input;
use super::output::Output;
use crate::engine::index::Index;
use crate::engine::inventory::Cluster;
use crate::engine::pull::{ClusterProfile, ProfileNote, ProfileOverrides, PullIdentity};
use crate::inventory::{Loaded, load};

/// Loads the inventory and says on standard error how much of it is doubtful.
///
/// # Errors
/// Every problem of the data.
pub(crate) fn load_inventory(args: &InventoryArgs, output: &mut Output) -> Result<Loaded, CliError> {
    let loaded = load(&args.inventory)?;
    tell_loose_ends(loaded.warnings.len(), output)?;
    Ok(loaded)
}

/// Says on standard error how much of an inventory is doubtful.
///
/// # Errors
/// Standard error cannot be written to.
pub(crate) fn tell_loose_ends(warnings: usize, output: &mut Output) -> std::io::Result<()> {
    if warnings > 0 {
        let (title, things) = (output.talk_paint().attention("warning:"), plural(warnings, "loose end"));
        writeln!(
            output.talk(),
            "{title} {things} in the inventory; `acr-admission inventory show` tells more"
        )?;
    }
    Ok(())
}

/// Loads the inventory and arranges it for decisions.
///
/// # Errors
/// Every problem of the data.
pub(crate) fn load_index(args: &InventoryArgs, output: &mut Output) -> Result<Index, CliError> {
    Ok(Index::build(load_inventory(args, output)?.inventory))
}

/// Refuses to read standard input twice.
///
/// # Errors
/// Both the inventory and something else are `-`.
pub(crate) fn only_one_standard_input<'a>(
    inventory: &'a InventoryArgs,
    others: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), CliError> {
    let both = inventory.inventory.iter().chain(others).filter(|path| is_standard_input(path)).count();
    if both > 1 {
        let help = "give all but one of them as a file";
        return Err(CliError::input("standard input can be read once", "`-` on the command line", help));
    }
    Ok(())
}

/// The cluster that is judged for. Says on standard error what was assumed.
///
/// # Errors
/// The named cluster is not in the inventory, or several are and none was named.
pub(crate) fn resolve_cluster(
    args: &ClusterArgs,
    index: &Index,
    output: &mut Output,
) -> Result<ClusterProfile, CliError> {
    let ClusterArgs { cluster, pull_identity, cloud, default_identity, federation } = args;
    let clusters = &index.inventory().clusters;
    let mut overrides = ProfileOverrides {
        pull_identity: pull_identity.map(PullIdentity::from),
        cloud: cloud.map(Into::into),
        default_identity: default_identity.as_deref().map(Into::into),
        federation: federation.map(Into::into),
        issuer: None,
    };
    match (cluster, clusters.as_slice()) {
        (Some(name), _) if index.find_cluster(name).is_none() => {
            let what = format!("no cluster `{name}` in the inventory");
            return Err(CliError::input(what, "--cluster", choices(clusters)));
        }
        (Some(_), _) => {}
        (None, []) => {
            if overrides.pull_identity.is_none() {
                overrides.pull_identity = Some(PullIdentity::None);
                note(
                    output,
                    "no cluster in the inventory: pod's own secrets and anonymous pulls are judged",
                )?;
            }
        }
        (None, [only]) => note(output, &format!("judging for cluster `{}`, the only one", only.name))?,
        (None, several) => {
            let what = format!("the inventory holds {} clusters", several.len());
            return Err(CliError::input(what, "--cluster is missing", choices(several)));
        }
    }
    let profile = ClusterProfile::from_inventory(index, cluster.as_deref(), &overrides);
    for one in &profile.notes {
        if !matches!(one, ProfileNote::ClusterNotFound(_) | ProfileNote::ClusterNotChosen(_)) {
            note(output, &one.to_string())?;
        }
    }
    Ok(profile.cluster)
}

fn choices(clusters: &[Cluster]) -> String {
    if clusters.is_empty() {
        return "it holds none; leave `--cluster` out".to_owned();
    }
    let names: Vec<String> = clusters.iter().map(|cluster| format!("`{}`", cluster.name)).collect();
    format!("choose one of {}", names.join(", "))
}

/// One line of talk that explains how the answer came about.
///
/// # Errors
/// Standard error cannot be written.
pub(crate) fn note(output: &mut Output, text: &str) -> std::io::Result<()> {
    let title = output.talk_paint().dim("note:");
    writeln!(output.talk(), "{title} {text}")
}

/// `1 image`, `2 images`.
pub(crate) fn plural(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
