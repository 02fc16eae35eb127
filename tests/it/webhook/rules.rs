//! Which rule a request gets, and exceptions to it.

use serde_json::{Value, json};

use crate::support::webhook::{Webhook, deployment_review, pod_review, settings};

const DENIED: &str = "fabrikamapps.azurecr.io/payments/api:7";

#[tokio::test]
async fn unknown_verdicts_follow_the_setting() {
    for (keys, allowed, warns) in [
        ("default: {mode: enforce}", false, false),
        ("default: {mode: enforce, unknown: warn}", true, true),
        ("default: {mode: enforce, unknown: allow}", true, false),
        ("default: {mode: warn}", true, true),
        ("default: {mode: warn, unknown: deny}", true, true),
        ("default: {mode: warn, unknown: allow}", true, false),
        ("default: {mode: audit, unknown: deny}", true, false),
    ] {
        let webhook = Webhook::start(&settings(keys), |options, _| options.inventory.clear()).await;
        let response = webhook.review(&pod_review("web", "frontend", &[DENIED])).await;
        assert_eq!(response["allowed"], allowed, "{keys}");
        assert_eq!(response.get("warnings").is_some(), warns, "{keys} {response:#}");
        assert_eq!(response["auditAnnotations"]["reason-code"], "InventoryNotLoaded");
    }
}

#[tokio::test]
async fn workloads_alone_can_be_enforced_and_then_refuse_the_unknown() {
    let keys = "default: {mode: warn, workloads: enforce}";
    let webhook = Webhook::start(&settings(keys), |options, _| options.inventory.clear()).await;
    assert_eq!(webhook.review(&pod_review("web", "frontend", &[DENIED])).await["allowed"], true);
    assert_eq!(webhook.review(&deployment_review("web", "frontend", &[DENIED])).await["allowed"], false);
}

#[tokio::test]
async fn the_parts_of_kubernetes_and_of_the_webhook_itself_are_never_refused() {
    let webhook = Webhook::start(&settings("default: {mode: enforce}"), |options, _| {
        options.never_refused.push("acr-admission".to_owned());
    })
    .await;
    for (namespace, allowed) in
        [("kube-system", true), ("acr-admission", true), ("web", false), ("kube-system-2", false)]
    {
        for review in [
            pod_review(namespace, "default", &[DENIED]),
            pod_review(namespace, "missing", &[DENIED]),
            deployment_review(namespace, "default", &[DENIED]),
        ] {
            let response = webhook.review(&review).await;
            assert_eq!(response["allowed"], allowed, "{namespace} {response:#}");
            assert!(!allowed || response["warnings"].is_array(), "said all the same: {response:#}");
        }
    }
}

#[tokio::test]
async fn an_exception_for_a_host_is_none_for_its_other_ports() {
    let keys = "default: {mode: enforce, otherRegistries: deny}\nexceptionsEnabled: true\nexceptions:\n
  - {name: a, namespaces: [web], images: ['images.example/*'], reason: r, expiresAt: '2027-11-30T00:00:00Z'}
  - {name: b, namespaces: [web], images: ['images.example:5000/*'], reason: r, expiresAt: '2027-11-30T00:00:00Z'}";
    let webhook = Webhook::with_settings(&settings(keys)).await;
    for (image, allowed) in
        [("images.example/x:1", true), ("images.example:5000/x", true), ("images.example:666/x", false)]
    {
        let response = webhook.review(&pod_review("web", "default", &[image])).await;
        assert_eq!(response["allowed"], allowed, "{image} {response:#}");
    }
}

#[tokio::test]
async fn hosts_outside_the_inventory_follow_two_settings() {
    let keys = "default: {mode: enforce, unlistedAcr: deny, otherRegistries: warn}";
    let webhook = Webhook::with_settings(&settings(keys)).await;
    for (image, allowed, warns) in [
        ("stranger.azurecr.io/a:1", false, false),
        ("stranger.azurecr.cn/a:1", false, false),
        ("stranger.azurecr.io:8443/a:1", false, false),
        ("stranger.azurecr.io.evil.example/a:1", true, true),
        ("mcr.microsoft.com/a:1", true, true),
    ] {
        let response = webhook.review(&pod_review("web", "frontend", &[image])).await;
        assert_eq!(response["allowed"], allowed, "{image} {response:#}");
        assert_eq!(response.get("warnings").is_some(), warns, "{image}");
    }
}

