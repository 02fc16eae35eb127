//! Problems of the inventory itself: grants that do nothing, grants that do too much, switches that pass them by.
//!
//! Verdicts answer one question; this looks at everything that a person should know before asking. Nothing here
//! changes a verdict, and nothing is read but the loaded inventory.
//!
//! ```text
//! Index + Places ─► Estate ─┬─► registry   switches, tokens, scope maps
//!                           ├─► grant      role assignments ─► narrowing   their conditions ─► condition, coverage
//!                           ├─► identity   groups, federated credentials
//!                           └─► gap        what the export could not read
//!                                    └──► LintFinding: code, subject, place, what, why, fix
//! ```
//!
//! Codes, severities and general remedies stand in one table, [`LintCode`]; `docs/lint.md` has a section for each.

mod carried;
mod code;
mod condition;
mod coverage;
mod estate;
mod finding;
mod gap;
mod grant;
mod identity;
mod keyword;
mod narrowing;
mod registry;
mod run;

pub use self::code::{LintCode, Severity};
pub use self::condition::{ConditionWarning, condition_warnings};
pub use self::finding::{ConditionSpot, LintFinding, Subject};
pub use self::run::lint;
