//! Reviews: read or refused by rule, always with the uid that the text shows, and skipped only where it is right.

use std::fs;

use acr_admission::review::{AdmissionRequest, Examined, Operation, UnchangedObjects};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::skip::real_inputs;

#[derive(Deserialize)]
struct Cases {
    recorded: Vec<Outcome>,
    bodies: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    file: Option<String>,
    body: Option<String>,
    uid: Option<String>,
    error: Option<String>,
    skip: Option<String>,
    broken: Option<String>,
    judge: Option<Vec<String>>,
}

fn cases() -> Cases {
    serde_saphyr::from_str(&fs::read_to_string("tests/cases/reviews.yaml").unwrap()).unwrap()
}

impl Outcome {
    fn check(self, body: &[u8]) {
        let name = self.file.or(self.body).unwrap_or_default();
        let request = match AdmissionRequest::parse(body) {
            Ok(request) => request,
            Err(refused) => {
                assert_eq!(Some(refused.to_string()), self.error, "{name}");
                assert_eq!(refused.uid, self.uid, "{name}");
                return;
            }
        };
        assert_eq!(self.error, None, "{name}");
        assert_eq!(Some(&*request.uid), self.uid.as_deref(), "{name}");
        match request.examine(UnchangedObjects::Skip) {
            Ok(Examined::Skip(reason)) => assert_eq!(Some(reason.as_str()), self.skip.as_deref(), "{name}"),
            Ok(Examined::Judge(workload)) => {
                let images = workload.pod.images.iter().map(|image| image.image.to_string()).collect();
                assert_eq!(Some(images), self.judge, "{name}");
            }
            Err(error) => assert_eq!(Some(error.to_string()), self.broken, "{name}"),
        }
    }
}

#[test]
fn treats_every_recorded_review_by_rule() {
    let Some(inputs) = real_inputs() else { return };
    let folder = inputs.join("admission-reviews");
    let recorded = cases().recorded;
    assert_eq!(fs::read_dir(&folder).unwrap().count(), recorded.len(), "a file without an outcome");
    for outcome in recorded {
        let body = fs::read(folder.join(outcome.file.as_deref().unwrap())).unwrap();
        outcome.check(&body);
    }
    let every_field =
        fs::read(inputs.join("kubernetes-api/admission.k8s.io.v1.AdmissionReview.json")).unwrap();
    let refused = AdmissionRequest::parse(&every_field).unwrap_err();
    assert_eq!(refused.uid.as_deref(), Some("uidValue"));
    assert_eq!(
        refused.to_string(),
        "the operation is `operationValue`, expected CREATE, UPDATE, DELETE or CONNECT"
    );
}

#[test]
fn refuses_what_is_no_review_and_finds_the_uid_all_the_same() {
    for outcome in cases().bodies {
        let body = outcome.body.clone().unwrap();
        outcome.check(body.as_bytes());
    }
    let not_text = b"{\"request\": {\"uid\": \"u\", \"name\": \"\xff\"}}";
    let refused = AdmissionRequest::parse(not_text).unwrap_err();
    assert_eq!(refused.uid.as_deref(), Some("u"));
}

#[test]
fn reads_every_field_that_decides() {
    let body = fs::read("tests/fixtures/workloads/admission/pod-ephemeralcontainers.json").unwrap();
    let request = AdmissionRequest::parse(&body).unwrap();
    assert_eq!(request.kind.kind, "Pod");
    assert_eq!(request.resource.resource, "pods");
    assert_eq!(request.sub_resource, "ephemeralcontainers");
    assert_eq!(request.namespace, "web");
    assert_eq!(request.operation, Operation::Update);
    assert!(!request.user.username.is_empty() && !request.user.groups.is_empty());
    assert!(!request.dry_run);
    let Examined::Judge(workload) = request.examine(UnchangedObjects::Skip).unwrap() else {
        panic!("a new container is a change")
    };
    // The containers that were there before are judged again.
    assert_eq!(workload.pod.images.len(), 3);
}

fn pod(image: &str) -> Value {
    json!({"metadata": {"name": "p"}, "spec": {"serviceAccountName": "a", "imagePullSecrets": [{"name": "s"}],
           "containers": [{"name": "c", "image": image}]}})
}

