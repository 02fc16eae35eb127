//! One command of the Azure CLI: its arguments as data. No shell has seen them yet.

use std::fmt;

use super::shell::Shell;

/// A command, the `az` in front included.
///
/// Prints quoted for bash and sh.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct AzCommand {
    arguments: Vec<String>,
}

/// A file that a command reads.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct CommandFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its text.
    pub content: String,
}

impl CommandFile {
    /// The text without line breaks, for JSON: its own texts have none.
    #[must_use]
    pub fn on_one_line(&self) -> String {
        self.content.lines().map(str::trim).collect()
    }
}

impl AzCommand {
    /// `az` and these arguments.
    #[must_use]
    pub fn new<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self { arguments: std::iter::once("az").chain(arguments).map(str::to_owned).collect() }
    }

    /// The same command with more arguments behind it.
    #[must_use]
    pub fn with<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments.extend(arguments.into_iter().map(str::to_owned));
        self
    }

    /// The argument vector, as the program must get it to the byte.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The command over several lines, one flag a line, for people.
    #[must_use]
    pub fn over_lines(&self, shell: Shell, indent: &str) -> String {
        let mut text = String::new();
        for argument in &self.arguments {
            if argument.starts_with("--") {
                text.push_str(shell.line_continuation());
                text.push_str(indent);
            } else if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&shell.quoted(argument));
        }
        text
    }

    /// The command as a line for a shell.
    #[must_use]
    pub fn line(&self, shell: Shell) -> String {
        shell.line(self.arguments.iter().map(String::as_str))
    }
}

impl fmt::Display for AzCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(Shell::Posix))
    }
}
