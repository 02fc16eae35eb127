//! Why a text is not an image reference: one sentence per rule of the grammar, and where it is broken.

use thiserror::Error;

/// Why a text is not an image that a repository permission could be judged for.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ImageReferenceError {
    /// The text is empty, as a field of a manifest template may be.
    #[error("no image is named")]
    Empty,
    /// `sha256:` and digits: the node first looks for a local image with that id, whoever pulled it.
    #[error("`sha256:` and digits is an image id: it names an image on the node, not a repository")]
    ImageId,
    /// The node refuses the text as well.
    #[error("{reason} (at byte {position})")]
    Invalid {
        /// Which rule of the grammar is broken.
        reason: InvalidImage,
        /// Where, as a byte offset from the start of the text.
        position: usize,
    },
}

impl ImageReferenceError {
    /// The same fault in a longer text, whose part begins `offset` bytes later.
    pub(super) fn after(self, offset: usize) -> Self {
        match self {
            Self::Invalid { reason, position } => Self::Invalid { reason, position: position + offset },
            Self::Empty | Self::ImageId => self,
        }
    }
}

/// Which rule of the grammar an image reference breaks.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum InvalidImage {
    /// White space before or after the reference.
    #[error("white space around an image reference is not allowed")]
    SurroundingBlank,
    /// `https://` and the like.
    #[error("an image reference has no scheme such as `https://`")]
    Scheme,
    /// 64 hexadecimal digits alone look like an image id.
    #[error("64 hexadecimal digits are not a repository name")]
    HexadecimalName,
    /// `user@host`.
    #[error("a registry host has no user part")]
    UserPart,
    /// A character that host names do not hold.
    #[error("a registry host holds only letters, digits, `-` and `.`")]
    HostCharacter,
    /// Two dots in a row, a dot at either end, or a label with `-` at either end.
    #[error("a label of a registry host is empty or begins or ends with `-`")]
    HostLabel,
    /// A host such as `contoso_1.azurecr.io`.
    #[error("the name of an Azure container registry holds no `_`")]
    HostUnderscore,
    /// Something else than digits after the host's `:`.
    #[error("a port consists of digits")]
    Port,
    /// Brackets that do not enclose hexadecimal digits and colons.
    #[error("an IPv6 host holds only hexadecimal digits and `:` inside its brackets")]
    Ipv6,
    /// `//`, or a `/` at either end of the path.
    #[error("a repository path has no empty part")]
    EmptyPart,
    /// Upper case in the path.
    #[error("a repository path is lower case")]
    UpperCase,
    /// `..`, `___`, `_-`, or a separator at either end of a part.
    #[error("separators in a repository path are `.`, `_`, `__` or a run of `-`, between letters or digits")]
    Separator,
    /// A character that paths do not hold.
    #[error("a repository path holds only letters, digits, `.`, `_`, `-` and `/`")]
    PathCharacter,
    /// More than 255 characters.
    #[error("a repository path has at most 255 characters")]
    PathTooLong,
    /// A `:` with nothing behind it.
    #[error("a tag follows the `:`")]
    EmptyTag,
    /// A character that tags do not hold, or not at their start.
    #[error("a tag holds only letters, digits, `_`, `.` and `-`, and begins with none of the last two")]
    TagCharacter,
    /// More than 128 characters.
    #[error("a tag has at most 128 characters")]
    TagTooLong,
    /// An algorithm that the node does not know.
    #[error("a digest begins with `sha256:`, `sha384:` or `sha512:`")]
    DigestAlgorithm,
    /// Not the right number of lower-case hexadecimal digits.
    #[error("the digits of a digest are lower-case hexadecimal, and as many as its algorithm has")]
    DigestDigits,
}

impl InvalidImage {
    pub(super) fn at(self, position: usize) -> ImageReferenceError {
        ImageReferenceError::Invalid { reason: self, position }
    }
}
