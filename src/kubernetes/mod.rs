//! What a review has to know of the cluster around it: service accounts, labels of namespaces, pull secrets.
//!
//! ```text
//! API server ──watch──→ cache ─┐
//!            ←─get on a miss── ┼→ Surroundings → the webhook
//! manifest files ──────────────┘
//! ```
//!
//! Watches service accounts and namespaces, and pull secrets where the operator wants that; nothing else. Of each
//! object a handful of texts is kept. Besides, `inventory pack` keeps its file in a `ConfigMap` from here.

mod cluster;
mod config_map;
mod files;
mod lease;
mod lookup;
mod pull_secrets;
mod stored_certificate;
mod surroundings;
mod watch;

pub use self::cluster::{ClusterSurroundings, ConnectError, Kubeconfig};
pub use self::config_map::{CONFIG_MAP_HOLDS, StoreError, store_file};
pub use self::files::FileSurroundings;
pub use self::lease::Leadership;
pub use self::lookup::{FetchError, Known};
pub use self::stored_certificate::{
    CertificateSecret, ConfiguredBundles, StoredCertificate, WebhookConfiguration,
};
pub use self::surroundings::{CacheFailure, CacheState, Fetch, Surroundings};
