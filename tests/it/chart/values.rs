//! The schema of the values: what it refuses, in which words, and that settings are held to the program's own schema.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::helm::Helm;
use crate::support::skip::skip;

/// Values, and a part of the message where they are refused.
#[derive(Deserialize)]
struct Case {
    what: String,
    values: String,
    #[serde(default)]
    refused: Option<String>,
}

#[test]
fn wrong_values_are_refused_and_good_ones_taken() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/chart-values.yaml");
    let cases: Vec<Case> = serde_saphyr::from_str(&fs::read_to_string(cases).unwrap()).unwrap();
    for Case { what, values, refused } in cases {
        let output = helm.template(&[], &values);
        match refused {
            None => assert!(output.status.success(), "{what}: {}", output.stderr),
            Some(message) => {
                assert!(!output.status.success(), "{what}: must be refused");
                assert!(output.stderr.contains(&message), "{what}: no `{message}` in\n{}", output.stderr);
            }
        }
    }
}

/// With `UPDATE_SCHEMAS=1` this test writes the settings' part and the order of keys.
#[test]
fn settings_are_held_to_the_schema_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/acr-admission/values.schema.json");
    let written = fs::read_to_string(&path).unwrap();
    let mut schema: Value = serde_json::from_str(&written).unwrap();
    let (settings, definitions) = settings_of_the_program();
    schema["properties"]["settings"] = settings;
    schema["$defs"] = definitions;
    let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &current).unwrap();
        return;
    }
    assert!(written == current, "values.schema.json is stale: run this test with UPDATE_SCHEMAS=1");
}

/// The program's schema, but for two things: the chart writes `apiVersion` and `kind` where they are left out, and
/// it understands `mode: off` as Helm reads it.
fn settings_of_the_program() -> (Value, Value) {
    let mut settings = acr_admission::settings::schema().to_value();
    let settings_object = settings.as_object_mut().unwrap();
    let mut definitions = settings_object.remove("$defs").unwrap();
    settings_object.remove("$schema").unwrap();
    assert_eq!(settings_object.remove("required").unwrap(), json!(["apiVersion", "kind"]));
    let off = json!({"const": false, "description": "`off` as YAML 1.1 reads it, which Helm does."});
    definitions["Mode"]["oneOf"].as_array_mut().unwrap().push(off);
    (settings, definitions)
}
