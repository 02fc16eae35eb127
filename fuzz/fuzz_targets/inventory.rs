//! Exported data, given anything: an inventory or errors with a place, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The name plays a part for member lists: a group that the input may define itself.
    let document = ("members.readers.json".to_owned(), bytes.to_vec());
    match acr_admission::inventory::from_documents([document]) {
        Ok(loaded) => drop(loaded),
        Err(errors) => assert!(!errors.as_slice().is_empty()),
    }
});
