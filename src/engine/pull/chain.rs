//! The chain: every credential that a kubelet would try for an image, in order.

use std::collections::HashMap;

use super::answer::Try;
use super::cluster::ClusterProfile;
use super::holder::TokenHolder;
use super::keyring;
use super::location::ImageName;
use super::node::{NodeCredential, Sender};
use super::plugin::empty_entry_covers;
use super::puller::{PullSecretState, Puller, Question};

/// The tries that a kubelet would make for an image, in order. It stops at the first that succeeds.
///
/// Empty where one of the pull secrets is malformed, and where nothing but secrets that may not be read could match.
///
/// ```
/// # use acr_admission::engine::index::Index;
/// # use acr_admission::engine::inventory::Inventory;
/// use acr_admission::engine::pull::{
///     ClusterProfile, ImageName, ProfileOverrides, Puller, Question, ServiceAccountState, Try, chain,
/// };
///
/// # let index = Index::build(Inventory::default());
/// # let cluster = ClusterProfile::from_inventory(&index, None, &ProfileOverrides::default()).cluster;
/// # let puller = Puller {
/// #     namespace: "shop",
/// #     service_account_name: "default",
/// #     service_account: ServiceAccountState::NotFound,
/// #     pull_secrets: Vec::new(),
/// #     virtual_node: false,
/// #     windows: false,
/// # };
/// let tries = |host| chain(ImageName { host, path: "web" }, &puller, &cluster, Question::Actual);
/// assert_eq!(tries("contoso.azurecr.io"), [Try::Node, Try::PluginAnonymous]);
/// assert_eq!(tries("contoso.westeurope.geo.azurecr.io"), [Try::Node]);
/// assert_eq!(tries("contoso.azurecr.io:443"), [Try::Anonymous]);
/// ```
#[must_use]
pub fn chain(
    image: ImageName<'_>,
    puller: &Puller<'_>,
    cluster: &ClusterProfile,
    question: Question,
) -> Vec<Try> {
    Chain::predict(image, puller, cluster, question).tries
}

/// A chain, with what is needed to judge it.
pub(super) struct Chain<'a> {
    pub(super) tries: Vec<Try>,
    pub(super) node: NodeCredential<'a>,
    pub(super) secrets: SecretsRead,
    /// Whose token each secret holds, by the secret's name.
    pub(super) holders: HashMap<&'a str, &'a TokenHolder>,
}

/// How far the pull secrets could be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SecretsRead {
    /// All that exist were read.
    All,
    /// The content of one at least is not known here, so there may be more tries.
    NotAll,
    /// One is malformed: the kubelet gives up before any try.
    OneMalformed,
}

impl<'a> Chain<'a> {
    pub(super) fn predict(
        image: ImageName<'_>,
        puller: &Puller<'a>,
        cluster: &'a ClusterProfile,
        question: Question,
    ) -> Self {
        let node = NodeCredential::of(image, puller, cluster, question);
        let secrets = SecretsRead::of(puller);
        if secrets == SecretsRead::OneMalformed {
            return Self { tries: Vec::new(), node, secrets, holders: HashMap::new() };
        }
        let mut tries = secret_tries(image, puller);
        let on_node = cluster.nodes.docker_config.iter().map(|entry| ((), entry));
        tries.extend(
            keyring::lookup(image, on_node)
                .into_iter()
                .map(|((), entry)| Try::NodeConfig { user: sent_user(&entry.user).into() }),
        );
        let nothing_else = tries.is_empty() && secrets == SecretsRead::All;
        match node {
            NodeCredential::Sent(sender) => {
                tries.push(sender.as_try());
                if empty_entry_covers(image.host) {
                    tries.push(Try::PluginAnonymous);
                }
            }
            // With a login the empty entry follows, without one nothing precedes: anonymous in either case.
            NodeCredential::Unknown(_) if nothing_else && empty_entry_covers(image.host) => {
                tries.push(Try::PluginAnonymous);
            }
            NodeCredential::NotSent(_) if nothing_else => tries.push(Try::Anonymous),
            NodeCredential::Unknown(_) | NodeCredential::NotSent(_) => {}
        }
        Self { tries, node, secrets, holders: puller.holders() }
    }
}

impl SecretsRead {
    fn of(puller: &Puller<'_>) -> Self {
        let mut read = Self::All;
        for secret in &puller.pull_secrets {
            match secret {
                PullSecretState::Malformed { .. } => return Self::OneMalformed,
                PullSecretState::NotReadable { .. } => read = Self::NotAll,
                PullSecretState::Read(_) | PullSecretState::Absent { .. } => {}
            }
        }
        read
    }
}

impl Sender<'_> {
    fn as_try(self) -> Try {
        match self {
            Self::Kubelet | Self::ServicePrincipal => Try::Node,
            Self::ClusterDefault(default) => {
                Try::ServiceAccountIdentity { client_id: default.client_id.clone() }
            }
            Self::Annotation { client_id, .. } => Try::ServiceAccountIdentity { client_id: client_id.into() },
        }
    }
}

fn secret_tries(image: ImageName<'_>, puller: &Puller<'_>) -> Vec<Try> {
    let secrets = puller.pull_secrets.iter().filter_map(|secret| match secret {
        PullSecretState::Read(secret) => Some(secret),
        PullSecretState::Malformed { .. }
        | PullSecretState::Absent { .. }
        | PullSecretState::NotReadable { .. } => None,
    });
    let entries = secrets.flat_map(|secret| secret.entries.iter().map(move |entry| (&secret.name, entry)));
    let tries = keyring::lookup(image, entries).into_iter().map(|(name, entry)| {
        let name = name.clone();
        if entry.has_password {
            Try::Secret { name, user: sent_user(&entry.user).into() }
        } else {
            Try::SecretWithoutPassword { name }
        }
    });
    tries.collect()
}

/// The user that a registry sees: HTTP Basic ends it at the first colon.
fn sent_user(user: &str) -> &str {
    user.split_once(':').map_or(user, |(user, _)| user)
}
