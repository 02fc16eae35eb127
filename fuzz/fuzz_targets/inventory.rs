//! Exported data of Azure. What must hold is in the module that the tests replay the corpus with.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/corpora/inventory.rs"]
mod inventory;

fuzz_target!(|input: &[u8]| inventory::check(input));
