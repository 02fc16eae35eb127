//! The texts that users read: a denial, and warnings.
//!
//! ```text
//! IMAGE: WHO may not pull from registry WHERE: WHY        complete in itself, 200 characters at most
//! IMAGE: WHO may not pull from registry WHERE: WHY        one line for each further image
//! judged: may the workload's own identity pull; tries: node, anonymous
//! fix: az role assignment create …
//! docs: https://…#ConditionNotMet
//! ```
//!
//! The facts come first, because an event of a `ReplicaSet` keeps the first kilobyte only.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use super::printable::{printable, shortened};
use super::sentence;
use crate::engine::decision::{Reason, Verdict};
use crate::engine::pull::{Answer, IdentityKind, Question, Try};

/// What there is to say about one image.
#[derive(Clone, Copy, Debug)]
pub struct ImageAnswer<'a> {
    /// The field's text as written.
    pub image: &'a str,
    /// The registry's name, where it is one of the inventory.
    pub registry: Option<&'a str>,
    /// The answer to the question that was asked.
    pub answer: &'a Answer,
}

/// What a denial says.
#[derive(Clone, Copy, Debug)]
pub struct Denial<'a> {
    /// The images, the one that is refused first.
    pub images: &'a [ImageAnswer<'a>],
    /// The question that was asked.
    pub question: Question,
    /// A command that would turn the first verdict, verified to do so.
    pub fix: Option<&'a str>,
    /// What stands before a reason code in links.
    pub docs_url: &'a str,
}

/// The first line is complete within this many characters.
pub const MAX_LINE: usize = 200;
/// A denial is no longer than this many bytes.
pub const MAX_MESSAGE: usize = 4 * 1024;
/// A warning is no longer than this many characters, and there are no more of them than [`MAX_WARNINGS`].
pub const MAX_WARNING: usize = 120;
/// The API server cuts all warnings once they are too many.
pub const MAX_WARNINGS: usize = 10;
/// An image is never cut below this many characters, the names of identity and registry not below 24.
const SHORTEST_IMAGE: usize = 40;
const SHORTEST_NAME: usize = 24;
/// Tries that a denial lists.
const MAX_TRIES: usize = 6;

impl Denial<'_> {
    /// The text of the denial.
    #[must_use]
    pub fn text(&self) -> String {
        let end = self.end();
        let mut text = String::new();
        for (index, image) in self.images.iter().enumerate() {
            let line = line(image, MAX_LINE);
            let left = self.images.len() - index;
            // Room for "… and N more images" stays reserved.
            let room = MAX_MESSAGE.saturating_sub(end.len() + text.len() + 40);
            if index > 0 && line.len() > room {
                let _ = write!(text, "\n… and {left} more images");
                break;
            }
            if index > 0 {
                text.push('\n');
            }
            text.push_str(&line);
        }
        text.push_str(&end);
        text
    }

    /// Everything behind the images; each line begins with a line break.
    fn end(&self) -> String {
        let mut end = String::new();
        let Some(first) = self.images.first() else { return end };
        let _ = write!(end, "\njudged: {}", sentence::question(self.question));
        let tries: Vec<String> = first.answer.chain.iter().take(MAX_TRIES).map(ToString::to_string).collect();
        if !tries.is_empty() {
            let more = if first.answer.chain.len() > MAX_TRIES { ", …" } else { "" };
            let tries = tries.join(", ");
            let _ = write!(end, "; tries: {}{more}", shortened(&printable(&tries), 2 * MAX_LINE));
        }
        if let Some(fix) = self.fix {
            // A command that is cut does something else: rather none.
            if fix.len() + end.len() + MAX_LINE * 4 < MAX_MESSAGE {
                let _ = write!(end, "\nfix: {}", fix.trim_end());
            } else {
                end.push_str("\nfix: too long for here; `acr-admission explain` prints it");
            }
        }
        let _ = write!(end, "\ndocs: {}{}", self.docs_url, first.answer.reason);
        end
    }
}

/// One short line for each image. [`AdmissionResponse::warn`](super::AdmissionResponse::warn) keeps them few.
pub fn warnings<'a>(
    images: impl IntoIterator<Item = ImageAnswer<'a>, IntoIter: 'a>,
) -> impl Iterator<Item = String> + 'a {
    images.into_iter().map(|image| line(&image, MAX_WARNING))
}

