//! What a foreign engine answers to single comparisons: the interpreter of Azure conditions in Microsoft's policy
//! engine `regorus`. Prints its answers to `tests/cases/conditions/second-opinion/comparisons.json`, to be kept beside
//! it as `answers.tsv`. The tests of acr-admission set these against its own answers, without building the engine.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use regorus::Value as Foreign;
use regorus::languages::azure_rbac::ast::{
    EnvironmentContext, EvaluationContext, Principal, PrincipalType, RequestContext, Resource,
};
use regorus::languages::azure_rbac::interpreter::ConditionInterpreter;
use serde::Deserialize;
use serde_json::{Value, json};

/// Operators that take the same values.
#[derive(Deserialize)]
struct Comparisons {
    family: String,
    operators: Vec<String>,
    /// What the attribute holds; `null` if there is none.
    left: Vec<Value>,
    /// Literals of the published language.
    right: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let comparisons = fs::read_to_string(folder().join("comparisons.json"))?;
    print!("{}", answers(&comparisons)?);
    Ok(())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/conditions/second-opinion")
}

/// A line for each operator and value: both, then the answer for each literal.
fn answers(comparisons: &str) -> Result<String, Box<dyn Error>> {
    let mut lines = String::new();
    for Comparisons { family, operators, left, right } in
        serde_json::from_str::<Vec<Comparisons>>(comparisons)?
    {
        for operator in &operators {
            for left in &left {
                write!(lines, "{operator}\t{left}")?;
                for right in &right {
                    // Its GUIDs have quotes.
                    let right = if family == "GUID" { format!("'{right}'") } else { right.clone() };
                    write!(lines, "\t{}", answer(&format!("@Request[v] {operator} {right}"), left)?)?;
                }
                lines.push('\n');
            }
        }
    }
    Ok(lines)
}

/// `true`, `false`, or `error`: it does not tell a text that it cannot read from values that it cannot compare.
fn answer(condition: &str, value: &Value) -> Result<&'static str, Box<dyn Error>> {
    let attributes = if value.is_null() { json!({}) } else { json!({"v": value}) };
    let context = asked_with(Foreign::from_json_str(&attributes.to_string())?);
    Ok(match ConditionInterpreter::new(&context).evaluate_str(condition) {
        Ok(true) => "true",
        Ok(false) => "false",
        Err(_) => "error",
    })
}

/// A request with these attributes, and nothing else.
fn asked_with(attributes: Foreign) -> EvaluationContext {
    EvaluationContext {
        principal: Principal {
            id: String::new(),
            principal_type: PrincipalType::ManagedServiceIdentity,
            custom_security_attributes: Foreign::new_object(),
        },
        resource: Resource {
            id: String::new(),
            resource_type: String::new(),
            scope: String::new(),
            attributes: Foreign::new_object(),
        },
        request: RequestContext { action: None, data_action: None, attributes },
        environment: EnvironmentContext {
            is_private_link: None,
            private_endpoint: None,
            subnet: None,
            utc_now: None,
        },
        action: None,
        suboperation: None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{answers, folder};

    #[test]
    fn the_recorded_answers_are_what_the_engine_says() {
        let read = |name: &str| fs::read_to_string(folder().join(name)).unwrap();
        let said = answers(&read("comparisons.json")).unwrap();
        let recorded = read("answers.tsv");
        for (said, recorded) in said.lines().zip(recorded.lines()) {
            assert_eq!(said, recorded);
        }
        assert_eq!(said.lines().count(), recorded.lines().count());
        assert!(said.lines().count() > 200);
    }
}
