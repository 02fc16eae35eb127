//! The page for people: the result on a line of its own, then each part with its truth, place and text.

use std::io::{self, Write};

use super::model::{AttributeRow, Evaluation, PartRow};
use crate::engine::decision::Verdict;
use crate::report::columns::{Cell, Columns, Paint};

/// Writes an evaluation for people. The first line is the result and nothing else.
///
/// # Errors
/// As `to` does.
pub fn write_evaluation(to: &mut dyn Write, evaluation: &Evaluation, paint: Paint) -> io::Result<()> {
    writeln!(to, "{}", paint.verdict(colour(evaluation.result), evaluation.result))?;
    let Some(root) = &evaluation.root else { return Ok(()) };
    let mut table = Columns::new(vec!["RESULT", "AT", "PART"]);
    push(&mut table, root, 0);
    writeln!(to)?;
    table.write(to, paint)
}

/// Rows of a part and of all below it; as deep as the model lays parts out.
fn push(table: &mut Columns, part: &PartRow, level: usize) {
    let indent = "  ".repeat(level);
    table.push(vec![
        Cell::verdict(colour(part.result), part.result),
        Cell::text(&format!("{}:{}", part.line, part.column)),
        Cell::text(&format!("{indent}{}", title(part))),
    ]);
    for attribute in &part.attributes {
        let note = format!("{indent}    {}", supplied(attribute));
        table.push(vec![Cell::blank(), Cell::blank(), Cell::text(&note)]);
    }
    if part.parts_omitted {
        let note = format!("{indent}    its parts are nested too deeply to be shown");
        table.push(vec![Cell::blank(), Cell::blank(), Cell::text(&note)]);
    }
    for below in &part.parts {
        push(table, below, level + 1);
    }
}

fn title(part: &PartRow) -> &str {
    match part.kind {
        "and" => "AND: all of",
        "or" => "OR: at least one of",
        "not" => "NOT: the opposite of",
        _ => &part.text,
    }
}

fn supplied(attribute: &AttributeRow) -> String {
    let AttributeRow { attribute: name, supplied, value } = attribute;
    match (supplied, value) {
        (false, _) => format!("{name} was not supplied"),
        (true, serde_json::Value::Null) => format!("{name} is of a type that conditions do not know"),
        (true, serde_json::Value::String(text)) => format!("{name} is '{text}'"),
        (true, value) => format!("{name} is {value}"),
    }
}

fn colour(result: &str) -> Verdict {
    match result {
        "true" => Verdict::Allow,
        "false" => Verdict::Deny,
        _ => Verdict::Unknown,
    }
}
