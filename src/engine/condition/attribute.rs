//! Attributes: `@Request[Microsoft.ContainerRegistry/registries/repositories:name]`.

use std::fmt;

use smol_str::SmolStr;

use super::error::Code;
use super::letter_case::LetterCase;

/// The one attribute that Azure Container Registry supplies, in `@Request`, for its repository data actions
/// (Azure Container Registry, "ABAC repository permissions").
pub const REPOSITORY_NAME: &str = "Microsoft.ContainerRegistry/registries/repositories:name";

/// The suffix that makes the key before it compare with letter case.
pub(super) const KEY_CASE_SENSITIVE: &str = "<$key_case_sensitive$>";

/// The suffix that stands for the list of all keys.
const ALL_KEYS: &str = "&$keys$&";

/// Where an attribute comes from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Source {
    /// What the call asks for.
    Request,
    /// The existing object.
    Resource,
    /// The caller's custom security attributes.
    Principal,
    /// Network origin and clock.
    Environment,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::Request, Self::Resource, Self::Principal, Self::Environment];

    /// The source of this name, without the `@`, in any letter case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name().eq_ignore_ascii_case(name))
    }

    /// The name as published, without the `@`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "Request",
            Self::Resource => "Resource",
            Self::Principal => "Principal",
            Self::Environment => "Environment",
        }
    }
}

/// An attribute of a condition.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Attribute {
    source: Source,
    name: SmolStr,
}

impl Attribute {
    /// Checks the text between the brackets; the fault comes back as code and message.
    pub(super) fn new(source: Source, name: &str) -> Result<Self, (Code, &'static str)> {
        check_name(name)?;
        let name = if name == REPOSITORY_NAME {
            // By far the most frequent name, and too long to be stored inline.
            SmolStr::new_static(REPOSITORY_NAME)
        } else {
            name.into()
        };
        Ok(Self { source, name })
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// The text between the brackets.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is the name of the repository that a request asks for.
    #[must_use]
    pub fn is_repository_name(&self) -> bool {
        self.source == Source::Request && self.is_called(REPOSITORY_NAME)
    }

    /// Whether this is the older way to ask for the suboperation.
    #[must_use]
    pub fn is_sub_operation(&self) -> bool {
        self.source == Source::Request && self.is_called("subOperation")
    }

    /// Whether `name` means the same attribute. Letter case counts in a key with the suffix
    /// `<$key_case_sensitive$>` and nowhere else.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        match (keyed(&self.name), keyed(name)) {
            (Some((path, key)), Some((other_path, other_key))) => {
                key == other_key && path.eq_ignore_ascii_case(other_path)
            }
            (None, None) => LetterCase::Ignored.equal(&self.name, name),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}[{}]", self.source.name(), self.name)
    }
}

/// Path and key of a name whose key compares with letter case.
fn keyed(name: &str) -> Option<(&str, &str)> {
    name.strip_suffix(KEY_CASE_SENSITIVE)?.split_once(':')
}

fn check_name(name: &str) -> Result<(), (Code, &'static str)> {
    if name.is_empty() {
        return Err((Code::AttributeName, "the attribute name is empty"));
    }
    let (plain, suffixed) = match name.strip_suffix(KEY_CASE_SENSITIVE) {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    if plain.contains(['<', '>']) {
        return Err((Code::AttributeKey, "the suffix of the attribute key is not `<$key_case_sensitive$>`"));
    }
    let path = match plain.split_once(':') {
        Some((path, key)) => {
            check_key(key)?;
            path
        }
        None if suffixed => {
            return Err((Code::AttributeKey, "the suffix `<$key_case_sensitive$>` follows no key"));
        }
        None => match plain.strip_suffix(ALL_KEYS) {
            Some(path) => path,
            None if plain.contains('&') => {
                return Err((Code::AttributeKey, "the suffix for all keys is not `&$keys$&`"));
            }
            None => plain,
        },
    };
    if path.split('/').all(is_segment) {
        Ok(())
    } else {
        Err((Code::AttributeName, "the attribute name is malformed"))
    }
}

fn check_key(key: &str) -> Result<(), (Code, &'static str)> {
    let forbidden = |character: char| matches!(character, '[' | ']' | '\'') || character.is_control();
    if key.is_empty() || key.contains(forbidden) || key.trim() != key {
        return Err((Code::AttributeName, "the key in the attribute name is malformed"));
    }
    Ok(())
}

fn is_segment(segment: &str) -> bool {
    !segment.is_empty()
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}
