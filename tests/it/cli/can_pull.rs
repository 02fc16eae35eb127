//! `can-pull`: single answers, and a batch from a case file.

use std::fs;

use serde_json::{Value, json};

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

#[test]
fn a_task_is_asked_about_by_name() {
    let registry = ["--registry", "contosoapps", "--repository", "ci/web"];
    let ask = |who: [&'static str; 2]| run(&judging(&[&["can-pull"], who.as_slice(), &registry].concat()));
    let task = ask(["--task", "BUILD-WEB"]);
    assert!(task.stdout.contains("task `build-web`") && task.stdout.contains("8b0ec85e"), "{task}");
    let nobody = ask(["--task", "no-such-task"]);
    assert_eq!(nobody.code, 3, "{nobody}");
    assert!(nobody.stdout.contains("no task `no-such-task` of registry `contosoapps`"), "{nobody}");
}

#[test]
fn the_trace_of_a_denial_names_groups_that_may_hide_the_identity() {
    let folder = tempfile::tempdir().unwrap();
    let group = "10000000-0000-4000-8000-000000000009";
    let groups = json!([{"id": group, "displayName": "readers", "securityEnabled": true}]);
    let estate = json!({
        "apiVersion": "acr-admission.dev/v1", "kind": "Inventory",
        "registries": [{"name": "acme", "mode": "rbac"}],
        "identities": [{"name": "web", "principalId": "10000000-0000-4000-8000-000000000001"}],
        "roleAssignments": [{"principal": group, "role": "AcrPull", "scope": "acme"}],
    });
    for (name, document) in [
        ("ad-group-list.json", groups),
        ("ad-group-member-list.readers.json", json!([])),
        ("estate.json", estate),
    ] {
        fs::write(folder.path().join(name), document.to_string()).unwrap();
    }
    let inventory = folder.path().to_str().unwrap();
    let ask = ["can-pull", "web", "acme.azurecr.io/app:1", "--inventory", inventory, "--trace"];
    let answer = run(&ask);
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.stdout.contains("near miss: group `readers` would do"), "{answer}");
    let document = run(&[ask.as_slice(), &["-o", "json"]].concat()).json();
    assert_eq!(document["hiddenMemberships"], json!(["readers"]));
    assert_eq!(document["advice"], json!(["GroupMembersMayBeHidden"]));
}
