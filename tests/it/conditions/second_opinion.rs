//! A second opinion on single comparisons, from the interpreter of Azure conditions in Microsoft's policy engine
//! `regorus`. It is no oracle: its language differs from the published one in places. So every difference is listed
//! in `tests/cases/conditions/second-opinion/differences.yaml` with what decides it. A difference that is not listed
//! fails, and so does a listed one that is gone. The engine's answers are recorded by `tests/second-opinion`.

use std::fs;
use std::path::Path;

use acr_admission::engine::condition::{Condition, Facts, OPERATORS, Truth};
use serde::Deserialize;
use serde_json::Value;

use super::support::{attribute_value, yaml_cases};

/// Operators that take the same values.
#[derive(Deserialize)]
struct Comparisons {
    operators: Vec<String>,
    /// What the attribute holds; `null` if there is none.
    left: Vec<Value>,
    /// Literals.
    right: Vec<String>,
}

/// Some comparisons that the two see differently, and what decides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    operators: Vec<String>,
    /// Values on the left as JSON; any, if left out.
    left: Option<Vec<String>>,
    /// Literals on the right; any, if left out.
    right: Option<Vec<String>>,
    /// Pairs, `ours/theirs`.
    answers: Vec<String>,
    /// How many comparisons these are.
    count: usize,
    why: String,
    source: String,
}

#[derive(Debug)]
struct Difference {
    operator: String,
    left: String,
    right: String,
    ours: &'static str,
    theirs: String,
}

impl Listed {
    fn covers(&self, found: &Difference) -> bool {
        let among = |list: &Option<Vec<String>>, value: &String| {
            list.as_ref().is_none_or(|list| list.contains(value))
        };
        self.operators.contains(&found.operator)
            && among(&self.left, &found.left)
            && among(&self.right, &found.right)
            && self.answers.contains(&format!("{}/{}", found.ours, found.theirs))
    }
}

fn read(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/conditions/second-opinion");
    fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn ours(operator: &str, left: &Value, right: &str) -> &'static str {
    let Ok(condition) = Condition::parse(&format!("@Request[v] {operator} {right}")) else {
        return "refused";
    };
    let mut facts = Facts::new("read");
    if !left.is_null() {
        facts.request = [("v", attribute_value(left))].into_iter().collect();
    }
    match condition.evaluate(&facts) {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}

/// What is not known and what it cannot compare are the same: neither grants.
fn agree(ours: &str, theirs: &str) -> bool {
    ours == theirs || (matches!(ours, "unknown" | "refused") && theirs == "error")
}

/// Every comparison with both answers, in the order of the record.
fn comparisons() -> Vec<Difference> {
    let record = read("answers.tsv");
    let mut record = record.lines();
    let mut compared = Vec::new();
    for Comparisons { operators, left, right } in
        serde_json::from_str::<Vec<_>>(&read("comparisons.json")).unwrap()
    {
        for operator in &operators {
            for left in &left {
                let mut fields = record.next().expect("a line for each operator and value").split('\t');
                assert_eq!(
                    (fields.next(), fields.next()),
                    (Some(operator.as_str()), Some(&*left.to_string()))
                );
                let answers: Vec<_> = fields.collect();
                assert_eq!(answers.len(), right.len(), "{operator} {left}");
                compared.extend(right.iter().zip(answers).map(|(right, theirs)| Difference {
                    operator: operator.clone(),
                    left: left.to_string(),
                    right: right.clone(),
                    ours: ours(operator, left, right),
                    theirs: theirs.to_owned(),
                }));
            }
        }
    }
    assert_eq!(record.next(), None, "the record has more");
    compared
}

#[test]
fn a_foreign_engine_differs_where_it_is_listed_and_nowhere_else() {
    let comparisons = comparisons();
    let asked = comparisons.len();
    for operator in OPERATORS {
        assert!(comparisons.iter().any(|it| it.operator == operator.name), "{} is not asked", operator.name);
    }
    let listed: Vec<Listed> = yaml_cases("second-opinion/differences.yaml");
    let mut found = vec![0; listed.len()];
    let mut wrong = Vec::new();
    for difference in comparisons.iter().filter(|it| !agree(it.ours, &it.theirs)) {
        let rows: Vec<_> = (0..listed.len()).filter(|&row| listed[row].covers(difference)).collect();
        match rows[..] {
            [row] => found[row] += 1,
            [] => wrong.push(format!("not listed: {difference:?}")),
            _ => wrong.push(format!("listed twice: {difference:?}")),
        }
    }
    for (row, found) in listed.iter().zip(&found) {
        assert!(!row.why.is_empty() && !row.source.is_empty(), "{row:?}");
        if row.count != *found || *found == 0 {
            wrong.push(format!("{found} and not {} differences: {row:?}", row.count));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let agreed = asked - found.iter().sum::<usize>();
    assert_eq!((asked, agreed), (1718, 1158));
}
