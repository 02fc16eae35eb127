//! The host part: where it ends, what it may hold, and which spellings mean Docker Hub.

use smol_str::{SmolStr, StrExt};

use super::error::{ImageReferenceError, InvalidImage};
use super::grammar::{check_path, split_optional};

/// The part before the first `/` when it is a host, and what follows.
pub(super) fn split_host(text: &str) -> (Option<&str>, &str) {
    match text.split_once('/') {
        Some((first, rest)) if is_host(first) => (Some(first), rest),
        _ => (None, text),
    }
}

fn is_host(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.contains(char::is_uppercase)
}

/// A host that the grammar accepts.
pub(super) struct Host {
    pub(super) as_spelled: SmolStr,
    pub(super) name: SmolStr,
    pub(super) port: Option<SmolStr>,
    /// See [`check_host_name`].
    pub(super) is_path_to_the_library: bool,
}

impl Host {
    pub(super) fn parse(text: &str) -> Result<Self, ImageReferenceError> {
        let (name, port) = match text.strip_prefix('[') {
            Some(bracketed) => split_ipv6(text, bracketed)?,
            None => split_optional(text, ':'),
        };
        if let Some(port) = port
            && (port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(InvalidImage::Port.at(name.len() + 1));
        }
        let is_path_to_the_library = !name.starts_with('[') && check_host_name(name, port.is_some())?;
        let as_spelled = SmolStr::from(if text == OLD_DOCKER_HUB { DOCKER_HUB } else { text });
        let name = if port.is_none() && !as_spelled.bytes().any(|byte| byte.is_ascii_uppercase()) {
            as_spelled.clone()
        } else {
            name.to_ascii_lowercase_smolstr()
        };
        Ok(Self { as_spelled, name, port: port.map(SmolStr::from), is_path_to_the_library })
    }

    /// Docker Hub keeps its own images under `library/`, which references leave out.
    pub(super) fn repository(&self, path: &str) -> SmolStr {
        if self.as_spelled == DOCKER_HUB && !path.contains('/') {
            smol_str::format_smolstr!("library/{path}")
        } else {
            path.into()
        }
    }
}

fn split_ipv6<'a>(
    text: &'a str,
    bracketed: &'a str,
) -> Result<(&'a str, Option<&'a str>), ImageReferenceError> {
    let Some((address, after)) = bracketed.split_once(']') else {
        return Err(InvalidImage::Ipv6.at(0));
    };
    let stray = address.bytes().position(|byte| !byte.is_ascii_hexdigit() && byte != b':');
    if let Some(position) = stray.or(address.is_empty().then_some(0)) {
        return Err(InvalidImage::Ipv6.at(position + 1));
    }
    let name = text.strip_suffix(after).unwrap_or(text);
    if after.is_empty() {
        return Ok((name, None));
    }
    match after.strip_prefix(':') {
        Some(port) => Ok((name, Some(port))),
        None => Err(InvalidImage::HostCharacter.at(name.len())),
    }
}

/// Whether the name is one that only the node takes for a host: it holds a `_`, so that the reference library
/// reads it as the first part of the path.
fn check_host_name(name: &str, has_port: bool) -> Result<bool, ImageReferenceError> {
    if let Some(position) = name.find('@') {
        return Err(InvalidImage::UserPart.at(position));
    }
    let mut label_position = 0;
    for label in name.split('.') {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if let Some(position) = label.bytes().position(|byte| !allowed(byte)) {
            return Err(InvalidImage::HostCharacter.at(label_position + position));
        }
        if label.is_empty() || label.starts_with('-') || label.ends_with('-') {
            return Err(InvalidImage::HostLabel.at(label_position));
        }
        label_position += label.len() + 1;
    }
    let Some(underscore) = name.find('_') else {
        return Ok(false);
    };
    if name.split('.').any(|label| label.eq_ignore_ascii_case("azurecr")) {
        return Err(InvalidImage::HostUnderscore.at(underscore));
    }
    if has_port || check_path(name).is_err() {
        return Err(InvalidImage::HostCharacter.at(underscore));
    }
    Ok(true)
}

/// The host of references that name none.
pub(super) const DOCKER_HUB: &str = "docker.io";

/// Its name in old references.
const OLD_DOCKER_HUB: &str = "index.docker.io";
