//! The pods that the chart makes: what they mount, how they are replaced, whom they may talk to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::installations;
use crate::support::helm::{CHART, Helm, Told, documents};
use crate::support::skip::skip;

/// The kubelet starts no pod whose volume does not exist, so nobody would be told why. The program tells.
#[test]
fn what_is_made_elsewhere_is_waited_for_by_the_program() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let mut optional = BTreeSet::new();
    for (name, values) in installations() {
        let objects = documents(&helm.render(&values));
        let made: BTreeSet<&str> =
            objects.iter().map(|object| object["metadata"]["name"].as_str().unwrap()).collect();
        let deployment = the(&objects, "Deployment");
        for volume in deployment["spec"]["template"]["spec"]["volumes"].as_array().unwrap() {
            let (source, of) = match (volume.get("configMap"), volume.get("secret")) {
                (Some(source), _) => (source, source["name"].as_str().unwrap()),
                (_, Some(source)) => (source, source["secretName"].as_str().unwrap()),
                _ => continue,
            };
            let is_optional = source.get("optional") == Some(&json!(true));
            assert_eq!(is_optional, !made.contains(of), "{name}: {volume}");
            if is_optional {
                optional.insert(of.to_owned());
            }
        }
    }
    for expected in [
        "acr-admission-inventory",
        "inventory-tokens",
        "webhook-certificate",
        "acr-admission-cert-manager-tls",
    ] {
        assert!(optional.contains(expected), "{expected} is not among {optional:?}");
    }
}

/// A `subPath` is mounted once and for all: what takes the place of that folder later is never seen.
#[test]
fn volumes_are_mounted_whole_so_that_what_replaces_a_folder_is_seen() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    for (name, values) in installations() {
        for object in documents(&helm.render(&values)) {
            assert!(!object.to_string().contains("subPath"), "{name}: {object}");
        }
    }
    let values =
        "inventory: {volume: {source: {persistentVolumeClaim: {claimName: a}}, subPath: exports/current}}";
    for (kind, pointer) in [("Deployment", "/spec/template/spec"), ("Pod", "/spec")] {
        let objects = documents(&helm.render(values));
        let container = &the(&objects, kind).pointer(pointer).unwrap()["containers"][0];
        let folder = json!("--inventory=/etc/acr-admission/inventory/volume/exports/current");
        assert!(container["args"].as_array().unwrap().contains(&folder), "{container}");
        let mounts = container["volumeMounts"].as_array().unwrap();
        let mount = json!({"name": "inventory-volume", "mountPath": "/etc/acr-admission/inventory/volume", "readOnly": true});
        assert!(mounts.contains(&mount), "{container}");
    }
}

#[test]
fn labels_of_several_sources_become_one_map_in_which_selectors_win() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let values = "
commonLabels: {team: all, app.kubernetes.io/part-of: platform}
podLabels: {team: pods}
serviceMonitor: {enabled: true, labels: {team: metrics}}
prometheusRule: {enabled: true, labels: {team: metrics}}
grafana: {dashboards: {enabled: true, labels: {team: metrics}}}
";
    // Keys that are there twice do not pass this parser.
    let objects = documents(&helm.render(values));
    let deployment = the(&objects, "Deployment");
    assert_eq!(deployment["metadata"]["labels"]["app.kubernetes.io/part-of"], "platform");
    assert_eq!(deployment["metadata"]["labels"]["team"], "all");
    assert_eq!(deployment["spec"]["template"]["metadata"]["labels"]["team"], "pods");
    for kind in ["ServiceMonitor", "PrometheusRule"] {
        assert_eq!(the(&objects, kind)["metadata"]["labels"]["team"], "metrics", "{kind}");
    }
    let selector = deployment["spec"]["selector"]["matchLabels"].as_object().unwrap();
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    assert!(selector.iter().all(|(key, value)| labels[key] == *value), "{selector:?} {labels}");
}

/// Names that YAML would take for numbers.
#[test]
fn release_names_of_digits_stay_text() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let template =
        |arguments: &[&str]| helm.run(&[&["template", "17", CHART], arguments].concat(), &Told::default());
    let refused = template(&[]);
    assert!(!refused.status.success());
    assert!(
        refused.stderr.contains("release `17` would make a Service `17-acr-admission`"),
        "{}",
        refused.stderr
    );
    let rendered = template(&["--set", "fullnameOverride=webhook"]).succeeded().stdout;
    for object in documents(&rendered) {
        assert_eq!(object["metadata"]["labels"]["app.kubernetes.io/instance"], "17", "{object}");
    }
}

/// One more pod than there are nodes would wait for a port for ever, and the rollout with it.
#[test]
fn on_the_nodes_own_network_an_old_pod_ends_first() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    for (values, expected) in [
        ("{}", json!({"maxUnavailable": 0, "maxSurge": 1})),
        ("hostNetwork: true", json!({"maxUnavailable": 1, "maxSurge": 0})),
    ] {
        let objects = documents(&helm.render(values));
        assert_eq!(the(&objects, "Deployment")["spec"]["strategy"]["rollingUpdate"], expected, "{values}");
    }
}

#[test]
fn the_network_policy_opens_the_api_server_alone_where_its_addresses_are_given() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let ports = json!([{"port": 443, "protocol": "TCP"}, {"port": 6443, "protocol": "TCP"}]);
    let dns = json!({"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]});
    let peers = json!([{"ipBlock": {"cidr": "10.0.0.4/32"}}, {"ipBlock": {"cidr": "fd00::4/128"}}]);
    for (cidrs, api_server) in [
        ("", json!({"ports": ports})),
        (r#"10.0.0.4/32, "fd00::4/128""#, json!({"to": peers, "ports": ports})),
    ] {
        let values = format!("networkPolicy: {{enabled: true, apiServerCidrs: [{cidrs}]}}");
        let objects = documents(&helm.render(&values));
        assert_eq!(the(&objects, "NetworkPolicy")["spec"]["egress"], json!([dns, api_server]), "{values}");
    }
}

#[track_caller]
fn the<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}
