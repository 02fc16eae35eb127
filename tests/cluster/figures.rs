//! What the suite measures, for docs/testing.md.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;

/// Prints a figure, and appends it to the file that `ACR_ADMISSION_FIGURES` names: a test's own output is only shown
/// when it fails.
pub(crate) fn figure(what: &str, value: &str) {
    println!("figure: {what}: {value}");
    if let Some(file) = env::var_os("ACR_ADMISSION_FIGURES") {
        let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
        writeln!(file, "{what}: {value}").unwrap();
    }
}
