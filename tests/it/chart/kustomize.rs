//! `deploy/kustomize` installs what the chart does, for who has no Helm.
//!
//! The base is the chart's output for its default values. An overlay stands beside the `values.yaml` that it is made
//! from and holds what differs: parts of objects that are put in place, objects removed or added. With `ACR_ADMISSION_UPDATE_DOCS=1` this
//! test writes all of it; then it lets kubectl put each overlay together and compares the objects with the chart's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::helm::{Helm, documents};
use crate::support::kubectl::Kubectl;
use crate::support::programs::{Programs, Unavailable};
use crate::support::skip::skip;

#[test]
fn every_overlay_is_what_the_chart_renders() {
    let (helm, programs) = match (Helm::find(), Programs::find()) {
        (Ok(helm), Ok(programs)) => (helm, programs),
        (Err(reason), _) => return skip(reason),
        (_, Err(Unavailable(reason))) => return skip(&reason),
    };
    let home = tempfile::tempdir().unwrap();
    let kubectl = Kubectl::new(programs.kubectl, home.path().to_owned());
    let update = std::env::var_os("ACR_ADMISSION_UPDATE_DOCS").is_some();
    let base = rendered(&helm, BASE_VALUES);
    if update {
        write_base(&base);
    }
    assert_same("base", &built(&kubectl, "base"), &without_marks(&base));
    let overlays = overlays();
    assert_eq!(overlays, ["aks", "audit", "cert-manager", "kind"]);
    for overlay in overlays {
        let folder = format!("overlays/{overlay}");
        let values = fs::read_to_string(kustomize(&folder).join("values.yaml")).unwrap();
        let expected = without_marks(&rendered(&helm, &values));
        if update {
            write_overlay(&kustomize(&folder), &without_marks(&base), &expected);
        }
        assert_same(&folder, &built(&kubectl, &folder), &expected);
    }
}

/// As the README has it: image, cluster and mode in a folder of one's own.
#[test]
fn the_example_of_a_folder_on_top_of_an_overlay_builds() {
    let programs = match Programs::find() {
        Ok(programs) => programs,
        Err(Unavailable(reason)) => return skip(&reason),
    };
    let home = tempfile::tempdir().unwrap();
    let kubectl = Kubectl::new(programs.kubectl, home.path().to_owned());
    let page = fs::read_to_string(kustomize("README.md")).unwrap();
    let own = home.path().join("own");
    fs::create_dir(&own).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_MANIFEST_DIR"), home.path().join("acr-admission")).unwrap();
    for block in page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let file = block.lines().next().unwrap().trim_start_matches("# ");
        fs::write(own.join(file), block).unwrap();
    }
    let output = kubectl.run(Path::new("none"), &["kustomize", own.to_str().unwrap()], "").succeeded();
    let built = objects(documents(&output.stdout).into_iter());
    let image = built["Deployment acr-admission"].pointer("/spec/template/spec/containers/0/image").unwrap();
    assert_eq!(image, "contoso.azurecr.io/acr-admission:0.1.0");
    let settings = built["ConfigMap acr-admission-settings"]["data"]["settings.yaml"].as_str().unwrap();
    assert!(settings.contains("cluster: {name: aks-prod}"), "{settings}");
    acr_admission::settings::Settings::from_yaml(settings).unwrap();
    for webhook in built["ValidatingWebhookConfiguration acr-admission"]["webhooks"].as_array().unwrap() {
        assert_eq!(webhook["failurePolicy"], "Ignore");
    }
}

/// Without the pod of `helm test`.
fn rendered(helm: &Helm, values: &str) -> String {
    helm.template(&["--skip-tests"], values).succeeded().stdout
}

/// Objects by kind and name.
type Objects = BTreeMap<String, Value>;

fn assert_same(what: &str, built: &Objects, expected: &Objects) {
    let names = |objects: &Objects| objects.keys().cloned().collect::<Vec<_>>();
    let remedy = "run this test with ACR_ADMISSION_UPDATE_DOCS=1";
    assert_eq!(names(built), names(expected), "{what}: {remedy}");
    for (name, object) in expected {
        assert_eq!(&built[name], object, "{what}: {name} differs: {remedy}");
    }
}

/// What kubectl makes of a folder, without the namespace, which Helm leaves to its users.
fn built(kubectl: &Kubectl, folder: &str) -> Objects {
    let folder = kustomize(folder);
    let output = kubectl.run(Path::new("none"), &["kustomize", folder.to_str().unwrap()], "").succeeded();
    objects(documents(&output.stdout).into_iter().filter(|object| object["kind"] != "Namespace"))
}

/// Without the labels and annotations that tell of Helm.
fn without_marks(yaml: &str) -> Objects {
    objects(documents(&lines_without_marks(yaml)).into_iter())
}

fn objects(documents: impl Iterator<Item = Value>) -> Objects {
    documents
        .map(|object| {
            let text = |pointer: &str| object.pointer(pointer).unwrap().as_str().unwrap().to_owned();
            (format!("{} {}", text("/kind"), text("/metadata/name")), object)
        })
        .collect()
}

