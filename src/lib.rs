//! `acr-admission` decides, at deploy time, whether the identity behind a workload may pull its images from
//! Azure Container Registry.
//!
//! The crate is a library with a thin binary. Each folder of `src` is a room with one subject, and a room may
//! only use the rooms below it:
//!
//! ```text
//! main → cli → server → kubernetes → report → review, settings, lint
//!      → workload, inventory, azure_cli → engine
//! ```
//!
//! * [`engine`]: Azure's rules. Pure: no files, clock, network, Kubernetes or logging.
//! * [`azure_cli`]: the `az` commands that repair something, and how shells quote them.
//! * [`certificates`]: when the webhook's own authority or certificate is due, and how it is made.
//! * [`cli`]: arguments in, data, talk and an exit code out.
//! * [`inventory`]: exported Azure data in, one checked [`engine::inventory::Inventory`] out.
//! * [`kubernetes`]: what is known of the cluster around a review: service accounts and namespaces.
//! * [`lint`]: problems of an inventory: inert grants, leaky conditions, switches that pass them by.
//! * [`report`]: what was judged, as one document, and the shapes it can be printed in.
//! * [`review`]: `AdmissionReviews` in, what to judge or why not out.
//! * [`server`]: the webhook: HTTPS, reload, health, the end.
//! * [`settings`]: what the operator decides about verdicts.
//! * [`telemetry`]: log lines and metrics; anyone but the engine may use it.
//! * [`yaml`]: YAML as a tree that knows where everything stood.
//! * [`workload`]: manifests and pods in, the facts that decide about a pull out.
//!
//! `tests/it/architecture.rs` fails when a room reaches upwards.

pub mod azure_cli;
pub mod certificates;
pub mod cli;
pub mod engine;
pub mod inventory;
pub mod kubernetes;
pub mod lint;
pub mod report;
pub mod review;
pub mod server;
pub mod settings;
pub mod telemetry;
pub mod workload;
pub mod yaml;
