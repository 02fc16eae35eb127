//! The explanation of one answer: the document for programs, and the page for people.
//!
//! ```text
//! engine: decision, trace, near misses, fix ─► Explanation ─┬─► text: sections, failing conditions underlined
//!                                                           └─► json, yaml
//! ```

mod condition;
mod model;
mod sentence;
mod text;

pub use self::condition::{ConditionRow, FailingRow};
pub use self::model::{AdviceRow, AssignmentRow, Explanation, NearMissRow, RegistryRow};
pub use self::text::write_explanation;
