//! The transcripts of the documentation are what the program prints about the estate of the tests, whole.
//!
//! With `ACR_ADMISSION_UPDATE_DOCS=1` they are written anew.

use std::fmt::Write as _;
use std::fs;

use super::{judging, run};

/// Pages with transcripts, and how many there are at least.
const PAGES: [(&str, usize); 3] = [("docs/conditions.md", 6), ("docs/explain.md", 8), ("docs/lint.md", 1)];

#[test]
fn the_transcripts_are_what_the_program_prints() {
    for (page, fewest) in PAGES {
        let path = format!("{}/{page}", env!("CARGO_MANIFEST_DIR"));
        let written = fs::read_to_string(&path).unwrap();
        let (fresh, transcripts) = with_fresh_transcripts(&written);
        if std::env::var_os("ACR_ADMISSION_UPDATE_DOCS").is_some() {
            fs::write(&path, &fresh).unwrap();
        }
        assert!(transcripts >= fewest, "{page} has {transcripts} transcripts");
        assert!(written == fresh, "{page} is stale: run the tests once with ACR_ADMISSION_UPDATE_DOCS=1");
    }
}

fn with_fresh_transcripts(page: &str) -> (String, usize) {
    let mut blocks = page.split("```console\n");
    let mut fresh = blocks.next().unwrap().to_owned();
    let mut transcripts = 0;
    for block in blocks {
        let (transcript, rest) = block.split_once("```").unwrap();
        let command = transcript.lines().next().unwrap();
        let args: Vec<&str> = command.strip_prefix("$ acr-admission ").unwrap().split(' ').collect();
        // A condition's text is judged without an estate.
        let printed = if args[0] == "condition" { run(&args) } else { run(&judging(&args)) }.stdout;
        write!(fresh, "```console\n{command}\n{printed}```{rest}").unwrap();
        transcripts += 1;
    }
    (fresh, transcripts)
}
