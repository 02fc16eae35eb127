//! One file a command, and the list of them.

mod ask;
mod can_pull;
mod check;
mod client;
mod completions;
mod condition;
mod demo;
mod explain;
mod inventory;
mod lint;
mod self_test;
mod serve;

use super::args::{Cli, Command};
use super::error::CliError;
use super::output::{Outcome, Output};

/// Runs what was asked for. Errors are told here; what comes back is the exit code.
#[must_use]
pub fn run(cli: &Cli, output: &mut Output) -> Outcome {
    let outcome = dispatch(&cli.command, output).and_then(|outcome| {
        output.finish()?;
        Ok(outcome)
    });
    outcome.unwrap_or_else(|error| {
        // Where even standard error is gone there is nobody left to tell.
        let title = output.talk_paint().alarming("error:");
        for problem in error.problems() {
            drop(writeln!(output.talk(), "{title} {problem}"));
        }
        drop(output.finish());
        Outcome::BadInput
    })
}

fn dispatch(command: &Command, output: &mut Output) -> Result<Outcome, CliError> {
    match command {
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => check::run(args, output),
        Command::CanPull(args) => can_pull::run(args, output),
        Command::Explain(args) => explain::run(args, output),
        Command::Lint(args) => lint::run(args, output),
        Command::Condition(args) => condition::run(&args.command, output),
        Command::Inventory(args) => inventory::run(&args.command, output),
        Command::SelfTest(args) => self_test::run(args, output),
        Command::Demo => demo::run(output),
        Command::Completions { shell } => completions::completions(*shell, output),
        Command::Man { command } => completions::manual(command, output),
    }
}
