//! Conditions with places underlined, the way compilers draw mistakes. The only file that knows the drawing crate.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::engine::condition::ConditionError;
use crate::report::Paint;
use crate::review::printable;

/// The line with the mistake, underlined, and the remedy below it.
#[must_use]
pub fn draw_mistake(file: &str, text: &str, error: &ConditionError, paint: Paint) -> String {
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
    renderer(paint).render(&report)
}

/// A text with places underlined, each with a note.
#[must_use]
pub(super) fn draw_places(
    title: &str,
    text: &str,
    places: &[(Range<usize>, String)],
    paint: Paint,
) -> String {
    let annotations = places.iter().map(|(place, note)| {
        let start = place.start.min(text.len());
        AnnotationKind::Primary.span(start..place.end.clamp(start, text.len())).label(note.as_str())
    });
    let snippet = Snippet::source(text).line_start(1).annotations(annotations);
    renderer(paint).render(&[Level::NOTE.primary_title(title).element(snippet)])
}

fn renderer(paint: Paint) -> Renderer {
    match paint {
        Paint::On => Renderer::styled(),
        Paint::Off => Renderer::plain(),
    }
}
