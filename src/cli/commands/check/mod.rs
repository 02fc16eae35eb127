//! `check`: manifests in, both verdicts of every image out.
//!
//! ```text
//! paths ──files──→ manifests ──estate──→ service accounts and secrets ─┐
//!                      └── workloads ──────────────────────────────────┴─findings→ CheckReport ──report──→ stdout
//! ```

mod estate;
mod files;
mod findings;
mod run;

pub(super) use self::run::run;
