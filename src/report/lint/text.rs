//! Lint reports for people at a terminal.

use std::io;

use super::model::{LintReport, LintRow};
use crate::report::columns::{Cell, Columns, Paint};
use crate::review::{printable, shortened};

/// A part of a condition that is longer than this is cut in its middle.
const MAX_PART: usize = 100;

/// Each finding complete in itself: what, where, why, and what to do.
pub(super) fn write(to: &mut dyn io::Write, report: &LintReport, paint: Paint) -> io::Result<()> {
    for (number, row) in report.findings.iter().enumerate() {
        if number > 0 {
            writeln!(to)?;
        }
        write_row(to, row, paint)?;
    }
    Ok(())
}

fn write_row(to: &mut dyn io::Write, row: &LintRow, paint: Paint) -> io::Result<()> {
    let title = format!("{}[{}]", row.severity, row.code);
    writeln!(to, "{}: {}", paint.severity(row.severity, &title), printable(&row.what))?;
    writeln!(to, "  at   {}", printable(&row.location()))?;
    if let Some(spot) = &row.condition {
        let part = if spot.text.is_empty() {
            String::new()
        } else {
            let joined = spot.text.split_whitespace().collect::<Vec<_>>().join(" ");
            format!(": {}", printable(&shortened(&joined, MAX_PART)))
        };
        writeln!(to, "       condition {}:{}{part}", spot.line, spot.column)?;
    }
    writeln!(to, "  why  {}", row.why)?;
    writeln!(to, "  fix  {}", printable(&row.fix))?;
    if let Some(command) = &row.command {
        writeln!(to, "       {}", paint.bold(&printable(command)))?;
    }
    Ok(())
}

/// One line a finding.
pub(super) fn write_table(to: &mut dyn io::Write, report: &LintReport, paint: Paint) -> io::Result<()> {
    let mut table = Columns::new(vec!["SEVERITY", "CODE", "WHERE", "WHAT"]);
    for row in &report.findings {
        table.push(vec![
            Cell::severity(row.severity),
            Cell::text(row.code.as_str()),
            Cell::text(&row.location()),
            Cell::text(&row.what),
        ]);
    }
    table.write(to, paint)
}
