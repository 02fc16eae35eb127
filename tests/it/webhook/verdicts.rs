//! Verdicts and what users read of them.

use serde_json::{Value, json};

use crate::support::webhook::{Webhook, deployment_review, mode, pod_review};

/// What the node pulls, what the workload's identity pulls, and what nobody pulls.
const BY_NODE: &str = "fabrikam.azurecr.io/platform/proxy:1";
const BY_WORKLOAD: &str = "fabrikamapps.azurecr.io/web/site:2.3";
const BY_NOBODY: &str = "fabrikamapps.azurecr.io/payments/api:7";

#[tokio::test]
async fn an_image_that_can_be_pulled_is_admitted_without_a_word() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    for review in [
        pod_review("web", "frontend", &[BY_WORKLOAD]),
        pod_review("web", "default", &[BY_NODE]),
        pod_review("web", "default", &["docker.io/library/nginx:1", "nginx"]),
        deployment_review("web", "frontend", &[BY_WORKLOAD]),
    ] {
        let response = webhook.review(&review).await;
        assert_eq!(response["allowed"], true, "{response:#}");
        assert_eq!(response.get("warnings"), None, "{response:#}");
        assert_eq!(response["auditAnnotations"]["decision"], "allow");
    }
}

#[tokio::test]
async fn a_denial_says_which_image_who_where_and_why() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let review =
        pod_review("web", "frontend", &[BY_WORKLOAD, BY_NOBODY, "fabrikamapps.azurecr.io/a/b@sha256:1"]);
    let response = webhook.review(&review).await;
    assert_eq!(response["allowed"], false);
    let status = &response["status"];
    assert_eq!(
        (&status["status"], &status["code"], &status["reason"]),
        (&json!("Failure"), &json!(403), &json!("Forbidden"))
    );
    insta::assert_snapshot!(status["message"].as_str().unwrap(), @r#"
    fabrikamapps.azurecr.io/payments/api:7: managed identity id-web may not pull from registry fabrikamapps: the condition of its role assignment excludes the repository
    fabrikamapps.azurecr.io/a/b@sha256:1: cannot be pulled: not a valid image reference
    judged: may the workload's own identity pull; tries: serviceAccountIdentity:20000000-0000-4000-8000-000000000002, pluginAnonymous
    fix: az role assignment update --role-assignment role-assignment.json
    role-assignment.json: {"condition": "(\n (\n  !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})\n )\n OR \n (\n  @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWith 'web/'\n  OR\n  @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'payments/api'\n )\n)","conditionVersion": "2.0","id": "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/resourceGroups/rg-registry/providers/Microsoft.ContainerRegistry/registries/fabrikamapps/providers/Microsoft.Authorization/roleAssignments/id-web-container-registry-repository-reader-fabrikamapps","name": "id-web-container-registry-repository-reader-fabrikamapps","principalId": "10000000-0000-4000-8000-000000000002","principalType": "ServicePrincipal","roleDefinitionId": "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/providers/Microsoft.Authorization/roleDefinitions/b93aa761-3e63-49ed-ac28-beffa264f7ac","scope": "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/resourceGroups/rg-registry/providers/Microsoft.ContainerRegistry/registries/fabrikamapps","type": "Microsoft.Authorization/roleAssignments"}
    docs: https://acr-admission.dev/reasons#ConditionNotMet
    "#);
    insta::assert_json_snapshot!(response["auditAnnotations"], @r#"
    {
      "data-age": "0",
      "decision": "deny",
      "identity": "id-web",
      "mode": "enforce",
      "reason-code": "ConditionNotMet"
    }
    "#);
}

#[tokio::test]
async fn a_mode_decides_what_a_denied_image_leads_to() {
    let warning =
        format!("{BY_NOBODY}: id-web: the condition of its role assignment excludes the repository");
    for (name, allowed, decision, warnings) in [
        ("enforce", false, "deny", None),
        ("warn", true, "deny", Some(json!([warning]))),
        ("audit", true, "deny", None),
        ("off", true, "skip", None),
    ] {
        let webhook = Webhook::with_settings(&mode(name)).await;
        let response = webhook.review(&pod_review("web", "frontend", &[BY_NOBODY])).await;
        assert_eq!(response["allowed"], allowed, "{name} {response:#}");
        assert_eq!(response["auditAnnotations"]["decision"], decision, "{name}");
        assert_eq!(response.get("warnings"), warnings.as_ref(), "{name}");
        let series = format!(
            "acr_admission_requests_total{{resource=\"pods\",operation=\"CREATE\",decision=\"{decision}\",mode=\"{name}\",dry_run=\"false\"}}"
        );
        assert!((webhook.metric(&series).await - 1.0).abs() < f64::EPSILON, "{series}");
    }
}

#[tokio::test]
async fn without_a_settings_file_everything_is_admitted_with_warnings() {
    let webhook = Webhook::start("", |options, _| options.settings = None).await;
    let response = webhook.review(&pod_review("web", "frontend", &[BY_NOBODY])).await;
    assert_eq!((&response["allowed"], response["warnings"].as_array().unwrap().len()), (&json!(true), 1));
}

#[tokio::test]
async fn a_dry_run_gets_the_same_verdict() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let mut review = pod_review("web", "frontend", &[BY_NOBODY]);
    let first = webhook.review(&review).await;
    review["request"]["dryRun"] = json!(true);
    assert_eq!(webhook.review(&review).await, first);
}