/// What becomes of a request: the word for a skip, or `judge`, or the error.
fn outcome(request: &Value) -> String {
    let mut request = request.clone();
    let defaults = [("uid", json!("u")), ("kind", json!({"group": "", "version": "v1", "kind": "Pod"}))];
    for (key, value) in defaults {
        request.as_object_mut().unwrap().entry(key).or_insert(value);
    }
    let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
        .to_string();
    match AdmissionRequest::parse(body.as_bytes()).unwrap().examine(UnchangedObjects::Skip) {
        Ok(Examined::Skip(skip)) => skip.as_str().to_owned(),
        Ok(Examined::Judge(_)) => "judge".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn skips_deletions_and_connections() {
    assert_eq!(outcome(&json!({"operation": "DELETE", "object": null, "oldObject": pod("x")})), "delete");
    assert_eq!(outcome(&json!({"operation": "CONNECT", "object": {"kind": "PodExecOptions"}})), "connect");
}

#[test]
fn skips_updates_of_what_is_being_deleted_however_broken() {
    let mut deleting = pod("y");
    deleting["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    assert_eq!(
        outcome(&json!({"operation": "UPDATE", "object": deleting, "oldObject": pod("x")})),
        "deleting"
    );
    // On creation the field is the user's to write.
    assert_eq!(outcome(&json!({"operation": "CREATE", "object": deleting})), "judge");
    deleting["spec"] = json!({"containers": "x"});
    assert_eq!(
        outcome(&json!({"operation": "UPDATE", "object": deleting, "oldObject": pod("x")})),
        "deleting"
    );
    assert_eq!(
        outcome(&json!({"operation": "CREATE", "object": deleting})),
        "spec.containers: expected a list, found a text"
    );
}

#[test]
fn skips_an_update_that_changes_nothing_about_pulls() {
    let unchanged = |old: &Value, new: &Value| {
        outcome(&json!({"operation": "UPDATE", "object": new, "oldObject": old})) == "unchanged"
    };
    let old = pod("x");
    let changed = |change: fn(&mut Value)| {
        let mut new = pod("x");
        change(&mut new);
        new
    };
    for same in [
        changed(|new| new["metadata"]["labels"] = json!({"a": "b"})),
        changed(|new| new["spec"]["containers"][0]["name"] = json!("other")),
        changed(|new| new["spec"]["initContainers"] = json!([{"image": "x"}])),
        changed(|new| new["spec"]["serviceAccount"] = json!("alias")),
    ] {
        assert!(unchanged(&old, &same), "{same}");
    }
    for other in [
        pod("y"),
        changed(|new| new["spec"]["ephemeralContainers"] = json!([{"image": "y"}])),
        changed(|new| new["spec"]["volumes"] = json!([{"image": {"reference": "y"}}])),
        changed(|new| new["spec"]["containers"] = json!([])),
        changed(|new| new["spec"]["serviceAccountName"] = json!("b")),
        changed(|new| new["spec"]["imagePullSecrets"] = json!([])),
        changed(|new| new["spec"]["imagePullSecrets"] = json!([{"name": "s"}, {"name": "t"}])),
        changed(|new| new["spec"]["nodeSelector"] = json!({"type": "virtual-kubelet"})),
    ] {
        assert!(!unchanged(&old, &other), "{other}");
    }
    // Without an old object that can be read there is nothing to be the same as.
    assert!(!unchanged(&Value::Null, &old));
    assert!(!unchanged(&json!({"spec": 1}), &old));
}

#[test]
fn judges_unchanged_objects_where_the_setting_says_so() {
    let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u",
        "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "UPDATE", "object": pod("x"), "oldObject": pod("x")}})
    .to_string();
    let request = AdmissionRequest::parse(body.as_bytes()).unwrap();
    assert!(matches!(request.examine(UnchangedObjects::Judge), Ok(Examined::Judge(_))));
}

/// Whatever the setting: a node must be able to report on a pod that runs already. A change would be judged, though the
/// API server lets none through there.
#[test]
fn skips_what_cannot_change_an_image_whatever_the_setting() {
    let examine = |sub_resource: &str, new: &Value| {
        let request = json!({"uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "UPDATE",
            "subResource": sub_resource, "object": new, "oldObject": pod("x")});
        let body =
            json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
        let body = body.to_string();
        match AdmissionRequest::parse(body.as_bytes()).unwrap().examine(UnchangedObjects::Judge).unwrap() {
            Examined::Skip(skip) => skip.as_str(),
            Examined::Judge(_) => "judge",
        }
    };
    for sub_resource in ["status", "resize"] {
        assert_eq!(examine(sub_resource, &pod("x")), "unchanged", "{sub_resource}");
        assert_eq!(examine(sub_resource, &pod("y")), "judge", "{sub_resource}");
    }
    for sub_resource in ["", "ephemeralcontainers"] {
        assert_eq!(examine(sub_resource, &pod("x")), "judge", "{sub_resource}");
    }
}

#[test]
fn skips_mirror_pods_of_nodes_only() {
    let mut mirror = pod("x");
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "hash"});
    let by = |groups: Value, object: &Value| {
        outcome(
            &json!({"operation": "CREATE", "object": object, "userInfo": {"username": "system:node:n", "groups": groups}}),
        )
    };
    assert_eq!(by(json!(["system:authenticated", "system:nodes"]), &mirror), "mirrorPod");
    assert_eq!(by(json!(["system:nodes:not", "system:Nodes"]), &mirror), "judge");
    assert_eq!(by(json!(null), &mirror), "judge");
    assert_eq!(by(json!(["system:nodes"]), &pod("x")), "judge");
}

#[test]
fn skips_kinds_without_a_pod_spec_by_what_the_api_server_says() {
    let kind = |group: &str, kind: &str| json!({"group": group, "version": "v1", "kind": kind});
    let create = |kind: Value| outcome(&json!({"operation": "CREATE", "kind": kind, "object": pod("x")}));
    assert_eq!(create(kind("autoscaling", "Scale")), "notAWorkload");
    assert_eq!(create(kind("example.com", "Pod")), "notAWorkload");
    assert_eq!(create(kind("apps", "Deployment")), "Deployment without `spec.template.spec`");
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in any::<Vec<u8>>()) {
        drop(AdmissionRequest::parse(&bytes));
    }

    /// However a real review is cut off behind its uid, the uid comes back.
    #[test]
    fn a_review_cut_off_keeps_its_uid(share in 0.0..1.0) {
        let body = fs::read("tests/fixtures/workloads/admission/pod-create.json").unwrap();
        let uid = AdmissionRequest::parse(&body).unwrap().uid.into_owned();
        let text = std::str::from_utf8(&body).unwrap();
        let behind = text.find(&uid).unwrap() + uid.len() + 1;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
        let cut = behind + ((text.trim_end().len() - behind) as f64 * share) as usize;
        let refused = AdmissionRequest::parse(&body[..cut]).unwrap_err();
        prop_assert_eq!(refused.uid, Some(uid));
    }
}
