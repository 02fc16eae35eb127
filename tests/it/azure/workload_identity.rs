//! An export by the workload identity of a pod, whose token Kubernetes renews while the export goes on.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use super::export::{assert_only_reads, document};
use super::session::{Run, Session};
use super::stand_in::{Estate, Faults, Federation, TENANT};
use crate::support::skip::skip;

#[test]
fn an_export_outlives_the_token_that_it_began_with() {
    let session = match Session::signed_out(Estate::in_two_subscriptions(), Faults::default()) {
        Ok(session) => session,
        Err(reason) => return skip(reason),
    };
    let [first, second] = [1, 2].map(|issued| token(SUBJECT, issued));
    let file = session.path("token");
    fs::write(&file, &first).unwrap();
    session.stand_in.federate(Federation {
        // az shows its copy of the token whenever less than five minutes are left.
        access_seconds: 60,
        renewal: Some((file, second.clone())),
        ..Federation::default()
    });
    let run = export(&session).succeeded();
    assert_eq!(session.stand_in.unknown_requests(), [""; 0], "{run}");
    assert_eq!(document(&session.path("export/export.json"))["gaps"], json!([]), "{run}");
    let shown = session.stand_in.cluster_tokens();
    let renewed = shown.iter().position(|token| *token == second).expect("the renewed token was shown");
    assert!(shown[..renewed].iter().all(|token| *token == first));
    assert!(shown[renewed..].iter().all(|token| *token == second), "az goes on with the new one alone");
    assert!(shown.len() > renewed + 5, "the access ended again and again");
    assert_only_reads(&session);
}

#[test]
fn without_a_sign_in_nothing_is_exported() {
    let session = match Session::behind_proxy(Estate::contoso()) {
        Ok(session) => session,
        Err(reason) => return skip(reason),
    };
    let file = session.path("token");
    fs::write(&file, token(STRANGER, 1)).unwrap();
    let run = export(&session).ended_with(2);
    let refusal = format!("export-inventory.sh: az cannot sign in as {CLIENT}: ERROR: AADSTS700213: ");
    assert!(run.stderr.starts_with(&refusal), "{run}");
    assert!(run.stderr.contains("help: the identity needs a federated credential"), "{run}");

    // In the middle: what is left of an export without a sign-in would pass for one with many gaps.
    fs::write(&file, token(SUBJECT, 2)).unwrap();
    let renewal = Some((file, token(STRANGER, 3)));
    session.stand_in.federate(Federation { access_seconds: 60, renewal, ..Federation::default() });
    let run = export(&session).ended_with(2);
    assert!(run.stderr.contains("tenant ") && run.stderr.contains(&refusal), "{run}");
    assert!(!session.path("export").exists());
    assert_eq!(session.stand_in.unknown_requests(), [""; 0], "{run}");
}

fn export(session: &Session) -> Run {
    let mut command = session.export_command(&["--workload-identity"]);
    command
        .env("AZURE_CLIENT_ID", CLIENT)
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_FEDERATED_TOKEN_FILE", session.path("token"));
    Run::of(command.output().unwrap())
}

/// As a cluster makes it for a service account, but for the signature.
fn token(subject: &str, issued: u64) -> String {
    let claims = json!({"aud": ["api://AzureADTokenExchange"], "sub": subject, "iat": issued});
    let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.nobody", part(json!({"alg": "RS256"})), part(claims))
}

const CLIENT: &str = "5c1a7d0e-4b2f-4e8a-9d63-0f7b8c2e1a94";
const STRANGER: &str = "system:serviceaccount:default:stranger";
const SUBJECT: &str = "system:serviceaccount:acr-admission:acr-admission-export";
