//! Settings: what the operator decides about verdicts. One YAML file, read strictly.
//!
//! ```text
//! text → tree (lines) ──schema──→ problems, all at once
//!      → document (serde) ──rule, exception──→ Settings
//! ```
//!
//! A verdict says what would happen; a [`Rule`] says what is done about it. The rule follows from the namespace
//! alone: its name and its labels. Nothing that a workload says about itself chooses a rule or weakens one.
//!
//! This room reads text, not files, and has no clock.

mod document;
mod exception;
mod glob;
mod load;
mod rule;
mod schema;
mod selector;

pub use self::document::SettingsDocument;
pub use self::exception::{Exception, ExceptionCandidate};
pub use self::load::{ClusterSettings, Settings, SettingsError, SettingsProblem};
pub use self::rule::{Action, Mode, Rule};
pub use self::schema::schema;
pub use self::selector::NamespaceLabels;
