//! Any body either is a review whose object is examined, or is refused.

#![no_main]

use acr_admission::review::{AdmissionRequest, UnchangedObjects};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    match AdmissionRequest::parse(body) {
        Ok(request) => {
            assert!(!request.uid.is_empty());
            let _ = request.examine(UnchangedObjects::Judge);
            let _ = request.examine(UnchangedObjects::Skip);
        }
        Err(error) => assert!(error.uid.is_none_or(|uid| !uid.is_empty())),
    }
});
