//! `demo`: the webhook at work on a built-in estate. No cluster, no files of the caller, no network but loopback.
//!
//! ```text
//! examples/demo (embedded) ─→ the real server on a free loopback port, with a certificate made on the spot
//! its pods ──AdmissionReview over HTTPS──→ server ──answer──→ one line an image, then how to mend what was refused
//! ```

mod estate;
mod mend;
mod run;
mod show;
mod throw_away;

pub(super) use self::run::run;
