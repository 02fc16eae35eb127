//! The command itself: read, judge, print, and the exit code.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::files::read_manifests;
use super::findings::{Judging, skipped};
use crate::cli::args::{CheckArgs, CheckFormat};
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};
use crate::cli::settings::{load_index, only_one_standard_input, plural, resolve_cluster};
use crate::engine::decision::{Reason, Verdict};
use crate::engine::pull::Question;
use crate::report::{CheckReport, write_check_report};
use crate::review::{printable, sentence};
use crate::workload::manifest::ManifestProblem;

/// Runs `check`.
///
/// # Errors
/// The inventory or a path cannot be read, or the cluster is not known. A broken manifest is no error: it is told,
/// left out, and makes the exit code 2.
pub(crate) fn run(args: &CheckArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let CheckArgs { paths, inventory, cluster, namespace, question, verdicts, output: format, output_file } =
        args;
    only_one_standard_input(inventory, paths)?;
    let index = load_index(inventory, output)?;
    let cluster = resolve_cluster(cluster, &index, output)?;
    let manifests = read_manifests(paths)?;
    tell_problems(&manifests.problems, output)?;

    let now = verdicts.now.unwrap_or_else(Timestamp::now);
    let judging = Judging { index: &index, cluster: &cluster, default_namespace: namespace, now };
    let report =
        CheckReport::new(judging.findings(&manifests), manifests.problems.iter().map(skipped).collect());

    if let Some(path) = output_file {
        output.redirect(path).map_err(|error| {
            CliError::input(
                format!("cannot be written: {error}"),
                path.display(),
                "give another --output-file",
            )
        })?;
    }
    let question = (*question).into();
    let paint = output.data_paint();
    write_check_report(output.data(), &report, (*format).into(), question, paint)?;
    if matches!(format, CheckFormat::Table | CheckFormat::Wide) {
        output.finish()?;
        tell_summary(&report, question, output)?;
    }
    Ok(outcome(&report, question).judged_by(verdicts.strict, verdicts.exit_zero))
}

fn outcome(report: &CheckReport, question: Question) -> Outcome {
    let verdicts = report.findings.iter().map(|finding| Outcome::of(finding.answer(question).verdict));
    let unread = if report.skipped.is_empty() { Outcome::Fine } else { Outcome::BadInput };
    verdicts.max().unwrap_or_default().max(unread)
}

fn tell_problems(problems: &[ManifestProblem], output: &mut Output) -> std::io::Result<()> {
    let title = output.talk_paint().alarming("error:");
    for problem in problems {
        let lines: Vec<String> =
            problem.to_string().lines().map(|line| printable(line).into_owned()).collect();
        writeln!(output.talk(), "{title} {}", lines.join("\n"))?;
    }
    Ok(())
}

/// Counts, and what the codes of the table mean.
fn tell_summary(report: &CheckReport, question: Question, output: &mut Output) -> std::io::Result<()> {
    let paint = output.talk_paint();
    let reasons: BTreeSet<Reason> = report
        .findings
        .iter()
        .map(|finding| finding.answer(question))
        .filter(|answer| matches!(answer.verdict, Verdict::Deny | Verdict::Unknown))
        .map(|answer| answer.reason)
        .collect();
    let talk = output.talk();
    writeln!(talk)?;
    for reason in reasons {
        writeln!(talk, "{}: {}", paint.bold(reason.as_str()), sentence::reason(reason))?;
    }
    writeln!(
        talk,
        "{}; workload: {}; actual: {}",
        plural(report.findings.len(), "image"),
        report.summary.workload,
        report.summary.actual,
    )?;
    if !report.skipped.is_empty() {
        writeln!(talk, "{} could not be read", plural(report.skipped.len(), "document"))?;
    }
    Ok(())
}
