//! Reviews: what the API server asks, and what it is answered.
//!
//! ```text
//! bytes ──request──→ AdmissionRequest ──examine──→ Skip, or the Workload to judge
//! answers ──message──→ texts ──response──→ bytes
//! ```
//!
//! The API server drops an answer that is not HTTP 200 with the request's uid, and then admits the object where the
//! webhook's failure policy says so. So nothing here panics, and every error carries the uid if the text shows one.

mod error;
mod examine;
mod message;
mod printable;
mod request;
mod response;
pub mod sentence;

pub use self::error::{ReviewError, ReviewProblem};
pub use self::examine::{Examined, Skip, UnchangedObjects};
pub use self::message::{Denial, ImageAnswer, MAX_LINE, MAX_MESSAGE, MAX_WARNING, MAX_WARNINGS, warnings};
pub use self::printable::{printable, shortened};
pub use self::request::{AdmissionRequest, GroupVersionKind, GroupVersionResource, Operation, UserInfo};
pub use self::response::{AdmissionResponse, AuditKey};
