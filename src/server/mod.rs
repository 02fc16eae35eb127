//! The webhook: HTTPS in, verdicts out.
//!
//! ```text
//! listener ─tls─→ connection ─→ router ─→ body ─→ Webhook ─→ answer
//!                                                   │ facts: caches, one live look-up at most
//!                                                   │ judge: the engine, image by image
//!                                                   └ outcome: what the rule says about the verdicts
//! reload ──polls──→ inventory, settings, certificate ──swap──→ Policy, key
//! health ─→ /healthz /readyz /status /metrics on a port of their own
//! ```
//!
//! The health port opens at once. The other one opens when certificate, settings and inventory are loaded, however
//! long that takes: a program that ends for a bad file restarts for ever and tells nobody why.
//!
//! To a review that can be read the answer is HTTP 200 with its uid, whatever goes wrong inside: anything else the
//! API server takes for a failed call, and a failed call may admit. What could not be determined is unknown, and
//! the settings say what is done about it.

mod activity;
mod body;
mod certificate;
mod certificate_files;
mod deadline;
mod decision_log;
mod facts;
mod health;
mod inputs;
mod judge;
mod lifecycle;
mod listener;
mod load;
mod options;
mod outcome;
mod peers;
mod policy;
mod policy_files;
mod reload;
mod respond;
mod router;
mod run;
mod running;
mod self_managed;
mod stamp;
mod status;
mod surroundings;
mod tasks;
mod webhook;

pub use self::options::{
    CertificateSource, Clock, ClusterSource, KUBE_SYSTEM, Limits, SelfManaged, ServeError, ServeOptions,
    TlsVersion,
};
pub use self::run::{run, start};
pub use self::running::Running;
pub use crate::certificates::CertificateError;
