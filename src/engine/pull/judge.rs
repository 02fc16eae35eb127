//! The judgement: does any try of the chain succeed, and if none does, what says most about why?
//!
//! 1. An empty image, an image id or a text that is no reference ends it; so does a host that no export knows, and a
//!    data endpoint.
//! 2. A malformed pull secret ends it, whichever host it is for.
//! 3. One try that can pull is enough: *allow*, in the name of the first.
//! 4. A try by somebody who could not be resolved might have succeeded: *unknown*.
//! 5. Else *deny* in the name of the first try: pull secrets come before the node. Where the only try goes out without
//!    a credential because none was found, the reason why none was found says more.

use jiff::Timestamp;
use smol_str::SmolStr;

use super::answer::{Answer, Judgement, QuestionJudgement, Try};
use super::chain::{Chain, SecretsRead};
use super::cluster::ClusterProfile;
use super::credential::{Login, Outcome, PullTarget};
use super::holder::is_named_for_binding;
use super::location::ImageName;
use super::node::NodeCredential;
use super::plugin::is_asked_about;
use super::puller::{PullSecretState, Puller, Question};
use crate::engine::account::{allows_anonymous_pull, registry_advice};
use crate::engine::decision::{Advice, AdviceSet, Reason, Verdict};
use crate::engine::image::{ImageReference, ImageReferenceError};
use crate::engine::index::{HostMatch, Index, RegistryNumber};

impl Index {
    /// Answers both questions about one image.
    ///
    /// ```
    /// use acr_admission::engine::decision::{Reason, Verdict};
    /// use acr_admission::engine::index::Index;
    /// use acr_admission::engine::inventory::Inventory;
    /// use acr_admission::engine::pull::{ClusterProfile, ProfileOverrides, Puller, ServiceAccountState};
    ///
    /// let index = Index::build(Inventory::default());
    /// let cluster = ClusterProfile::from_inventory(&index, None, &ProfileOverrides::default()).cluster;
    /// let puller = Puller {
    ///     namespace: "shop",
    ///     service_account_name: "default",
    ///     service_account: ServiceAccountState::NotFound,
    ///     pull_secrets: Vec::new(),
    ///     virtual_node: false,
    ///     windows: false,
    /// };
    /// let now = "2026-11-22T00:00:00Z".parse()?;
    /// let judgement = index.judge(&cluster, &puller, "contoso.azurecr.io/web:1", now);
    /// assert_eq!(judgement.actual.verdict(), Verdict::Unmanaged);
    /// assert_eq!(index.judge(&cluster, &puller, "web:1:2", now).actual.reason, Reason::InvalidImageReference);
    /// # Ok::<(), jiff::Error>(())
    /// ```
    #[must_use]
    pub fn judge(
        &self,
        cluster: &ClusterProfile,
        puller: &Puller<'_>,
        image: &str,
        now: Timestamp,
    ) -> Judgement {
        let image = match parse(image) {
            Ok(image) => image,
            Err(reason) => {
                let answer = Answer::unknown(reason);
                return Judgement {
                    registry: None,
                    repository: None,
                    actual: answer.clone(),
                    workload: answer,
                };
            }
        };
        let judging = Judging { index: self, cluster, puller, image: &image, now };
        let actual = judging.answer(Question::Actual);
        let workload = judging.answer(Question::Workload);
        let (registry, repository) = judging.place();
        Judgement { registry, repository, actual, workload }
    }

    /// Answers one question about one image.
    #[must_use]
    pub fn judge_question(
        &self,
        cluster: &ClusterProfile,
        puller: &Puller<'_>,
        image: &str,
        now: Timestamp,
        question: Question,
    ) -> QuestionJudgement {
        let image = match parse(image) {
            Ok(image) => image,
            Err(reason) => {
                return QuestionJudgement {
                    registry: None,
                    repository: None,
                    answer: Answer::unknown(reason),
                };
            }
        };
        let judging = Judging { index: self, cluster, puller, image: &image, now };
        let answer = judging.answer(question);
        let (registry, repository) = judging.place();
        QuestionJudgement { registry, repository, answer }
    }
}

