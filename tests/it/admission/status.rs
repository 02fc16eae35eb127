//! What a pod that is not ready tells, read through a real API server as the runbook says.

use std::env;
use std::net::{IpAddr, UdpSocket};
use std::process::Command;

use serde_json::{Value, json};

use super::serving::Serving;
use crate::support::apiserver::ApiServer;
use crate::support::programs::Programs;
use crate::support::skip::skip;
use crate::support::waiting::wait_until;

const RUNBOOK: &str = include_str!("../../../docs/runbook.md");
const NAMESPACE: &str = "status";

#[test]
fn a_pod_that_is_not_ready_says_why_in_the_way_of_the_runbook() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    let Some(address) = own_address() else {
        return skip("this machine has no address but loopback, which API servers do not forward to");
    };
    let listen = format!("--health-listen={address}:0");
    let broken = ["--tls-cert=no.crt", "--tls-key=no.key", "--inventory=no/such/folder", &listen];
    let serving = Serving::launch(&server.kubeconfig_path(), &broken);
    let port = serving.health_address().rsplit_once(':').unwrap().1.to_owned();
    server.create_namespace(NAMESPACE);
    create_pod(server, address);
    let page = |path: &str| {
        let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/webhook:{port}/proxy{path}");
        server.kubectl(&["get", "--raw", &path], "")
    };
    let status = || serde_json::from_str::<Value>(&page("/status").stdout).unwrap_or_default();
    wait_until("the failure is told", || status()["failures"]["inventory"].is_object());

    // Why there are two paths: the one that kubelets ask says nothing to people.
    let ready = page("/readyz");
    assert!(ready.stderr.contains("ServiceUnavailable"), "{ready:?}");
    assert!(!format!("{ready:?}").contains("no/such/folder"), "{ready:?}");

    let told = as_the_runbook_says(server, &port);
    let told: Value = serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"));
    assert_eq!(told["ready"], false);
    let error = told["failures"]["inventory"]["error"].as_str().unwrap();
    assert!(error.contains("no/such/folder"), "{error}");
}

/// A pod as the API server sees it, where in truth the program runs beside it.
fn create_pod(server: &ApiServer, address: IpAddr) {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "webhook", "namespace": NAMESPACE,
            "labels": {"app.kubernetes.io/component": "webhook", "app.kubernetes.io/name": "acr-admission"},
        },
        "spec": {"containers": [{"name": "webhook", "image": "webhook"}]},
    });
    server.apply(&pod.to_string());
    let status = json!({"status": {"podIP": address, "podIPs": [{"ip": address}]}}).to_string();
    let patch =
        ["patch", "pod", "webhook", "--namespace", NAMESPACE, "--subresource=status", "--patch", &status];
    server.kubectl(&patch, "").succeeded();
}

/// Runs the first command of the runbook that asks for `/status`, in this test's namespace and on this program's port.
fn as_the_runbook_says(server: &ApiServer, port: &str) -> String {
    let blocks = RUNBOOK.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let block = blocks.into_iter().find(|block| block.contains("/status")).unwrap();
    let lines: Vec<&str> = block.lines().collect();
    let asking = lines.iter().position(|line| line.contains("/status")).unwrap();
    let begin = (0..asking).rev().take_while(|line| lines[*line].ends_with('|')).last().unwrap_or(asking);
    let command = lines[begin..=asking].join("\n");
    let command = command
        .replace("--namespace acr-admission", &format!("--namespace {NAMESPACE}"))
        .replace("/namespaces/acr-admission/", &format!("/namespaces/{NAMESPACE}/"))
        .replace(":8080/", &format!(":{port}/"));
    let kubectl = Programs::find().unwrap().kubectl;
    let path = env::var_os("PATH").unwrap_or_default();
    let path = [kubectl.parent().unwrap().to_owned()].into_iter().chain(env::split_paths(&path));
    let run = Command::new("sh")
        .args(["-c", &command])
        .env("PATH", env::join_paths(path).unwrap())
        .env("KUBECONFIG", server.kubeconfig_path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{command}\n{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// The address that this machine would send from. Nothing is sent: for datagrams, connecting only chooses a way.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    // Of a block that is set aside for documentation.
    socket.connect(("192.0.2.1", 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}
