//! Reports: what was judged, as one document, and the shapes it can be printed in.
//!
//! ```text
//! findings ─► CheckReport ─┬─► table, wide       for people
//!                          ├─► json, yaml, jsonl for programs (the stable contract)
//!                          └─► junit, sarif, github, markdown for pipelines and pull requests
//! conditions ─► Evaluation ─► text, json, yaml
//! lint findings ─► LintReport ─► text, table, json, yaml, sarif, github, markdown
//! ```
//!
//! The model is made once and every renderer only reads it, so no two formats can disagree. Everything that came
//! out of a manifest is escaped for the format it is printed in: image names are written by strangers.

mod columns;
mod document;
mod escape;
mod evaluation;
mod explain;
mod fix;
mod format;
mod github;
mod junit;
mod lint;
mod markdown;
mod model;
mod sarif;
mod snippet;
mod table;
mod text;

pub use self::columns::{Cell, Columns, Paint};
pub use self::document::{write_json, write_json_line, write_yaml};
pub use self::evaluation::{AttributeRow, Evaluation, MistakeRow, PartRow, truth_word, write_evaluation};
pub use self::explain::{
    AdviceRow, AssignmentRow, ConditionRow, Explanation, FailingRow, NearMissRow, RegistryRow,
    write_explanation,
};
pub use self::fix::{ConditionInFileRow, FileRow, FixRow};
pub use self::format::{ReportFormat, write_check_report};
pub use self::lint::{LintCounts, LintFormat, LintReport, LintRow, write_lint_report};
pub use self::model::{
    API_VERSION, AnswerRow, CheckReport, Counts, Finding, IdentityRow, Skipped, Summary, object_name,
};
pub use self::snippet::draw_mistake;
