//! `can-pull`: single answers, and a batch from a case file.

use std::fs;

use serde_json::Value;

use super::{judging, run, run_with};

/// Each line is a question with what must be in its answer under `expect`. The program passes over that field.
const CASES: &str = "tests/cases/can-pull.jsonl";

#[test]
fn a_batch_is_answered_line_by_line_in_order() {
    let cases: Vec<Value> = fs::read_to_string(CASES)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or(Value::Null))
        .collect();
    assert!(cases.len() >= 40, "{}", cases.len());
    let batch = run(&judging(&["can-pull", "--batch", CASES]));
    assert_eq!(batch.code, 2, "the file holds bad lines: {}", batch.stderr);
    let answers = batch.json_lines();
    assert_eq!(answers.len(), cases.len());
    for (answer, case) in answers.iter().zip(&cases) {
        let Some(expected) = case.get("expect") else {
            assert_eq!(answer["verdict"], "error", "{answer}");
            assert!(answer["message"].is_string(), "{answer}");
            continue;
        };
        assert_eq!(answer["id"], case["id"]);
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&answer[field], value, "{field} of {answer}, asked {case}");
        }
    }
    let all_fields: Vec<&str> = answers[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(all_fields, ["by", "id", "mode", "reason", "registry", "repository", "verdict"]);
}

#[test]
fn a_batch_from_standard_input_stops_quietly_when_nobody_reads() {
    let question = "{\"id\":1,\"identity\":\"anonymous\",\"image\":\"redis\"}\n";
    let all = run_with(&judging(&["can-pull", "--batch", "-"]), question.repeat(3));
    assert_eq!((all.code, all.stdout.lines().count()), (0, 3));

    let script = format!(
        "yes '{}' | head -n 20000 | '{}' can-pull --batch - {} | head -n 1",
        question.trim(),
        env!("CARGO_BIN_EXE_acr-admission"),
        super::ESTATE.join(" "),
    );
    let shell = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(shell.stdout).unwrap().lines().count(), 1);
    let talk = String::from_utf8(shell.stderr).unwrap();
    assert!(!talk.contains("error") && !talk.contains("panic"), "{talk}");
}

#[test]
fn one_answer_for_people_and_for_programs() {
    let ask = ["can-pull", "id-frontend-web", "contosoapps.azurecr.io/frontend/api:1"];
    let args = judging(&ask);
    insta::assert_snapshot!("can_pull", run(&args));
    let with = |more: &[&'static str]| {
        let mut args = args.clone();
        args.extend(more);
        run(&args)
    };
    insta::assert_snapshot!("can_pull_trace", with(&["--trace"]));
    insta::assert_json_snapshot!("can_pull_json", with(&["--trace", "-o", "json"]).json());
}

#[test]
fn names_that_fit_several_identities_or_none_are_unknown() {
    let nobody = run(&judging(&["can-pull", "nobody-of-that-name", "contosoapps.azurecr.io/x:1"]));
    assert_eq!(nobody.code, 3, "{nobody}");
    assert!(nobody.stdout.starts_with("unknown  IdentityNotInEstate"), "{nobody}");
    let strict = run(&judging(&["can-pull", "nobody", "contosoapps.azurecr.io/x:1", "--strict"]));
    assert_eq!(strict.code, 1);
}
