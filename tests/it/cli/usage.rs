//! What the program says when it is held wrong: one line what, one line where, one line what to do, exit code 2.

use std::fmt::Write as _;
use std::fs;

use super::{finish, judging, program, run, run_with};

#[test]
fn bad_input_is_told_and_ends_with_two() {
    let pod = "tests/fixtures/workloads/aks-prod/01-deployment-web-frontend.yaml";
    let empty = tempfile::tempdir().unwrap();
    let folder = empty.path().to_str().unwrap();
    let runs = [
        ("no command", run(&[])),
        ("no such command", run(&["chekc", pod])),
        ("no inventory", run(&["check", pod])),
        ("inventory missing", run(&["check", pod, "--inventory", "no/such/folder"])),
        ("manifest missing", run(&judging(&["check", "no/such/file.yaml", "--cluster", "aks-prod"]))),
        ("folder without manifests", run(&judging(&["check", folder, "--cluster", "aks-prod"]))),
        ("no cluster chosen", run(&judging(&["check", pod]))),
        ("no such cluster", run(&judging(&["check", pod, "--cluster", "aks-pord"]))),
        ("no such format", run(&judging(&["check", pod, "-o", "xml"]))),
        ("bad time", run(&["check", pod, "--inventory", "tests/fixtures/az", "--now", "yesterday"])),
        ("standard input twice", run(&["check", "-", "--inventory", "-"])),
        ("identity without image", run(&judging(&["can-pull", "id-frontend-web"]))),
        ("image and batch", run(&judging(&["can-pull", "id-frontend-web", "redis", "--batch", "-"]))),
        ("repository missing", run(&judging(&["can-pull", "anonymous", "--registry", "contosoapps"]))),
        ("batch missing", run(&judging(&["can-pull", "--batch", "no/such/file"]))),
        ("no such manual page", run(&["man", "chekc"])),
        ("serve without certificate", run(&["serve", "--inventory", "tests/fixtures/az"])),
        ("serve with no such objects", run(&serve(&["--objects", "no/such/folder"]))),
        ("serve with an endless drain", run(&serve(&["--drain", "1e9"]))),
        ("serve with no such log filter", run(&serve(&["--log", "a=b=c"]))),
        ("serve with no such log level", run(&serve(&["--log", "inof"]))),
        ("serve with two certificates", run(&serve(&["--tls-secret", "acr-admission-tls"]))),
        ("condition missing", run(&["condition", "check", "no/such/file"])),
        ("condition not text", run_with(&["condition", "check", "-"], b"\xff\xfe\xfd".to_vec())),
        ("attribute without value", run(&["condition", "eval", "x", "--action", "a", "--request", "name"])),
    ];
    let mut told = String::new();
    for (what, run) in runs {
        assert_eq!(run.code, 2, "{what}: {run}");
        assert_eq!(run.stdout, "", "{what}");
        assert!(!run.stderr.is_empty(), "{what}");
        let stderr = run.stderr.replace(folder, "FOLDER");
        writeln!(told, "# {what}\n{stderr}").unwrap();
    }
    insta::assert_snapshot!(told);
}

/// `serve` that would listen on free ports, and wait for its certificate.
fn serve<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let fixed = "serve --listen 127.0.0.1:0 --health-listen 127.0.0.1:0 --tls-cert no/such/cert --tls-key no/such/key \
                 --objects tests/fixtures/workloads/aks-prod/00-namespaces.yaml";
    fixed.split_whitespace().chain(more.iter().copied()).collect()
}

#[test]
fn variables_stand_in_for_flags_and_flags_win() {
    let pod = "tests/fixtures/workloads/aks-prod/04-daemonset-node-agent.yaml";
    let mut command = program();
    command.env("ACR_ADMISSION_INVENTORY", "tests/fixtures/az");
    command.env("ACR_ADMISSION_NOW", "2026-11-22T12:00:00Z");
    command.env("ACR_ADMISSION_CLUSTER", "aks-prod");
    command.env("ACR_ADMISSION_OUTPUT", "json");
    command.env("ACR_ADMISSION_EXIT_ZERO", "1");
    let by_variables = finish(command.args(["check", pod]));
    assert_eq!(by_variables.code, 0, "{by_variables}");
    assert_eq!(by_variables.json()["kind"], "CheckReport");
    let by_flag = finish(command.args(["-o", "jsonl"]));
    assert!(by_flag.json_lines().len() > 1, "{by_flag}");
}

#[test]
fn there_is_no_colour_in_a_pipe_and_none_where_it_is_not_wanted() {
    for run in [
        run(&judging(&["check", "tests/fixtures/workloads/aks-tenants", "--cluster", "aks-tenants"])),
        run(&judging(&["--no-color", "can-pull", "anonymous", "redis"])),
        run_with(&["condition", "check", "-"], "("),
    ] {
        assert!(!format!("{run}").contains('\u{1b}'), "{run}");
    }
}

#[test]
fn completions_and_the_manual_page_are_made() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&["completions", shell]);
        assert_eq!(script.code, 0, "{script}");
        assert!(script.stdout.contains("can-pull"), "{shell}");
    }
    assert!(run(&["man"]).stdout.contains("can\\-pull"));
    assert!(run(&["man", "condition", "eval"]).stdout.contains("sub\\-operation"));
}

#[test]
fn a_folder_of_a_mounted_config_map_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let hidden = folder.path().join("..2026_11_22");
    fs::create_dir(&hidden).unwrap();
    fs::copy("tests/fixtures/workloads/aks-prod/04-daemonset-node-agent.yaml", hidden.join("a.yaml"))
        .unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(hidden.join("a.yaml"), folder.path().join("a.yaml")).unwrap();
    let path = folder.path().to_str().unwrap();
    let report = run(&judging(&["check", path, "--cluster", "aks-prod", "-o", "jsonl"]));
    let fields: Vec<String> =
        report.json_lines().iter().map(|finding| finding["field"].to_string()).collect();
    let mut unique = fields.clone();
    unique.dedup();
    assert_eq!(fields, unique);
}
