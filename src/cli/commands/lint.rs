//! `lint`: the inventory in, its problems out.

use jiff::Timestamp;

use crate::cli::args::{LintArgs, LintFormatArg};
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};
use crate::cli::settings::plural;
use crate::engine::index::Index;
use crate::inventory::{Loaded, load};
use crate::lint::lint;
use crate::report::{LintReport, write_lint_report};

/// Runs `lint`.
///
/// # Errors
/// The inventory cannot be loaded, or the report not be written.
pub(super) fn run(args: &LintArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let LintArgs { inventory, fail_on, now, output: format, output_file } = args;
    let Loaded { inventory, places, .. } = load(&inventory.inventory)?;
    let findings = lint(&Index::build(inventory), &places, now.unwrap_or_else(Timestamp::now));
    let fails = findings.iter().any(|finding| fail_on.applies_to(finding.severity()));
    let report = LintReport::new(findings);

    if let Some(path) = output_file {
        output.redirect(path).map_err(|error| {
            CliError::input(
                format!("cannot be written: {error}"),
                path.display(),
                "give another --output-file",
            )
        })?;
    }
    let paint = output.data_paint();
    write_lint_report(output.data(), &report, (*format).into(), paint)?;
    if matches!(format, LintFormatArg::Text | LintFormatArg::Table) {
        output.finish()?;
        tell_summary(&report, output)?;
    }
    Ok(if fails { Outcome::Denied } else { Outcome::Fine })
}

fn tell_summary(report: &LintReport, output: &mut Output) -> std::io::Result<()> {
    let counts = &report.summary;
    let talk = output.talk();
    if report.findings.is_empty() {
        return writeln!(talk, "nothing found");
    }
    writeln!(
        talk,
        "\n{}: {}, {}, {} worth knowing; docs/lint.md explains each code",
        plural(report.findings.len(), "finding"),
        plural(counts.error, "error"),
        plural(counts.warning, "warning"),
        counts.info,
    )
}
