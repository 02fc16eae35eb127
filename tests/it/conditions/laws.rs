//! Laws that hold for every condition.
//!
//! Conditions are made as text, so that every tree is one that the parser made.

use acr_admission::engine::condition::{
    AttributeValue, Condition, Facts, OPERATORS, Operator, QUANTIFIERS, Quantifier, REPOSITORY_NAME, Truth,
};
use acr_admission::report::{Evaluation, PartRow, truth_word};
use proptest::prelude::*;

const ACTION: &str = "Microsoft.ContainerRegistry/registries/repositories/content/read";

proptest! {
    // A find becomes a row of a table, not a file of seeds.
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printing_and_reading_gives_the_same_tree(text in condition()) {
        let condition = Condition::parse(&text).unwrap();
        let printed = condition.to_string();
        let again = Condition::parse(&printed).unwrap();
        prop_assert_eq!(&again, &condition, "{}", printed);
        prop_assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn laying_out_and_reading_gives_the_same_tree(text in condition()) {
        let condition = Condition::parse(&text).unwrap();
        let laid_out = condition.over_lines();
        let again = Condition::parse(&laid_out).unwrap();
        prop_assert_eq!(&again, &condition, "{}", laid_out);
        prop_assert_eq!(again.over_lines(), laid_out);
        prop_assert_eq!(again.to_string(), condition.to_string());
    }

    #[test]
    fn what_an_evaluation_shows_adds_up_to_its_result(text in condition(), repository in repository()) {
        let condition = Condition::parse(&text).unwrap();
        let facts = facts(repository);
        let evaluation = Evaluation::of(&text, Ok(&condition), &facts);
        prop_assert_eq!(evaluation.result, truth_word(condition.evaluate(&facts)));
        let root = evaluation.root.unwrap();
        prop_assert_eq!(root.result, evaluation.result);
        adds_up(&root);
    }

    #[test]
    fn specialising_changes_no_value(text in condition(), repository in repository()) {
        let condition = Condition::parse(&text).unwrap();
        let expected = condition.evaluate(&facts(repository));
        let test = condition.specialise(ACTION);
        prop_assert_eq!(test.evaluate(repository), expected);
        if let Some(constant) = test.constant() {
            prop_assert_eq!(constant, expected);
        }
    }

    #[test]
    fn not_and_or_keep_their_laws(left in condition(), right in condition(), repository in repository()) {
        let value = |text: String| Condition::parse(&text).unwrap().specialise(ACTION).evaluate(repository);
        let (a, b) = (value(left.clone()), value(right.clone()));
        prop_assert_eq!(value(format!("!({left})")), !a);
        prop_assert_eq!(value(format!("NOT(NOT ({left}))")), a);
        prop_assert_eq!(value(format!("({left}) AND ({right})")), a.and(b));
        prop_assert_eq!(value(format!("({left}) OR ({right})")), a.or(b));
        prop_assert_eq!(value(format!("!(({left}) && ({right}))")), value(format!("(!({left})) || (!({right}))")));
        prop_assert_eq!(value(format!("({left}) AND ({right})")), value(format!("({right}) AND ({left})")));
    }

    #[test]
    fn no_text_makes_it_panic(text in any_text()) {
        match Condition::parse(&text) {
            Ok(condition) => { let _ = condition.evaluate(&facts(Some("a"))); }
            Err(error) => {
                prop_assert!(text.get(error.span()).is_some(), "{error} has a span outside the text");
                prop_assert!(error.line() >= 1 && error.column() >= 1);
            }
        }
    }
}

#[test]
fn three_values_follow_the_published_tables() {
    use Truth::{False, True, Unknown};
    for (a, b, and, or) in [
        (True, True, True, True),
        (True, False, False, True),
        (True, Unknown, Unknown, True),
        (False, False, False, False),
        (False, Unknown, False, Unknown),
        (Unknown, Unknown, Unknown, Unknown),
    ] {
        assert_eq!((a.and(b), b.and(a), a.or(b), b.or(a)), (and, and, or, or), "{a:?} {b:?}");
    }
    assert_eq!((!True, !False, !Unknown), (False, True, Unknown));
    assert_eq!((True.grants(), False.grants(), Unknown.grants()), (true, false, false));
}

#[test]
fn every_operator_parses_with_its_literal_in_any_case_and_quantified_only_where_allowed() {
    for operator in OPERATORS {
        let literal = literal_for(operator);
        for name in [operator.name.to_owned(), operator.name.to_lowercase(), operator.name.to_uppercase()] {
            let text = format!("@Request[x] {name} {literal}");
            let printed =
                Condition::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string();
            assert!(printed.contains(&format!(" {} ", operator.name)), "{printed}");
        }
        for (quantifier, _) in QUANTIFIERS {
            let text = format!("@Request[x] {quantifier}:{} {{{literal}}}", operator.name);
            assert_eq!(Condition::parse(&text).is_ok(), operator.quantifiable, "{text}");
        }
        assert_eq!(Operator::named(&operator.name.to_lowercase()), Some(operator));
        assert_eq!(
            operator.name.contains("Not"),
            operator.sense == acr_admission::engine::condition::Sense::Negated
        );
    }
    for &(name, quantifier) in QUANTIFIERS {
        assert_eq!(quantifier.name(), name);
        assert_eq!(Quantifier::named(name), Some(quantifier));
    }
    let mut names: Vec<_> = OPERATORS.iter().map(|operator| operator.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), OPERATORS.len());
}

