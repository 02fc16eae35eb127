//! Pods that come and go while everybody is at work.

use crate::figures::figure;
use crate::first_answers::{FirstAnswers, can_reach};
use crate::load::Load;
use crate::objects::pod;
use crate::release::{NAME, Release, SELECTOR};
use crate::skip::skip;
use crate::waiting::wait_until;

#[test]
fn a_rolling_restart_fails_no_request_and_lets_none_pass_unchecked() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let load = Load::start();
    restart(&release);
    let tally = load.stop();
    figure("rolling restart under load, policy Fail", &tally.assert_flawless());

    // With Ignore an unanswered request is an unchecked one.
    let mut values = release.values("enforce");
    values["webhook"] = serde_json::json!({"failurePolicy": "Ignore"});
    release.install(&values);
    release.wait_until_judged();
    let load = Load::start();
    restart(&release);
    let tally = load.stop();
    figure("rolling restart under load, policy Ignore", &tally.assert_flawless());
}

#[test]
fn a_fresh_pod_answers_rightly_from_its_first_accepted_connection_on() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let list = release.get(&["pods", "--namespace", NAME, "--selector", SELECTOR]);
    if !can_reach(list["items"][0]["status"]["podIP"].as_str().unwrap_or_default()) {
        return skip("pods of this cluster cannot be reached from here");
    }
    let before = release.pods();
    let answers = FirstAnswers::start();
    restart(&release);
    let mut answers = answers.stop();
    answers.retain(|pod, _| !before.contains(pod));
    assert_eq!(answers.len(), 2, "both fresh pods were asked: {answers:?}");
    for (pod, answers) in &answers {
        assert!(answers.wrong.is_empty(), "{pod}: {:?}", answers.wrong);
        assert!(answers.right > 0, "{pod} accepted no connection");
    }
    let right: usize = answers.values().map(|answers| answers.right).sum();
    figure(
        "fresh pods asked directly, from their first accepted connection on",
        &format!("{right} connections accepted, 0 wrong answers"),
    );
}

#[test]
fn with_every_pod_gone_the_system_and_the_release_itself_still_start() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let deployment = ["scale", "deployment", NAME, "--namespace", NAME];
    release.kubectl(&[&deployment[..], &["--replicas=0"]].concat()).succeeded();
    let delete =
        ["delete", "pods", "--namespace", NAME, "--selector", SELECTOR, "--force", "--grace-period=0"];
    release.kubectl(&delete).succeeded();
    wait_until("nobody answers", || {
        let output = release.create(&pod("p", "default", crate::objects::ALLOWED));
        let refused = output.stderr.contains("failed calling webhook");
        if output.status.success() {
            release.kubectl(&["delete", "pod", "p", "--namespace", "default", "--wait=false"]).succeeded();
        }
        refused
    });

    let mut system = pod("acr-admission-test", "kube-system", release.image());
    system["spec"]["nodeSelector"] = serde_json::json!({});
    system["spec"]["containers"][0]["args"] = serde_json::json!(["serve"]);
    release.create(&system).succeeded();
    let phase = || release.get(&["pod", "acr-admission-test", "--namespace", "kube-system"]);
    wait_until("a pod of the system runs", || phase()["status"]["phase"] == "Running");
    let remove = ["delete", "pod", "acr-admission-test", "--namespace", "kube-system", "--grace-period=1"];
    release.kubectl(&remove).succeeded();

    release.kubectl(&[&deployment[..], &["--replicas=2"]].concat()).succeeded();
    wait_until_rolled_out(&release);
    release.wait_until_judged();
}

/// Returns when the old pods are gone, not only replaced.
fn restart(release: &Release) {
    let before = release.pods();
    release.kubectl(&["rollout", "restart", "deployment", NAME, "--namespace", NAME]).succeeded();
    wait_until_rolled_out(release);
    for pod in before {
        let wait = ["wait", "--for=delete", "pod", &pod, "--namespace", NAME, "--timeout=120s"];
        release.kubectl(&wait).succeeded();
    }
}

fn wait_until_rolled_out(release: &Release) {
    wait_until("the rollout is complete", || {
        let status = ["rollout", "status", "deployment", NAME, "--namespace", NAME, "--timeout=30s"];
        release.kubectl(&status).status.success()
    });
}
