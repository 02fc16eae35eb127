//! A mistake in a condition, drawn the way compilers draw it. The only file that knows the drawing crate.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::engine::condition::ConditionError;
use crate::report::Paint;
use crate::review::printable;

/// The line with the mistake, underlined, and the remedy below it.
pub(super) fn draw(file: &str, text: &str, error: &ConditionError, paint: Paint) -> String {
    let file = printable(file);
    let start = error.span().start.min(text.len());
    let end = error.span().end.clamp(start, text.len());
    let snippet = Snippet::source(text)
        .line_start(1)
        .path(file.as_ref())
        .annotation(AnnotationKind::Primary.span(start..end).label(""));
    let mut report: Vec<Group<'_>> =
        vec![Level::ERROR.primary_title(error.message()).id(error.code().as_str()).element(snippet)];
    if let (Some(help), Some(first)) = (error.help(), report.pop()) {
        report.push(first.element(Level::HELP.message(help)));
    }
    let renderer = match paint {
        Paint::On => Renderer::styled(),
        Paint::Off => Renderer::plain(),
    };
    renderer.render(&report)
}
