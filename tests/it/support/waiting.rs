//! How tests wait for another process: they ask until it is so, and give up at a limit.

use std::thread;
use std::time::{Duration, Instant};

#[track_caller]
pub(crate) fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    assert!(comes_true(condition), "waited {LIMIT:?} in vain until {what}");
}

/// For callers that have more to say than that they waited in vain.
pub(crate) fn comes_true(mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(BETWEEN_QUESTIONS);
    }
    true
}

/// Far more than anything here takes, for machines that compile on all cores at the same time.
const LIMIT: Duration = Duration::from_secs(120);
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(50);
