//! Every vector of the fixtures has its result, whole and specialised.

use acr_admission::engine::condition::{AttributeValue, Condition, Facts, REPOSITORY_NAME, Truth};
use serde::Deserialize;
use serde_json::Value;

use super::support::{Vector, cases, yaml_cases};

const READ: &str = "Microsoft.ContainerRegistry/registries/repositories/content/read";

#[test]
fn gives_every_published_result() {
    assert_vectors("eval.json");
}

#[test]
fn gives_every_result_that_was_decided_here() {
    assert_vectors("eval-undocumented.json");
}

fn assert_vectors(file: &str) {
    let mut wrong = Vec::new();
    let mut specialised = 0;
    for vector in cases::<Vector>(file) {
        let condition =
            Condition::parse(&vector.condition).unwrap_or_else(|error| panic!("{}: {error}", vector.id));
        let truth = condition.evaluate(&vector.facts());
        if truth.grants() != vector.expect {
            wrong.push(format!("{}: {truth:?}", vector.id));
        }
        if !supplies_name_at_most(&vector) {
            continue;
        }
        let repository = vector.request.get(REPOSITORY_NAME).and_then(Value::as_str);
        specialised += 1;
        let test = condition.specialise(&vector.action);
        if test.evaluate(repository) != truth {
            wrong.push(format!("{}: {truth:?}, but specialised {:?}", vector.id, test.evaluate(repository)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(specialised > 10, "only {specialised} vectors of {file} could be specialised");
}

/// Whether the vector supplies the repository's name or nothing at all.
fn supplies_name_at_most(vector: &Vector) -> bool {
    let others = [&vector.resource, &vector.principal, &vector.environment];
    vector.sub_operation.is_none()
        && others.iter().all(|attributes| attributes.is_empty())
        && vector.request.iter().all(|(name, value)| name == REPOSITORY_NAME && value.is_string())
}

#[test]
fn folds_the_condition_of_the_portal_to_one_test() {
    let text = "(\n (\n  !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})\n  AND\n  \
                !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})\n )\n OR \n (\n  \
                @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWithIgnoreCase \
                'backend/'\n )\n)";
    let condition = Condition::parse(text).unwrap();
    let read = condition.specialise(READ);
    assert_eq!((read.tests(), read.constant()), (1, None));
    assert_eq!(read.evaluate(Some("Backend/api")), Truth::True);
    assert_eq!(read.evaluate(Some("backend")), Truth::False);
    assert_eq!(read.evaluate(None), Truth::Unknown);
    let write = condition.specialise("Microsoft.ContainerRegistry/registries/repositories/content/write");
    assert_eq!((write.tests(), write.constant()), (0, Some(Truth::True)));
}

#[test]
fn tells_unknown_from_false() {
    #[derive(Deserialize)]
    struct Case {
        condition: String,
        name: Option<String>,
        truth: String,
    }
    for Case { condition, name, truth } in yaml_cases::<Case>("truths.yaml") {
        let text = condition.replace("[n]", &format!("[{REPOSITORY_NAME}]"));
        let text = text.replace("[N]", &format!("[{}]", REPOSITORY_NAME.to_uppercase()));
        let expected = match truth.as_str() {
            "true" => Truth::True,
            "false" => Truth::False,
            "unknown" => Truth::Unknown,
            other => panic!("{condition}: no such truth {other}"),
        };
        let parsed = Condition::parse(&text).unwrap_or_else(|error| panic!("{condition}: {error}"));
        let mut facts = Facts::new(READ);
        facts.request =
            name.iter().map(|name| (REPOSITORY_NAME, AttributeValue::Text(name.into()))).collect();
        assert_eq!(parsed.evaluate(&facts), expected, "{condition} for {name:?}");
        let specialised = parsed.specialise(READ);
        assert_eq!(specialised.evaluate(name.as_deref()), expected, "{condition} for {name:?}, specialised");
    }
}

#[test]
fn needs_values_of_one_type_on_both_sides() {
    let list = |values: &[AttributeValue]| AttributeValue::List(values.to_vec());
    let (text, number) = (AttributeValue::Text("a".into()), AttributeValue::Integer(1));
    for (value, expected) in [
        (list(&[text.clone(), text.clone()]), Truth::True),
        (list(&[text.clone(), number.clone()]), Truth::Unknown),
        (list(&[text.clone(), AttributeValue::Other]), Truth::Unknown),
        (list(&[list(std::slice::from_ref(&text))]), Truth::Unknown),
        (list(&[]), Truth::Unknown),
        (number, Truth::Unknown),
        (text, Truth::True),
    ] {
        let condition = Condition::parse("@Resource[x] ForAnyOfAnyValues:StringEquals {'a', 'b'}").unwrap();
        let mut facts = Facts::new(READ);
        facts.resource = [("X", value.clone())].into_iter().collect();
        assert_eq!(condition.evaluate(&facts), expected, "{value:?}");
    }
}

#[test]
fn an_explanation_has_the_value_of_every_part() {
    let text = "!(ActionMatches{'*/read'}) OR (@Resource[x] StringEquals 'a' AND Exists @Request[y])";
    let condition = Condition::parse(text).unwrap();
    let truths = condition.truths(&Facts::new(READ));
    let spans = condition.nodes().iter().map(|node| node.span.range());
    let parts: Vec<_> = spans.map(|span| text.get(span).unwrap()).zip(truths).collect();
    assert_eq!(
        parts,
        [
            ("(ActionMatches{'*/read'})", Truth::True),
            ("!(ActionMatches{'*/read'})", Truth::False),
            ("@Resource[x] StringEquals 'a'", Truth::Unknown),
            ("Exists @Request[y]", Truth::False),
            ("(@Resource[x] StringEquals 'a' AND Exists @Request[y])", Truth::False),
            (text, Truth::False),
        ]
    );
}
