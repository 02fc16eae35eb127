//! Quoting: an argument vector as one line that a shell turns into that vector again.

/// A shell to paste a command into.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Shell {
    /// bash, sh, zsh and their kin, at a prompt and in scripts.
    #[default]
    Posix,
    /// PowerShell on any system. On Windows `az` is a batch file there, which takes one line only.
    PowerShell,
}

impl Shell {
    /// Every shell.
    pub const ALL: [Self; 2] = [Self::Posix, Self::PowerShell];

    /// The whole vector on one line; line breaks inside an argument stay.
    #[must_use]
    pub fn line<'a>(self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let quoted: Vec<String> = arguments.into_iter().map(|argument| self.quoted(argument)).collect();
        quoted.join(" ")
    }

    /// One argument. Single quotes outside: double ones would let a prompt of bash read `!(` as its history.
    #[must_use]
    pub fn quoted(self, argument: &str) -> String {
        if self.is_plain(argument) {
            return argument.to_owned();
        }
        let mut quoted = String::with_capacity(argument.len() + 8);
        quoted.push('\'');
        for character in argument.chars() {
            match self {
                Self::Posix if character == '\'' => quoted.push_str("'\\''"),
                // PowerShell takes typographic quotes for quotes too.
                Self::PowerShell if matches!(character, '\'' | '\u{2018}'..='\u{201b}') => {
                    quoted.extend([character, character]);
                }
                Self::Posix | Self::PowerShell => quoted.push(character),
            }
        }
        quoted.push('\'');
        quoted
    }

    /// What ends a line that goes on in the next one.
    pub(super) const fn line_continuation(self) -> &'static str {
        match self {
            Self::Posix => " \\\n",
            Self::PowerShell => " `\n",
        }
    }

    /// Whether the shell leaves the argument alone.
    fn is_plain(self, argument: &str) -> bool {
        let plain = |character: char| character.is_ascii_alphanumeric() || "_-./:".contains(character);
        let starts_well = match self {
            Self::Posix => true,
            // A number would be read as one, and `@` begins a splat.
            Self::PowerShell => !argument.starts_with(|first: char| first.is_ascii_digit()),
        };
        let at_sign = self == Self::Posix && argument.starts_with('@');
        let rest = if at_sign { argument.get(1..).unwrap_or_default() } else { argument };
        !rest.is_empty() && starts_well && rest.chars().all(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::Shell;

    #[test]
    fn quotes_are_carried_in_each_shells_own_way() {
        for (argument, posix, powershell) in [
            ("--role", "--role", "--role"),
            ("2.0", "2.0", "'2.0'"),
            ("@condition.txt", "@condition.txt", "'@condition.txt'"),
            ("", "''", "''"),
            ("it's", "'it'\\''s'", "'it''s'"),
            ("a\u{2019}b", "'a\u{2019}b'", "'a\u{2019}\u{2019}b'"),
            ("!(x) $HOME `id`", "'!(x) $HOME `id`'", "'!(x) $HOME `id`'"),
        ] {
            assert_eq!(Shell::Posix.quoted(argument), posix);
            assert_eq!(Shell::PowerShell.quoted(argument), powershell);
        }
    }
}
