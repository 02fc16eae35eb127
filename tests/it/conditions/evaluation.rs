//! Every vector of the fixtures has its result, whole and specialised.

use acr_admission::engine::condition::{Condition, REPOSITORY_NAME, Truth};
use serde_json::Value;

use super::support::{Vector, cases};

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
    let read = condition.specialise("Microsoft.ContainerRegistry/registries/repositories/content/read");
    assert_eq!((read.tests(), read.constant()), (1, None));
    assert_eq!(read.evaluate(Some("Backend/api")), Truth::True);
    assert_eq!(read.evaluate(Some("backend")), Truth::False);
    assert_eq!(read.evaluate(None), Truth::Unknown);
    let write = condition.specialise("Microsoft.ContainerRegistry/registries/repositories/content/write");
    assert_eq!((write.tests(), write.constant()), (0, Some(Truth::True)));
}

#[test]
fn tells_unknown_from_false() {
    for (text, repository, expected) in [
        ("@Request[n] StringEquals 'a'", Some("a"), Truth::True),
        ("@Request[n] StringEquals 'a'", Some("b"), Truth::False),
        ("@Request[n] StringEquals 'a'", None, Truth::Unknown),
        ("NOT @Request[n] StringEquals 'a'", None, Truth::Unknown),
        ("Exists @Request[n]", None, Truth::False),
        ("NOT Exists @Request[n] OR @Request[n] StringEquals 'a'", None, Truth::True),
        ("@Resource[n] StringEquals 'a' AND @Request[n] StringEquals 'a'", Some("b"), Truth::False),
        ("@Resource[n] StringEquals 'a' AND @Request[n] StringEquals 'a'", Some("a"), Truth::Unknown),
        ("@Resource[n] StringEquals 'a' OR @Request[n] StringEquals 'a'", Some("a"), Truth::True),
        ("@Resource[n] StringEquals 'a' OR @Request[n] StringEquals 'a'", Some("b"), Truth::Unknown),
        ("@Request[n] NumericEquals 1", Some("1"), Truth::Unknown),
        ("@Request[n] GuidEquals 7f951dda4ed34680a7ca43fe172d538d", Some("no"), Truth::Unknown),
        (
            "@Request[n] GuidEquals 7f951dda4ed34680a7ca43fe172d538d",
            Some("7F951DDA-4ED3-4680-A7CA-43FE172D538D"),
            Truth::True,
        ),
        ("@Request[n] StringStartsWith @Request[n]", Some("a"), Truth::True),
        ("'a' StringLike @Request[n]", Some("?"), Truth::True),
        ("{'a', 'b'} ForAllOfAnyValues:StringLike @Request[n]", Some("*"), Truth::True),
        ("{'a', 'b'} ForAllOfAnyValues:StringEquals @Request[n]", Some("a"), Truth::False),
        ("{'a', 'b'} ForAnyOfAllValues:StringEquals @Request[n]", Some("a"), Truth::True),
        ("@Request[n] ForAnyOfAnyValues:StringNotEquals {'a', 'b'}", Some("a"), Truth::True),
        ("@Request[n] ForAnyOfAllValues:StringNotEquals {'a', 'b'}", Some("a"), Truth::False),
        ("NOT @Request[n] ForAnyOfAllValues:StringNotEquals {'a', 'b'}", Some("a"), Truth::True),
        ("@Request[subOperation] StringEquals 'a'", Some("a"), Truth::Unknown),
        ("@Request[n] ForAnyOfAnyValues:StringLike @Request[subOperation]", Some("a"), Truth::False),
        ("@Request[n] ForAnyOfAnyValues:StringLike @Request[subOperation]", None, Truth::Unknown),
        ("@Request[n] StringLike @Request[subOperation]", Some("a"), Truth::Unknown),
        ("NOT @Request[subOperation] ForAnyOfAnyValues:StringEquals {'a'}", Some("a"), Truth::True),
        ("1 NumericLessThan 2 AND 'a' StringEquals 'a'", None, Truth::True),
        ("@Request[n] StringEqualsIgnoreCase 'straße'", Some("STRAßE"), Truth::True),
        ("@Request[n] StringEqualsIgnoreCase 'ÄÖ'", Some("äö"), Truth::True),
        ("@Request[n] StringEqualsIgnoreCase 'admin'", Some("admın"), Truth::False),
        ("@Request[n] StringStartsWithIgnoreCase 'Ä/'", Some("ä/b"), Truth::True),
        ("@Request[n] StringLikeIgnoreCase 'A*\\?'", Some("abc?"), Truth::True),
        ("@Request[n] StringLikeIgnoreCase 'A*\\?'", Some("abc"), Truth::False),
    ] {
        let text = text.replace("[n]", &format!("[{REPOSITORY_NAME}]"));
        let condition = Condition::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let specialised = condition.specialise("any/action");
        assert_eq!(specialised.evaluate(repository), expected, "{text} for {repository:?}");
    }
}
