//! `self-test` against a real webhook on loopback.

use std::process::Output;

use tokio::net::TcpListener;
use tokio::process::Command;

use crate::support::webhook::{Webhook, mode};

/// Runs it with what the webhook itself has loaded, and these arguments.
async fn self_test(webhook: &Webhook, arguments: &[&str]) -> Output {
    let folder = webhook.folder.path();
    let authority = folder.join("authority.pem");
    std::fs::write(&authority, webhook.authority.pem()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_acr-admission"));
    command.arg("self-test");
    if !arguments.iter().any(|argument| argument.starts_with("--url")) {
        command.arg(format!("--url=https://localhost:{}/validate/pods", webhook.port()));
    }
    command.arg("--authority").arg(authority).arg("--settings").arg(folder.join("settings.yaml"));
    command.args(arguments).output().await.unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn inventory(webhook: &Webhook) -> String {
    format!("--inventory={}", webhook.folder.path().join("inventory").display())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allow_and_a_deny_are_found_and_asked_for() {
    for (mode_name, done) in [("enforce", "refused"), ("warn", "admitted"), ("audit", "admitted")] {
        let webhook = Webhook::with_settings(&mode(mode_name)).await;
        let output = self_test(&webhook, &[&inventory(&webhook)]).await;
        let text = text(&output);
        assert_eq!(output.status.code(), Some(0), "{mode_name}: {text}");
        assert!(text.contains("passed: allow fabrikam.azurecr.io/"), "{text}");
        assert!(text.contains("passed: deny fabrikamapps.azurecr.io/"), "{text}");
        assert!(text.contains(&format!("{done} in mode {mode_name}, decision deny: ")), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_answer_than_expected_fails() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let (allowed, denied) = ("fabrikam.azurecr.io/web:1", "fabrikamapps.azurecr.io/web:1");
    let output = self_test(&webhook, &["--allowed", denied, "--denied", allowed]).await;
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("FAILED: allow fabrikamapps.azurecr.io/web:1\n  refused in mode enforce"),
        "{text}"
    );
    assert!(text.contains("FAILED: deny fabrikam.azurecr.io/web:1\n  admitted in mode enforce"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_inventory_it_says_that_nothing_is_judged() {
    let webhook = Webhook::start(&mode("warn"), |options, _| options.inventory.clear()).await;
    let output = self_test(&webhook, &[]).await;
    let text = text(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(
        text.contains("not tested: without an inventory nothing is judged: every verdict is unknown"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_of_another_authority_is_not_asked() {
    let (webhook, other) =
        (Webhook::with_settings(&mode("enforce")).await, Webhook::with_settings(&mode("enforce")).await);
    let authority = other.folder.path().join("authority.pem");
    std::fs::write(&authority, other.authority.pem()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_acr-admission"))
        .args(["self-test", "--timeout=1", "--url"])
        .arg(format!("https://localhost:{}/validate/pods", webhook.port()))
        .arg("--authority")
        .arg(authority)
        .output()
        .await
        .unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("the webhook cannot be reached: invalid peer certificate"), "{text}");
}

/// A port that takes connections and says nothing: the time is over all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_never_answers_is_given_up() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let url = format!("--url=https://localhost:{}/validate/pods", silent.local_addr().unwrap().port());
    let output = self_test(&webhook, &["--timeout=1", &url]).await;
    let text = text(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("the webhook cannot be reached: no connection within 1 seconds"), "{text}");
}
