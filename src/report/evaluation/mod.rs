//! What a condition came to for one request, with the truth of each of its parts.
//!
//! ```text
//! engine: Condition, Facts ─► Evaluation ─┬─► text: the result, then a line for each part
//!                                         └─► json, yaml
//! ```

mod model;
mod text;

pub use self::model::{AttributeRow, Evaluation, MistakeRow, PartRow, truth_word};
pub use self::text::write_evaluation;
