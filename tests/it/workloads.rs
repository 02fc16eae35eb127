//! Workloads: every image field found, nothing of the wrong type passed over, files read as `kubectl` reads them.

use std::fs;
use std::path::Path;

use acr_admission::workload::manifest::{ManifestContent, ManifestObject, Manifests};
use acr_admission::workload::{
    MalformedPullSecret, NodePlacement, ObjectError, PullSecretFormat, Workload, WorkloadKind,
    read_pull_secret,
};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::skip::real_inputs;

const KINDS: [(WorkloadKind, &str); 9] = [
    (WorkloadKind::Pod, "v1"),
    (WorkloadKind::Deployment, "apps/v1"),
    (WorkloadKind::ReplicaSet, "apps/v1"),
    (WorkloadKind::StatefulSet, "apps/v1"),
    (WorkloadKind::DaemonSet, "apps/v1"),
    (WorkloadKind::Job, "batch/v1"),
    (WorkloadKind::CronJob, "batch/v1"),
    (WorkloadKind::ReplicationController, "v1"),
    (WorkloadKind::PodTemplate, "v1"),
];

#[test]
fn knows_every_kind_by_group_and_name() {
    for (kind, api_version) in KINDS {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        assert_eq!(WorkloadKind::of(group, kind.as_str()), Some(kind));
        assert_eq!(WorkloadKind::of("example.com", kind.as_str()), None, "a custom resource of that name");
    }
}

#[test]
fn lists_the_images_of_the_fixtures_in_order() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Case {
        file: String,
        kind: String,
        namespace: String,
        name: String,
        service_account: String,
        images: Vec<Image>,
    }
    #[derive(Deserialize)]
    struct Image {
        field: String,
        image: String,
    }
    #[derive(Deserialize)]
    struct Expected {
        cases: Vec<Case>,
    }

    let folder = Path::new("tests/fixtures/workloads");
    let expected = fs::read_to_string(folder.join("expected.json")).unwrap();
    let Expected { cases } = serde_json::from_str(&expected).unwrap();
    assert_eq!(cases.len(), 26);
    for case in cases {
        let manifests = read_file(&folder.join(&case.file));
        let [object] = manifests.objects.as_slice() else { panic!("{}: one object", case.file) };
        let ManifestContent::Workload(pod) = &object.content else { panic!("{}: a workload", case.file) };
        let found: Vec<_> =
            pod.images.iter().map(|image| (pod.field(image), image.image.to_string())).collect();
        let listed: Vec<_> = case.images.into_iter().map(|row| (row.field, row.image)).collect();
        assert_eq!(found, listed, "{}", case.file);
        assert_eq!(object.kind, case.kind);
        assert_eq!(object.namespace.as_deref(), Some(&*case.namespace));
        assert_eq!(object.name, case.name);
        assert_eq!(pod.service_account, case.service_account);
    }
}

#[test]
fn reads_the_accounts_and_secrets_of_the_fixtures() {
    let prod = read_file(Path::new("tests/fixtures/workloads/aks-prod/00-namespaces.yaml"));
    let namespaces: Vec<_> = prod.namespaces().map(|namespace| namespace.name.as_str()).collect();
    assert_eq!(namespaces, ["web", "payments", "batch", "platform", "legacy"]);

    let frontend = prod.service_accounts().find(|account| account.name == "frontend").unwrap();
    assert_eq!(frontend.namespace.as_deref(), Some("web"));
    assert_eq!(frontend.facts.workload_client_id.as_deref(), Some("7ad6a952-141d-489e-adf7-47133949161e"));
    assert_eq!(frontend.workload_tenant_id.as_deref(), Some("f991813c-a062-4b9d-890f-a063cd042b6f"));
    assert_eq!(frontend.facts.acr_client_id, None);
    let scanner = prod.service_accounts().find(|account| account.name == "scanner").unwrap();
    assert_eq!(scanner.facts.pull_secrets, ["acr-token-old-scanner"]);

    let tenants = read_file(Path::new("tests/fixtures/workloads/aks-tenants/00-namespaces.yaml"));
    let blank = tenants.service_accounts().find(|account| account.name == "blank").unwrap();
    assert_eq!(blank.facts.acr_client_id.as_deref(), Some(""), "present and empty is not absent");

    let secret = |name: &str| {
        let secret = prod.secrets().find(|secret| secret.name == name).unwrap();
        let entries = secret.contents.as_ref().map(|secret| &secret.entries).map_err(Clone::clone)?;
        let entry = |entry: &acr_admission::engine::pull::PullSecretEntry| {
            format!("{} {} {}", entry.key, entry.user, entry.has_password)
        };
        Ok::<_, MalformedPullSecret>(entries.iter().map(entry).collect::<Vec<_>>())
    };
    assert_eq!(secret("acr-token-edge-sync"), Ok(vec!["contosoapps.azurecr.io edge-sync true".to_owned()]));
    assert_eq!(
        secret("acr-without-passwords"),
        Ok(vec![
            "contosoapps.azurecr.io 00000000-0000-0000-0000-000000000000 false".to_owned(),
            "contosoedge-f8e2gqa9d4fbhxc7.azurecr.io:443  false".to_owned(),
            "contosoprod.azurecr.io 3501c1f1-3184-4492-99de-a201c1766263 false".to_owned(),
        ])
    );
    assert_eq!(
        secret("acr-auth-not-base64"),
        Err(MalformedPullSecret::AuthNotBase64 { key: "contosoprod.azurecr.io".to_owned() })
    );
    assert_eq!(
        secret("elsewhere-auth-without-colon"),
        Err(MalformedPullSecret::AuthWithoutColon { key: "registry.example".to_owned() })
    );
}

