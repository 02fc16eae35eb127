//! The longest and deepest texts that are legal cost neither stack nor time.

use std::thread;
use std::time::{Duration, Instant};

use acr_admission::engine::condition::{Code, Condition, ConditionError, Facts, MAX_LENGTH, REPOSITORY_NAME};

/// Less than one page for each thousand levels: a recursive walk would not survive it.
const SMALL_STACK: usize = 64 * 1024;

#[test]
fn nothing_recurses() {
    let test = "1 NumericEquals 1";
    let short = "Exists@Request[a]";
    let depth = (MAX_LENGTH - test.len()) / 2;
    let joined = (MAX_LENGTH - short.len()) / (short.len() + 4);
    for text in [
        "(".repeat(MAX_LENGTH),
        "!".repeat(MAX_LENGTH),
        format!("{}{test}{}", "(".repeat(depth), ")".repeat(depth)),
        format!("{}{test}", "!".repeat(MAX_LENGTH - test.len())),
        format!("{}{test}{}", "!(".repeat(depth / 2), ")".repeat(depth / 2)),
        format!("{}{short}{}", format!("{short}&&(").repeat(joined), ")".repeat(joined)),
        format!("{}{short}{}", "(".repeat(joined), format!("||{short})").repeat(joined)),
    ] {
        let worker = thread::Builder::new().stack_size(SMALL_STACK).spawn(move || exercise(&text));
        worker.unwrap().join().unwrap();
    }
}

fn exercise(text: &str) {
    assert!(text.len() <= MAX_LENGTH);
    let started = Instant::now();
    if let Ok(condition) = Condition::parse(text) {
        let _ = condition.evaluate(&Facts::new("a"));
        let _ = condition.specialise("a").evaluate(Some("a"));
        let printed = condition.to_string();
        if printed.len() <= MAX_LENGTH {
            assert!(Condition::parse(&printed).unwrap() == condition);
        }
        drop(condition.clone());
    }
    // Generous: it takes about a millisecond without optimisation.
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn counts_the_limit_in_bytes() {
    let longest = format!("{}@Request[{REPOSITORY_NAME}] StringEquals 'a'", " ".repeat(MAX_LENGTH - 83));
    assert_eq!(longest.len(), MAX_LENGTH);
    assert!(Condition::parse(&longest).is_ok());
    let error = Condition::parse(&format!("{longest} ")).unwrap_err();
    assert_eq!((error.code(), error.line(), error.column()), (Code::TooLong, 1, 1));
    assert_eq!(error.to_string(), "1:1: E_TOO_LONG: the condition has 8193 bytes, the limit is 8192");
}

#[test]
fn many_stars_do_not_explode() {
    let pattern = "a*".repeat(2000);
    let name = "a".repeat(255);
    let text = format!("@Request[{REPOSITORY_NAME}] StringLikeIgnoreCase '{pattern}b'");
    let started = Instant::now();
    let specialised = Condition::parse(&text).unwrap().specialise("any");
    assert!(!specialised.evaluate(Some(&name)).grants());
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[test]
fn a_condition_is_small_once_specialised() {
    use acr_admission::engine::condition::RepositoryTest;
    assert!(size_of::<RepositoryTest>() <= 16, "{}", size_of::<RepositoryTest>());
    assert!(size_of::<ConditionError>() <= 96, "{}", size_of::<ConditionError>());
}
