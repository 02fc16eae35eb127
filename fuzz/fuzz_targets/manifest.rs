//! Manifest files. What must hold is in the module that the tests replay the corpus with.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/corpora/manifest.rs"]
mod manifest;

fuzz_target!(|input: &[u8]| manifest::check(input));
