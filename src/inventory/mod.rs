//! Exported Azure data in, one checked [`Inventory`](crate::engine::inventory::Inventory) out.
//!
//! Reads what `az … -o json|yaml`, ARM REST and Microsoft Graph print, recognised by content, and one short
//! hand-written form. Knows nothing of Kubernetes and never calls Azure.
//!
//! ```text
//! sources  → text     → document        → kind + record            → collection    → finish
//! files,     UTF-8,     JSON (or YAML     what each record is,       merged by id    names resolved,
//! folders    UTF-16     made JSON) cut    read by the file of its                    loose ends told
//!                       into records      subject: registry, role,
//!                                         assignment, principal, …
//! ```
//!
//! Broken data is refused with every problem at once ([`LoadErrors`]); a loose end, such as an assignment of a
//! role that no export defines, counts for nothing and is told ([`LoadWarning`]).

mod assignment;
mod cluster;
mod collection;
mod conditional_access;
mod document;
pub mod export;
mod finish;
mod gzip;
pub mod hand_written;
mod intern;
mod kind;
mod load;
mod location;
mod management_group;
mod membership;
mod merge;
mod own_kind;
pub mod packed;
mod places;
mod principal;
mod problem;
mod record;
mod registry;
mod role;
mod sources;
mod spelling;
mod text;
mod yaml;

pub use gzip::pack as compress;
pub use kind::RecordKind;
pub use load::{Counts, Loaded, from_documents, load, load_in_order_of_names};
pub use places::{Listed, Places};
pub use problem::{LoadError, LoadErrorCode, LoadErrors, LoadWarning, LoadWarningCode, Place};
pub use sources::SkippedFile;
