//! What `docs/install.md` gives to Argo CD and Flux: a real API server that knows their kinds takes it to the last
//! field, and what they are told to leave alone is what the chart renders and the program writes.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::custom_resources::server_that_knows_them;
use crate::support::helm::{Helm, documents};
use crate::support::skip::skip;

/// A slip of the pen in the page's manifests, and what the API server says to it.
#[derive(Deserialize)]
struct Slip {
    what: String,
    instead_of: String,
    written: String,
    refused: String,
}

#[test]
fn the_gitops_manifests_are_taken_by_a_strict_api_server_and_slips_are_refused() {
    let server = match server_that_knows_them() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    for namespace in ["argocd", "flux-system", NAMESPACE] {
        server.create_namespace(namespace);
    }
    let apply = |manifests: &[Value]| {
        let list = manifests.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n");
        server.kubectl(&["apply", "--dry-run=server", "--validate=strict", "--filename", "-"], &list)
    };
    let output = apply(&in_namespace(&gitops_section())).succeeded();
    assert_eq!(output.stderr, "", "the server warns");
    for kind in
        ["application.argoproj", "gitrepository.source", "helmrelease.helm", "kustomization.kustomize"]
    {
        assert!(output.stdout.contains(kind), "no {kind} in\n{}", output.stdout);
    }

    let slips = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/gitops-slips.yaml");
    let slips: Vec<Slip> = serde_saphyr::from_str(&fs::read_to_string(slips).unwrap()).unwrap();
    for Slip { what, instead_of, written, refused } in slips {
        let page = gitops_section();
        assert!(page.contains(&instead_of), "{what}: the page has no `{instead_of}`");
        let output = apply(&in_namespace(&page.replacen(&instead_of, &written, 1)));
        assert!(!output.status.success(), "{what}: must be refused, and was taken:\n{}", output.stdout);
        assert!(output.stderr.contains(&refused), "{what}: no `{refused}` in\n{}", output.stderr);
    }
}

#[test]
fn gitops_tools_leave_alone_what_the_program_writes_into_what_the_chart_renders() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let manifests = manifests(&gitops_section());
    let of_kind = |kind: &str| manifests.iter().find(|manifest| manifest["kind"] == kind).unwrap();

    let (application, release) = (of_kind("Application"), of_kind("HelmRelease"));
    let values = &application["spec"]["source"]["helm"]["valuesObject"];
    assert_eq!(*values, release["spec"]["values"], "the tools install two different things");
    let rendered = documents(&helm.render(&values.to_string()));

    let ignored = application["spec"]["ignoreDifferences"].as_array().unwrap();
    let ignored = ignored.iter().map(|one| (one, pointers_of_expressions(&one["jqPathExpressions"])));
    // Argo CD never looks at a Lease.
    assert_are_written_by_the_program(ignored, &rendered, &[BUNDLES, KEYS]);

    let ignored = release["spec"]["driftDetection"]["ignore"].as_array().unwrap();
    let ignored = ignored.iter().map(|one| (&one["target"], texts(&one["paths"])));
    assert_are_written_by_the_program(ignored, &rendered, &[BUNDLES, KEYS, HOLDER]);
}

/// The targets are these, and each is rendered by the chart without the fields.
#[track_caller]
fn assert_are_written_by_the_program<'a>(
    ignored: impl Iterator<Item = (&'a Value, Vec<String>)>,
    rendered: &[Value],
    written: &[(&str, &str)],
) {
    let mut told = Vec::new();
    for (target, pointers) in ignored {
        let is_target = |object: &&Value| {
            object["kind"] == target["kind"] && object["metadata"]["name"] == target["name"]
        };
        let object = rendered.iter().find(is_target).unwrap_or_else(|| panic!("not rendered: {target}"));
        if let Some(namespace) = target.get("namespace") {
            assert_eq!(object["metadata"]["namespace"], *namespace, "{target}");
        }
        for pointer in &pointers {
            let is_empty = object.pointer(pointer).is_none_or(|value| *value == json!({}));
            assert!(is_empty, "the chart renders {pointer} of {target}");
        }
        told.push((target["kind"].as_str().unwrap(), pointers.join(" ")));
    }
    let told: Vec<_> = told.iter().map(|(kind, pointers)| (*kind, pointers.as_str())).collect();
    assert_eq!(told, written);
    let webhooks = rendered.iter().find(|object| object["kind"] == "ValidatingWebhookConfiguration");
    assert_eq!(webhooks.unwrap()["webhooks"].as_array().unwrap().len(), 2);
}

/// jq's `.webhooks[].x` for both webhooks, as JSON pointers.
fn pointers_of_expressions(expressions: &Value) -> Vec<String> {
    let pointers = texts(expressions).into_iter().flat_map(|expression| {
        let indexes = if expression.contains("[]") { 0..2 } else { 0..1 };
        indexes.map(move |index| expression.replace("[]", &format!(".{index}")).replace('.', "/"))
    });
    pointers.collect()
}

fn texts(values: &Value) -> Vec<String> {
    values.as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

/// The part of the page that this is about.
fn gitops_section() -> String {
    let section = PAGE.split("\n## ").find(|section| section.starts_with("GitOps\n"));
    section.expect("docs/install.md has a section on GitOps").to_owned()
}

/// Every manifest that is shown there.
fn manifests(section: &str) -> Vec<Value> {
    let blocks = section.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let shown: Vec<Value> = blocks.flat_map(documents).collect();
    assert!(shown.len() > 2, "found only {} manifests", shown.len());
    shown
}

/// The same in a namespace of this test alone instead of the release's, which others label.
fn in_namespace(section: &str) -> Vec<Value> {
    let mut shown = manifests(section);
    for manifest in &mut shown {
        let namespace = &mut manifest["metadata"]["namespace"];
        if *namespace == "acr-admission" {
            *namespace = json!(NAMESPACE);
        }
    }
    shown
}

const PAGE: &str = include_str!("../../../docs/install.md");
/// What the program writes: a kind, and the pointers to the fields.
const BUNDLES: (&str, &str) =
    ("ValidatingWebhookConfiguration", "/webhooks/0/clientConfig/caBundle /webhooks/1/clientConfig/caBundle");
const KEYS: (&str, &str) = ("Secret", "/data /metadata/annotations");
const HOLDER: (&str, &str) = ("Lease", "/spec");
const NAMESPACE: &str = "acr-admission-gitops";
