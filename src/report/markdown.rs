//! Markdown for a pull request's comment or a job's summary.

use std::io;

use super::escape::markdown;
use super::model::{AnswerRow, CheckReport, object_name};
use super::text::explanation;
use crate::engine::decision::Verdict;
use crate::engine::pull::Question;

pub(super) fn write(to: &mut dyn io::Write, report: &CheckReport, question: Question) -> io::Result<()> {
    writeln!(to, "## Image pull permissions\n")?;
    writeln!(to, "Workload identities: {}. Nodes: {}.\n", report.summary.workload, report.summary.actual)?;
    if !report.findings.is_empty() {
        writeln!(to, "| Object | Image | Workload identity | Node |\n|---|---|---|---|")?;
    }
    for finding in &report.findings {
        writeln!(
            to,
            "| {} | {} | {} | {} |",
            markdown(&object_name(finding)),
            markdown(&finding.image),
            cell(&finding.workload),
            cell(&finding.actual),
        )?;
    }
    let mut denied = report
        .findings
        .iter()
        .filter(|finding| matches!(finding.answer(question).verdict, Verdict::Deny | Verdict::Unknown))
        .peekable();
    if denied.peek().is_some() {
        writeln!(to, "\n### Why\n")?;
    }
    for finding in denied {
        writeln!(to, "- {}", markdown(&explanation(finding, finding.answer(question))))?;
    }
    if !report.skipped.is_empty() {
        writeln!(to, "\n### Not read\n")?;
    }
    for skipped in &report.skipped {
        writeln!(to, "- {}: {}", markdown(&skipped.file), markdown(&skipped.why))?;
    }
    Ok(())
}

fn cell(answer: &AnswerRow) -> String {
    let mark = match answer.verdict {
        Verdict::Allow => "✅",
        Verdict::Deny => "❌",
        Verdict::Unknown => "❓",
        Verdict::Unmanaged | Verdict::Skip => "➖",
    };
    format!("{mark} {} ({})", answer.verdict, answer.reason)
}