/// The result of a part follows from those of its parts, and a part stands where it says.
fn adds_up(part: &PartRow) {
    let below: Vec<&str> = part.parts.iter().map(|part| part.result).collect();
    let rank = |result: &&str| ["false", "unknown", "true"].iter().position(|word| word == result).unwrap();
    let expected = match part.kind {
        "and" => below.iter().copied().min_by_key(rank),
        "or" => below.iter().copied().max_by_key(rank),
        "not" => below.first().map(|word| ["true", "unknown", "false"][rank(word)]),
        _ => None,
    };
    assert_eq!(expected.unwrap_or(part.result), part.result, "{part:#?}");
    assert_eq!(below.is_empty(), !["and", "or", "not"].contains(&part.kind), "{part:#?}");
    part.parts.iter().for_each(adds_up);
}

fn literal_for(operator: &Operator) -> &'static str {
    use acr_admission::engine::condition::Family;
    match operator.family {
        Family::Text => "'a*'",
        Family::Number => "-10",
        Family::DateTime => "'2023-05-01T13:00:00.0Z'",
        Family::Boolean => "true",
        Family::Guid => "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    }
}

fn facts(repository: Option<&str>) -> Facts<'_> {
    let mut facts = Facts::new(ACTION);
    facts.request =
        repository.into_iter().map(|name| (REPOSITORY_NAME, AttributeValue::Text(name.into()))).collect();
    facts
}

fn repository() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![
        None,
        Some("a"),
        Some("b"),
        Some("a/b"),
        Some("A/B"),
        Some("ab*"),
        Some(""),
        Some("7f951dda-4ed3-4680-a7ca-43fe172d538d"),
        Some("2023-05-01T13:00:00.0Z"),
    ])
}

/// A whole condition: comparisons joined and negated at random.
fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        8 => comparison(),
        2 => attribute().prop_map(|attribute| format!("Exists {attribute}")),
        1 => Just(format!("ActionMatches{{'{ACTION}'}}")),
        1 => Just("ActionMatches{'*/write'}".to_owned()),
        1 => Just("SubOperationMatches{'*'}".to_owned()),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            2 => inner.clone().prop_map(|operand| format!("!({operand})")),
            1 => inner.clone().prop_map(|operand| format!("NOT NOT ({operand})")),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|operands| join(&operands, " AND ")),
            2 => prop::collection::vec(inner, 2..4).prop_map(|operands| join(&operands, "||")),
        ]
    })
}

