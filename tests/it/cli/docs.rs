//! `docs/cli.md` is made from the program's own arguments. With `ACR_ADMISSION_UPDATE_DOCS=1` this test writes it.

use std::fmt::Write as _;
use std::fs;

use acr_admission::cli::args::Cli;
use clap::{Arg, ArgAction, Command, CommandFactory};

const PAGE: &str = "docs/cli.md";

#[test]
fn the_page_about_the_command_line_is_up_to_date() {
    let path = format!("{}/{PAGE}", env!("CARGO_MANIFEST_DIR"));
    let page = page();
    if std::env::var_os("ACR_ADMISSION_UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "{PAGE} is stale: run the tests once with ACR_ADMISSION_UPDATE_DOCS=1");
}

fn page() -> String {
    let mut command = Cli::command();
    command.build();
    let mut page = String::from(
        "# Command line\n\n\
         <!-- Made from the program's arguments by tests/it/cli/docs.rs; changes by hand are overwritten. -->\n\n\
         Data goes to standard output, everything else to standard error. Every flag has an environment variable,\n\
         and a flag wins over its variable.\n\n",
    );
    if let Some(text) = command.get_after_help() {
        writeln!(page, "```text\n{text}\n```").unwrap();
    }
    for subcommand in command.get_subcommands() {
        section(&mut page, subcommand, "acr-admission");
    }
    page
}

fn section(page: &mut String, command: &Command, parent: &str) {
    if command.get_name() == "help" {
        return;
    }
    let name = format!("{parent} {}", command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about()).unwrap_or_default();
    writeln!(page, "\n## `{name}`\n\n{about}").unwrap();
    if command.get_subcommands().next().is_some() {
        for subcommand in command.get_subcommands() {
            section(page, subcommand, &name);
        }
        return;
    }
    let usage = command.clone().render_usage().to_string();
    writeln!(page, "\n```text\n{}\n```", usage.trim()).unwrap();
    let arguments: Vec<&Arg> = command.get_arguments().filter(|argument| !is_built_in(argument)).collect();
    if arguments.is_empty() {
        return;
    }
    writeln!(page, "\n| Argument | Variable | Meaning |\n|---|---|---|").unwrap();
    for argument in arguments {
        writeln!(page, "| {} | {} | {} |", spelled(argument), variable(argument), meaning(argument)).unwrap();
    }
}

fn is_built_in(argument: &Arg) -> bool {
    ["help", "version"].contains(&argument.get_id().as_str())
}

fn spelled(argument: &Arg) -> String {
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let value =
        argument.get_value_names().and_then(|names| names.first()).map(|name| name.replace('|', "\\|"));
    let value = value.filter(|_| takes_value).unwrap_or_default();
    let short = argument.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    match argument.get_long() {
        Some(long) => format!("{short}`{}`", format!("--{long} {value}").trim_end()),
        None => format!("`{value}`"),
    }
}

fn variable(argument: &Arg) -> String {
    argument.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default()
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let mut text = help.replace('\n', " ").replace('|', "\\|");
    if !text.ends_with('.') {
        text.push('.');
    }
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|_| matches!(argument.get_action(), ArgAction::Set | ArgAction::Append))
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !values.is_empty() {
        write!(text, " One of {}.", values.join(", ")).unwrap();
    }
    let defaults: Vec<String> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() && !matches!(argument.get_action(), ArgAction::SetTrue) {
        write!(text, " Default: `{}`.", defaults.join(" ")).unwrap();
    }
    text
}
