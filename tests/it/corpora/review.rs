//! Any body either is a review whose object is examined, or is refused. Whoever shows a uid gets it back, and nothing
//! that cannot be read is admitted.

use acr_admission::review::{AdmissionRequest, AdmissionResponse, Examined, UnchangedObjects};
use serde::Deserialize;

pub(crate) fn check(input: &[u8]) {
    let request = match AdmissionRequest::parse(input) {
        Ok(request) => request,
        Err(error) => {
            let refusal = error.uid.as_deref().map(|uid| AdmissionResponse::refuse(uid, error.to_string()));
            return check_answer(error.uid.as_deref(), refusal, false);
        }
    };
    check_answer(Some(&request.uid), Some(AdmissionResponse::admit(&request.uid)), true);
    let judged = request.examine(UnchangedObjects::Judge);
    let skipped = request.examine(UnchangedObjects::Skip);
    match (judged, skipped) {
        // What is skipped by the strict reading is skipped by the lenient one, and nothing unreadable is skipped.
        (Ok(Examined::Skip(strict)), Ok(Examined::Skip(lenient))) => assert_eq!(strict, lenient),
        (Ok(Examined::Judge(workload)), Ok(_)) => {
            for image in &workload.pod.images {
                assert!(!workload.pod.field(image).is_empty());
            }
        }
        (Err(strict), Err(lenient)) => assert_eq!(strict, lenient),
        (strict, lenient) => panic!("{strict:?} and {lenient:?}"),
    }
}

fn check_answer(uid: Option<&str>, response: Option<AdmissionResponse>, allowed: bool) {
    #[derive(Deserialize)]
    struct Review {
        response: Answer,
    }
    #[derive(Deserialize)]
    struct Answer {
        uid: String,
        allowed: bool,
    }
    let Some((uid, response)) = uid.zip(response) else { return };
    assert!(!uid.is_empty());
    let Review { response } = serde_json::from_slice(&response.to_json()).expect("the answer is JSON");
    assert_eq!((response.uid.as_str(), response.allowed), (uid, allowed));
}
