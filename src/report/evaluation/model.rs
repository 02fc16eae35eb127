//! The document of `condition eval`. Field names are a contract.

use serde::Serialize;
use serde_json::Value;

use crate::engine::condition::{
    Attribute, AttributeValue, Comparison, Condition, ConditionError, Connective, Expression, Facts, Node,
    Operand, Truth, line_and_column,
};
use crate::report::model::API_VERSION;

/// How many levels of parts are laid out. Readers of JSON stop at 128 levels, of which a part takes two, and 8 KB
/// of condition can nest thousands deep. What people write has five or so.
const MAX_DEPTH: usize = 50;

/// One evaluation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// `acr-admission.dev/v1`.
    pub api_version: &'static str,
    /// `ConditionEvaluation`.
    pub kind: &'static str,
    /// `true`, `false`, `unknown` or `invalid`.
    pub result: &'static str,
    /// The action of the request.
    pub action: String,
    /// Its suboperation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_operation: Option<String>,
    /// The condition as given.
    pub condition: String,
    /// The whole condition with its parts; `null` where it is invalid.
    pub root: Option<PartRow>,
    /// What is wrong with the condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<MistakeRow>,
}

/// One part of a condition.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartRow {
    /// `and`, `or`, `not`, `actionMatches`, `subOperationMatches`, `exists` or `comparison`.
    pub kind: &'static str,
    /// The part as written, without parentheses around a test.
    pub text: String,
    /// Where it begins: the line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// `true`, `false` or `unknown`.
    pub result: &'static str,
    /// What the request supplied of the attributes that it asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<AttributeRow>,
    /// What it is made of, in the order of the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartRow>,
    /// Whether its parts were left out because they are nested too deeply to be shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub parts_omitted: bool,
}

/// An attribute and its value.
#[derive(Clone, Debug, Serialize)]
pub struct AttributeRow {
    /// As in conditions: `@Request[…]`.
    pub attribute: String,
    /// Whether the request supplied it.
    pub supplied: bool,
    /// Its value; `null` where it was not supplied, or is of a type that conditions do not know.
    pub value: Value,
}

/// Why a condition is invalid.
#[derive(Clone, Debug, Serialize)]
pub struct MistakeRow {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The stable code.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

impl Evaluation {
    /// Evaluates a condition's text for a request.
    #[must_use]
    pub fn of(text: &str, parsed: Result<&Condition, &ConditionError>, facts: &Facts<'_>) -> Self {
        let root = parsed.ok().map(|condition| {
            let truths = condition.truths(facts);
            let root = condition.nodes().len().saturating_sub(1);
            Parts { condition, truths, facts }.row(root, 1)
        });
        Self {
            api_version: API_VERSION,
            kind: "ConditionEvaluation",
            result: root.as_ref().map_or("invalid", |root| root.result),
            action: facts.action.to_owned(),
            sub_operation: facts.sub_operation.map(str::to_owned),
            condition: text.to_owned(),
            root,
            error: parsed.err().map(MistakeRow::from),
        }
    }
}

impl From<&ConditionError> for MistakeRow {
    fn from(error: &ConditionError) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
            code: error.code().as_str(),
            message: error.message().to_owned(),
        }
    }
}

/// What rows are made from.
struct Parts<'a> {
    condition: &'a Condition,
    truths: Vec<Truth>,
    facts: &'a Facts<'a>,
}

impl Parts<'_> {
    /// The row of a node. `level` counts from 1 and bounds the recursion.
    fn row(&self, number: usize, level: usize) -> PartRow {
        let Some(node) = self.condition.nodes().get(number) else { return PartRow::missing() };
        let below = match &node.expression {
            Expression::Join { .. } => self.condition.operands(number).into_iter().rev().collect(),
            Expression::Not => vec![number.saturating_sub(1)],
            Expression::ActionMatches(_)
            | Expression::SubOperationMatches(_)
            | Expression::Exists(_)
            | Expression::Comparison(_) => Vec::new(),
        };
        let parts_omitted = level >= MAX_DEPTH && !below.is_empty();
        let below = if parts_omitted { Vec::new() } else { below };
        let (start, text) = written(self.condition, node);
        let (line, column) = line_and_column(self.condition.text(), start);
        PartRow {
            kind: kind(&node.expression),
            text: text.to_owned(),
            line,
            column,
            result: truth_word(self.truths.get(number).copied().unwrap_or(Truth::Unknown)),
            attributes: asked_for(&node.expression).map(|attribute| self.attribute(attribute)).collect(),
            parts: below.into_iter().map(|part| self.row(part, level + 1)).collect(),
            parts_omitted,
        }
    }

    fn attribute(&self, attribute: &Attribute) -> AttributeRow {
        // The older way to ask for the suboperation: never missing, an empty list where there is none.
        let value = if attribute.is_sub_operation() {
            Some(Value::from_iter(self.facts.sub_operation))
        } else {
            self.facts.value(attribute).map(json)
        };
        AttributeRow {
            attribute: attribute.to_string(),
            supplied: value.is_some(),
            value: value.unwrap_or_default(),
        }
    }
}

impl PartRow {
    /// A condition always has its nodes; were it not so, nothing would be claimed.
    const fn missing() -> Self {
        Self {
            kind: "comparison",
            text: String::new(),
            line: 1,
            column: 1,
            result: truth_word(Truth::Unknown),
            attributes: Vec::new(),
            parts: Vec::new(),
            parts_omitted: true,
        }
    }
}

/// Where a part begins, and its text. The parentheses around a test are not the test.
fn written<'a>(condition: &'a Condition, node: &Node) -> (usize, &'a str) {
    let text = condition.text().get(node.span.range()).unwrap_or_default();
    let is_test = !matches!(node.expression, Expression::Join { .. } | Expression::Not);
    let is_around = |one: char| is_test && (one == '(' || one == ')') || one.is_ascii_whitespace();
    let bare = text.trim_matches(is_around);
    (node.span.start() + text.find(bare).unwrap_or_default(), bare)
}

fn asked_for(expression: &Expression) -> impl Iterator<Item = &Attribute> {
    let (left, right) = match expression {
        Expression::Exists(attribute) => (Some(attribute), None),
        Expression::Comparison(comparison) => {
            let Comparison { left, right, .. } = &**comparison;
            (left.attribute(), Operand::attribute(right))
        }
        Expression::ActionMatches(_)
        | Expression::SubOperationMatches(_)
        | Expression::Not
        | Expression::Join { .. } => (None, None),
    };
    left.into_iter().chain(right)
}

const fn kind(expression: &Expression) -> &'static str {
    match expression {
        Expression::Join { connective: Connective::And, .. } => "and",
        Expression::Join { connective: Connective::Or, .. } => "or",
        Expression::Not => "not",
        Expression::ActionMatches(_) => "actionMatches",
        Expression::SubOperationMatches(_) => "subOperationMatches",
        Expression::Exists(_) => "exists",
        Expression::Comparison(_) => "comparison",
    }
}

fn json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Text(text) => Value::from(text.as_str()),
        AttributeValue::Integer(integer) => Value::from(*integer),
        AttributeValue::Boolean(boolean) => Value::from(*boolean),
        AttributeValue::List(values) => values.iter().map(json).collect(),
        AttributeValue::Other => Value::Null,
    }
}

/// The word of a truth value.
#[must_use]
pub const fn truth_word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}
