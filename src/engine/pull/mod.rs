//! Who pulls an image, and does any of them manage to?
//!
//! A kubelet collects every credential that matches the image and tries one after the other: pull secrets, the
//! node's credential plugin, anonymous. This room predicts that chain and asks [`super::authorize`] and
//! [`super::account`] about each link.
//!
//! ```text
//! image ─┬─ keyring: entries of pull secrets whose key covers it ─┐
//!        ├─ holder: whose token a secret holds that an AcrPullBinding made
//!        ├─ node: who logs in, and does the plugin serve the host? ┴→ chain → judge: can any of them pull?
//!        └─ which registry is it? ──────────────────────────────────────────┘
//! ```

mod answer;
mod chain;
mod cluster;
mod credential;
mod federation;
mod holder;
mod judge;
mod keyring;
mod location;
mod node;
mod plugin;
mod profile;
mod puller;

pub use self::answer::{Answer, IdentityKind, JudgedIdentity, Judgement, QuestionJudgement, Try};
pub use self::chain::chain;
pub use self::cluster::{
    Cloud, ClusterProfile, DefaultIdentity, Federation, Mirror, NodeConditions, PluginLogin, PullIdentity,
    WithoutServiceAccount,
};
pub use self::holder::{HolderIdentity, TOKEN_USER, TokenHolder};
pub use self::location::ImageName;
pub use self::plugin::{empty_entry_covers, is_asked_about};
pub use self::profile::{Profile, ProfileNote, ProfileOverrides};
pub use self::puller::{
    PullSecret, PullSecretEntry, PullSecretState, Puller, Question, ServiceAccountFacts, ServiceAccountState,
};
