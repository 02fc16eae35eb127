//! Skipping out loud: a test that cannot run says why, is counted by `tests/run`, and fails where skips are
//! not allowed.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// Says that the running test is skipped. Write `return skip("…")`, never go on after it.
pub(crate) fn skip(reason: &str) {
    let test = running_test();
    assert!(env::var_os("ACR_ADMISSION_NO_SKIPS").is_none(), "{test} must not be skipped here: {reason}");
    say(&format!("{test}: {reason}"));
}

/// The folder of inputs that others wrote, which is not part of this repository and which nobody can be asked to have.
/// A test without them is counted as skipped, and is no failure where skips are not allowed: write
/// `let Some(inputs) = real_inputs() else { return };`.
pub(crate) fn real_inputs() -> Option<PathBuf> {
    let Some(folder) = env::var_os("ACR_ADMISSION_REAL_INPUTS").map(PathBuf::from) else {
        say(&format!("{OPTIONAL}{}: ACR_ADMISSION_REAL_INPUTS names no folder", running_test()));
        return None;
    };
    assert!(folder.is_dir(), "ACR_ADMISSION_REAL_INPUTS names `{}`, which is no folder", folder.display());
    Some(folder)
}

fn say(line: &str) {
    println!("skipped: {line}");
    if let Some(log) = env::var_os("ACR_ADMISSION_SKIP_LOG") {
        let mut log = OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "{line}").unwrap();
    }
}

fn running_test() -> String {
    std::thread::current().name().unwrap_or("?").to_owned()
}

/// How `tests/run` tells these skips from the others.
const OPTIONAL: &str = "optional: ";
