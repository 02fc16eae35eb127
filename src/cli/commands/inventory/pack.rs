//! `inventory pack`: an export in, what verdicts need of it out, small enough for a `ConfigMap`.

use crate::cli::args::InventoryPackArgs;
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};
use crate::cli::settings::{plural, tell_loose_ends};
use crate::engine::index::{Index, RegistryNumber};
use crate::engine::scope::Scope;
use crate::inventory::packed::{self, Choice};
use crate::inventory::{Loaded, compress, load_in_order_of_names};
use crate::kubernetes::{CONFIG_MAP_HOLDS, Kubeconfig, StoreError, store_file};

/// Runs `inventory pack`.
///
/// # Errors
/// The inventory cannot be loaded, a name is not in it, the file is too large or cannot be written, or the API server
/// refuses it.
pub(super) fn run(args: &InventoryPackArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let InventoryPackArgs { inventory, cluster, registry, gzip, .. } = args;
    let Loaded { inventory, exported_at, written_at, warnings, .. } =
        load_in_order_of_names(&inventory.inventory)?;
    tell_loose_ends(warnings.len(), output)?;
    let index = Index::build(inventory);
    let choice = Choice { clusters: clusters(&index, cluster)?, registries: registries(&index, registry)? };
    // The packed file is new; what it holds is as old as it was.
    let document = packed::pack(&index, exported_at.or(written_at), &choice);
    let mut bytes = Vec::new();
    document.write(&mut bytes)?;
    if *gzip {
        let plain = std::mem::take(&mut bytes);
        compress(&plain, &mut bytes)?;
    }
    refuse_what_is_too_large(args, bytes.len())?;
    let length = bytes.len();
    write(args, bytes, output)?;
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
        size(length),
    );
    writeln!(output.talk(), "{summary}")?;
    if length > CONFIG_MAP_HOLDS {
        let title = output.talk_paint().attention("warning:");
        writeln!(
            output.talk(),
            "{title} {} is more than a ConfigMap holds (1048576 bytes)\n  help: {}",
            size(length),
            smaller(*gzip)
        )?;
    }
    Ok(Outcome::Fine)
}

/// Before anything is written.
fn refuse_what_is_too_large(args: &InventoryPackArgs, length: usize) -> Result<(), CliError> {
    let InventoryPackArgs { gzip, max_size, config_map, .. } = args;
    let limits = [
        max_size.map(|most| (most, "--max-size allows")),
        config_map.as_ref().map(|_| (CONFIG_MAP_HOLDS, "a ConfigMap holds")),
    ];
    match limits.into_iter().flatten().find(|(most, _)| length > *most) {
        None => Ok(()),
        Some((most, whose)) => Err(CliError::input(
            format!("the packed inventory has {}, more than the {most} that {whose}", size(length)),
            "the chosen clusters and registries",
            format!("nothing was written; {}", smaller(*gzip)),
        )),
    }
}

/// To where the arguments say.
fn write(args: &InventoryPackArgs, bytes: Vec<u8>, output: &mut Output) -> Result<(), CliError> {
    if let Some(name) = &args.config_map {
        return store(args, name, bytes);
    }
    if let Some(path) = &args.output_file {
        output.redirect(path).map_err(|error| {
            CliError::input(
                format!("cannot be written: {error}"),
                path.display(),
                "give another --output-file",
            )
        })?;
    }
    output.data().write_all(&bytes)?;
    Ok(output.finish()?)
}

/// Into a `ConfigMap`.
fn store(args: &InventoryPackArgs, name: &str, bytes: Vec<u8>) -> Result<(), CliError> {
    let kubeconfig = Kubeconfig { file: args.kubeconfig.clone(), context: args.context.clone() };
    let file = if args.gzip { "inventory.json.gz" } else { "inventory.json" };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = kubeconfig.client().await.map_err(|error| {
            CliError::input(error, "the cluster", "give --kubeconfig, or --output-file to write a file")
        })?;
        let namespace = args.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
        let stored = store_file(client, &namespace, name, file, bytes).await;
        stored.map_err(|error| {
            let place = format!("ConfigMap {namespace}/{name}");
            CliError::input(&error, place, remedy(&error))
        })
    })
}

const fn remedy(error: &StoreError) -> &'static str {
    match error {
        StoreError::Forbidden(_) => {
            "let this user `patch` that ConfigMap; where there is none yet, make it, or let them `create` it too"
        }
        StoreError::NoNamespace(_) => "make the namespace, or give another --namespace",
        StoreError::Refused(_) => "correct what the API server names",
        StoreError::Unreachable(_) => "check --kubeconfig, --context and the network; nothing was written",
    }
}

fn size(length: usize) -> String {
    plural(length, "byte")
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
