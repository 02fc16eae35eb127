//! `condition`: every vector of the fixtures through the program, and mistakes drawn for people.

use std::fs;

use serde_json::{Value, json};

use super::{run, run_with};

fn fixture(name: &str) -> Vec<Value> {
    let text = fs::read_to_string(format!("tests/fixtures/conditions/{name}.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    document["cases"].as_array().unwrap().clone()
}

fn batch(lines: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let lines: Vec<String> = lines.into_iter().map(|line| line.to_string()).collect();
    let stdin = lines.join("\n");
    run_with(&["condition", "eval", "--batch", "-"], stdin).json_lines()
}

#[test]
fn every_evaluation_comes_out_in_a_batch() {
    let cases = [fixture("eval"), fixture("eval-undocumented")].concat();
    assert_eq!(cases.len(), 192 + 35);
    // The vectors carry more than the contract names; that must not matter.
    let results = batch(cases.clone());
    assert_eq!(results.len(), cases.len());
    for (result, case) in results.iter().zip(&cases) {
        // Only true grants: the vectors count what could not be determined as false.
        let truth = result["result"] == "true";
        assert_eq!((&result["id"], truth), (&case["id"], case["expect"] == true), "{}", case["why"]);
        assert!(["true", "false", "unknown"].map(Value::from).contains(&result["result"]), "{result}");
    }
}

#[test]
fn every_other_text_is_accepted_or_refused_in_a_batch() {
    let cases = [fixture("valid"), fixture("syntax-undocumented")].concat();
    assert_eq!(cases.len(), 127 + 39);
    let results =
        batch(cases.iter().map(
            |case| json!({"id": case["id"], "condition": case["condition"], "action": "a", "request": {}}),
        ));
    assert_eq!(results.len(), cases.len());
    for (result, case) in results.iter().zip(&cases) {
        let refused = case["decision"] == "reject";
        assert_eq!(result["result"] == "invalid", refused, "{result} {case}");
        if refused {
            let at = format!("{}:{}", result["line"], result["column"]);
            assert_eq!((&json!(at), &result["code"]), (&case["at"], &case["code"]), "{case}");
        }
    }
}

#[test]
fn every_invalid_text_is_refused_at_its_place_in_a_batch() {
    let cases = fixture("invalid");
    let parsed: Vec<&Value> = cases.iter().filter(|case| case["phase"] != "validate").collect();
    let results =
        batch(parsed.iter().map(
            |case| json!({"id": case["id"], "condition": case["condition"], "action": "a", "request": {}}),
        ));
    for (result, case) in results.iter().zip(&parsed) {
        assert_eq!(result["result"], "invalid", "{result} {case}");
        let at = format!("{}:{}", result["line"], result["column"]);
        assert_eq!((at.as_str(), &result["code"]), (case["at"].as_str().unwrap(), &case["code"]), "{case}");
        assert!(!result["message"].as_str().unwrap().is_empty());
    }
}

#[test]
fn a_bad_line_is_answered_and_the_run_goes_on() {
    let stdin = "nonsense\n{\"id\":\"a\",\"condition\":5,\"action\":\"x\"}\n\n{\"id\":\"b\",\"action\":\"x\"}\n[]\n\
        {\"id\":\"c\",\"condition\":\"@Request[a:b] StringEquals 'x'\",\"action\":\"x\",\"request\":{\"a:b\":\"x\"}}\n";
    let results = run_with(&["condition", "eval", "--batch", "-"], stdin);
    assert_eq!(results.code, 2);
    insta::assert_snapshot!(results);
}

#[test]
fn checking_prints_place_code_and_message_and_draws_the_place() {
    insta::assert_snapshot!(
        "condition_mistake",
        run_with(&["condition", "check", "-"], "(\n @Request[a:b] StringEqual 'x'\n)")
    );
    let fine = run_with(&["condition", "check", "-"], "@Request[a:b] StringEquals 'x'\n");
    assert_eq!((fine.code, fine.stdout.as_str(), fine.stderr.as_str()), (0, "", ""));
}

#[test]
fn valid_texts_pass_the_check_and_printing_is_stable() {
    for case in fixture("valid").iter().take(12) {
        let text = case["condition"].as_str().unwrap();
        for form in [&["condition", "fmt", "-"][..], &["condition", "fmt", "-", "--one-line"]] {
            let printed = run_with(form, text);
            assert_eq!(printed.code, 0, "{printed}");
            let again = run_with(form, printed.stdout.as_str());
            assert_eq!(again.stdout, printed.stdout);
            assert_eq!(form.len() == 4, printed.stdout.lines().count() == 1, "{printed}");
        }
    }
}

/// Blanks of the layout can carry a condition over Azure's limit; then it is better without them.
#[test]
fn what_only_fits_on_one_line_is_printed_on_one_line() {
    let nested = "Exists @Request[a] AND (Exists @Request[b] OR (".repeat(150);
    let text = format!("{nested}Exists @Request[c] AND Exists @Request[d]{}", ")".repeat(300));
    assert!(text.len() < 8192, "{}", text.len());
    let printed = run_with(&["condition", "fmt", "-"], text.as_str());
    assert_eq!((printed.code, printed.stderr.as_str()), (0, ""));
    assert_eq!(printed.stdout.trim_end(), text);

    // `&&` takes less than ` AND `: there is no canonical form that Azure would take.
    let dense = vec!["Exists@Request[a]"; 420].join("&&");
    let printed = run_with(&["condition", "fmt", "-"], dense);
    assert!(printed.code == 0 && printed.stderr.contains("Azure takes 8192"), "{}", printed.stderr);
}

#[test]
fn one_evaluation_takes_its_attributes_as_flags() {
    let condition = "@Request[a:name] StringStartsWith 'team-a/' AND @Resource[a:size] NumericLessThan 5";
    let eval = |attributes: &[&str]| {
        let mut args = vec!["condition", "eval", condition, "--action", "x"];
        args.extend(attributes);
        run(&args)
    };
    let result = |attributes: &[&str]| eval(attributes).stdout.lines().next().map(str::to_owned).unwrap();
    assert_eq!(result(&["--request", "a:name=team-a/x", "--resource", "a:size=4"]), "true");
    assert_eq!(result(&["--request", "a:name=team-b/x", "--resource", "a:size=4"]), "false");
    assert_eq!(result(&["--request", "a:name=team-a/x"]), "unknown");
    let wrong = run(&["condition", "eval", "(a", "--action", "x"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (2, "invalid\n"));
}

/// Every kind of part, every kind of value, and one that was not supplied.
const ALL_PARTS: &str = "!(ActionMatches{'*/read'} AND NOT SubOperationMatches{'Blob.List'})\nOR (\n\
    Exists @Resource[a:size] AND (@Resource[a:size] NumericLessThan 5)\r\n\
    AND @Request[a:tags] ForAnyOfAnyValues:StringEquals {'x', 'y'}\n\
    AND @Environment[isPrivateLink] BoolEquals true\n\
    AND @Principal[a:odd] StringEquals @Request[a:name]\n\
    AND @Request[subOperation] ForAnyOfAnyValues:StringEqualsIgnoreCase {'z'})";

const FACTS: [&str; 14] = [
    "--action",
    "a/b/read",
    "--sub-operation",
    "z",
    "--resource",
    "a:size=4",
    "--request",
    "a:tags=[\"x\",\"w\"]",
    "--environment",
    "isPrivateLink=true",
    "--principal",
    "a:odd=1.5",
    "--output",
    "table",
];

#[test]
fn an_evaluation_shows_each_part_with_its_value() {
    let args = [&["condition", "eval", ALL_PARTS][..], &FACTS].concat();
    insta::assert_snapshot!("evaluation", run(&args));
    let json = [&args[..args.len() - 1], &["json"]].concat();
    insta::assert_snapshot!("evaluation_json", run(&json));
    let invalid = run(&["condition", "eval", "(a", "--action", "x", "-o", "json"]);
    assert_eq!(invalid.code, 2, "{invalid}");
    let document = invalid.json();
    assert_eq!((&document["result"], &document["root"]), (&json!("invalid"), &Value::Null));
    assert_eq!((&document["error"]["column"], &document["error"]["code"]), (&json!(2), &json!("E_OPERAND")));
}

/// Any condition within 8 KB is evaluated; the page does not nest deeper than its readers follow.
#[test]
fn deep_nests_are_evaluated_and_shown_as_far_as_readers_follow() {
    let deep = format!("{}Exists @Request[a]", "!".repeat(8000));
    let eval = |format: &str| run(&["condition", "eval", &deep, "--action", "x", "-o", format]);
    let table = eval("table");
    assert_eq!((table.code, table.stdout.lines().next()), (0, Some("false")), "{table}");
    assert!(table.stdout.contains("nested too deeply"), "{table}");
    // The parser of the tests stops at 128 levels, as many do.
    assert_eq!(eval("json").json()["result"], "false");
}
