//! The engine: Azure's rules about who may pull what, as a pure function of an immutable index.
//!
//! Nothing in this folder opens a file, reads a clock, logs, or knows Kubernetes. Everything arrives as an
//! argument, so every rule can be tested with a function call.
//!
//! ```text
//! exports → inventory::Inventory → index::Index ─┬─ authorize: may this identity do that?
//!                                                └─ pull: which credentials would a pull try, and does one do?
//! ```

pub mod account;
pub mod action;
pub mod assignment;
pub mod authorize;
pub mod condition;
pub mod conditional_access;
pub mod decision;
mod deny;
pub mod fix;
pub mod gap;
pub mod guid;
pub mod hidden_members;
pub mod image;
pub mod index;
pub mod inventory;
pub mod near_miss;
pub mod pattern;
pub mod pull;
pub mod quarantine;
pub mod scope;
pub mod suppose;
pub mod task;
pub mod trace;
