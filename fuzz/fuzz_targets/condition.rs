//! Text of role-assignment conditions. What must hold is in the module that the tests replay the corpus with.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/corpora/condition.rs"]
mod condition;
#[path = "../../tests/it/corpora/text.rs"]
mod text;

fuzz_target!(|input: &[u8]| condition::check(input));
