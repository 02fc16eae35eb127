//! The inventory that the release exports itself: the script that runs, and the `ConfigMap` that is filled with no more
//! rights than the chart grants.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::cli::{Run, finish, program};
use crate::support::apiserver::{ApiServer, User};
use crate::support::helm::{CHART, Helm, Told, documents};
use crate::support::skip::skip;
use crate::support::waiting::wait_until;

#[test]
fn the_script_is_the_one_of_the_documentation() {
    let script = include_str!("../../../deploy/azure/export-inventory.sh");
    let copy = "charts/acr-admission/files/export-inventory.sh";
    let remedy = format!("run `cp deploy/azure/export-inventory.sh {copy}`");
    assert!(fs::read_to_string(in_repository(copy)).unwrap() == script, "{remedy}");
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let objects = documents(&helm.render(VALUES));
    let rendered = the(&objects, "ConfigMap", "acr-admission-export-script");
    assert_eq!(rendered["data"]["export-inventory.sh"], script);
}

#[test]
fn neither_container_of_an_export_gets_the_token_of_the_other() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let objects = documents(&helm.render(VALUES));
    let template =
        &the(&objects, "CronJob", "acr-admission-export")["spec"]["jobTemplate"]["spec"]["template"];
    let (pod, annotations) = (&template["spec"], &template["metadata"]["annotations"]);
    assert_eq!(template["metadata"]["labels"]["azure.workload.identity/use"], "true");
    assert_eq!(annotations["azure.workload.identity/skip-containers"], pod["containers"][0]["name"]);
    assert_eq!(pod["automountServiceAccountToken"], false);
    let has_token = |container: &Value| {
        let mounts = container["volumeMounts"].as_array().unwrap();
        mounts.iter().any(|mount| mount["name"] == "token")
    };
    assert!(!has_token(&pod["initContainers"][0]) && has_token(&pod["containers"][0]));
}

/// What stands around the script in the `CronJob`: the cloud, and which exit codes count as success. `az` and the script
/// are stand-ins here that record how they are called; both have tests of their own.
#[test]
fn an_export_chooses_its_cloud_first_and_fails_for_gaps_that_make_verdicts_unknown() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let objects = documents(&helm.render(VALUES));
    let pod =
        &the(&objects, "CronJob", "acr-admission-export")["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["initContainers"][0];
    assert_eq!(container["command"], json!(["bash", "-euc"]));
    let arguments = container["args"].as_array().unwrap().iter().map(|one| one.as_str().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().to_str().unwrap();
    let arguments: Vec<String> =
        arguments.map(|one| one.replace("/opt/export", here).replace("/exported", here)).collect();
    for (name, text) in [
        ("az", "#!/bin/sh\necho az \"$@\" >>\"$RECORD\"\n"),
        (
            "export-inventory.sh",
            "echo script \"$@\" >>\"$RECORD\"\n\
             printf '    {\"what\": \"%s\"}\\n' \"$GAP\" >\"${0%/*}/inventory/export.json\"\n\
             exit \"$SCRIPT_ENDS_WITH\"\n",
        ),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::set_permissions(folder.path().join("az"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{here}:{}", std::env::var("PATH").unwrap());
    let record = folder.path().join("record");
    fs::create_dir(folder.path().join("inventory")).unwrap();
    let run = |ends_with: &str, gap: &str| {
        let _ = fs::remove_file(&record);
        let mut command = Command::new("bash");
        command.arg("-euc").args(&arguments).env_clear().env("PATH", &path).env("RECORD", &record);
        command.env("CLOUD", "AzureCloud").env("SCRIPT_ENDS_WITH", ends_with).env("GAP", gap);
        let output = command.output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), fs::read_to_string(&record).unwrap_or_default(), words)
    };
    let called = format!(
        "az cloud set --name AzureCloud\n\
         script --workload-identity --output {here}/inventory --force\n"
    );
    for (ends_with, gap, succeeds) in [
        ("0", "", true),
        ("3", "groupMembers", true),
        ("3", "denyAssignments", false),
        ("3", "roleAssignments", false),
        ("2", "", false),
    ] {
        let (success, record, words) = run(ends_with, gap);
        assert_eq!((success, record.as_str()), (succeeds, called.as_str()), "{ends_with} {gap}: {words}");
        assert_eq!(words.contains("the last export stays"), !succeeds && !gap.is_empty(), "{words}");
    }
}

#[test]
fn an_export_is_kept_with_the_rights_of_the_chart() {
    let release = match Release::install("acr-exporting") {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let first = release.store(&release.user, ESTATE, &[]);
    assert_eq!((first.code, first.stdout.as_str()), (0, ""), "{first}");
    let kept = release.config_map();
    let files = kept["binaryData"].as_object().unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["inventory.json.gz"]);
    let bytes = BASE64_STANDARD.decode(files["inventory.json.gz"].as_str().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("inventory.json.gz"), &bytes).unwrap();
    let shown =
        finish(program().args(["inventory", "show", "--output", "json", "--inventory"]).arg(folder.path()));
    assert_eq!(shown.json()["counts"]["registries"], 3, "{shown}");

    let again = release.store(&release.user, ESTATE, &[]);
    assert_eq!(again.code, 0, "{again}");
    assert_eq!(release.config_map()["metadata"]["resourceVersion"], kept["metadata"]["resourceVersion"]);

    let elsewhere = release.store(&release.user, ESTATE, &["--config-map=elsewhere"]);
    assert_eq!(elsewhere.code, 2, "{elsewhere}");
    assert!(elsewhere.stderr.contains("cannot patch resource \"configmaps\""), "{elsewhere}");
    assert!(elsewhere.stderr.contains("at ConfigMap acr-exporting/elsewhere"), "{elsewhere}");
    assert!(elsewhere.stderr.contains("let this user `patch` that ConfigMap"), "{elsewhere}");
}

#[test]
fn an_export_that_does_not_fit_leaves_the_last_one() {
    let release = match Release::install("acr-exporting-much") {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    assert_eq!(release.store(&release.user, ESTATE, &[]).code, 0);
    let before = release.config_map();
    let folder = tempfile::tempdir().unwrap();
    let big = folder.path().join("inventory.yaml");
    fs::write(&big, many_registries()).unwrap();
    let refused = release.pack(&release.user, big.to_str().unwrap(), &[]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("more than the 1048576 that a ConfigMap holds"), "{refused}");
    assert!(refused.stderr.contains("nothing was written; add --gzip"), "{refused}");
    assert_eq!(release.config_map(), before);
    assert_eq!(release.store(&release.user, big.to_str().unwrap(), &[]).code, 0, "compressed it fits");
}

#[test]
fn a_server_that_is_gone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig.json");
    // Nobody listens on port 1.
    let nowhere = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "gone",
        "clusters": [{"name": "gone", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "gone", "user": {}}],
        "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "gone", "namespace": "there"}}],
    });
    fs::write(&kubeconfig, nowhere.to_string()).unwrap();
    let run = finish(
        program()
            .args(["inventory", "pack", "--inventory", ESTATE, "--config-map", "inventory", "--kubeconfig"])
            .arg(&kubeconfig),
    );
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("the API server cannot be asked"), "{run}");
    assert!(run.stderr.contains("refused"), "{run}");
    assert!(run.stderr.contains("at ConfigMap there/inventory"), "{run}");
}

