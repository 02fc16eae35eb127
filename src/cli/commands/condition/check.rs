//! `condition check` and `condition fmt`.

use std::path::Path;

use crate::cli::args::{ConditionFileArgs, ConditionFmtArgs};
use crate::cli::error::CliError;
use crate::cli::input;
use crate::cli::output::{Outcome, Output};
use crate::engine::condition::{Condition, ConditionError, MAX_LENGTH};
use crate::lint::{ConditionWarning, condition_warnings};
use crate::report::draw_mistake;
use crate::review::printable;

/// Prints `LINE:COLUMN: code: message` for what is wrong, and the text with the place underlined as talk. What is
/// valid and probably not what was meant is talk alone.
///
/// # Errors
/// The file cannot be read.
pub(super) fn run(args: &ConditionFileArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let text = condition_text(&args.file)?;
    match Condition::parse(&text) {
        Ok(condition) => {
            for warning in condition_warnings(&condition) {
                let (title, spot) = (output.talk_paint().attention("warning:"), warning.spot(&text));
                let ConditionWarning { code, message, help, .. } = &warning;
                let (message, help) = (printable(message), printable(help));
                let place = format!("{}:{}", spot.line, spot.column);
                writeln!(output.talk(), "{title} {place}: {code}: {message}\n  help: {help}")?;
            }
            Ok(Outcome::Fine)
        }
        Err(error) => tell(&args.file, &text, &error, output),
    }
}

/// Prints the condition in its canonical form: over lines, or on one.
///
/// # Errors
/// The file cannot be read.
pub(super) fn format(args: &ConditionFmtArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let ConditionFmtArgs { condition: ConditionFileArgs { file }, one_line } = args;
    let text = condition_text(file)?;
    match Condition::parse(&text) {
        Ok(condition) => {
            let over_lines =
                Some(condition.over_lines()).filter(|text| !one_line && text.len() <= MAX_LENGTH);
            let formatted = over_lines.unwrap_or_else(|| condition.to_string());
            writeln!(output.data(), "{formatted}")?;
            if formatted.len() > MAX_LENGTH {
                let title = output.talk_paint().attention("warning:");
                let length = formatted.len();
                writeln!(
                    output.talk(),
                    "{title} in its canonical form the condition has {length} bytes, and Azure takes {MAX_LENGTH}\n  \
                     help: keep the text as it was given, or split the assignment"
                )?;
            }
            Ok(Outcome::Fine)
        }
        Err(error) => {
            let drawing = draw_mistake(&file.to_string_lossy(), &text, &error, output.talk_paint());
            writeln!(output.talk(), "{drawing}")?;
            Ok(Outcome::BadInput)
        }
    }
}

fn tell(file: &Path, text: &str, error: &ConditionError, output: &mut Output) -> Result<Outcome, CliError> {
    writeln!(output.data(), "{error}")?;
    let drawing = draw_mistake(&file.to_string_lossy(), text, error, output.talk_paint());
    writeln!(output.talk(), "{drawing}")?;
    Ok(Outcome::BadInput)
}

/// The text of one condition. The line end that editors add at the end of a file is not part of it.
pub(super) fn condition_text(file: &Path) -> Result<String, CliError> {
    let bytes = input::read(file)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        CliError::input("not text in UTF-8", file.display(), "give the condition as plain text")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