/// Objects with every field of the API set. What to find is computed from the JSON alone.
#[test]
fn finds_every_image_field_of_the_kubernetes_api() {
    let Some(inputs) = real_inputs() else { return };
    let mut seen = 0;
    for (kind, api_version) in KINDS {
        let group = api_version.split_once('/').map_or("core", |(group, _)| group);
        let path = inputs.join(format!("kubernetes-api/{group}.v1.{kind}.json"));
        let mut object: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        // Newer than the recorded API: profiles from a registry.
        add_profiles(&mut object);
        let mut expected = Vec::new();
        collect_images(&object, "", &mut expected);
        expected.sort();
        assert!(expected.len() >= 8, "{kind}: {expected:?}");

        let text = object.to_string();
        let workload = Workload::read(kind, &text).unwrap();
        let mut found: Vec<_> = workload.pod.images.iter().map(|image| workload.pod.field(image)).collect();
        found.sort();
        assert_eq!(found, expected, "{kind}");
        assert!(workload.pod.images.iter().all(|image| image.image.ends_with("Value")));
        assert_eq!(workload.pod.service_account, "serviceAccountNameValue");
        assert_eq!(workload.pod.pull_secrets.names().collect::<Vec<_>>(), ["nameValue"]);

        let manifests = read_file(&path);
        assert_eq!(manifests.problems, []);
        seen += manifests.objects.len();
    }
    assert_eq!(seen, KINDS.len());
}

fn add_profiles(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(profile) =
                fields.get_mut("securityContext").and_then(|context| context.get_mut("seccompProfile"))
            {
                profile["type"] = json!("OCI");
                profile["oci"] = json!({"ref": "refValue"});
            }
            fields.values_mut().for_each(add_profiles);
        }
        Value::Array(items) => items.iter_mut().for_each(add_profiles),
        _ => {}
    }
}

/// Every path that the rules of Kubernetes make an image of a pod spec.
fn collect_images(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| *key != "status") {
                let dot = if path.is_empty() { "" } else { "." };
                collect_images(value, &format!("{path}{dot}{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_images(item, &format!("{path}[{index}]"), found);
            }
        }
        Value::String(_) => {
            let holds = |list: &str| path.contains(&format!("spec.{list}["));
            let container = ["initContainers", "containers", "ephemeralContainers"].iter().any(|l| holds(l));
            if (container && path.ends_with("].image"))
                || (holds("volumes") && path.ends_with("].image.reference"))
                || path.ends_with("securityContext.seccompProfile.oci.ref")
            {
                found.push(path.to_owned());
            }
        }
        _ => {}
    }
}

/// The fields we look at in a pod spec, with a value of the right type.
const FIELDS: [(&str, &str); 23] = [
    ("serviceAccountName", "a text"),
    ("serviceAccount", "a text"),
    ("imagePullSecrets", "a list"),
    ("imagePullSecrets[0]", "an object"),
    ("imagePullSecrets[0].name", "a text"),
    ("initContainers[0].image", "a text"),
    ("containers", "a list"),
    ("containers[0]", "an object"),
    ("containers[0].name", "a text"),
    ("containers[0].image", "a text"),
    ("containers[0].securityContext", "an object"),
    ("containers[0].securityContext.seccompProfile", "an object"),
    ("containers[0].securityContext.seccompProfile.oci", "an object"),
    ("containers[0].securityContext.seccompProfile.oci.ref", "a text"),
    ("ephemeralContainers[0].image", "a text"),
    ("volumes", "a list"),
    ("volumes[0].name", "a text"),
    ("volumes[0].image", "an object"),
    ("volumes[0].image.reference", "a text"),
    ("nodeSelector", "an object"),
    ("nodeSelector.type", "a text"),
    ("nodeName", "a text"),
    ("os.name", "a text"),
];

