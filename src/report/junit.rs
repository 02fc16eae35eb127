//! `JUnit` XML: one suite an object, one test case an image. Denied is a failure, unknown is an error, the rest
//! of what was not judged is skipped.

use std::io;

use super::escape::xml;
use super::model::{AnswerRow, CheckReport, Finding, object_name};
use super::text::explanation;
use crate::engine::decision::Verdict;
use crate::engine::pull::Question;

pub(super) fn write(to: &mut dyn io::Write, report: &CheckReport, question: Question) -> io::Result<()> {
    let counts = report.summary.of_question(question);
    writeln!(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        to,
        "<testsuites name=\"acr-admission\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
        report.findings.len() + report.skipped.len(),
        counts.deny,
        counts.unknown + report.skipped.len(),
        counts.unmanaged + counts.skip,
    )?;
    for object in report.findings.chunk_by(same_object) {
        write_suite(to, object, question)?;
    }
    for skipped in &report.skipped {
        let (file, why) = (xml(&skipped.file), xml(&skipped.why));
        writeln!(to, "  <testsuite name=\"{file}\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">")?;
        writeln!(to, "    <testcase classname=\"{file}\" name=\"document\">")?;
        writeln!(to, "      <error type=\"Unreadable\" message=\"{why}\"/>")?;
        writeln!(to, "    </testcase>\n  </testsuite>")?;
    }
    writeln!(to, "</testsuites>")
}

fn same_object(one: &Finding, other: &Finding) -> bool {
    one.file == other.file
        && one.line == other.line
        && one.kind == other.kind
        && one.namespace == other.namespace
        && one.name == other.name
}

fn write_suite(to: &mut dyn io::Write, findings: &[Finding], question: Question) -> io::Result<()> {
    let Some(first) = findings.first() else { return Ok(()) };
    let name = xml(&object_name(first));
    let count = |wanted: &[Verdict]| {
        findings.iter().filter(|finding| wanted.contains(&finding.answer(question).verdict)).count()
    };
    writeln!(
        to,
        "  <testsuite name=\"{name}\" file=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
        xml(&first.file),
        findings.len(),
        count(&[Verdict::Deny]),
        count(&[Verdict::Unknown]),
        count(&[Verdict::Unmanaged, Verdict::Skip]),
    )?;
    for finding in findings {
        let title = xml(&format!("{} {}", finding.field, finding.image));
        write!(to, "    <testcase classname=\"{name}\" name=\"{title}\"")?;
        write_outcome(to, finding, finding.answer(question))?;
    }
    writeln!(to, "  </testsuite>")
}

fn write_outcome(to: &mut dyn io::Write, finding: &Finding, answer: &AnswerRow) -> io::Result<()> {
    let element = match answer.verdict {
        Verdict::Allow => return writeln!(to, "/>"),
        Verdict::Deny => "failure",
        Verdict::Unknown => "error",
        Verdict::Unmanaged | Verdict::Skip => {
            return writeln!(to, "><skipped message=\"{}\"/></testcase>", answer.reason);
        }
    };
    let message = xml(&explanation(finding, answer));
    writeln!(to, ">\n      <{element} type=\"{}\" message=\"{message}\"/>\n    </testcase>", answer.reason)
}
