//! Every text of the fixtures is accepted or refused, at the right place and with the right code.

use acr_admission::engine::condition::{Condition, Profile, validate_version};
use serde::Deserialize;

use super::support::{Vector, cases};

#[derive(Deserialize)]
struct Valid {
    id: String,
    condition: String,
}

#[derive(Deserialize)]
struct Invalid {
    id: String,
    condition: String,
    at: String,
    code: String,
    phase: String,
    profile: Option<String>,
}

#[derive(Deserialize)]
struct Undocumented {
    id: String,
    condition: String,
    decision: String,
    at: Option<String>,
    code: Option<String>,
}

#[test]
fn accepts_every_valid_condition_and_prints_it_so_that_it_reads_the_same() {
    for Valid { id, condition: text } in cases("valid.json") {
        let condition = Condition::parse(&text).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_prints_itself(&id, &condition);
    }
}

/// Texts that the portal wrote come back as they were.
#[test]
fn the_portals_layout_is_kept() {
    let mut seen = 0;
    for Valid { id, condition: text } in cases("valid.json") {
        let text = text.trim_end();
        let is_portals = id.starts_with("acr-") && text.starts_with("(\n (\n  !(ActionMatches");
        if is_portals && text.contains("\n )\n OR \n (\n  ") {
            assert_eq!(Condition::parse(text).unwrap().over_lines(), text, "{id}");
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn refuses_every_invalid_condition_at_its_place() {
    let mut wrong = Vec::new();
    for Invalid { id, condition, at, code, phase, profile } in cases("invalid.json") {
        let found = if phase == "validate" {
            let condition = Condition::parse(&condition).unwrap_or_else(|error| panic!("{id}: {error}"));
            let profile = match profile.as_deref() {
                Some("acr") => Profile::ContainerRegistry,
                Some("storage") => Profile::AnyService,
                other => panic!("{id}: unknown profile {other:?}"),
            };
            condition.validate(profile).into_iter().next()
        } else {
            Condition::parse(&condition).err()
        };
        let found = found.map_or("accepted".to_owned(), |error| {
            format!("{}:{} {}", error.line(), error.column(), error.code())
        });
        let expected = format!("{at} {code}");
        if found != expected {
            wrong.push(format!("{id}: expected {expected}, found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn decides_what_is_not_published_as_written_down() {
    let mut wrong = Vec::new();
    for Undocumented { id, condition, decision, at, code } in cases("syntax-undocumented.json") {
        let found = match Condition::parse(&condition) {
            Ok(condition) => {
                assert_prints_itself(&id, &condition);
                "accept".to_owned()
            }
            Err(error) => format!("reject {}:{} {}", error.line(), error.column(), error.code()),
        };
        let expected = match (at, code) {
            (Some(at), Some(code)) => format!("{decision} {at} {code}"),
            _ => decision,
        };
        if found != expected {
            wrong.push(format!("{id}: expected {expected}, found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn finds_nothing_wrong_with_the_attributes_of_registry_conditions() {
    for vector in cases::<Vector>("eval.json").iter().filter(|vector| vector.id.starts_with("acr-")) {
        let condition = Condition::parse(&vector.condition).unwrap();
        assert_eq!(condition.validate(Profile::ContainerRegistry), [], "{}", vector.id);
    }
}

#[test]
fn knows_one_version() {
    assert!(validate_version(None).is_ok());
    assert!(validate_version(Some("2.0")).is_ok());
    let error = validate_version(Some("1.0")).unwrap_err();
    assert_eq!(error.to_string(), "1:1: E_VERSION: `conditionVersion` is `1.0`, only `2.0` exists");
}

fn assert_prints_itself(id: &str, condition: &Condition) {
    let printed = condition.to_string();
    let again = Condition::parse(&printed).unwrap_or_else(|error| panic!("{id}: {error}\n{printed}"));
    assert_eq!(&again, condition, "{id}");
    assert_eq!(again.to_string(), printed, "{id}");
}
