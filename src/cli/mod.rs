//! The command line: arguments in, data and talk out, an exit code at the end.
//!
//! ```text
//! args (clap types) → settings (plain values) → commands → Output: stdout is data, stderr is talk
//! ```
//!
//! Commands return an [`Outcome`] or a [`CliError`]; nothing below prints or exits by itself.

pub mod args;
mod commands;
mod error;
mod input;
mod output;
mod settings;
#[cfg(test)]
mod tests;

pub use self::commands::run;
pub use self::error::CliError;
pub use self::output::{Outcome, Output};
