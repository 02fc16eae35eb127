//! What shells and `man` want to know, made from the same types as the parser.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::args::Cli;
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};

/// Prints a completion script.
///
/// # Errors
/// The output cannot be written.
pub(super) fn completions(shell: Shell, output: &mut Output) -> Result<Outcome, CliError> {
    // The generator panics where it cannot write, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "acr-admission", &mut script);
    output.data().write_all(&script)?;
    Ok(Outcome::Fine)
}

/// Prints the manual page of the command that the words lead to.
///
/// # Errors
/// There is no such command, or the output cannot be written.
pub(super) fn manual(words: &[String], output: &mut Output) -> Result<Outcome, CliError> {
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| {
            let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            let help = format!("choose one of {}", names.join(", "));
            CliError::input(format!("no command `{word}`"), "the command line", help)
        })?;
    }
    clap_mangen::Man::new(command.clone()).render(output.data())?;
    Ok(Outcome::Fine)
}
