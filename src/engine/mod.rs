//! The engine: Azure's rules about who may pull what, as a pure function of an immutable index.
//!
//! Nothing in this folder opens a file, reads a clock, logs, or knows Kubernetes. Everything arrives as an
//! argument, so every rule can be tested with a function call.

pub mod condition;
pub mod image;
pub mod inventory;
