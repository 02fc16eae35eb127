//! The script where nothing can be asked: its words, and what it refuses.

use std::process::Command;

use super::session::{Run, on_the_path, script};

/// The script with nothing but `programs` to call.
fn export(arguments: &[&str]) -> Run {
    let empty = tempfile::tempdir().unwrap();
    let mut command = Command::new(on_the_path("bash"));
    command.arg(script()).args(arguments).current_dir(empty.path()).env("PATH", programs(empty.path()));
    let run = Run::of(command.output().unwrap());
    let left: Vec<_> =
        std::fs::read_dir(empty.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["bin"], "{run}");
    run
}

fn programs(folder: &std::path::Path) -> std::path::PathBuf {
    let bin = folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(on_the_path("cat"), bin.join("cat")).unwrap();
    bin
}

#[test]
fn without_the_cli_it_says_what_to_install() {
    let run = export(&[]).ended_with(2);
    assert!(
        run.stderr.starts_with("export-inventory.sh: az is not on the PATH\n  help: install the Azure CLI"),
        "{run}"
    );
}

#[test]
fn without_workload_identity_it_says_what_to_enable() {
    let empty = tempfile::tempdir().unwrap();
    let bin = programs(empty.path());
    std::os::unix::fs::symlink(on_the_path("true"), bin.join("az")).unwrap();
    let mut command = Command::new(on_the_path("bash"));
    command.arg(script()).arg("--workload-identity").env_clear().env("PATH", bin);
    command.current_dir(empty.path()).env("AZURE_CLIENT_ID", "5c1a7d0e-4b2f-4e8a-9d63-0f7b8c2e1a94");
    let run = Run::of(command.output().unwrap()).ended_with(2);
    let message =
        "export-inventory.sh: AZURE_TENANT_ID is not set: workload identity is not enabled in this cluster\n";
    assert!(run.stderr.starts_with(message), "{run}");
    assert!(run.stderr.contains("the label azure.workload.identity/use"), "{run}");
}

#[test]
fn its_version_is_the_programs() {
    let run = export(&["--version"]).succeeded();
    assert_eq!(run.stdout, concat!("export-inventory.sh ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    for (arguments, message) in [
        (&["--everything"][..], "unknown argument: --everything"),
        (&["--output"], "--output needs a value"),
        (&["--subscription", ""], "--subscription needs a value"),
        (&["--jobs", "many"], "--jobs takes a number from 1 to 99, not: many"),
        (&["--retry-wait", "-1"], "--retry-wait takes seconds, not: -1"),
    ] {
        let run = export(arguments).ended_with(2);
        assert!(run.stderr.starts_with(&format!("export-inventory.sh: {message}\n")), "{run}");
    }
}

#[test]
fn help_and_documentation_name_the_same_options_and_rights() {
    let help = export(&["--help"]).succeeded().stdout;
    let page = include_str!("../../../docs/export.md");
    let options: Vec<&str> = help.split_whitespace().filter(|word| word.starts_with("--")).collect();
    assert!(options.len() > 8, "{help}");
    for option in options {
        let option = option.trim_matches(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        assert!(page.contains(&format!("`{option}")), "docs/export.md says nothing of {option}");
    }
    for right in [
        "Reader",
        "Management Group Reader",
        "GroupMember.Read.All",
        "Application.Read.All",
        "Policy.Read.All",
    ] {
        assert!(help.contains(right) && page.contains(right), "{right}");
    }
}
