//! The command line as a user meets it: exit code, standard output and standard error of the real program.

mod can_pull;
mod check;
mod condition;
mod docs;
mod explain;
mod formats;
mod inventory;
mod lint;
mod pack;
mod self_test;
mod transcripts;
mod usage;

use std::fmt;

use assert_cmd::Command;

/// What one run of the program gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self}"))
    }

    /// The standard output as JSON lines.
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Everything at once, for snapshots.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr } = self;
        write!(f, "exit code: {code}\n----- stdout -----\n{stdout}----- stderr -----\n{stderr}")
    }
}

/// Runs the program in the project's folder, with nothing of the caller's settings.
pub(crate) fn run(args: &[&str]) -> Run {
    run_with(args, "")
}

/// Runs the program with this on standard input.
pub(crate) fn run_with(args: &[&str], stdin: impl Into<Vec<u8>>) -> Run {
    finish(program().args(args).write_stdin(stdin))
}

/// The program, not yet started.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acr-admission"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ACR_ADMISSION_") {
            command.env_remove(name);
        }
    }
    command
}

/// Waits for the end.
pub(crate) fn finish(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The arguments that every judging command of the tests ends with.
pub(crate) const ESTATE: [&str; 4] = ["--inventory", "tests/fixtures/az", "--now", "2026-11-22T12:00:00Z"];

/// `args`, then [`ESTATE`].
pub(crate) fn judging<'a>(args: &[&'a str]) -> Vec<&'a str> {
    args.iter().copied().chain(ESTATE).collect()
}
