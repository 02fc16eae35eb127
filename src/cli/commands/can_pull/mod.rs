//! `can-pull`: one identity and one image, or a batch of such questions.
//!
//! ```text
//! names ──ask──→ registry, repository, account ──engine──→ decision ──┬─→ text, JSON, YAML (one)
//!                                                                     └─→ JSON lines (batch)
//! ```

mod batch;
mod single;

pub(crate) use self::single::run;