fn join(operands: &[String], connective: &str) -> String {
    operands.iter().map(|operand| format!("({operand})")).collect::<Vec<_>>().join(connective)
}

fn attribute() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        format!("@Request[{REPOSITORY_NAME}]"),
        format!("@Request[{REPOSITORY_NAME}]"),
        format!("@request[{}]", REPOSITORY_NAME.to_uppercase()),
        format!("@Resource[{REPOSITORY_NAME}]"),
        "@Request[subOperation]".to_owned(),
        "@Environment[UtcNow]".to_owned(),
        "@Resource[a/tags:Some Key<$key_case_sensitive$>]".to_owned(),
        "@Request[a/tags&$keys$&]".to_owned(),
    ])
}

fn comparison() -> impl Strategy<Value = String> {
    let sides = || (attribute(), prop::collection::vec(0..4_usize, 1..4));
    let quantifier = prop::option::of(prop::sample::select(QUANTIFIERS));
    (prop::sample::select(OPERATORS.iter().collect::<Vec<_>>()), quantifier, sides(), sides(), 0..4_u8)
        .prop_map(|(operator, quantifier, left, right, shape)| {
            let quantifier = quantifier.filter(|_| operator.quantifiable);
            let side = |(attribute, picks): &(String, Vec<usize>), literal: bool| {
                let literals: Vec<_> = picks.iter().map(|&pick| literals_for(operator)[pick]).collect();
                match (literal, quantifier) {
                    (false, _) => attribute.clone(),
                    (true, Some(_)) => format!("{{{}}}", literals.join(",")),
                    (true, None) => literals[0].to_owned(),
                }
            };
            let (left, right) =
                (side(&left, shape == 1 || shape == 3), side(&right, shape != 1 && shape != 2));
            let prefix = quantifier.map_or(String::new(), |(name, _)| format!("{name}:"));
            format!("{left} {prefix}{} {right}", operator.name)
        })
}

fn literals_for(operator: &Operator) -> [&'static str; 4] {
    use acr_admission::engine::condition::Family;
    match operator.family {
        Family::Text => ["'a'", "'A/*'", "'a?b'", "''"],
        Family::Number => ["1", "-10", "007", "9223372036854775807"],
        Family::DateTime => [
            "'2023-05-01T13:00:00.0Z'",
            "'2023-05-01T13:00:00Z'",
            "'2022-06-01T23:38:32.8883645Z'",
            "'1969-12-31T23:59:59.9999999Z'",
        ],
        Family::Boolean => ["true", "false", "True", "FALSE"],
        Family::Guid => [
            "7f951dda-4ed3-4680-a7ca-43fe172d538d",
            "7F951DDA4ED34680A7CA43FE172D538D",
            "00000000000000000000000000000000",
            "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        ],
    }
}

/// Shreds of conditions and anything else.
fn any_text() -> impl Strategy<Value = String> {
    let shred = prop_oneof![
        prop::sample::select(vec![
            "(",
            ")",
            "{",
            "}",
            ",",
            "!",
            "!=",
            "&&",
            "||",
            "&",
            "|",
            "AND",
            "or",
            "NOT ",
            "Exists ",
            "null ",
            " ",
            "\n",
            "\r\n",
            "@Request[x]",
            "@Request[",
            "@",
            "'a'",
            "'",
            "StringEquals ",
            "ForAnyOfAnyValues:",
            "ForAllOfAllValues:StringLike",
            "ActionMatches{'*'}",
            "ActionMatches",
            "true",
            "-1",
            "1.5",
            "Request[",
            "<$key_case_sensitive$>",
            "\u{a0}",
            "‘",
            "//",
            "--",
            "é",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    prop::collection::vec(shred, 0..12).prop_map(|shreds| shreds.concat())
}
