//! Any text either parses, and then prints as a text of the same tree and has a value, or has a fault with a place.

#![no_main]

use acr_admission::engine::condition::{
    AttributeValue, Condition, Facts, MAX_LENGTH, Profile, REPOSITORY_NAME,
};
use libfuzzer_sys::fuzz_target;

const READ: &str = "Microsoft.ContainerRegistry/registries/repositories/content/read";

fuzz_target!(|text: &str| {
    let condition = match Condition::parse(text) {
        Ok(condition) => condition,
        Err(error) => {
            assert!(text.get(error.span()).is_some(), "{error}: the span is outside the text");
            return;
        }
    };
    let printed = condition.to_string();
    // The canonical form can be longer than the text it was read from.
    if printed.len() <= MAX_LENGTH {
        let again = Condition::parse(&printed).expect("what is printed parses");
        assert!(again == condition, "printing changed the tree: {printed}");
    }
    let _ = condition.validate(Profile::ContainerRegistry);
    let test = condition.specialise(READ);
    for repository in [None, Some("team-a/app")] {
        let mut facts = Facts::new(READ);
        facts.request =
            repository.into_iter().map(|name| (REPOSITORY_NAME, AttributeValue::Text(name.into()))).collect();
        assert_eq!(test.evaluate(repository), condition.evaluate(&facts));
    }
});
