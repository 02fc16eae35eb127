//! Conditions that are valid and probably wrong: what their text alone shows, and what it means for a role.

use std::ops::Range;

use super::code::LintCode;
use super::coverage::{Coverage, coverage};
use super::finding::ConditionSpot;
use super::keyword::unusual_keywords;
use crate::engine::action::Permission;
use crate::engine::condition::{
    Attribute, Comparison, Condition, Expression, Extent, Family, LetterCase, Literal, Node, Operand,
    REPOSITORY_NAME, Relation, Sense, Source, Truth, line_and_column,
};

/// Something about a condition that its author should look at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConditionWarning {
    /// What kind of problem.
    pub code: LintCode,
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// The data actions of registries that carry a repository's name, so that conditions can limit them.
pub(super) const CONDITIONABLE: [&str; 6] = [
    Permission::ContentRead.as_str(),
    Permission::ContentWrite.as_str(),
    Permission::ContentDelete.as_str(),
    Permission::MetadataRead.as_str(),
    "Microsoft.ContainerRegistry/registries/repositories/metadata/write",
    Permission::MetadataDelete.as_str(),
];

/// Expressions that the portal's visual editor can show.
const MAX_EXPRESSIONS: usize = 5;

/// What the text of a condition shows, whatever role it narrows: in the order of the text.
#[must_use]
pub fn condition_warnings(condition: &Condition) -> Vec<ConditionWarning> {
    let mut found = text_warnings(condition);
    // One that never asks for a repository may be meant for another service, whose attributes nobody here knows.
    if asks_for_name(condition) {
        found.extend(coverage_warning(condition, &CONDITIONABLE));
    }
    found
}

pub(super) fn asks_for_name(condition: &Condition) -> bool {
    let sides = condition.comparisons().flat_map(|comparison| [&comparison.left, &comparison.right]);
    sides.filter_map(Operand::attribute).any(|attribute| attribute.is_called(REPOSITORY_NAME))
}

