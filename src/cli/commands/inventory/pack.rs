//! `inventory pack`: an export in, what verdicts need of it out, small enough for a `ConfigMap`.

use crate::cli::args::InventoryPackArgs;
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};
use crate::cli::settings::{plural, tell_loose_ends};
use crate::engine::index::{Index, RegistryNumber};
use crate::engine::scope::Scope;
use crate::inventory::packed::{self, Choice};
use crate::inventory::{Loaded, compress, load_in_order_of_names};

/// What a `ConfigMap` or Secret holds: the API server adds up the bytes of all values, binary ones as they are, before
/// base64 (Kubernetes, "`ConfigMap`"; `MaxSecretSize`).
const CONFIG_MAP_HOLDS: usize = 1024 * 1024;

/// Runs `inventory pack`.
///
/// # Errors
/// The inventory cannot be loaded, a name is not in it, or the file is too large or cannot be written.
pub(super) fn run(args: &InventoryPackArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let InventoryPackArgs { inventory, cluster, registry, gzip, max_size, output_file } = args;
    let Loaded { inventory, exported_at, warnings, .. } = load_in_order_of_names(&inventory.inventory)?;
    tell_loose_ends(warnings.len(), output)?;
    let index = Index::build(inventory);
    let choice = Choice { clusters: clusters(&index, cluster)?, registries: registries(&index, registry)? };
    let document = packed::pack(&index, exported_at, &choice);
    let mut bytes = Vec::new();
    document.write(&mut bytes)?;
    if *gzip {
        let plain = std::mem::take(&mut bytes);
        compress(&plain, &mut bytes)?;
    }
    if let Some(most) = max_size.filter(|most| bytes.len() > *most) {
        return Err(CliError::input(
            format!("the packed inventory has {}, more than the {most} that --max-size allows", size(&bytes)),
            "the chosen clusters and registries",
            format!("nothing was written; {}", smaller(*gzip)),
        ));
    }
    if let Some(path) = output_file {
        output.redirect(path).map_err(|error| {
            CliError::input(
                format!("cannot be written: {error}"),
                path.display(),
                "give another --output-file",
            )
        })?;
    }
    output.data().write_all(&bytes)?;
    output.finish()?;
    let summary = format!(
        "packed {} of {}, {}, {} and {} into {}",
        document.role_assignments.len(),
        plural(index.inventory().role_assignments.len(), "role assignment"),
        plural(document.principals.len(), "principal"),
        match document.registries.len() {
            1 => "1 registry".to_owned(),
            count => format!("{count} registries"),
        },
        plural(document.clusters.len(), "cluster"),
        size(&bytes),
    );
    writeln!(output.talk(), "{summary}")?;
    if bytes.len() > CONFIG_MAP_HOLDS {
        let title = output.talk_paint().attention("warning:");
        writeln!(
            output.talk(),
            "{title} {} is more than a ConfigMap holds (1048576 bytes)\n  help: {}",
            size(&bytes),
            smaller(*gzip)
        )?;
    }
    Ok(Outcome::Fine)
}

fn size(bytes: &[u8]) -> String {
    plural(bytes.len(), "byte")
}

/// The other ways, as far as they have not been taken.
fn smaller(is_compressed: bool) -> String {
    let compress = if is_compressed { "" } else { "add --gzip; or " };
    format!(
        "{compress}keep fewer registries with --registry, and pack each part into a file and a ConfigMap of its own, \
         mounted into one folder; or mount a volume, which holds any size"
    )
}

fn clusters(index: &Index, names: &[String]) -> Result<Vec<Scope>, CliError> {
    let known = || index.inventory().clusters.iter().map(|cluster| cluster.name.as_str());
    let find = |name: &String| {
        let cluster = index.find_cluster(name).ok_or_else(|| stranger("cluster", name, known()))?;
        Ok(cluster.id.clone())
    };
    names.iter().map(find).collect()
}

fn registries(index: &Index, names: &[String]) -> Result<Vec<RegistryNumber>, CliError> {
    let known = || index.inventory().registries.iter().map(|registry| registry.name.as_str());
    let find = |name: &String| index.find_registry(name).ok_or_else(|| stranger("registry", name, known()));
    names.iter().map(find).collect()
}

fn stranger<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> CliError {
    let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    CliError::input(
        format!("the inventory holds no {what} `{name}`"),
        format!("--{what} {name}"),
        format!("it holds {known}"),
    )
}
