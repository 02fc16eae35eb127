//! The built-in estate: what the server is given, and the reviews that it is sent.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

/// The files of `examples/demo`, so that what is shown can be looked up and tried out.
const INVENTORY: (&str, &str) = ("inventory.yaml", include_str!("../../../../examples/demo/inventory.yaml"));
const SETTINGS: (&str, &str) = ("settings.yaml", include_str!("../../../../examples/demo/settings.yaml"));
const WORKLOADS: (&str, &str) = ("workloads.yaml", include_str!("../../../../examples/demo/workloads.yaml"));

/// The files on disk, because files are what the server reads. Removed at the end.
#[derive(Debug)]
pub(super) struct Estate {
    folder: PathBuf,
}

impl Estate {
    /// Writes the files into a new folder that only this user can read.
    pub(super) fn write() -> anyhow::Result<Self> {
        let temporary = std::env::temp_dir();
        let folder = new_folder(&temporary)
            .with_context(|| format!("no folder can be made in {}", temporary.display()))?;
        let estate = Self { folder };
        for (name, text) in [INVENTORY, SETTINGS, WORKLOADS] {
            fs::write(estate.folder.join(name), text)
                .with_context(|| format!("{name} cannot be written to {}", estate.folder.display()))?;
        }
        Ok(estate)
    }

    pub(super) fn inventory(&self) -> PathBuf {
        self.folder.join(INVENTORY.0)
    }

    pub(super) fn settings(&self) -> PathBuf {
        self.folder.join(SETTINGS.0)
    }

    pub(super) fn workloads(&self) -> PathBuf {
        self.folder.join(WORKLOADS.0)
    }
}

impl Drop for Estate {
    fn drop(&mut self) {
        // What is left of it is small, and there is nobody to tell.
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn new_folder(parent: &Path) -> io::Result<PathBuf> {
    let process = std::process::id();
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for number in 0..16 {
        let folder = parent.join(format!("acr-admission-demo-{process}-{number}"));
        match create_private(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(unix)]
fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

/// A pod of the estate, and the review that an API server would send for it.
#[derive(Debug)]
pub(super) struct PodReview {
    pub(super) namespace: String,
    pub(super) service_account: String,
    pub(super) image: String,
    pub(super) body: Vec<u8>,
}

/// One review for each pod, in the order of the file.
pub(super) fn reviews() -> anyhow::Result<Vec<PodReview>> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(WORKLOADS.1).context("the built-in workloads do not parse")?;
    let pods = documents.into_iter().filter(|document| text(document, "/kind") == "Pod");
    pods.enumerate().map(|(number, pod)| review(number, &pod)).collect()
}

fn review(number: usize, pod: &Value) -> anyhow::Result<PodReview> {
    let namespace = text(pod, "/metadata/namespace");
    let review = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": format!("00000000-0000-4000-8000-{number:012}"),
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": text(pod, "/metadata/name"),
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {"username": "demo"},
            "object": pod,
            "dryRun": false,
        },
    });
    let service_account = text(pod, "/spec/serviceAccountName");
    Ok(PodReview {
        service_account: if service_account.is_empty() { "default".to_owned() } else { service_account },
        image: text(pod, "/spec/containers/0/image"),
        namespace,
        body: serde_json::to_vec(&review)?,
    })
}

/// The text at a place; empty where there is none.
pub(super) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
