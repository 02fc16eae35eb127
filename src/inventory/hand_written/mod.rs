//! The short YAML form that people write: `kind: Inventory`, for kind clusters, demos and tests.
//!
//! Names instead of ids wherever a name is enough; `docs/schemas/inventory.schema.json` is generated from
//! [mod@format]. Unlike exports, where a loose end is a fact about a tenant, an unknown name here is a slip of the
//! pen and therefore an error.

pub mod format;
mod lookup;
mod read;
mod resolve;

pub(super) use read::{HandWritten, read};
pub(super) use resolve::{guid_of, resolve};
