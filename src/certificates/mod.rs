//! Certificates of the webhook: checked, and where nobody else provides them, made and renewed here.
//!
//! ```text
//! what is stored ─→ Held ─┐
//!      the time ──────────┼→ plan: the next step ─→ issue ─→ what is to be stored
//!      what is trusted ───┘
//! ```
//!
//! Nothing in this room reads or writes: what is stored comes in as texts and goes out as texts. The time is an
//! argument. So every turn of an authority's ten years is a row in a test.

mod held;
mod issue;
mod pair;
mod plan;

pub use self::held::{Held, ROTATE};
pub use self::issue::{IssueError, Issued};
pub use self::pair::{CertificateError, ServerCertificate};
pub use self::plan::{Authority, Leaf, Pace, Rotate, State, Step, plan};