/// One image of one pod.
#[derive(Clone, Copy)]
struct Judging<'a> {
    index: &'a Index,
    cluster: &'a ClusterProfile,
    puller: &'a Puller<'a>,
    image: &'a ImageReference,
    now: Timestamp,
}

impl<'a> Judging<'a> {
    fn answer(&self, question: Question) -> Answer {
        let chain = Chain::predict(self.name(), self.puller, self.cluster, question);
        let outcome = match self.target() {
            Ok(target) => self.outcome(&chain, target),
            Err(reason) => self.outcome_elsewhere(reason, chain.secrets),
        };
        let Outcome { reason, identity, by, advice } = outcome;
        Answer { reason, identity, by, chain: chain.tries, advice }
    }

    fn name(&self) -> ImageName<'a> {
        ImageName { host: self.image.host_as_spelled(), path: self.image.repository().as_str() }
    }

    /// The registry and repository that the image names, where the host is known at all.
    fn place(&self) -> (Option<RegistryNumber>, Option<SmolStr>) {
        match self.index.host(self.image.host()) {
            Some(HostMatch::LoginServer(number) | HostMatch::DataEndpoint(number)) => {
                (Some(number), Some(self.image.repository().as_str().into()))
            }
            None => (None, None),
        }
    }

    fn target(&self) -> Result<PullTarget<'a>, Reason> {
        let number = match self.index.host(self.image.host()) {
            Some(HostMatch::LoginServer(number)) => number,
            Some(HostMatch::DataEndpoint(_)) => return Err(Reason::NotALoginServer),
            None => return Err(Reason::RegistryNotManaged),
        };
        let registry = self.index.registry(number).ok_or(Reason::RegistryNotManaged)?;
        Ok(PullTarget { number, registry, repository: self.image.repository().as_str(), now: self.now })
    }

    /// What there is to say where no pull can be judged.
    fn outcome_elsewhere(&self, reason: Reason, secrets: SecretsRead) -> Outcome {
        let mut outcome = Outcome::unresolved(reason);
        let (name, puller, cluster) = (self.name(), self.puller, self.cluster);
        // Whose question it is does not matter: this is what the node does.
        let node = NodeCredential::of(name, puller, cluster, Question::Actual);
        if reason == Reason::RegistryNotManaged
            && secrets != SecretsRead::OneMalformed
            && is_asked_about(name.host)
            && matches!(node, NodeCredential::Sent(_))
        {
            outcome.advice.insert(Advice::NodeLogsInAtForeignRegistry);
        }
        outcome
    }

    fn outcome(&self, chain: &Chain<'_>, target: PullTarget<'_>) -> Outcome {
        let mut outcome = match chain.secrets {
            SecretsRead::OneMalformed => Outcome::unresolved(Reason::PullSecretMalformed),
            SecretsRead::All | SecretsRead::NotAll => self.most_telling(chain, target),
        };
        for advice in registry_advice(target.registry) {
            outcome.advice.insert(advice);
        }
        let for_everybody = outcome.reason == Reason::RepositoryReadLocked;
        if allows_anonymous_pull(target.registry)
            && outcome.reason.verdict() != Verdict::Allow
            && !for_everybody
        {
            outcome.advice.insert(Advice::AnonymousPullWouldWork);
        }
        if outcome.reason == Reason::PullSecretNotReadable && self.misses_binding() {
            outcome.advice.insert(Advice::AcrPullBindingNotGiven);
        }
        if chain.secrets == SecretsRead::NotAll && outcome.reason != Reason::PullSecretNotReadable {
            outcome.advice.insert(Advice::PullSecretNotRead);
        }
        outcome
    }

    /// Whether a secret that is not read here is one that a controller makes of an `AcrPullBinding`.
    fn misses_binding(&self) -> bool {
        self.puller.pull_secrets.iter().any(|secret| match secret {
            PullSecretState::NotReadable { name } => is_named_for_binding(name),
            PullSecretState::Read(_) | PullSecretState::Malformed { .. } | PullSecretState::Absent { .. } => {
                false
            }
        })
    }

    /// The first allow, else the first unknown, else the first deny.
    fn most_telling(&self, chain: &Chain<'_>, target: PullTarget<'_>) -> Outcome {
        let mut unknown = match chain.secrets {
            SecretsRead::NotAll => Some(Outcome::unresolved(Reason::PullSecretNotReadable)),
            SecretsRead::All | SecretsRead::OneMalformed => None,
        };
        if let NodeCredential::Unknown(reason) = chain.node {
            unknown.get_or_insert_with(|| Outcome::unresolved(reason));
        }
        let mut deny = None;
        let mut node_resolved = true;
        for (position, attempt) in chain.tries.iter().enumerate() {
            // Nobody knows whether a login of a stranger works, and without one the empty entry is not sent either.
            // Where nothing else was tried, the kubelet then goes on without a credential, which comes to the same.
            if *attempt == Try::PluginAnonymous && !node_resolved && position > 1 {
                continue;
            }
            let outcome = self.outcome_of_try(attempt, chain, target);
            if attempt.is_node_login() {
                node_resolved = outcome.identity.is_some();
            }
            match outcome.reason.verdict() {
                Verdict::Allow => return outcome,
                Verdict::Unknown => drop(unknown.get_or_insert(outcome)),
                Verdict::Deny | Verdict::Unmanaged | Verdict::Skip => drop(deny.get_or_insert(outcome)),
            }
        }
        unknown.or(deny).unwrap_or_else(|| Outcome::unresolved(Reason::InternalError))
    }

    fn outcome_of_try(&self, attempt: &Try, chain: &Chain<'_>, target: PullTarget<'_>) -> Outcome {
        match attempt {
            Try::Secret { name, user } => match chain.holders.get(name.as_str()) {
                Some(holder) => self.index.outcome_of_holder(holder, self.puller, self.cluster, target),
                None => self.index.outcome_of_user(user, target),
            },
            Try::NodeConfig { user } => self.index.outcome_of_user(user, target),
            Try::SecretWithoutPassword { .. } | Try::PluginAnonymous => {
                self.index.outcome_of(Login::Anonymous, target)
            }
            Try::Anonymous => {
                let outcome = self.index.outcome_of(Login::Anonymous, target);
                match chain.node {
                    NodeCredential::NotSent(reason) if outcome.reason.verdict() == Verdict::Deny => {
                        Outcome { reason, ..outcome }
                    }
                    NodeCredential::NotSent(_) | NodeCredential::Unknown(_) | NodeCredential::Sent(_) => {
                        outcome
                    }
                }
            }
            Try::Node | Try::ServiceAccountIdentity { .. } => self.outcome_of_node(chain, target),
        }
    }

    fn outcome_of_node(&self, chain: &Chain<'_>, target: PullTarget<'_>) -> Outcome {
        let sender = match chain.node {
            NodeCredential::Sent(sender) => sender,
            NodeCredential::Unknown(reason) | NodeCredential::NotSent(reason) => {
                return Outcome::unresolved(reason);
            }
        };
        let mut advice = AdviceSet::default();
        let principal = self.index.principal_of_sender(sender, self.puller, self.cluster, &mut advice);
        let mut outcome = match principal {
            Ok(principal) => self.index.outcome_of(Login::Principal(principal), target),
            Err(reason) => Outcome::unresolved(reason),
        };
        outcome.advice.extend(advice);
        outcome
    }
}

fn parse(image: &str) -> Result<ImageReference, Reason> {
    image.parse().map_err(|error| match error {
        ImageReferenceError::Empty => Reason::NoImage,
        ImageReferenceError::ImageId => Reason::ImageIdReference,
        ImageReferenceError::Invalid { .. } => Reason::InvalidImageReference,
    })
}
