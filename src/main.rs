//! The `acr-admission` binary: parse the arguments, run the command, turn the outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;

use acr_admission::cli::args::Cli;
use acr_admission::cli::{Output, run};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut output = Output::of_process(cli.common.no_color);
    run(&cli, &mut output).into()
}
