//! Fixes: the narrowest role assignment that turns a denied pull to allow, tried before it is shown.
//!
//! ```text
//! denied pull ─► which role, where (propose) ─► condition in the portal's shape, or the old one widened
//!                                                    │
//!                    decide_with: does the pull turn to allow? does anything else change? (verify) ─► Fix
//! ```
//!
//! Rules: the registry's mode decides the role (Azure Container Registry, "ABAC repository permissions"); Azure
//! keeps one assignment for each principal, role and scope, so where there is one already it is changed, not made
//! again; only a registry in mode `rbac-abac` can be opened for one repository alone.

mod condition;
mod propose;
mod verify;

pub use self::condition::{portal_condition, widened_condition};
pub use self::propose::{Change, Fix, Grant, NoFix, Reach};
