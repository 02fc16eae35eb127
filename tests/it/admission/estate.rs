//! The exported estate: its manifests are applied as they are, and the answers are those that everybody agreed on.

use std::fs;

use super::cluster::Cluster;
use crate::support::expected::{ExpectedCase, Variant, cases};
use crate::support::skip::skip;

#[test]
fn every_workload_of_the_estate_gets_the_expected_answer() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    let cases: Vec<ExpectedCase> = cases().into_iter().filter(can_be_asked).collect();
    assert!(cases.len() >= 8, "only {} cases are left", cases.len());
    for case in cases {
        let manifest = fs::read_to_string(case.path()).unwrap();
        let output = cluster.kubectl(&["create", "--dry-run=server", "--filename", "-"], &manifest);
        let expected: Vec<&str> = case
            .images
            .iter()
            .filter(|image| {
                let answer = image.answer(Variant::Workload);
                let is_missing = answer.reason == "ServiceAccountNotFound";
                answer.verdict == "deny" || (answer.verdict == "unknown" && !is_missing)
            })
            .map(|image| image.image.as_str())
            .collect();
        let file = &case.file;
        assert_eq!(refused_images(&output.stderr), expected, "{file}: {}", output.stderr);
        assert_eq!(output.status.success(), expected.is_empty(), "{file}: {}", output.stderr);
    }
}

/// A denial begins with one line for each image.
fn refused_images(stderr: &str) -> Vec<&str> {
    let Some((_, denial)) = stderr.split_once("denied the request: ") else { return Vec::new() };
    let lines = denial.lines().take_while(|line| !line.starts_with("judged: "));
    lines.filter_map(|line| Some(line.split_once(": ")?.0)).collect()
}

/// Manifests of the cluster that the API server takes, with verdicts that rest on no Secret: the webhook reads none.
fn can_be_asked(case: &ExpectedCase) -> bool {
    let is_manifest = case.file.starts_with("aks-prod/");
    let needs_no_secret = case.images.iter().all(|image| {
        image.answer(Variant::Actual) == image.answer(Variant::ActualWithoutSecretAccess)
            && !image.image.is_empty()
    });
    is_manifest && needs_no_secret
}
