//! Any file gives objects and problems, each with a line that is in it.

#![no_main]

use acr_admission::workload::manifest::Manifests;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut manifests = Manifests::default();
    manifests.read("in", bytes);
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    for line in manifests
        .objects
        .iter()
        .map(|object| object.line)
        .chain(manifests.problems.iter().map(|problem| problem.line))
    {
        assert!((1..=lines).contains(&line), "line {line} of {lines}");
    }
    let _ = format!("{manifests:?}");
});