#[test]
fn refuses_every_wrong_type_by_its_path() {
    let wrong = [
        (json!("x"), "a text"),
        (json!(["x"]), "a list"),
        (json!({"x": 1}), "an object"),
        (json!(1.5), "a number"),
        (json!(true), "a boolean"),
    ];
    for (kind, _) in KINDS {
        let parents = kind.pod_spec_path().split('.').scan(String::new(), |path, step| {
            *path = if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
            Some((path.clone(), "an object"))
        });
        let fields = FIELDS.map(|(field, expected)| (format!("{}.{field}", kind.pod_spec_path()), expected));
        for (path, expected) in parents.chain(fields) {
            for (value, found) in wrong.iter().filter(|(_, found)| *found != expected) {
                let text = with_value(&path, value.clone()).to_string();
                assert_eq!(
                    Workload::read(kind, &text),
                    Err(ObjectError::Field {
                        path: path.clone(),
                        what: format!("expected {expected}, found {found}")
                    }),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn takes_null_for_absent_wherever_it_stands() {
    for (kind, _) in KINDS {
        for (field, _) in FIELDS {
            let text = with_value(&format!("{}.{field}", kind.pod_spec_path()), Value::Null).to_string();
            let workload = Workload::read(kind, &text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(workload.pod.service_account, "default");
        }
        let text = with_value(kind.pod_spec_path(), Value::Null).to_string();
        assert_eq!(Workload::read(kind, &text), Err(ObjectError::NoPodSpec { kind }));
    }
}

/// An object with nothing but this path.
fn with_value(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |value, step| match step.split_once('[') {
        Some((list, _)) if step.ends_with(']') => json!({list: [value]}),
        _ => json!({step: value}),
    })
}

#[test]
fn refuses_a_field_that_is_named_twice() {
    let text = r#"{"spec": {"containers": [{"image": "a", "image": "b"}]}}"#;
    let refused = Workload::read(WorkloadKind::Pod, text).map_err(|error| error.to_string());
    assert_eq!(refused, Err("spec.containers[0].image: named twice".to_owned()));
}

#[test]
fn follows_the_rules_for_accounts_secrets_and_nodes() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Case {
        spec: Value,
        service_account: Option<String>,
        inherits: Option<bool>,
        secrets: Option<Vec<String>>,
        node: Option<String>,
        images: Option<Vec<String>>,
    }
    let file = fs::read_to_string("tests/cases/pods.yaml").unwrap();
    let cases: Vec<Case> = serde_saphyr::from_str(&file).unwrap();
    for case in cases {
        let text = json!({"spec": case.spec}).to_string();
        let pod = Workload::read(WorkloadKind::Pod, &text).unwrap().pod;
        if let Some(account) = case.service_account {
            assert_eq!(pod.service_account, account, "{text}");
        }
        if let Some(inherits) = case.inherits {
            assert_eq!(pod.pull_secrets.inherits(), inherits, "{text}");
        }
        if let Some(secrets) = case.secrets {
            assert_eq!(pod.pull_secrets.names().collect::<Vec<_>>(), secrets, "{text}");
        }
        if let Some(node) = case.node {
            let placement = match pod.placement {
                NodePlacement::Ordinary => "ordinary",
                NodePlacement::VirtualNode => "virtualNode",
                NodePlacement::SecondGenerationVirtualNode => "secondGenerationVirtualNode",
                NodePlacement::Windows => "windows",
            };
            assert_eq!(placement, node, "{text}");
        }
        if let Some(images) = case.images {
            let found: Vec<_> = pod
                .images
                .iter()
                .map(|image| format!("{} of {:?}: {:?}", pod.field(image), image.owner, image.image))
                .collect();
            assert_eq!(found, images, "{text}");
        }
        assert_eq!(pod.clone().into_owned(), pod);
    }
}

#[test]
fn reads_pull_secrets_as_the_kubelet_does() {
    #[derive(Deserialize)]
    struct Case {
        what: String,
        r#type: String,
        value: String,
        entries: Option<Vec<(String, String, bool)>>,
        malformed: Option<String>,
    }
    #[derive(Deserialize)]
    struct File {
        cases: Vec<Case>,
    }
    let File { cases } =
        serde_json::from_str(&fs::read_to_string("tests/cases/pull-secrets.json").unwrap()).unwrap();
    assert!(cases.len() > 80);
    for case in cases {
        let format = PullSecretFormat::of_type(&case.r#type).unwrap();
        let read = read_pull_secret("s", format, case.value.as_bytes()).map(|secret| {
            let entry = |entry: acr_admission::engine::pull::PullSecretEntry| {
                (entry.key.to_string(), entry.user.to_string(), entry.has_password)
            };
            secret.entries.into_iter().map(entry).collect()
        });
        let kind = read.map_err(|malformed| {
            match malformed {
                MalformedPullSecret::NotJson => "notJson",
                MalformedPullSecret::WrongType => "wrongType",
                MalformedPullSecret::AuthNotBase64 { .. } => "authNotBase64",
                MalformedPullSecret::AuthWithoutColon { .. } => "authWithoutColon",
            }
            .to_owned()
        });
        assert_eq!(kind, case.entries.ok_or_else(|| case.malformed.unwrap()), "{}", case.what);
    }
}

/// Whatever a real node tried from a secret must be among the entries we read from it.
#[test]
fn finds_the_logins_that_a_real_node_tried() {
    let text = fs::read_to_string("tests/fixtures/pulls/chain.json").unwrap();
    let recorded: Value = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    for case in recorded["cases"].as_array().unwrap() {
        let tries = case["tries"].as_array().or(case["triesSeen"].as_array()).unwrap();
        let mut malformed = false;
        for (name, secret) in case["secrets"].as_object().unwrap() {
            let Some(format) = PullSecretFormat::of_type(secret["type"].as_str().unwrap()) else { continue };
            let read = read_pull_secret(name, format, secret["data"].as_str().unwrap().as_bytes());
            malformed |= read.is_err();
            let entries = read.map(|secret| secret.entries).unwrap_or_default();
            for tried in tries.iter().map(|tried| tried.as_str().unwrap()) {
                let mut parts = tried.splitn(3, ':');
                let found = match (parts.next(), parts.next(), parts.next()) {
                    (Some("secret"), Some(of), Some(user)) if of == name => {
                        entries.iter().any(|entry| entry.user == user && entry.has_password)
                    }
                    (Some("secretWithoutPassword"), Some(of), None) if of == name => {
                        entries.iter().any(|entry| !entry.has_password)
                    }
                    _ => continue,
                };
                assert!(found, "{}: {tried} in {entries:?}", case["id"]);
                compared += 1;
            }
        }
        if malformed {
            assert_eq!(tries.len(), 0, "{}: a malformed secret stops every try", case["id"]);
        }
    }
    assert!(compared > 40, "{compared}");
}

/// Broken and unusual files: every problem whole, and every object that is read all the same.
#[test]
fn reads_what_can_be_read_and_names_the_rest() {
    #[derive(Deserialize)]
    struct Case {
        what: String,
        text: String,
        #[serde(default)]
        objects: Vec<String>,
        #[serde(default)]
        problems: Vec<String>,
    }
    let file = fs::read_to_string("tests/cases/manifests.yaml").unwrap();
    let cases: Vec<Case> = serde_saphyr::from_str(&file).unwrap();
    for case in cases {
        let mut manifests = Manifests::default();
        manifests.read("in.yaml", case.text.as_bytes());
        assert_eq!(problems(&manifests), case.problems, "{}", case.what);
        assert_eq!(manifests.objects.iter().map(summary).collect::<Vec<_>>(), case.objects, "{}", case.what);
    }
}

#[test]
fn survives_files_that_are_made_to_break_it() {
    let deep_json = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_yaml = (0..2_000).fold(String::new(), |text, depth| format!("{text}{}a:\n", " ".repeat(depth)));
    let deep_flow = format!("a: {}", "[".repeat(100_000));
    let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        let before = format!("*a{}", level - 1);
        format!("{text}a{level}: &a{level} [{}]\n", vec![before; 9].join(", "))
    });
    let long = format!("a0: &a0 {}\nall: [{}]", "x".repeat(100_000), vec!["*a0"; 90].join(", "));
    let wide = format!("a: [{}]", "1, ".repeat(100_000));
    let binary: Vec<u8> = (0..=255).collect();
    for (what, bytes, problem) in [
        (
            "deep JSON",
            deep_json.into_bytes(),
            "nested too deeply\n  at in:1 (document 1)\n  help: no Kubernetes object is nested like this",
        ),
        (
            "deep YAML",
            deep_yaml.into_bytes(),
            "nested too deeply\n  at in:65 (document 1)\n  help: no Kubernetes object is nested like this",
        ),
        (
            "deep flow YAML",
            deep_flow.into_bytes(),
            "nested too deeply\n  at in:1 (document 1)\n  help: no Kubernetes object is nested like this",
        ),
        (
            "alias bomb",
            bomb.into_bytes(),
            "aliases unfold to too large a document\n  at in:6 (document 1)\n  help: write the repeated parts out instead of using aliases",
        ),
        (
            "long text repeated by aliases",
            long.into_bytes(),
            "aliases unfold to too large a document\n  at in:2 (document 1)\n  help: write the repeated parts out instead of using aliases",
        ),
        (
            "many nodes are fine, but no object",
            wide.into_bytes(),
            "an object without `kind`\n  at in:1 (document 1)\n  help: an object needs `apiVersion`, `kind` and `metadata`; leave other files out",
        ),
        (
            "binary",
            binary,
            "not text in UTF-8\n  at in:2 (document 1)\n  help: give a manifest as YAML or JSON text, or leave this file out",
        ),
    ] {
        let mut manifests = Manifests::default();
        manifests.read("in", &bytes);
        assert_eq!(problems(&manifests), [problem], "{what}");
        assert_eq!(manifests.objects, [], "{what}");
    }
}

#[test]
fn prints_no_password_of_a_secret() {
    let prod = fs::read("tests/fixtures/workloads/aks-prod/00-namespaces.yaml").unwrap();
    let mut manifests = Manifests::default();
    manifests.read("in.yaml", &prod);
    let printed = format!("{manifests:?}");
    assert!(printed.contains("edge-sync") && !printed.contains("placeholder"));
}

proptest! {
    #[test]
    fn any_file_gives_objects_and_problems_with_lines_in_it(pieces in proptest::collection::vec(PIECES, 0..12)) {
        let text = pieces.concat();
        let mut manifests = Manifests::default();
        manifests.read("in", text.as_bytes());
        let lines = text.matches('\n').count() + 1;
        let objects = manifests.objects.iter().map(|object| object.line);
        for line in objects.chain(manifests.problems.iter().map(|problem| problem.line)) {
            prop_assert!((1..=lines).contains(&line), "line {} of {:?}", line, text);
        }
    }
}

/// Pieces that make a manifest often enough, and a broken one as often.
const PIECES: &str = "(apiVersion: v1\n|kind: (Pod|List|Secret)\n|items:\n|- |  |\n|---\n|spec:\n|[{}\\[\\]]|containers: \\[\\{image: x\\}\\]\n|\"|: |&a |\\*a|\t|[a-z]{0,3}|\\|\n)";

fn read_file(path: &Path) -> Manifests {
    let mut manifests = Manifests::default();
    manifests.read(&path.display().to_string(), &fs::read(path).unwrap());
    assert_eq!(problems(&manifests), Vec::<String>::new());
    manifests
}

fn problems(manifests: &Manifests) -> Vec<String> {
    manifests.problems.iter().map(ToString::to_string).collect()
}

/// One line for an object: place, kind, name and what was found in it.
fn summary(object: &ManifestObject) -> String {
    let ManifestObject { line, document, api_version, kind, namespace, name, content, .. } = object;
    let content = match content {
        ManifestContent::Workload(pod) => {
            let images: Vec<_> = pod.images.iter().map(|image| &*image.image).collect();
            format!("images [{}]", images.join(", "))
        }
        ManifestContent::WorkloadWithoutPodSpec(kind) => format!("{kind} without pod spec"),
        ManifestContent::ServiceAccount(account) => format!("account {}", account.name),
        ManifestContent::Secret(secret) => match &secret.contents {
            Ok(secret) => format!("secret with {} entries", secret.entries.len()),
            Err(malformed) => format!("malformed: {malformed}"),
        },
        ManifestContent::PullBinding(binding) => format!("binding to {}", binding.server),
        ManifestContent::Namespace(namespace) => format!("labels {:?}", namespace.labels),
        ManifestContent::Other => "other".to_owned(),
    };
    let namespace = namespace.as_deref().unwrap_or("-");
    format!("line {line} document {document}: {api_version} {kind} {namespace}/{name}: {content}")
}
