//! Bodies of admission reviews. What must hold is in the module that the tests replay the corpus with.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/corpora/review.rs"]
mod review;

fuzz_target!(|input: &[u8]| review::check(input));
