//! Reports for people at a terminal.

use std::borrow::Cow;
use std::io;

use super::columns::{Cell, Columns, Paint};
use super::model::{AnswerRow, CheckReport, object_name};

/// One line an image with both verdicts side by side.
pub(super) fn write_table(to: &mut dyn io::Write, report: &CheckReport, paint: Paint) -> io::Result<()> {
    let mut table = Columns::new(vec!["OBJECT", "IMAGE", "WORKLOAD", "REASON", "ACTUAL", "REASON"]);
    for finding in &report.findings {
        let mut row = vec![Cell::text(&object_name(finding)), Cell::text(&short(&finding.image))];
        for answer in [&finding.workload, &finding.actual] {
            row.push(Cell::verdict(answer.verdict, answer.verdict.as_str()));
            row.push(Cell::text(answer.reason.as_str()));
        }
        table.push(row);
    }
    table.write(to, paint)
}

/// The same with everything else that fits in a cell.
pub(super) fn write_wide(to: &mut dyn io::Write, report: &CheckReport, paint: Paint) -> io::Result<()> {
    let mut table = Columns::new(vec![
        "OBJECT", "FIELD", "IMAGE", "REGISTRY", "MODE", "WORKLOAD", "REASON", "IDENTITY", "BY", "ACTUAL",
        "REASON", "IDENTITY", "BY", "CHAIN", "FILE",
    ]);
    for finding in &report.findings {
        let mut row = vec![
            Cell::text(&object_name(finding)),
            Cell::text(&finding.field),
            Cell::text(&finding.image),
            Cell::text(finding.registry.as_deref().unwrap_or_default()),
            Cell::text(finding.mode.map_or("", |mode| mode.as_str())),
        ];
        for answer in [&finding.workload, &finding.actual] {
            row.extend(wide_cells(answer));
        }
        row.push(Cell::text(&finding.actual.chain.join(",")));
        row.push(Cell::text(&format!("{}:{}", finding.file, finding.line)));
        table.push(row);
    }
    table.write(to, paint)
}

fn wide_cells(answer: &AnswerRow) -> [Cell; 4] {
    let identity = answer.identity.as_ref().map(|identity| identity.name.as_str()).unwrap_or_default();
    [
        Cell::verdict(answer.verdict, answer.verdict.as_str()),
        Cell::text(answer.reason.as_str()),
        Cell::text(identity),
        Cell::text(answer.by.as_deref().unwrap_or_default()),
    ]
}

/// An image with its digest cut as `git` cuts commits: the table is for eyes, every other format has the whole.
fn short(image: &str) -> Cow<'_, str> {
    let cut = image.split_once("@sha256:").and_then(|(name, digits)| {
        let (start, rest) = digits.split_at_checked(SHORT_DIGEST)?;
        (!rest.is_empty()).then(|| Cow::Owned(format!("{name}@sha256:{start}…")))
    });
    cut.unwrap_or(Cow::Borrowed(image))
}

/// Digits that tell digests apart in practice.
const SHORT_DIGEST: usize = 12;
