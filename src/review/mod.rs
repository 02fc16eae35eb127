//! Reviews: what the API server asks, and what it is answered.
//!
//! ```text
//! bytes ──request──→ AdmissionRequest ──examine──→ Skip, or the Workload to judge
//! ```
//!
//! The API server drops an answer that is not HTTP 200 with the request's uid, and then admits the object where the
//! webhook's failure policy says so. So nothing here panics, and every error carries the uid if the text shows one.

mod error;
mod examine;
mod request;

pub use self::error::{ReviewError, ReviewProblem};
pub use self::examine::{Examined, Skip, UnchangedObjects};
pub use self::request::{AdmissionRequest, GroupVersionKind, GroupVersionResource, Operation, UserInfo};