fn lines_without_marks(yaml: &str) -> String {
    let is_mark = |line: &&str| HELM_MARKS.iter().any(|mark| line.trim_start().starts_with(mark));
    yaml.lines().filter(|line| !is_mark(line)).flat_map(|line| [line, "\n"]).collect()
}

/// One file for each of the chart's templates, with its comments.
fn write_base(rendered: &str) {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for document in rendered.split("---\n").filter(|document| !document.trim().is_empty()) {
        let (source, text) = document.strip_prefix("# Source: ").unwrap().split_once('\n').unwrap();
        let file = source.rsplit('/').next().unwrap().to_owned();
        files.entry(file).or_default().push(lines_without_marks(text));
    }
    let folder = kustomize("base");
    let mut kustomization =
        format!("{MADE}apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n");
    kustomization.push_str("resources:\n  - namespace.yaml\n");
    for (file, texts) in files {
        writeln!(kustomization, "  - {file}").unwrap();
        fs::write(folder.join(file), format!("{MADE}{}", texts.join("---\n"))).unwrap();
    }
    fs::write(folder.join("kustomization.yaml"), kustomization).unwrap();
}

fn write_overlay(folder: &Path, base: &Objects, expected: &Objects) {
    let mut patches = Vec::new();
    for (name, object) in expected {
        let operations = base.get(name).map(|old| changes(old, object)).unwrap_or_default();
        let target = json!({"kind": object["kind"], "name": object["metadata"]["name"]});
        let file = format!("{}.yaml", file_name(name));
        let text = if operations.is_empty() { String::new() } else { yaml(&operations) };
        if write_text(&folder.join(&file), &text) {
            patches.push(json!({"target": target, "path": file}));
        }
    }
    // Each in a file of its own: with several in one, the kustomize of older kubectls crashes.
    for (name, object) in base {
        let file = format!("removed-{}.yaml", file_name(name));
        let removed = if expected.contains_key(name) { Vec::new() } else { vec![removal(object)] };
        if write(&folder.join(&file), &removed) {
            patches.push(json!({"path": file}));
        }
    }
    let added = expected.iter().filter(|(name, _)| !base.contains_key(*name));
    let mut resources = vec!["../../base"];
    if write(&folder.join("added.yaml"), &added.map(|(_, object)| object.clone()).collect::<Vec<_>>()) {
        resources.push("added.yaml");
    }
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
        "resources": resources, "patches": patches,
    });
    write(&folder.join("kustomization.yaml"), &[kustomization]);
}

/// `Role acr-admission` as `role-acr-admission`.
fn file_name(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

/// The parts of an object that differ, each put in its place as a whole.
fn changes(base: &Value, expected: &Value) -> Vec<Value> {
    let mut operations = Vec::new();
    for prefix in ["", "/metadata"] {
        let (old, new) = (base.pointer(prefix).unwrap(), expected.pointer(prefix).unwrap());
        for (key, value) in new.as_object().unwrap().iter().filter(|(key, _)| *key != "metadata") {
            if old.get(key) != Some(value) {
                operations.push(json!({"op": "add", "path": format!("{prefix}/{key}"), "value": value}));
            }
        }
        for key in old.as_object().unwrap().keys().filter(|key| new.get(*key).is_none()) {
            operations.push(json!({"op": "remove", "path": format!("{prefix}/{key}")}));
        }
    }
    operations
}

fn removal(object: &Value) -> Value {
    let metadata = ["name", "namespace"].map(|key| (key.to_owned(), object["metadata"][key].clone()));
    let metadata: serde_json::Map<_, _> =
        metadata.into_iter().filter(|(_, value)| !value.is_null()).collect();
    json!({"$patch": "delete", "apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": metadata})
}

/// A file with one document for each object.
fn write(file: &Path, objects: &[Value]) -> bool {
    write_text(file, &objects.iter().map(yaml).collect::<Vec<_>>().join("---\n"))
}

/// False where there is nothing to write; then there is no file either.
fn write_text(file: &Path, text: &str) -> bool {
    if text.is_empty() {
        let _ = fs::remove_file(file);
        return false;
    }
    fs::write(file, format!("{MADE}{text}")).unwrap();
    true
}

fn yaml<T: serde::Serialize>(value: &T) -> String {
    serde_saphyr::to_string(value).unwrap()
}

fn overlays() -> Vec<String> {
    let entries = fs::read_dir(kustomize("overlays")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn kustomize(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kustomize").join(folder)
}

/// The chart's defaults.
const BASE_VALUES: &str = "{}";
const HELM_MARKS: [&str; 4] =
    ["app.kubernetes.io/managed-by:", "helm.sh/chart:", "checksum/settings:", "# New settings roll out,"];
const MADE: &str = "# Made from the chart by tests/it/chart/kustomize.rs; changes by hand are overwritten.\n";
