//! What must hold of the rendered objects, whatever else changes: rules without holes, least rights, no authority
//! where somebody else writes it.

use acr_admission::cli::args::Cli;
use clap::Parser as _;
use serde_json::{Value, json};

use super::installations;
use crate::support::helm::{Helm, documents};
use crate::support::skip::skip;

/// The objects of one installation.
struct Objects(Vec<Value>);

impl Objects {
    fn all(&self, kind: &str) -> Vec<&Value> {
        self.0.iter().filter(|object| object["kind"] == kind).collect()
    }

    #[track_caller]
    fn the(&self, kind: &str) -> &Value {
        match self.all(kind)[..] {
            [only] => only,
            ref several => panic!("{} objects of kind {kind}", several.len()),
        }
    }

    fn webhooks(&self) -> &[Value] {
        self.the("ValidatingWebhookConfiguration")["webhooks"].as_array().unwrap()
    }

    fn failure_policies(&self) -> Vec<&str> {
        self.webhooks().iter().map(|webhook| webhook["failurePolicy"].as_str().unwrap()).collect()
    }
}

fn rendered(helm: &Helm, values: &str) -> Objects {
    Objects(documents(&helm.render(values)))
}

#[test]
fn every_way_to_an_image_is_judged() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    for (name, values) in installations() {
        let objects = rendered(&helm, &values);
        let judged: Vec<String> = objects.webhooks().iter().flat_map(judged_resources).collect();
        assert_eq!(judged, JUDGED, "{name}");
        for webhook in objects.webhooks() {
            assert_eq!(webhook["matchPolicy"], "Equivalent", "{name}");
            assert_eq!(webhook["sideEffects"], "None", "{name}");
            assert_eq!(webhook["admissionReviewVersions"], json!(["v1"]), "{name}");
            let excluded = &webhook["namespaceSelector"]["matchExpressions"][0];
            assert_eq!(excluded["key"], "kubernetes.io/metadata.name", "{name}");
            for namespace in ["kube-system", "acr-admission"] {
                assert!(
                    excluded["values"].as_array().unwrap().contains(&json!(namespace)),
                    "{name}: {namespace}"
                );
            }
        }
    }
}

#[test]
fn the_failure_policy_follows_the_settings() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    for (values, expected) in [
        ("{}", ["Ignore", "Ignore"]),
        ("settings: {default: {mode: enforce}}", ["Fail", "Fail"]),
        ("settings: {default: {mode: enforce, workloads: warn}}", ["Fail", "Ignore"]),
        ("settings: {default: {mode: warn, workloads: enforce}}", ["Ignore", "Fail"]),
        ("settings: {default: {mode: enforce, workloads: null}}", ["Fail", "Fail"]),
        ("settings: {default: {mode: enforce, workloads: off}}", ["Fail", "Ignore"]),
        ("settings: {rules: [{name: a, namespaces: {names: [a]}, mode: enforce}]}", ["Fail", "Fail"]),
        ("settings: {rules: [{name: a, namespaces: {names: [a]}, mode: off}]}", ["Ignore", "Ignore"]),
        ("webhook: {failurePolicy: Fail}", ["Fail", "Fail"]),
        ("{webhook: {failurePolicy: Ignore}, settings: {default: {mode: enforce}}}", ["Ignore", "Ignore"]),
        ("webhook: {workloads: {failurePolicy: Fail}}", ["Ignore", "Fail"]),
    ] {
        let with_inventory = ["--set", "inventory.configMaps={acr-admission-inventory}"];
        let output = helm.template(&with_inventory, values).succeeded();
        assert_eq!(Objects(documents(&output.stdout)).failure_policies(), expected, "{values}");
    }
}

#[test]
fn no_label_excludes_a_namespace_where_the_conditions_of_aks_are_left_out() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let keys = |values| {
        let objects = rendered(&helm, values);
        let conditions = objects.webhooks()[0]["namespaceSelector"]["matchExpressions"].clone();
        let keys = conditions.as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned());
        keys.collect::<Vec<_>>()
    };
    assert_eq!(keys("webhook: {aksSelectors: false}"), ["kubernetes.io/metadata.name"]);
    let aks = ["kubernetes.io/metadata.name", "control-plane", "kubernetes.azure.com/managedby"];
    assert_eq!(keys("{}"), aks);
}

#[test]
fn an_authority_is_written_only_where_it_was_given() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    for (name, values) in installations() {
        let objects = rendered(&helm, &values);
        let is_given = name == "existing-secret";
        for webhook in objects.webhooks() {
            assert_eq!(webhook["clientConfig"].get("caBundle").is_some(), is_given, "{name}");
        }
        // What the program fills stays as it is through every upgrade only while the chart writes none of it.
        for secret in objects.all("Secret") {
            assert!(secret.get("data").is_none() && secret.get("stringData").is_none(), "{name}: {secret}");
        }
        for map in objects
            .all("ConfigMap")
            .into_iter()
            .filter(|map| map["metadata"]["name"] == "acr-admission-export")
        {
            assert!(map.get("data").is_none() && map.get("binaryData").is_none(), "{name}: {map}");
        }
        for lease in objects.all("Lease") {
            assert!(lease.get("spec").is_none(), "{name}: {lease}");
        }
    }
}

