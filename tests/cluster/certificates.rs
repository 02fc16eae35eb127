//! Certificates that the release makes for itself, and connections that are older than they.

use serde_json::Value;

use crate::figures::figure;
use crate::idle_connections::IdleConnections;
use crate::load::Load;
use crate::release::{NAME, Release};
use crate::skip::skip;
use crate::waiting::wait_until;

/// The exchange takes about as long as API servers leave a connection idle, and restarts no pod, so such connections wait
/// here for their turn.
#[test]
fn certificates_and_authorities_are_exchanged_without_a_failed_request() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let idle = IdleConnections::open(&release);
    for what in ["certificate", "authority"] {
        let before = secret(&release);
        let trusted_before = bundle(&release);
        let reloads_before: Vec<_> =
            release.pods().into_iter().map(|pod| (reloads(&release, &pod), pod)).collect();
        let load = Load::start();
        let annotation = format!("acr-admission.dev/rotate={what}");
        release.kubectl(&["annotate", "secret", SECRET, "--namespace", NAME, &annotation]).succeeded();
        wait_until("a new certificate is stored and the wish for it removed", || {
            let now = secret(&release);
            now["data"]["tls.crt"] != before["data"]["tls.crt"]
                && now["metadata"]["annotations"]["acr-admission.dev/rotate"].is_null()
        });
        let stored = secret(&release);
        wait_until("every pod serves the new certificate", || {
            reloads_before.iter().all(|(before, pod)| reloads(&release, pod) > *before)
        });
        let tally = load.stop().assert_flawless();
        match what {
            "authority" => figure("a new authority under load", &tally),
            _ => figure("a new certificate under load", &tally),
        }
        if what == "authority" {
            assert_ne!(bundle(&release), trusted_before, "the API server is told of the new authority");
            assert_ne!(stored["data"]["ca.crt"], before["data"]["ca.crt"]);
        }
    }
    match idle {
        Ok(connections) => figure("idle connections to the Service", &connections.assert_they_still_answer()),
        Err(reason) => skip(reason),
    }
}

fn secret(release: &Release) -> Value {
    release.get(&["secret", SECRET, "--namespace", NAME])
}

fn bundle(release: &Release) -> Value {
    let configuration = release.get(&["validatingwebhookconfiguration", NAME]);
    configuration["webhooks"][0]["clientConfig"]["caBundle"].clone()
}

fn reloads(release: &Release, pod: &str) -> f64 {
    let text = release.page(pod, "/metrics").stdout;
    let series = "acr_admission_certificate_reloads_total{result=\"success\"} ";
    let value = text.lines().find_map(|line| line.strip_prefix(series));
    value.map_or(0.0, |value| value.parse().unwrap())
}

const SECRET: &str = "acr-admission-tls";
