//! Workloads: manifests and pods in, the facts that decide about a pull out.
//!
//! ```text
//! file → manifest ─┐                     ┌→ PodFacts: service account, pull secrets, images, placement
//! review's object ─┴→ object (raw JSON) ─┤
//!                                        └→ ServiceAccount, Secret, Namespace, PullBinding (files only)
//! ```
//!
//! Everything is read from raw JSON with structures of our own that name only what we look at. Typed crates drop
//! fields that are newer than they are, and an image in a field nobody reads is a way around the check. What is
//! absent or `null` counts as Kubernetes counts it; what has another type than Kubernetes gives it is an error,
//! never "no images here".

mod account;
mod kind;
pub mod manifest;
mod object;
mod pod;
mod pull_binding;
mod pull_secret;
mod puller;
mod secret;
mod shape;
mod wire;

pub use self::account::{Namespace, ServiceAccount};
pub use self::kind::WorkloadKind;
pub use self::object::{MAX_IMAGES, ObjectError, ObjectHeader, Workload};
pub use self::pod::{ImageField, ImagePlace, NodePlacement, PodFacts, PullSecretNames};
pub use self::pull_binding::{BindingIdentity, PullBinding, PullBindingVersion};
pub use self::pull_secret::{MalformedPullSecret, PullSecretFormat, read_pull_secret};
pub use self::puller::PullSources;
pub use self::secret::Secret;

pub(crate) use self::wire::{List, Object, Text};
