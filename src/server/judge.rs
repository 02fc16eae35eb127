//! Every image of a pod spec, judged.
//!
//! Judging waits for nothing, and strangers choose how much of it there is. So it comes in slices, and between two of
//! them the thread does whatever else there is to do: other reviews, connections, the answer that we are alive. One
//! image is the smallest slice; its work is bounded by what [`PullFacts`] hold.

use std::time::Duration;

use jiff::Timestamp;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::facts::PullFacts;
use super::outcome::JudgedImage;
use super::policy::Policy;
use crate::azure_cli::Repair;
use crate::engine::decision::{Reason, Verdict};
use crate::engine::image::ImageReference;
use crate::engine::index::{HostMatch, Index};
use crate::engine::pull::{Answer, Question};
use crate::workload::{ImageField, PodFacts};

/// How long others wait, give or take an image.
const SLICE: Duration = Duration::from_millis(2);

/// Judges every image of a pod spec under one question. An image whose turn comes after the deadline is unknown.
pub(super) async fn judge(
    policy: &Policy,
    namespace: &str,
    pod: &PodFacts<'_>,
    facts: &PullFacts,
    question: Question,
    now: Timestamp,
    deadline: Instant,
) -> Vec<JudgedImage> {
    let Some(estate) = &policy.estate else { return all_unknown(pod, Reason::InventoryNotLoaded) };
    let puller = facts.puller(namespace, pod);
    let judge_one = |field: &ImageField<'_>| {
        let mut judged = nothing_known(pod, field, Reason::DeadlineExceeded);
        let judgement = estate.index.judge_question(&estate.cluster, &puller, &field.image, now, question);
        let registry = judgement.registry.and_then(|number| estate.index.registry(number));
        judged.registry = registry.map(|registry| registry.name.clone());
        judged.registry_mode = registry.and_then(|registry| registry.mode);
        // Hosts of strangers and texts that are no references need no account to be told as such.
        judged.answer = match facts.fault {
            Some(reason) if judgement.registry.is_some() => Answer::unknown(reason),
            _ => judgement.answer,
        };
        judged
    };
    let mut judged = Vec::with_capacity(pod.images.len());
    let mut slice = Instant::now();
    for field in &pod.images {
        // After the deadline nothing is left that takes time, and who pauses then loses what was judged.
        let is_late = Instant::now() >= deadline;
        if !is_late && slice.elapsed() >= SLICE {
            yield_now().await;
            slice = Instant::now();
        }
        judged.push(if is_late {
            nothing_known(pod, field, Reason::DeadlineExceeded)
        } else {
            judge_one(field)
        });
    }
    if Instant::now() < deadline
        && let Some(first) = judged.iter_mut().find(|image| image.answer.verdict() == Verdict::Deny)
    {
        first.fix = fix(&estate.index, first, now);
    }
    judged
}

/// A verified command that lets the image be pulled. Some dozen decisions, so one denial can afford it.
fn fix(index: &Index, image: &JudgedImage, now: Timestamp) -> Option<String> {
    let reference: ImageReference = image.image.parse().ok()?;
    let HostMatch::LoginServer(registry) = index.host(reference.host())? else { return None };
    let repair = Repair::of_answer(index, registry, reference.repository().as_str(), &image.answer, now)?;
    Some(repair.short_text())
}

/// Every image with the same reason why nothing is known.
fn all_unknown(pod: &PodFacts<'_>, reason: Reason) -> Vec<JudgedImage> {
    pod.images
        .iter()
        .map(|field| {
            let reason = if field.image.is_empty() { Reason::NoImage } else { reason };
            nothing_known(pod, field, reason)
        })
        .collect()
}

fn nothing_known(pod: &PodFacts<'_>, field: &ImageField<'_>, reason: Reason) -> JudgedImage {
    let mut judged = JudgedImage::unknown(
        pod.field(field),
        field.owner.clone().into_owned(),
        field.image.clone().into_owned(),
        reason,
    );
    if let Ok(reference) = field.image.parse::<ImageReference>() {
        judged.repository = match reference.port() {
            Some(port) => format!("{}:{port}/{}", reference.host(), reference.repository()),
            None => format!("{}/{}", reference.host(), reference.repository()),
        };
    }
    judged
}
