//! Image references. What must hold is in the module that the tests replay the corpus with.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/corpora/image.rs"]
mod image;
#[path = "../../tests/it/corpora/text.rs"]
mod text;

fuzz_target!(|input: &[u8]| image::check(input));
