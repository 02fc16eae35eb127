//! What the chart renders for each installation, whole.

use super::installations;
use crate::support::helm::{CHART, Helm, Told};
use crate::support::skip::skip;

#[test]
fn every_installation_passes_the_strict_lint() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    for (name, values) in installations() {
        let output = helm
            .run(&["lint", "--strict", CHART, "--values", "-"], &Told { values: &values, ..Told::default() });
        assert!(output.status.success(), "{name}: {}{}", output.stdout, output.stderr);
    }
}

#[test]
fn every_installation_renders_as_before() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    for (name, values) in installations() {
        insta::with_settings!({ description => format!("charts/acr-admission/ci/{name}-values.yaml"), omit_expression => true }, {
            insta::assert_snapshot!(name, helm.render(&values));
        });
    }
}