/// Any texts as warnings: the API server drops one with a line break silently, and empty ones.
#[must_use]
pub(super) fn limited(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    // A pod may name hundreds of thousands of images: each is compared by its hash, never with all the others.
    let mut seen: HashSet<String> = HashSet::new();
    for text in texts {
        let warning = shortened(&printable(&text), MAX_WARNING).into_owned();
        if warning.is_empty() || seen.contains(&warning) {
            continue;
        }
        if warnings.len() < MAX_WARNINGS {
            warnings.push(warning.clone());
        }
        seen.insert(warning);
    }
    if seen.len() > MAX_WARNINGS {
        let more = seen.len() + 1 - MAX_WARNINGS;
        warnings.truncate(MAX_WARNINGS - 1);
        warnings.push(format!("… and {more} more"));
    }
    warnings
}

/// Image, identity, registry and reason in at most `limit` characters. The names are cut before the reason.
fn line(image: &ImageAnswer<'_>, limit: usize) -> String {
    let reason = image.answer.reason;
    let why = sentence::reason(reason);
    let text = printable(image.image);
    let text = if text.is_empty() { "\"\"".into() } else { text };
    let who = account(image.answer);
    let registry = image.registry.map(printable);
    for name_limit in [usize::MAX, SHORTEST_NAME] {
        let who = who.as_ref().map_or_else(String::new, |(kind, name)| {
            let separator = if name.is_empty() { "" } else { " " };
            format!("{kind}{separator}{}", shortened(name, name_limit))
        });
        let registry =
            registry.as_ref().map_or_else(String::new, |name| shortened(name, name_limit).into_owned());
        let rest = rest_of_line(reason, &who, &registry, why);
        let room = limit.saturating_sub(rest.chars().count());
        if room >= SHORTEST_IMAGE.min(text.chars().count()) {
            return format!("{}{rest}", shortened(&text, room));
        }
    }
    // A warning rarely has room for the registry too, which the image names anyway.
    let known = if reason.verdict() == Verdict::Unknown { "not known: " } else { "" };
    let rest = match who.filter(|(_, name)| !name.is_empty()) {
        Some((_, name)) => format!(": {}: {known}{why}", shortened(&name, SHORTEST_NAME)),
        None => format!(": {known}{why}"),
    };
    let room = limit.saturating_sub(rest.chars().count());
    format!("{}{rest}", shortened(&text, room))
}

/// Who an answer is about: a kind and a name. Where no identity could be found, what the service account claims.
fn account(answer: &Answer) -> Option<(&'static str, Cow<'_, str>)> {
    if let Some(identity) = &answer.identity {
        let kind = sentence::identity_kind(identity.kind);
        let unnamed = identity.kind == IdentityKind::Anonymous;
        return Some((kind, if unnamed { Cow::Borrowed("") } else { printable(&identity.name) }));
    }
    let claims = matches!(answer.reason, Reason::IdentityNotInEstate | Reason::ClientIdNotFederated);
    answer.chain.iter().filter(|_| claims).find_map(|link| match link {
        Try::ServiceAccountIdentity { client_id } => Some(("client id", printable(client_id))),
        Try::Secret { .. }
        | Try::SecretWithoutPassword { .. }
        | Try::NodeConfig { .. }
        | Try::Node
        | Try::PluginAnonymous
        | Try::Anonymous => None,
    })
}

fn rest_of_line(reason: Reason, who: &str, registry: &str, why: &str) -> String {
    let place = if registry.is_empty() { String::new() } else { format!(" from registry {registry}") };
    match (reason.verdict(), who.is_empty()) {
        (Verdict::Allow, false) => format!(": {who} may pull{place}: {why}"),
        (Verdict::Deny, false) => format!(": {who} may not pull{place}: {why}"),
        (Verdict::Deny, true) => format!(": cannot be pulled{place}: {why}"),
        (Verdict::Unknown, false) => format!(": not known whether {who} may pull{place}: {why}"),
        (Verdict::Unknown, true) => format!(": not known who pulls{place}: {why}"),
        (Verdict::Allow, true) | (Verdict::Unmanaged | Verdict::Skip, _) => format!(": {why}"),
    }
}
