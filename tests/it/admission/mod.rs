//! The main job, end to end: a real API server asks the real program, and users of the API read its answers.
//!
//! ```text
//! kubectl, as a user ─→ kube-apiserver ─→ acr-admission serve
//!                        │ deploy/kustomize/base/webhook.yaml           │ tests/fixtures/az, cluster aks-prod
//!                        └──── watches, look-ups ←─────────────────────┘
//! ```
//!
//! One server and one webhook serve most tests. A test works in namespaces of its own, whose label chooses the rule,
//! or in those of the exported estate, with names of its own.

mod certificates;
mod cluster;
mod configuration;
mod demonstration;
mod estate;
mod interruptions;
mod modes;
mod objects;
mod pods;
mod pull_secrets;
mod reloads;
mod serving;
mod status;
mod updates;
mod workloads;