#[tokio::test]
async fn texts_of_strangers_cannot_break_out_of_their_line() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    for (image, shown) in [
        ("a\nb.azurecr.io/x", "a\\u{a}b.azurecr.io/x: "),
        ("\u{1b}[31mred", "\\u{1b}[31mred: "),
        ("a|b`c", "a|b`c: "),
        ("\u{202e}oi.rcerucza", "\\u{202e}oi.rcerucza: "),
        ("a\u{200b}b", "a\\u{200b}b: "),
        ("\r", "\\u{d}: "),
    ] {
        let response = webhook.review(&pod_review("web", "frontend", &[image])).await;
        let message = response["status"]["message"].as_str().unwrap();
        assert!(message.starts_with(shown), "{message:?}");
        assert!(!message.contains(|c: char| c.is_control() && c != '\n'), "{message:?}");
        assert_eq!(message.lines().count(), 3, "{message:?}");
    }
}

#[tokio::test]
async fn many_long_images_leave_the_first_line_whole_and_the_message_short() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let path = vec!["very-long"; 20].join("/");
    let images: Vec<String> =
        (0..500).map(|number| format!("fabrikamapps.azurecr.io/{path}/n{number}:1")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let response = webhook.review(&pod_review("web", "frontend", &images)).await;
    let message = response["status"]["message"].as_str().unwrap();
    let first = message.lines().next().unwrap();
    assert!(first.chars().count() <= 200, "{first}");
    assert!(first.ends_with("excludes the repository"), "{first}");
    assert!(message.len() <= 4096, "{}", message.len());
    assert!(message.contains("more images"), "{message}");

    let webhook = Webhook::with_settings(&mode("warn")).await;
    let response = webhook.review(&pod_review("web", "frontend", &images)).await;
    let warnings: Vec<&str> =
        response["warnings"].as_array().unwrap().iter().map(|warning| warning.as_str().unwrap()).collect();
    assert_eq!(warnings.len(), 10);
    assert_eq!(warnings.last().unwrap(), &"… and 491 more");
    assert!(warnings.iter().all(|warning| warning.chars().count() <= 120), "{warnings:#?}");
}

/// As many as are judged at all.
#[tokio::test]
async fn a_pod_of_very_many_images_is_answered_all_the_same() {
    let webhook = Webhook::with_settings(&crate::support::webhook::settings(
        "default: {mode: warn, otherRegistries: warn}",
    ))
    .await;
    let images: Vec<String> = (0..10_000).map(|number| format!("r.example/{number}")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let response = webhook.review(&pod_review("web", "frontend", &images)).await;
    assert_eq!(response["allowed"], true);
    assert_eq!(response["warnings"][9], "… and 9991 more");
}

#[tokio::test]
async fn the_question_is_the_rule_s() {
    let keys = "default: {mode: enforce, question: actual}";
    let webhook = Webhook::with_settings(&crate::support::webhook::settings(keys)).await;
    let response = webhook.review(&pod_review("web", "frontend", &[BY_WORKLOAD])).await;
    let message: &Value = &response["status"]["message"];
    insta::assert_snapshot!(message.as_str().unwrap(), @r#"
    fabrikamapps.azurecr.io/web/site:2.3: managed identity id-kubelet may not pull from registry fabrikamapps: no role assignment grants it the pull
    judged: will the node manage to pull; tries: node, pluginAnonymous
    fix: az role assignment create --assignee-object-id 10000000-0000-4000-8000-000000000001 --assignee-principal-type ServicePrincipal --role b93aa761-3e63-49ed-ac28-beffa264f7ac --scope /subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/resourceGroups/rg-registry/providers/Microsoft.ContainerRegistry/registries/fabrikamapps --condition '( (  !(ActionMatches{'\''Microsoft.ContainerRegistry/registries/repositories/content/read'\''})  AND  !(ActionMatches{'\''Microsoft.ContainerRegistry/registries/repositories/metadata/read'\''}) ) OR  (  @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase '\''web/site'\'' ))' --condition-version 2.0
    docs: https://acr-admission.dev/reasons#NoPullPermission
    "#);
}
