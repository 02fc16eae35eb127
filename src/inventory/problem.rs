//! What can be wrong with exported data: errors that refuse it, warnings that come with it.
//!
//! Both say what, where and what to do. An error means that the data cannot be trusted to be what was meant, so
//! nothing is loaded; a warning means that something in it counts for nothing, which is the safe direction.

use std::fmt;

use thiserror::Error;

/// Where in the input something is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Place {
    /// The file, folder or document name as given; `-` is standard input.
    pub file: String,
    /// The line, counted from 1, where one is known.
    pub line: Option<u32>,
    /// The column in characters, counted from 1, where one is known.
    pub column: Option<u32>,
    /// The JSON path, such as `$[3].properties.scope`; empty where the whole file is meant.
    pub path: String,
}

impl Place {
    /// A whole file.
    #[must_use]
    pub fn file(file: &str) -> Self {
        Self { file: file.to_owned(), ..Self::default() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        Ok(())
    }
}

/// An enum of stable codes: one list for the variants, their text and [`ALL`](LoadErrorCode::ALL) of them.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code as reports print it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

codes! {
    /// Why data cannot be loaded, as a stable code.
    LoadErrorCode {
        /// A path does not exist or cannot be read.
        Unreadable,
        /// A folder without any file of data.
        NoFiles,
        /// A file of no bytes: the command that should have written it failed.
        EmptyFile,
        /// Binary data, or text in an unknown encoding.
        NotText,
        /// A compressed file that holds more than any inventory.
        TooLarge,
        /// Neither JSON nor YAML, or cut off.
        Syntax,
        /// One page of several: the rest is missing.
        IncompleteExport,
        /// Azure's error answer instead of data.
        AzureError,
        /// A record of a kind that no inventory holds.
        UnknownRecord,
        /// Known data whose file name does not say whom it is about.
        Unplaced,
        /// A value of another type than expected.
        WrongType,
        /// A field that every such record has is missing.
        MissingField,
        /// A value of the right type that makes no sense.
        BadValue,
        /// A key that the hand-written form does not have.
        UnknownField,
        /// A name that nothing in the inventory has, or that more than one thing has.
        UnknownName,
        /// Two identities with one client id.
        DuplicateClientId,
        /// Two registries with one login server.
        DuplicateLoginServer,
    }
}

impl LoadErrorCode {
    /// Whether the machine, and not the data, is at fault.
    #[must_use]
    pub const fn is_environment(self) -> bool {
        matches!(self, Self::Unreadable)
    }
}

/// One problem that keeps an inventory from loading.
///
/// [`fmt::Display`] gives three lines: what, where, what to do.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{message}\n  at {place}\n  help: {help}")]
pub struct LoadError {
    /// The stable code.
    pub code: LoadErrorCode,
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Every problem of one load: what single files show in their order, then what only all of them show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoadErrors {
    errors: Vec<LoadError>,
    dropped: usize,
}

impl LoadErrors {
    /// More errors than this tell nobody anything; the rest is counted.
    pub const MAX: usize = 1000;

    pub(super) const fn new(errors: Vec<LoadError>, dropped: usize) -> Self {
        Self { errors, dropped }
    }

    /// The problems, at most [`Self::MAX`].
    #[must_use]
    pub fn as_slice(&self) -> &[LoadError] {
        &self.errors
    }

    /// How many more there are.
    #[must_use]
    pub const fn dropped(&self) -> usize {
        self.dropped
    }
}

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        if self.dropped > 0 {
            write!(f, "\nand {} more", self.dropped)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadErrors {}

codes! {
    /// What a warning is about, as a stable code.
    LoadWarningCode {
        /// Something that the export says it could not read.
        ExportGap,
        /// The exports do not say in which permissions mode a registry is.
        RegistryModeUnknown,
        /// Exports contradict each other about a registry's permissions mode.
        RegistryModeConflict,
        /// Exports contradict each other about something else.
        ExportsDisagree,
        /// A condition does not parse: what carries it grants nothing.
        ConditionInvalid,
        /// Assignments of a role that no export defines: they grant nothing.
        UnknownRole,
        /// Assignments to a group whose members no export lists: nobody gets them through it.
        UnknownGroup,
        /// Assignments to principals that no export describes.
        UnknownPrincipal,
        /// A member list that leaves service principals out and shows none.
        GroupMembersMayBeHidden,
        /// A member list whose file name fits no group or identity at hand: it counts for nothing.
        MemberListUnplaced,
        /// A group that contains itself.
        GroupCycle,
        /// Endpoints of a registry that no export describes.
        EndpointsOfUnknownRegistry,
        /// A token whose scope map is missing: it may do nothing.
        UnknownScopeMap,
        /// A federated credential of an identity that no export describes.
        UnknownIdentity,
        /// A value that a newer Azure may know; the strict reading is used.
        UnknownValue,
        /// An assignment export that shows nothing below the subscription: `--all` was probably left out.
        AssignmentsIncomplete,
    }
}

/// Something in the data that counts for nothing, or less than its author may think.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoadWarning {
    /// The stable code.
    pub code: LoadWarningCode,
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for LoadWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  at {}\n  help: {}", self.code, self.message, self.place, self.help)
    }
}