/// The same for a condition that narrows a role with these data actions; `lists_catalog` if the role may list the
/// catalog.
pub(super) fn warnings_for_role(
    condition: &Condition,
    actions: &[&'static str],
    lists_catalog: bool,
) -> Vec<ConditionWarning> {
    let mut found = text_warnings(condition);
    if !actions.is_empty() {
        match coverage_warning(condition, actions) {
            Some(warning) => found.push(warning),
            None => found.extend(open_actions(condition, actions)),
        }
    }
    if lists_catalog {
        found.extend(catalog(condition));
    }
    found
}

fn text_warnings(condition: &Condition) -> Vec<ConditionWarning> {
    let mut found = Vec::new();
    let nodes = condition.nodes();
    for (number, node) in nodes.iter().enumerate() {
        match &node.expression {
            Expression::Comparison(comparison) => {
                let negated =
                    matches!(nodes.get(number + 1), Some(next) if next.expression == Expression::Not);
                of_comparison(condition, comparison, node, negated, &mut found);
            }
            Expression::Exists(attribute) => found.extend(of_source(attribute, node.span.range())),
            Expression::ActionMatches(pattern) if pattern.contains('*') => found.push(warning(
                LintCode::WildcardActionMatches,
                node.span.range(),
                format!("`ActionMatches{{'{pattern}'}}` also covers actions that Azure adds later"),
            )),
            Expression::ActionMatches(_)
            | Expression::SubOperationMatches(_)
            | Expression::Join { .. }
            | Expression::Not => {}
        }
    }
    found.extend(unusual_keywords(condition.text()).map(|(span, word, published)| {
        warning(LintCode::KeywordCase, span, format!("`{word}` is published as `{published}`"))
    }));
    found.extend(many_expressions(condition));
    found.sort_by_key(|warning| warning.span.start);
    found
}

fn of_comparison(
    condition: &Condition,
    comparison: &Comparison,
    node: &Node,
    negated: bool,
    found: &mut Vec<ConditionWarning>,
) {
    let sides = [(&comparison.left, comparison.left_span), (&comparison.right, comparison.right_span)];
    for (operand, span) in sides {
        let Operand::Attribute(attribute) = operand else { continue };
        found.extend(of_source(attribute, span.range()));
        let is_negated = negated || comparison.operator.sense == Sense::Negated;
        if is_negated && may_be_absent(attribute) && !has_exists(condition, attribute) {
            let message =
                format!("`{attribute}` may be absent, and the comparison is then unknown, negated or not");
            found.push(warning(LintCode::NegationWithoutExists, node.span.range(), message));
        }
    }
    let is_about_name = [&comparison.left, &comparison.right]
        .into_iter()
        .filter_map(|operand| operand.attribute())
        .any(|attribute| attribute.is_called(REPOSITORY_NAME));
    for (operand, span) in sides {
        let Operand::Literals(literals) = operand else { continue };
        if is_about_name && comparison.operator.family == Family::Text {
            let texts = literals.iter().filter_map(|literal| match literal {
                Literal::Text(text) => Some(text.as_str()),
                Literal::Integer(_) | Literal::Boolean(_) | Literal::Guid(_) | Literal::DateTime(_) => None,
            });
            for text in texts {
                of_value(comparison, text, &span.range(), found);
            }
        }
        let any_of_several = literals.len() > 1
            && comparison.quantifier.is_some_and(|quantifier| quantifier.right == Extent::Any);
        if any_of_several && comparison.operator.sense == Sense::Negated {
            let message = format!(
                "every value differs from at least one of the {}, so this holds nearly always",
                literals.len()
            );
            found.push(warning(LintCode::NegatedAnyOf, node.span.range(), message));
        }
    }
}

/// A value that the repository's name is compared with.
fn of_value(comparison: &Comparison, value: &str, span: &Range<usize>, found: &mut Vec<ConditionWarning>) {
    let operator = comparison.operator;
    let is_like = operator.relation == Relation::Like;
    if operator.relation == Relation::StartsWith && !value.is_empty() && !value.ends_with('/') {
        let ends_in_wildcard = value.ends_with(['*', '?']);
        let message = format!("`{value}` also begins names such as `{value}-other/app`");
        let help =
            format!("write `'{value}/'`, and add StringEquals `'{value}'` if that repository is meant too");
        if !ends_in_wildcard {
            found.push(warning(LintCode::PrefixWithoutSlash, span.clone(), message).with_help(help));
        }
    }
    if operator.letter_case == LetterCase::Exact && value.chars().any(char::is_uppercase) {
        let message = format!("`{value}` has a capital letter; names of repositories are lower case");
        let help = format!("write `'{}'`, or use {}IgnoreCase", value.to_lowercase(), operator.name);
        found.push(warning(LintCode::CapitalInValue, span.clone(), message).with_help(help));
    }
    if !is_like && (value.contains("\\*") || value.contains("\\?")) {
        let message =
            format!("the backslash in `{value}` is a plain character: {} knows no escapes", operator.name);
        found.push(warning(LintCode::EscapeOutsideLike, span.clone(), message));
    } else if !is_like && value.contains(['*', '?']) {
        let message = format!("the wildcard in `{value}` is a plain character: {} knows none", operator.name);
        found.push(warning(LintCode::WildcardOutsideLike, span.clone(), message));
    }
}

fn of_source(attribute: &Attribute, span: Range<usize>) -> Option<ConditionWarning> {
    let is_leftover = attribute.source() == Source::Resource && attribute.is_called(REPOSITORY_NAME);
    is_leftover.then(|| {
        let message = "registries supply the repository's name in `@Request`, not in `@Resource`".to_owned();
        warning(LintCode::ResourceAttribute, span, message)
    })
}

/// What a caller may come without: custom security attributes, the network it comes from, tags. The name of what is
/// asked for is always there.
fn may_be_absent(attribute: &Attribute) -> bool {
    match attribute.source() {
        Source::Principal => true,
        Source::Environment => !attribute.is_called("UtcNow"),
        // The suffixes of dictionaries.
        Source::Request | Source::Resource => attribute.name().contains('$'),
    }
}

fn has_exists(condition: &Condition, attribute: &Attribute) -> bool {
    condition.nodes().iter().any(|node| match &node.expression {
        Expression::Exists(other) => {
            other.source() == attribute.source() && other.is_called(attribute.name())
        }
        Expression::Join { .. }
        | Expression::Not
        | Expression::ActionMatches(_)
        | Expression::SubOperationMatches(_)
        | Expression::Comparison(_) => false,
    })
}

fn many_expressions(condition: &Condition) -> Option<ConditionWarning> {
    let is_expression =
        |node: &&Node| matches!(node.expression, Expression::Comparison(_) | Expression::Exists(_));
    let count = condition.nodes().iter().filter(is_expression).count();
    (count > MAX_EXPRESSIONS).then(|| {
        let message = format!("{count} expressions; the visual editor shows at most {MAX_EXPRESSIONS}");
        warning(LintCode::ManyExpressions, 0..0, message)
    })
}

/// Whether the condition holds always or never, for all of the actions.
fn coverage_warning(condition: &Condition, actions: &[&'static str]) -> Option<ConditionWarning> {
    let all = |wanted| actions.iter().all(|action| coverage(condition, action) == wanted);
    let whole = 0..condition.text().len();
    if all(Coverage::All) {
        let message = "it holds for every repository and every action".to_owned();
        Some(warning(LintCode::ConditionAlwaysTrue, whole, message))
    } else if all(Coverage::None) {
        let message = "it holds for no repository and no action".to_owned();
        let never = warning(LintCode::ConditionNeverTrue, whole, message);
        let help = "registries supply the repository's name and nothing else: leave the other attributes out";
        Some(if asks_for_more(condition) { never.with_help(help.to_owned()) } else { never })
    } else {
        None
    }
}

fn asks_for_more(condition: &Condition) -> bool {
    let sides = condition.comparisons().flat_map(|comparison| [&comparison.left, &comparison.right]);
    sides.filter_map(Operand::attribute).any(|attribute| !attribute.is_repository_name())
}

/// Actions that the condition does not limit, though it limits others.
fn open_actions(condition: &Condition, actions: &[&'static str]) -> Option<ConditionWarning> {
    let open: Vec<&str> =
        actions.iter().copied().filter(|action| coverage(condition, action) == Coverage::All).collect();
    if open.is_empty() {
        return None;
    }
    let code = if open.contains(&Permission::ContentRead.as_str()) {
        LintCode::ConditionLeavesReadsOpen
    } else {
        LintCode::ConditionLeavesActionsOpen
    };
    let names: Vec<String> = open.iter().map(|action| format!("`{}`", short(action))).collect();
    let names = names.join(", ");
    let message = format!("the condition does not limit {names}: open for every repository");
    let guards: Vec<String> =
        open.iter().map(|action| format!("`AND !(ActionMatches{{'{action}'}})`")).collect();
    let help = format!("add to the guard of the condition: {}", guards.join(", "));
    Some(warning(code, 0..condition.text().len(), message).with_help(help))
}

fn catalog(condition: &Condition) -> Option<ConditionWarning> {
    let catalog = condition.specialise(Permission::CatalogRead.as_str()).evaluate(None);
    (catalog != Truth::True).then(|| {
        let message =
            "the comparison is also asked for `catalog/read`, which carries no repository name".to_owned();
        warning(LintCode::CatalogBehindComparison, 0..condition.text().len(), message)
    })
}

/// `content/read` for `Microsoft.ContainerRegistry/registries/repositories/content/read`.
fn short(action: &str) -> &str {
    action.rsplit_once("/repositories/").map_or(action, |(_, short)| short)
}

fn warning(code: LintCode, span: Range<usize>, message: String) -> ConditionWarning {
    ConditionWarning { code, span, message, help: code.fix().to_owned() }
}

impl ConditionWarning {
    fn with_help(mut self, help: String) -> Self {
        self.help = help;
        self
    }

    /// Where it stands in the text, for people.
    #[must_use]
    pub fn spot(&self, text: &str) -> ConditionSpot {
        let (line, column) = line_and_column(text, self.span.start);
        let part = text.get(self.span.clone()).unwrap_or_default();
        ConditionSpot { line, column, text: part.to_owned() }
    }
}
