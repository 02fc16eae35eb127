//! The Azure CLI commands that repair something, as argument vectors, and how shells must quote them.
//!
//! ```text
//! engine::fix::Fix ─► Repair: command, file beside it, clean-up ─┐
//! reason of a verdict ─► Remedy: a sentence, a command at best ──┴► quoted for a shell: denial, report, explain
//! ```
//!
//! A repair was tried by the engine; a remedy is what the documentation says to do. The two are never mixed up.
//! The forms of the commands were run with the real tool; what a shell makes of a quoted command is tested with
//! real shells.

mod command;
mod remedy;
mod repair;
mod shell;

pub use self::command::{AzCommand, CommandFile};
pub use self::remedy::{Account, Remedy, instruction};
pub use self::repair::{ConditionInFile, Repair};
pub use self::shell::Shell;
