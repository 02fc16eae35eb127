//! What people read when they made one of the usual mistakes: message, remedy and underlined text.

use acr_admission::engine::condition::Condition;
use serde::Deserialize;

use super::support::yaml_cases;

#[test]
fn names_the_operator_that_was_meant() {
    expect_error("@Request[x] StringEqual 'a'", "1:13: E_OPERATOR_UNKNOWN: unknown operator `StringEqual`")
        .underlines("StringEqual")
        .helps("did you mean `StringEquals`?");
}

#[test]
fn says_that_an_operator_is_of_another_dialect() {
    expect_error(
        "@Request[x] StringContains 'a'",
        "1:13: E_OP_UNPUBLISHED: `StringContains` is not part of the published language",
    )
    .underlines("StringContains")
    .helps("use StringStartsWith, or StringLike with `*`");
}

#[test]
fn asks_for_quotes() {
    expect_error("@Request[x]\n StringEquals hello-world", "2:15: E_UNQUOTED: `hello-world` has no quotes")
        .underlines("hello-world")
        .helps("string values need single quotes: 'hello-world'");
}

#[test]
fn recognises_what_a_word_processor_did() {
    expect_error("@Request[x] StringEquals ‘a’", "1:26: E_CHAR: U+2018 is a typographic quote")
        .underlines("‘")
        .helps("retype it as a plain single quote");
}

#[test]
fn recognises_what_a_shell_did() {
    let mut expected = expect_error(
        "@Resource[a/tags:P<$>] StringEquals 'a'",
        "1:1: E_ATTR_KEY: the suffix of the attribute key is not `<$key_case_sensitive$>`",
    )
    .underlines("@Resource[a/tags:P<$>]");
    assert!(expected.help.take().unwrap().starts_with("keep each `$`"));
    expect_error("!(ActionMatches{a/read})", "1:17: E_FUNC_ARG: ActionMatches takes one quoted pattern")
        .underlines("a")
        .helps("write ActionMatches{'…'}; a shell may have removed the quotes");
}

#[test]
fn asks_for_parentheses_where_and_meets_or() {
    expect_error(
        "Exists @Request[a] AND Exists @Request[b] OR Exists @Request[c]",
        "1:43: E_AMBIGUOUS: AND and OR are mixed without parentheses",
    )
    .underlines("OR")
    .helps("write (a AND b) OR c, or a AND (b OR c)");
}

#[test]
fn says_the_same_in_every_corner() {
    #[derive(Deserialize)]
    struct Case {
        condition: String,
        error: String,
        help: Option<String>,
        underlined: Option<String>,
    }
    let mut wrong = Vec::new();
    for Case { condition, error, help, underlined } in yaml_cases::<Case>("faults.yaml") {
        let Err(found) = Condition::parse(&condition) else {
            wrong.push(format!("{condition:?} is accepted"));
            continue;
        };
        if found.to_string() != error {
            wrong.push(format!("{condition:?}\n  expected {error}\n  found    {found}"));
        }
        if help.is_some() && help.as_deref() != found.help() {
            wrong.push(format!("{condition:?}\n  expected {help:?}\n  found    {:?}", found.help()));
        }
        let part = condition.get(found.span());
        if underlined.is_some() && underlined.as_deref() != part {
            wrong.push(format!("{condition:?}\n  expected {underlined:?}\n  found    {part:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct Expected {
    text: &'static str,
    span: std::ops::Range<usize>,
    help: Option<String>,
}

fn expect_error(text: &'static str, printed: &str) -> Expected {
    let error = Condition::parse(text).expect_err(text);
    assert_eq!(error.to_string(), printed);
    Expected { text, span: error.span(), help: error.help().map(str::to_owned) }
}

impl Expected {
    #[track_caller]
    fn underlines(self, part: &str) -> Self {
        assert_eq!(self.text.get(self.span.clone()), Some(part));
        self
    }

    #[track_caller]
    fn helps(&self, help: &str) {
        assert_eq!(self.help.as_deref(), Some(help));
    }
}
