//! Workflow commands: one annotation for every image that is denied or unknown.

use std::io;

use super::escape::{workflow_message, workflow_property};
use super::model::CheckReport;
use super::text::explanation;
use crate::engine::decision::Verdict;
use crate::engine::pull::Question;
use crate::review::printable;

pub(super) fn write(to: &mut dyn io::Write, report: &CheckReport, question: Question) -> io::Result<()> {
    for finding in &report.findings {
        let answer = finding.answer(question);
        let level = match answer.verdict {
            Verdict::Deny => "error",
            Verdict::Unknown => "warning",
            Verdict::Allow | Verdict::Unmanaged | Verdict::Skip => continue,
        };
        writeln!(
            to,
            "::{level} file={},line={},title={}::{}",
            workflow_property(&printable(&finding.file)),
            finding.line,
            workflow_property(answer.reason.as_str()),
            workflow_message(&printable(&explanation(finding, answer))),
        )?;
    }
    for skipped in &report.skipped {
        writeln!(
            to,
            "::error file={},title=Unreadable::{}",
            workflow_property(&printable(&skipped.file)),
            workflow_message(&printable(&skipped.why)),
        )?;
    }
    Ok(())
}