#[test]
fn rights_are_the_least_that_do() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let rights = |values| {
        let objects = rendered(&helm, values);
        let roles = ["ClusterRole", "Role"].into_iter().flat_map(|kind| objects.all(kind));
        roles.flat_map(rights_of).collect::<Vec<_>>()
    };
    let reading = "ClusterRole: get list watch of serviceaccounts namespaces";
    assert_eq!(
        rights("{}"),
        [
            reading,
            "ClusterRole: get patch of validatingwebhookconfigurations named acr-admission",
            "Role: get patch of secrets named acr-admission-tls",
            "Role: get patch of leases named acr-admission",
            "Role: create of leases",
        ]
    );
    assert_eq!(rights("certificates: {mode: certManager}"), [reading]);
    assert_eq!(
        rights("{certificates: {mode: certManager}, pullSecrets: {read: true}}"),
        [reading, "ClusterRole: get list watch of secrets"]
    );
    assert_eq!(
        rights(&format!("{{certificates: {{mode: certManager}}, {EXPORT}}}")),
        [reading, "Role: patch of configmaps named acr-admission-export"]
    );
}

/// A flag that the program does not have would end its pod at once.
#[test]
fn the_program_takes_the_arguments_of_every_pod() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    for (name, values) in installations() {
        let objects = rendered(&helm, &values);
        let pods = [("Pod", "/spec"), ("Deployment", POD_OF_DEPLOYMENT), ("CronJob", POD_OF_CRON_JOB)];
        let mut kinds = Vec::new();
        for (kind, pointer) in pods {
            for object in objects.all(kind) {
                let containers = object.pointer(pointer).unwrap()["containers"].as_array().unwrap();
                let [container] = &containers[..] else { panic!("{name}: {containers:?}") };
                assert!(container.get("command").is_none(), "{name}: {kind}: the image knows its program");
                let arguments = container["args"].as_array().unwrap().iter();
                let arguments = arguments.map(|one| one.as_str().unwrap().to_owned());
                let command =
                    ["acr-admission".to_owned()].into_iter().chain(arguments).chain(flags_of(container));
                if let Err(error) = Cli::try_parse_from(command) {
                    panic!("{name}: {kind}: {error}");
                }
                kinds.push(kind);
            }
        }
        let expected: &[&str] =
            if name == "export" { &["Pod", "Deployment", "CronJob"] } else { &["Pod", "Deployment"] };
        assert_eq!(kinds, expected, "{name}");
    }
}

#[test]
fn the_settings_that_are_written_load() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let off = "settings: {default: {mode: off}, rules: [{name: a, namespaces: {names: [a]}, mode: off}]}";
    let installations = installations().into_iter().chain([("off".to_owned(), off.to_owned())]);
    for (name, values) in installations {
        let objects = rendered(&helm, &values);
        let maps = objects.all("ConfigMap");
        let settings = maps.iter().find(|map| map["metadata"]["name"] == "acr-admission-settings").unwrap();
        let text = settings["data"]["settings.yaml"].as_str().unwrap();
        acr_admission::settings::Settings::from_yaml(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// `apiGroups/resource operations` of each rule.
fn judged_resources(webhook: &Value) -> Vec<String> {
    let name = webhook["name"].as_str().unwrap();
    let rules = webhook["rules"].as_array().unwrap();
    rules
        .iter()
        .map(|rule| {
            assert_eq!((&rule["scope"], &rule["apiVersions"]), (&json!("Namespaced"), &json!(["v1"])));
            let (groups, resources) = (words(&rule["apiGroups"]), words(&rule["resources"]));
            format!("{name}: {} of {groups}/{resources}", words(&rule["operations"]))
        })
        .collect()
}

/// The program's own variables as the flags that they stand for.
fn flags_of(container: &Value) -> Vec<String> {
    let variables = container.get("env").and_then(Value::as_array).into_iter().flatten();
    let ours = variables.filter_map(|variable| {
        let flag = variable["name"].as_str().unwrap().strip_prefix("ACR_ADMISSION_")?;
        let value = variable.get("value").map_or("from-the-pod", |value| value.as_str().unwrap());
        Some(format!("--{}={value}", flag.to_lowercase().replace('_', "-")))
    });
    ours.collect()
}

fn rights_of(role: &Value) -> Vec<String> {
    let kind = role["kind"].as_str().unwrap();
    let rules = role["rules"].as_array().unwrap().iter();
    rules
        .map(|rule| {
            let names = rule.get("resourceNames").map(|names| format!(" named {}", words(names)));
            let (verbs, resources) = (words(&rule["verbs"]), words(&rule["resources"]));
            format!("{kind}: {verbs} of {resources}{}", names.unwrap_or_default())
        })
        .collect()
}

fn words(list: &Value) -> String {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

const POD_OF_DEPLOYMENT: &str = "/spec/template/spec";
const POD_OF_CRON_JOB: &str = "/spec/jobTemplate/spec/template/spec";
const EXPORT: &str = "export: {enabled: true, clientId: 5c1a7d0e-4b2f-4e8a-9d63-0f7b8c2e1a94}";
const JUDGED: [&str; 5] = [
    "pods.acr-admission.dev: CREATE UPDATE of /pods",
    "pods.acr-admission.dev: UPDATE of /pods/ephemeralcontainers",
    "workloads.acr-admission.dev: CREATE UPDATE of /replicationcontrollers podtemplates",
    "workloads.acr-admission.dev: CREATE UPDATE of apps/deployments replicasets statefulsets daemonsets",
    "workloads.acr-admission.dev: CREATE UPDATE of batch/jobs cronjobs",
];
