//! Skipping out loud: a test that cannot run says why, is counted by `tests/run`, and fails where skips are
//! not allowed.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// Says that the running test is skipped. Write `return skip("…")`, never go on after it.
pub(crate) fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    assert!(env::var_os("ACR_ADMISSION_NO_SKIPS").is_none(), "{test} must not be skipped here: {reason}");
    println!("skipped: {test}: {reason}");
    if let Some(log) = env::var_os("ACR_ADMISSION_SKIP_LOG") {
        let mut log = OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "{test}: {reason}").unwrap();
    }
}

/// The folder of inputs that others wrote, which is not part of this repository.
pub(crate) fn real_inputs() -> Option<PathBuf> {
    let folder = env::var_os("ACR_ADMISSION_REAL_INPUTS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/real"),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}
