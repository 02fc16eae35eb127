//! Values of pull secrets. What must hold is in the module that the tests replay the corpus with.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/corpora/secret.rs"]
mod secret;
#[path = "../../tests/it/corpora/text.rs"]
mod text;

fuzz_target!(|input: &[u8]| secret::check(input));
