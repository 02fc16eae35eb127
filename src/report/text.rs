//! One line for each finding, complete in itself.

use super::model::{AnswerRow, Finding, object_name};
use crate::engine::decision::Verdict;
use crate::review::sentence;

/// One line that is complete in itself: which object, which image, who, and why.
pub(super) fn explanation(finding: &Finding, answer: &AnswerRow) -> String {
    let verdict = match answer.verdict {
        Verdict::Allow => "can be pulled",
        Verdict::Deny => "cannot be pulled",
        Verdict::Unknown => "may or may not be pulled",
        Verdict::Unmanaged | Verdict::Skip => "is not judged",
    };
    let identity = answer.identity.as_ref().map(|identity| format!(" by {}", identity.name));
    let identity = identity.unwrap_or_default();
    format!(
        "{}: `{}` {verdict}{identity}: {} ({})",
        object_name(finding),
        finding.image,
        sentence::reason(answer.reason),
        answer.reason,
    )
}