#[tokio::test]
async fn an_account_that_does_not_exist_yet_refuses_pods_and_only_warns_about_workloads() {
    let webhook = Webhook::with_settings(&settings("default: {mode: enforce}")).await;
    let response = webhook.review(&pod_review("web", "missing", &[DENIED])).await;
    assert_eq!(response["allowed"], false, "{response:#}");
    assert_eq!(response["auditAnnotations"]["reason-code"], "ServiceAccountNotFound");
    let response = webhook.review(&deployment_review("web", "missing", &[DENIED])).await;
    assert_eq!(response["allowed"], true, "{response:#}");
    assert_eq!(response["auditAnnotations"]["decision"], "unknown");
    assert_eq!(response["warnings"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_first_rule_that_matches_the_namespace_wins() {
    let keys = "
rules:
  - name: system
    namespaces: {names: [kube-system]}
    mode: off
  - name: teams
    namespaces: {names: ['team-*']}
    mode: warn
  - name: production
    namespaces: {matchLabels: {stage: production}, matchExpressions: [{key: frozen, operator: DoesNotExist}]}
    mode: enforce
    workloads: audit
default: {mode: audit}";
    let webhook = Webhook::with_settings(&settings(keys)).await;
    for (namespace, pod, deployment) in [
        ("kube-system", "off", "off"),
        ("team-a", "warn", "warn"),
        ("web", "enforce", "audit"),
        // Its labels are not known, so that rule might be meant: the strictest wins.
        ("elsewhere", "enforce", "audit"),
    ] {
        let response = webhook.review(&pod_review(namespace, "default", &[DENIED])).await;
        assert_eq!(response["auditAnnotations"]["mode"], pod, "{namespace}");
        let response = webhook.review(&deployment_review(namespace, "default", &[DENIED])).await;
        assert_eq!(response["auditAnnotations"]["mode"], deployment, "{namespace}");
    }
}

#[tokio::test]
async fn nothing_that_an_object_says_of_itself_weakens_the_verdict() {
    let keys = "
rules:
  - {name: open, namespaces: {names: [open], matchLabels: {stage: sandbox}}, mode: off}
default: {mode: enforce}";
    let webhook = Webhook::with_settings(&settings(keys)).await;
    let mut review = pod_review("web", "default", &[DENIED]);
    review["request"]["object"]["metadata"] = json!({
        "name": "p",
        "namespace": "open",
        "labels": {"stage": "sandbox", "acr-admission.dev/mode": "off", "admission": "ignore"},
        "annotations": {"kubernetes.io/config.mirror": "x", "acr-admission.dev/mode": "off"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u"}],
    });
    review["request"]["userInfo"] = json!({"username": "system:node:n", "groups": ["system:nodes-not"]});
    let response = webhook.review(&review).await;
    assert_eq!(response["allowed"], false, "{response:#}");
}

#[tokio::test]
async fn an_exception_admits_for_a_while_and_is_counted() {
    let exception = |name: &str, images: &str, expires: &str| {
        format!(
            "  - {{name: {name}, namespaces: [web], images: [{images}], reason: moving, expiresAt: '{expires}'}}\n"
        )
    };
    let payments = "'fabrikamapps.azurecr.io/payments/*'";
    let other = "fabrikamapps.azurecr.io/other";
    let review = pod_review("web", "default", &[DENIED]);
    let both = pod_review("web", "default", &[DENIED, "fabrikamapps.azurecr.io/other:1"]);
    for (enabled, list, review, allowed) in [
        (true, exception("a", payments, "2026-12-01T00:00:00Z"), &review, true),
        (false, exception("a", payments, "2026-12-01T00:00:00Z"), &review, false),
        (true, exception("a", payments, "2026-11-22T12:00:00Z"), &review, false),
        (true, exception("a", other, "2027-12-01T00:00:00Z"), &review, false),
        (true, exception("a", payments, "2027-12-01T00:00:00Z"), &both, false),
        (
            true,
            exception("a", payments, "2027-12-01T00:00:00Z") + &exception("b", other, "2027-12-01T00:00:00Z"),
            &both,
            false,
        ),
        (true, exception("a", &format!("{payments}, {other}"), "2027-12-01T00:00:00Z"), &both, true),
    ] {
        let keys = format!("default: {{mode: enforce}}\nexceptionsEnabled: {enabled}\nexceptions:\n{list}");
        let webhook = Webhook::with_settings(&settings(&keys)).await;
        let response = webhook.review(review).await;
        assert_eq!(response["allowed"], allowed, "{keys} {response:#}");
        let used = webhook.metric("acr_admission_exceptions_used_total{exception=\"a\"}").await;
        assert_eq!(used > 0.0, allowed, "{keys}");
        if allowed {
            assert_eq!(response["auditAnnotations"]["exception"], "a");
        }
    }
}

#[tokio::test]
async fn an_exception_that_has_ended_shows_in_a_metric() {
    let keys = "exceptionsEnabled: true\nexceptions:\n
  - {name: a, namespaces: [web], images: ['*'], reason: r, expiresAt: '2026-11-01T00:00:00Z'}
  - {name: b, namespaces: [web], images: ['*'], reason: r, expiresAt: '2026-11-30T00:00:00Z'}
  - {name: c, namespaces: [web], images: ['*'], reason: r, expiresAt: '2027-11-30T00:00:00Z'}";
    let webhook = Webhook::with_settings(&settings(keys)).await;
    for state in ["expired", "expiring", "active"] {
        let count = webhook.metric(&format!("acr_admission_exceptions{{state=\"{state}\"}}")).await;
        assert!((count - 1.0).abs() < f64::EPSILON, "{state} {count}");
    }
}

#[tokio::test]
async fn updates_that_change_nothing_about_pulls_pass_unless_told_otherwise() {
    let mut review = pod_review("web", "default", &[DENIED]);
    let request = &mut review["request"];
    request["operation"] = json!("UPDATE");
    request["oldObject"] = request["object"].clone();
    request["object"]["metadata"]["labels"] = json!({"a": "b"});
    for (keys, allowed) in
        [("default: {mode: enforce}", true), ("default: {mode: enforce}\nskipUnchanged: false", false)]
    {
        let webhook = Webhook::with_settings(&settings(keys)).await;
        assert_eq!(webhook.review(&review).await["allowed"], allowed, "{keys}");
    }
    // What is being deleted must be able to go, whatever it holds.
    review["request"]["object"]["metadata"]["deletionTimestamp"] = json!("2026-11-22T00:00:00Z");
    let webhook = Webhook::with_settings(&settings("default: {mode: enforce}\nskipUnchanged: false")).await;
    assert_eq!(webhook.review(&review).await["allowed"], true);
}

#[tokio::test]
async fn an_inventory_past_its_age_is_told_with_every_answer() {
    let webhook = Webhook::start(&settings("default: {mode: enforce}\nmaxInventoryAge: 1h"), |options, _| {
        options.clock = acr_admission::server::Clock::Fixed("2030-01-01T00:00:00Z".parse().unwrap());
    })
    .await;
    let response: Value = webhook.review(&pod_review("web", "default", &["fabrikam.azurecr.io/a:1"])).await;
    assert_eq!(response["allowed"], true);
    let warning = response["warnings"][0].as_str().unwrap();
    assert!(warning.contains("role data that is"), "{warning}");
    assert_eq!(webhook.ready().await["inventory"]["stale"], true);
}

#[tokio::test]
async fn the_age_is_told_before_the_images_and_all_are_counted_once() {
    let webhook = Webhook::start(&settings("default: {mode: warn}\nmaxInventoryAge: 1h"), |options, _| {
        options.clock = acr_admission::server::Clock::Fixed("2030-01-01T00:00:00Z".parse().unwrap());
    })
    .await;
    let images: Vec<String> = (0..12).map(|number| format!("{DENIED}{number}")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let response = webhook.review(&pod_review("web", "default", &images)).await;
    let warnings = response["warnings"].as_array().unwrap();
    assert!(warnings[0].as_str().unwrap().contains("role data that is"), "{warnings:#?}");
    assert_eq!((warnings.len(), &warnings[9]), (10, &json!("… and 4 more")), "{warnings:#?}");
}