/// What the chart makes for exports, in a namespace of its own.
struct Release {
    server: &'static ApiServer,
    namespace: &'static str,
    arguments: Vec<String>,
    user: User,
}

impl Release {
    fn install(namespace: &'static str) -> Result<Self, &'static str> {
        let (helm, server) = (Helm::find()?, ApiServer::shared()?);
        server.create_namespace(namespace);
        let told = Told { values: VALUES, ..Told::default() };
        let template = ["template", "acr-admission", CHART, "--namespace", namespace, "--values", "-"];
        let only = ["--show-only", "templates/export.yaml"];
        let rendered = helm.run(&[&template[..], &only].concat(), &told).succeeded().stdout;
        server.apply(&rendered);
        let objects = documents(&rendered);
        let pod =
            &the(&objects, "CronJob", "acr-admission-export")["spec"]["jobTemplate"]["spec"]["template"];
        let container = &pod["spec"]["containers"][0];
        let arguments = container["args"].as_array().unwrap().iter();
        let arguments = arguments.map(|one| one.as_str().unwrap().to_owned()).collect();
        let account = pod["spec"]["serviceAccountName"].as_str().unwrap();
        let user = server.user(&format!("system:serviceaccount:{namespace}:{account}"), &[]);
        let release = Self { server, namespace, arguments, user };
        let ask = ["auth", "can-i", "patch", "configmap/acr-admission-export", "--namespace", namespace];
        wait_until("the role binding counts", || server.kubectl_as(&release.user, &ask, "").status.success());
        Ok(release)
    }

    /// As the Job's pod does, but for the folder of the export and the way to the server.
    fn store(&self, user: &User, inventory: &str, flags: &[&str]) -> Run {
        let arguments = self.arguments.iter().filter(|argument| {
            let is_given = |flag: &&str| argument.starts_with(flag.split('=').next().unwrap());
            !argument.starts_with("--inventory=") && !flags.iter().any(is_given)
        });
        let arguments: Vec<&str> = arguments.map(String::as_str).chain(flags.iter().copied()).collect();
        self.run(user, inventory, &arguments)
    }

    /// The same without compression.
    fn pack(&self, user: &User, inventory: &str, flags: &[&str]) -> Run {
        let arguments = ["inventory", "pack", "--config-map=acr-admission-export"];
        self.run(user, inventory, &[&arguments, flags].concat())
    }

    fn run(&self, user: &User, inventory: &str, arguments: &[&str]) -> Run {
        let place = ["--inventory", inventory, "--namespace", self.namespace, "--kubeconfig"];
        finish(program().args(arguments).args(place).arg(&user.kubeconfig))
    }

    fn config_map(&self) -> Value {
        let get =
            ["get", "configmap", "acr-admission-export", "--namespace", self.namespace, "--output=json"];
        serde_json::from_str(&self.server.kubectl(&get, "").succeeded().stdout).unwrap()
    }
}

#[track_caller]
fn the<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let mut found =
        objects.iter().filter(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.next().unwrap_or_else(|| panic!("no {kind} {name}"))
}

/// More than a `ConfigMap` holds, as long as it is not compressed.
fn many_registries() -> String {
    let mut text = String::from(
        "apiVersion: acr-admission.dev/v1\nkind: Inventory\nsubscription: 5f0c6a1e-2b7d-4c3a-9e8f-1a2b3c4d5e6f\n\
         resourceGroup: registries\nregistries:\n",
    );
    for number in 0..9000 {
        writeln!(text, "  - {{name: registry{number:05}, mode: rbac}}").unwrap();
    }
    text
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

const ESTATE: &str = "tests/fixtures/az";
const VALUES: &str = "export: {enabled: true, clientId: 5c1a7d0e-4b2f-4e8a-9d63-0f7b8c2e1a94}";
