//! What the settings make of verdicts.
//!
//! ```text
//! verdict + rule → action for each image → the strictest of them → exception? → mode → admitted or not
//! ```

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::engine::action::PermissionsMode;
use crate::engine::decision::{Reason, Verdict};
use crate::engine::pull::{Answer, Cloud, Question};
use crate::review::Skip;
use crate::settings::{Action, ExceptionCandidate, Mode, Rule, Settings};
use crate::workload::WorkloadKind;

/// What came of one review.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) conclusion: Conclusion,
    /// The mode of the rule; `off` where nothing was judged.
    pub(super) mode: Mode,
    pub(super) rule: SmolStr,
    pub(super) question: Question,
    pub(super) service_account: String,
    pub(super) images: Vec<JudgedImage>,
    /// The exception that admitted the request.
    pub(super) exception: Option<SmolStr>,
}

/// One word for what came of a review. The mode says whether a `Deny` was carried out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Conclusion {
    /// Every image can be pulled, or is none of ours.
    Allow,
    /// Some image is to be warned about.
    Warn,
    /// Some image could not be judged, and the rule admits that.
    Unknown,
    /// Some image is to be refused.
    Deny,
    /// As [`Self::Deny`] or less, but an exception covers it.
    Exception,
    /// Nothing was judged.
    Skip(Option<Skip>),
}

impl Conclusion {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Deny => "deny",
            Self::Exception => "exception",
            Self::Skip(_) => "skip",
        }
    }
}

/// One image field and what came of it.
#[derive(Debug)]
pub(super) struct JudgedImage {
    /// The path in the object; empty where the object as a whole is meant.
    pub(super) field: String,
    /// Container or volume.
    pub(super) owner: String,
    /// The text as written.
    pub(super) image: String,
    /// `host/repository`, with the port if one is written, where the text is an image reference.
    pub(super) repository: String,
    /// The registry's name in the inventory.
    pub(super) registry: Option<SmolStr>,
    pub(super) registry_mode: Option<PermissionsMode>,
    pub(super) answer: Answer,
    pub(super) action: Action,
    /// A verified command that would turn the answer; the first denied image has one, where there is one.
    pub(super) fix: Option<String>,
}

impl JudgedImage {
    /// An image, or a whole object, of which nothing is known but why.
    pub(super) fn unknown(field: String, owner: String, image: String, reason: Reason) -> Self {
        Self {
            field,
            owner,
            image,
            repository: String::new(),
            registry: None,
            registry_mode: None,
            answer: Answer::unknown(reason),
            action: Action::Allow,
            fix: None,
        }
    }
}

/// What a rule is applied to.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) kind: Option<WorkloadKind>,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) service_account: &'a str,
}

impl Outcome {
    /// Nothing was judged.
    pub(super) fn skipped(skip: Option<Skip>, rule: Option<&Rule>) -> Self {
        Self {
            conclusion: Conclusion::Skip(skip),
            mode: Mode::Off,
            rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
            question: Question::default(),
            service_account: String::new(),
            images: Vec::new(),
            exception: None,
        }
    }

    /// Applies a rule, and the exceptions, to judged images.
    pub(super) fn of(
        mut images: Vec<JudgedImage>,
        subject: Subject<'_>,
        rule: &Rule,
        settings: &Settings,
        now: Timestamp,
    ) -> Self {
        for image in &mut images {
            image.action = action(image, subject.kind, rule);
        }
        let strictest = images.iter().map(|image| image.action).max().unwrap_or(Action::Allow);
        let exception = settings.exception(&candidates(&images, subject), now);
        let is_unknown = images.iter().any(|image| image.answer.verdict() == Verdict::Unknown);
        let conclusion = match (exception, strictest) {
            (Some(_), _) => Conclusion::Exception,
            (None, Action::Deny) => Conclusion::Deny,
            (None, Action::Allow | Action::Warn) if is_unknown => Conclusion::Unknown,
            (None, Action::Warn) => Conclusion::Warn,
            (None, Action::Allow) => Conclusion::Allow,
        };
        Self {
            conclusion,
            mode: mode(rule, subject.kind),
            rule: rule.name.clone(),
            question: rule.question,
            service_account: subject.service_account.to_owned(),
            images,
            exception: exception.map(|exception| exception.name.clone()),
        }
    }

    /// Whether the object goes in.
    pub(super) fn is_admitted(&self) -> bool {
        !(self.conclusion == Conclusion::Deny && self.mode == Mode::Enforce)
    }

    /// The image that says most: refused, else warned about, else the first.
    pub(super) fn telling_image(&self) -> Option<&JudgedImage> {
        let strictest = self.images.iter().map(|image| image.action).max()?;
        self.images.iter().find(|image| image.action == strictest)
    }
}

/// Pods have a mode of their own: what makes pods may be warned about while pods are refused. What cannot be told
/// is treated as a pod.
pub(super) const fn mode(rule: &Rule, kind: Option<WorkloadKind>) -> Mode {
    match kind {
        Some(WorkloadKind::Pod) | None => rule.pods,
        Some(_) => rule.workloads,
    }
}

fn action(image: &JudgedImage, kind: Option<WorkloadKind>, rule: &Rule) -> Action {
    match image.answer.verdict() {
        Verdict::Allow | Verdict::Skip => Action::Allow,
        Verdict::Deny => Action::Deny,
        Verdict::Unmanaged if is_acr_host(&image.repository) => rule.unlisted_acr,
        Verdict::Unmanaged => rule.other_registries,
        // The account may come with the same `kubectl apply`; its pods are asked about again.
        Verdict::Unknown
            if image.answer.reason == Reason::ServiceAccountNotFound && kind != Some(WorkloadKind::Pod) =>
        {
            rule.unknown.min(Action::Warn)
        }
        Verdict::Unknown => rule.unknown,
    }
}

/// Whether the host of `host/repository` looks like one of Azure Container Registry, in any cloud.
fn is_acr_host(repository: &str) -> bool {
    let host = repository.split(['/', ':']).next().unwrap_or_default();
    [Cloud::AzurePublic, Cloud::AzureChina, Cloud::AzureUSGovernment].iter().any(|cloud| {
        host.strip_suffix(cloud.registry_suffix())
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

fn candidates<'a>(images: &'a [JudgedImage], subject: Subject<'a>) -> Vec<ExceptionCandidate<'a>> {
    let concerned = images.iter().filter(|image| image.action > Action::Allow);
    concerned
        .map(|image| ExceptionCandidate {
            namespace: subject.namespace,
            kind: subject.kind.map_or("", WorkloadKind::as_str),
            name: subject.name,
            service_account: subject.service_account,
            repository: &image.repository,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::is_acr_host;

    #[test]
    fn hosts_of_azure_are_told_by_their_whole_ending() {
        for (repository, expected) in [
            ("contoso.azurecr.io/a", true),
            ("contoso.eastus.data.azurecr.io/a", true),
            ("contoso.azurecr.cn/a", true),
            ("contoso.azurecr.us/a", true),
            ("contoso.azurecr.io:8443/a", true),
            ("contoso.azurecr.io.evil.com/a", false),
            ("evilazurecr.io/a", false),
            ("docker.io/azurecr.io", false),
        ] {
            assert_eq!(is_acr_host(repository), expected, "{repository}");
        }
    }
}
