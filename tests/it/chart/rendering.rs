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
            insta::assert_snapshot!(name, by_template(&without_the_script(&helm.render(&values))));
        });
    }
}

/// Another test holds it to the script itself, which is long.
fn without_the_script(rendered: &str) -> String {
    const FIRST: &str = "    #!/usr/bin/env bash\n";
    let Some((before, rest)) = rendered.split_once(FIRST) else { return rendered.to_owned() };
    let (_, after) = rest.split_once("---\n").unwrap();
    format!("{before}    (deploy/azure/export-inventory.sh)\n---\n{after}")
}

/// Versions of Helm differ in the order of kinds and in blank lines.
fn by_template(rendered: &str) -> String {
    let mut documents: Vec<&str> = rendered.split("---\n").map(str::trim).collect();
    documents.retain(|document| !document.is_empty());
    // Each begins with the name of its template.
    documents.sort_unstable();
    documents.join("\n---\n")
}
