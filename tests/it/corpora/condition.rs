//! Any text either has a fault with a place in it, or is a condition: it then prints as a text of the same tree, which
//! prints as itself, and what is folded for one action has the value that the tree has.

use acr_admission::engine::condition::{
    AttributeValue, Condition, Facts, MAX_LENGTH, Profile, REPOSITORY_NAME,
};

use super::text::text;

const ACTIONS: [&str; 2] = [
    "Microsoft.ContainerRegistry/registries/repositories/content/read",
    "Microsoft.ContainerRegistry/registries/catalog/read",
];

pub(crate) fn check(input: &[u8]) {
    let text = text(input);
    let condition = match Condition::parse(text) {
        Ok(condition) => condition,
        Err(error) => {
            assert!(text.get(error.span()).is_some(), "{error}: the span is outside the text");
            let lines = u32::try_from(text.split('\n').count() + text.matches('\r').count()).unwrap();
            assert!((1..=lines).contains(&error.line()) && error.column() >= 1, "{error}");
            return;
        }
    };
    let printed = condition.to_string();
    // The canonical form can be longer than the text it was read from.
    if printed.len() <= MAX_LENGTH {
        let again = Condition::parse(&printed).expect("what is printed parses");
        assert!(again == condition, "printing changed the tree: {printed}");
        assert!(again.to_string() == printed, "printing twice is not printing once: {printed}");
    }
    for fault in condition.validate(Profile::ContainerRegistry) {
        assert!(text.get(fault.span()).is_some(), "{fault}: the span is outside the text");
    }
    for action in ACTIONS {
        let folded = condition.specialise(action);
        for repository in [None, Some("team-a/app")] {
            let mut facts = Facts::new(action);
            let supplied = repository.into_iter();
            facts.request =
                supplied.map(|name| (REPOSITORY_NAME, AttributeValue::Text(name.into()))).collect();
            assert_eq!(folded.evaluate(repository), condition.evaluate(&facts), "{action} {repository:?}");
        }
    }
}
