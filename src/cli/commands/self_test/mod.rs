//! `self-test`: one image that must be allowed and one that must be denied, asked of a running webhook.
//!
//! ```text
//! --allowed, --denied, or inventory and settings, judged here ─→ samples
//! samples ─→ AdmissionReview over HTTPS ─→ the webhook ─→ answer ─→ is it what it must be?
//! ```

mod answer;
mod run;
mod samples;

pub(super) use self::run::run;
