//! The answers as a table for people: one line an image, then the mendings, then one denial as `kubectl` shows it.

use std::io;

use super::mend::Mending;
use crate::azure_cli::{Repair, Shell};
use crate::engine::decision::{Reason, Verdict};
use crate::report::{Cell, Columns, Paint};

/// What came back for one image.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) image: String,
    pub(super) identity: String,
    pub(super) mode: &'static str,
    pub(super) reason: Reason,
    pub(super) mending: Option<Mending>,
    /// The text that the user would read; empty where the pod was admitted.
    pub(super) denial: String,
}

/// Writes everything.
pub(super) fn write(to: &mut dyn io::Write, rows: &[Row], paint: Paint) -> io::Result<()> {
    let mut table = Columns::new(vec!["VERDICT", "IMAGE", "IDENTITY", "MODE", "REASON", "FIX"]);
    let mut mendings: Vec<&Mending> = Vec::new();
    for row in rows {
        mendings.extend(row.mending.as_ref());
        let number = row.mending.as_ref().map(|_| mendings.len().to_string());
        let verdict = row.reason.verdict();
        table.push(vec![
            Cell::verdict(verdict, verdict.as_str()),
            Cell::text(&row.image),
            Cell::text(&row.identity),
            Cell::text(row.mode),
            Cell::text(row.reason.as_str()),
            Cell::text(&number.unwrap_or_default()),
        ]);
    }
    table.write(to, paint)?;
    writeln!(
        to,
        "\n{}",
        paint.bold("How to mend it (each command was verified by judging again with it applied)")
    )?;
    for (mending, number) in mendings.into_iter().zip(1..) {
        match mending {
            Mending::Command(repair) => write_repair(to, number, repair)?,
            Mending::Words(words) => writeln!(to, "{number}. {words}")?,
        }
    }
    if let Some(row) = rows.iter().find(|row| row.reason.verdict() == Verdict::Deny) {
        writeln!(to, "\n{}", paint.bold("The message of the first denial"))?;
        writeln!(to, "{}", row.denial)?;
    }
    Ok(())
}

/// The command, one flag a line, and the file that it reads.
fn write_repair(to: &mut dyn io::Write, number: usize, repair: &Repair) -> io::Result<()> {
    writeln!(to, "{number}. {}", repair.command.over_lines(Shell::Posix, "     "))?;
    let Some(file) = &repair.file else { return Ok(()) };
    writeln!(to, "   with this as {}:", file.name)?;
    file.content.lines().try_for_each(|line| writeln!(to, "     {line}"))
}
