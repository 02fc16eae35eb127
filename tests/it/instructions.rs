//! What the pages tell people to type, typed as it stands there.
//!
//! ```text
//! docs/*.md ─→ a block of shell ─→ bash, with the real helm, kubectl and program ─→ a real API server
//! ```
//!
//! Words that stand for something of the reader's are replaced; `--wait` is left out, because nothing runs pods here.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::apiserver::ApiServer;
use crate::support::decision_log::DecisionLog;
use crate::support::helm::Helm;
use crate::support::kubectl::Output;
use crate::support::programs::{Programs, Unavailable};
use crate::support::skip::skip;
use crate::support::webhook::{Webhook, deployment_review, mode, pod_review};

const INSTALL: &str = include_str!("../../docs/install.md");
const ROLLOUT: &str = include_str!("../../docs/rollout.md");
const RUNBOOK: &str = include_str!("../../docs/runbook.md");

/// The block of shell that holds these words.
#[track_caller]
fn block(page: &str, words: &str) -> String {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let found: Vec<&str> = blocks.filter(|block| block.contains(words)).collect();
    assert_eq!(found.len(), 1, "blocks with `{words}`");
    found[0].to_owned()
}

/// A folder like a checkout, and a search path with the programs that commands need.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::create_dir(folder.path().join("bin")).unwrap();
        for (name, target) in [("charts", "charts"), ("deploy", "deploy"), ("export", "tests/fixtures/az")] {
            symlink(root.join(target), folder.path().join(name)).unwrap();
        }
        let desk = Self { folder };
        desk.has("acr-admission", Path::new(env!("CARGO_BIN_EXE_acr-admission")));
        desk
    }

    /// With a program on its search path.
    fn has(&self, name: &str, program: &Path) {
        symlink(program, self.path("bin").join(name)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn type_in(&self, commands: &str) -> Output {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", commands])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", self.path("kubeconfig"))
            .output()
            .unwrap();
        Output {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The way of [install.md](../../docs/install.md#by-hand), the steps of rollout.md, and what runbook.md says to do when
/// it must stop refusing: on a release without rules, on one with rules, and twice.
#[test]
fn a_release_is_installed_rolled_out_and_stopped_as_the_pages_say() {
    let (helm, programs, server) = match (Helm::find(), Programs::find(), ApiServer::start()) {
        (Ok(helm), Ok(programs), Ok(server)) => (helm, programs, server),
        (Err(reason), ..) => return skip(reason),
        (_, Err(Unavailable(reason)), _) | (.., Err(Unavailable(reason))) => return skip(&reason),
    };
    let desk = Desk::new();
    desk.has("helm", helm.program());
    desk.has("kubectl", &programs.kubectl);
    fs::copy(server.kubeconfig_path(), desk.path("kubeconfig")).unwrap();

    for words in ["inventory pack", "create configmap", "helm install"] {
        // The export needs Azure; the folder is there.
        let commands = block(INSTALL.split("## By hand").nth(1).unwrap(), words).replace(" --wait", "");
        let commands = commands.replace("deploy/azure/export-inventory.sh --output export\n", "\n");
        desk.type_in(&commands).succeeded();
    }
    let audited = State { policies: ["Ignore", "Ignore"], default: "audit", rules: 0 };
    assert_eq!(State::of(&server), audited);

    let stop = block(RUNBOOK, "settings.rules=[]");
    let back = "helm rollback acr-admission --namespace acr-admission";
    assert!(RUNBOOK.contains(&format!("`{back}`")));
    let warned = State { default: "warn", ..audited.clone() };
    for _ in 0..2 {
        desk.type_in(&stop).succeeded();
        assert_eq!(State::of(&server), warned);
    }
    desk.type_in(&format!("{back} 1")).succeeded();
    assert_eq!(State::of(&server), audited);

    // A folder as the quick start leaves it.
    fs::create_dir(desk.path("acr-admission-aks-prod")).unwrap();
    symlink(desk.path("kubeconfig"), desk.path("acr-admission-aks-prod/kubeconfig")).unwrap();
    let begin = block(ROLLOUT, "upgrade()");
    let enforced = State { policies: ["Fail", "Fail"], default: "enforce", rules: 1 };
    for (words, state) in [
        ("default.mode=warn", warned.clone()),
        ("settings.rules=", State { rules: 1, ..warned.clone() }),
        ("failurePolicy=Fail", enforced.clone()),
    ] {
        desk.type_in(&format!("{begin}\n{}", block(ROLLOUT, words))).succeeded();
        assert_eq!(State::of(&server), state, "{words}");
    }

    desk.type_in(&stop).succeeded();
    assert_eq!(State::of(&server), warned);
    desk.type_in(back).succeeded();
    assert_eq!(State::of(&server), enforced);
    desk.type_in(&block(RUNBOOK, "kubectl delete validatingwebhookconfiguration")).succeeded();
    let again = "charts/acr-admission --namespace acr-admission --reset-then-reuse-values\n```";
    assert_eq!(RUNBOOK.matches(again).count(), 1);
    let bring_back = RUNBOOK.split(again).next().unwrap().rsplit('\n').next().unwrap();
    desk.type_in(&format!("{bring_back}{}", again.trim_end_matches("\n```"))).succeeded();
    assert_eq!(State::of(&server), enforced);
}

/// What decides whether anything is refused.
#[derive(Clone, Debug, PartialEq)]
struct State {
    /// Of pods, of workloads.
    policies: [&'static str; 2],
    default: &'static str,
    rules: usize,
}

impl State {
    #[track_caller]
    fn of(server: &ApiServer) -> Self {
        let get = |arguments: &[&str]| -> Value {
            let arguments = [&["get", "--output=json"], arguments].concat();
            serde_json::from_str(&server.kubectl(&arguments, "").succeeded().stdout).unwrap()
        };
        let configuration = get(&["validatingwebhookconfiguration", "acr-admission"]);
        let policy = |webhook: usize| {
            let policy = &configuration["webhooks"][webhook]["failurePolicy"];
            ["Fail", "Ignore"].into_iter().find(|known| policy == known).unwrap()
        };
        let map = get(&["configmap", "acr-admission-settings", "--namespace", "acr-admission"]);
        let settings = map["data"]["settings.yaml"].as_str().unwrap();
        let settings: Value = serde_saphyr::from_str(settings).unwrap();
        let default = &settings["default"]["mode"];
        Self {
            policies: [policy(0), policy(1)],
            default: ["audit", "warn", "enforce"].into_iter().find(|known| default == known).unwrap(),
            rules: settings["rules"].as_array().map_or(0, Vec::len),
        }
    }
}

/// A pod of two images, one of which is denied; a workload of it; and lines that are no decisions.
#[tokio::test]
async fn the_log_tells_which_workloads_would_be_refused() {
    if !is_there("jq") {
        return skip("no jq on the search path");
    }
    let log = DecisionLog::start();
    let webhook = Webhook::with_settings(&mode("audit")).await;
    let allowed = "fabrikamapps.azurecr.io/web/site:2.3";
    let denied = "fabrikamapps.azurecr.io/payments/api:7";
    for review in [
        pod_review("web", "frontend", &[allowed, denied]),
        pod_review("web", "frontend", &[allowed, denied]),
        pod_review("web", "frontend", &[allowed]),
        deployment_review("web", "frontend", &[denied]),
    ] {
        webhook.review(&review).await;
    }
    let desk = Desk::new();
    fs::write(desk.path("log"), format!("a line of somebody else\n{}", log.text())).unwrap();
    fs::write(desk.path("bin/kubectl"), "#!/bin/sh\ncat log\n").unwrap();
    make_executable(&desk.path("bin/kubectl"));
    let told = desk.type_in(&block(ROLLOUT, "kubectl logs")).succeeded().stdout;
    let told: Vec<&str> = told.lines().map(str::trim).collect();
    assert_eq!(
        told,
        [
            format!("2 web\tPod\tfrontend\t{denied}\tdeny\tConditionNotMet"),
            format!("1 web\tDeployment\tfrontend\t{denied}\tdeny\tConditionNotMet"),
        ]
    );
}

#[test]
fn another_permissions_mode_can_be_tried_in_a_copy() {
    if !is_there("jq") {
        return skip("no jq on the search path");
    }
    let desk = Desk::new();
    let commands = block(ROLLOUT, "changed.json").replace("REGISTRY", "contosoprod");
    desk.type_in(&commands).succeeded();
    let verdict = |inventory: &str| {
        let ask =
            "can-pull id-kubelet-prod contosoprod.azurecr.io/platform/proxy:1 --now 2026-11-22T00:00:00Z";
        desk.type_in(&format!("acr-admission {ask} --inventory {inventory}")).stdout
    };
    let (before, after) = (verdict("packed.json"), verdict("changed.json"));
    assert!(before.starts_with("allow "), "{before}");
    assert!(after.starts_with("deny ") && after.contains("RoleIgnoredInAbacMode"), "{after}");
}

#[test]
fn the_compiler_that_the_page_names_is_the_one_that_is_needed() {
    let manifest = include_str!("../../Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    assert!(INSTALL.contains(&format!("with Rust {} or newer", version.trim_matches('"'))), "{version}");
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn make_executable(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}
