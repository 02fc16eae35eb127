//! Who pulls an image, and does any of them manage to?
//!
//! A kubelet collects every credential that matches the image and tries one after the other: pull secrets, the
//! node's credential plugin, anonymous. This room predicts that chain and asks [`super::authorize`] and
//! [`super::account`] about each link.

mod cluster;
mod puller;

pub use self::cluster::{Cloud, ClusterProfile, Federation, PullIdentity};
pub use self::puller::{
    Answer, IdentityKind, JudgedIdentity, Judgement, PullSecret, PullSecretEntry, PullSecretState, Puller,
    Question, ServiceAccountFacts, ServiceAccountState, Try,
};
