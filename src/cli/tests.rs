//! The command line against its own types: what must hold for every flag of every command.

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;

/// Flags that clap brings along.
const BUILT_IN: [&str; 2] = ["help", "version"];

#[test]
fn the_arguments_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_flag_has_its_variable() {
    each_argument(&Cli::command(), &mut |command, argument| {
        let Some(long) = argument.get_long().filter(|long| !BUILT_IN.contains(long)) else { return };
        let expected = format!("ACR_ADMISSION_{}", long.replace('-', "_").to_uppercase());
        let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
        assert_eq!(variable.as_deref(), Some(expected.as_str()), "{command} --{long}");
    });
}

#[test]
fn every_argument_has_help() {
    each_argument(&Cli::command(), &mut |command, argument| {
        assert!(argument.get_help().is_some(), "{command} {}", argument.get_id());
    });
}

fn each_argument(command: &Command, see: &mut impl FnMut(&str, &Arg)) {
    for argument in command.get_arguments() {
        see(command.get_name(), argument);
    }
    for subcommand in command.get_subcommands() {
        each_argument(subcommand, see);
    }
}
