//! `kind: PackedInventory`: what verdicts about chosen clusters and registries need, in one small file.
//!
//! A tenant's export is tens of megabytes, a `ConfigMap` holds one. Most of an export is about resources that are no
//! registries, and about people. What is left out here cannot change verdict or reason of any question about what is
//! kept; `docs/inventory.md` says what is kept and why.
//!
//! ```text
//! Index ─► select  what is kept ─► write  tables of scopes and conditions, one line for each thing ─► file
//! file  ─► read    into the same collection as every other document, so that packed files merge like exports
//! ```
//!
//! Nothing is sorted anew: verdicts name the first of equal assignments, so the order of the exports is kept.

pub mod format;
mod read;
mod select;
mod write;

pub(super) use read::read;
pub use select::Choice;
pub use write::pack;
