//! What the export says it could not read.

use super::code::LintCode;
use super::estate::Estate;
use super::finding::{LintFinding, Subject};
use crate::inventory::Listed;

/// Tells every gap of the exports.
pub(super) fn check(estate: &Estate<'_>, found: &mut Vec<LintFinding>) {
    for (position, gap) in estate.inventory().gaps.iter().enumerate() {
        let why = if gap.why.is_empty() { String::new() } else { format!(" ({})", gap.why) };
        let what = format!("the export could not read {gap}{why}: {}", gap.what.weakens());
        let subject = Subject { kind: "export", id: gap.scope.to_string(), name: gap.to_string() };
        let finding =
            LintFinding::new(LintCode::ExportGap, subject, estate.place(Listed::Gaps, position), what);
        found.push(match gap.command.as_str() {
            "" => finding,
            command => {
                let fix = format!("{}; the command was `{command}`", LintCode::ExportGap.fix());
                finding.with_fix(fix)
            }
        });
    }
}
