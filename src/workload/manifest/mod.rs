//! Manifest files: JSON or YAML text in, objects with file and line out, every problem collected.
//!
//! ```text
//! text ──document──→ documents ─┬─json──┬→ JSON text + lines of list items ──reader──→ objects, problems
//!                               └─yaml──┘
//! ```
//!
//! What `kubectl` and `helm template` print and read is read here: documents between `---` lines, `List`s within
//! lists, whole `AdmissionReviews`. YAML is turned into JSON as `kubectl` does it, so that one reader judges both. A
//! document that cannot be read is a problem with its line, and the next one is read all the same.
//!
//! A key that is named twice is refused in both: the API server keeps one of the two values, and which one we
//! judged nobody would know.

mod document;
mod head;
mod json;
mod object;
mod problem;
mod reader;
mod sources;
mod yaml;

pub use self::object::{ManifestContent, ManifestObject};
pub use self::problem::ManifestProblem;
pub use self::reader::Manifests;
pub use self::sources::ManifestSources;
