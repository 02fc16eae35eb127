//! The parsed reference, and the order in which its parts are found.

use std::fmt;
use std::str::FromStr;

use smol_str::SmolStr;

use super::error::{ImageReferenceError, InvalidImage};
use super::grammar::{
    MAX_PATH_LENGTH, check_digest, check_path, check_tag, is_lower_hexadecimal, split_optional,
};
use super::host::{DOCKER_HUB, Host, split_host};

/// An image reference that the node would pull, taken apart.
///
/// ```
/// use acr_admission::engine::image::ImageReference;
///
/// let image: ImageReference = "Contoso.azurecr.io:443/team-a/app:1".parse()?;
/// assert_eq!(image.host(), "contoso.azurecr.io"); // for comparing with login servers
/// assert_eq!(image.host_as_spelled(), "Contoso.azurecr.io:443"); // for what the node's matching sees
/// assert_eq!(image.repository().as_str(), "team-a/app");
/// # Ok::<(), acr_admission::engine::image::ImageReferenceError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ImageReference {
    host_as_spelled: SmolStr,
    host: SmolStr,
    port: Option<SmolStr>,
    repository: RepositoryName,
    tag: Option<SmolStr>,
    digest: Option<SmolStr>,
}

impl ImageReference {
    /// Host and port letter by letter as the reference spells them, `docker.io` where it names none (or names
    /// Docker Hub by its old name `index.docker.io`). The kubelet matches credentials with this text, case-sensitively.
    #[must_use]
    pub fn host_as_spelled(&self) -> &str {
        &self.host_as_spelled
    }

    /// The host in lower case and without port, for comparing with login servers.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port's digits as written, leading zeros included, if there is a port.
    #[must_use]
    pub fn port(&self) -> Option<&str> {
        self.port.as_deref()
    }

    /// The repository inside the registry. Permissions are judged by it alone; tag and digest play no part.
    #[must_use]
    pub fn repository(&self) -> &RepositoryName {
        &self.repository
    }

    /// The tag, if one is written. Where tag and digest are both absent the kubelet adds `latest`.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest with its algorithm, such as `sha256:…`, if one is written.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }
}

impl FromStr for ImageReference {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ImageReferenceError::Empty);
        }
        if is_image_id(text) {
            return Err(ImageReferenceError::ImageId);
        }
        check_whole(text)?;

        let (host, remainder) = split_host(text);
        let remainder_position = text.len() - remainder.len();
        let (name, digest) = split_optional(remainder, '@');
        let (path, tag) = split_optional(name, ':');

        let host = Host::parse(host.unwrap_or(DOCKER_HUB))?;
        check_path(path).map_err(|fault| fault.after(remainder_position))?;
        if let Some(tag) = tag {
            check_tag(tag).map_err(|fault| fault.after(remainder_position + path.len() + 1))?;
        }
        if let Some(digest) = digest {
            check_digest(digest).map_err(|fault| fault.after(remainder_position + name.len() + 1))?;
        }

        let repository = host.repository(path);
        // The library takes a host with `_` for a part of the path, so there the limit covers both.
        let counted =
            repository.len() + if host.is_path_to_the_library { host.as_spelled.len() + 1 } else { 0 };
        if counted > MAX_PATH_LENGTH {
            return Err(InvalidImage::PathTooLong.at(remainder_position));
        }
        Ok(Self {
            host_as_spelled: host.as_spelled,
            host: host.name,
            port: host.port,
            repository: RepositoryName(repository),
            tag: tag.map(SmolStr::from),
            digest: digest.map(SmolStr::from),
        })
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.host_as_spelled, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

/// A repository path inside one registry: lower case, no leading slash, 255 characters at most.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RepositoryName(SmolStr);

impl RepositoryName {
    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryName {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_path(text)?;
        if text.len() > MAX_PATH_LENGTH {
            return Err(InvalidImage::PathTooLong.at(0));
        }
        Ok(Self(text.into()))
    }
}

impl AsRef<str> for RepositoryName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Digits of any number and case: the node looks for a prefix, and nobody means the repository `library/sha256`.
fn is_image_id(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The faults that only show in the whole text.
fn check_whole(text: &str) -> Result<(), ImageReferenceError> {
    if text.starts_with(char::is_whitespace) {
        return Err(InvalidImage::SurroundingBlank.at(0));
    }
    if text.ends_with(char::is_whitespace) {
        return Err(InvalidImage::SurroundingBlank.at(text.trim_end().len()));
    }
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    if scheme.is_some_and(|scheme| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return Err(InvalidImage::Scheme.at(0));
    }
    if text.len() == 64 && text.bytes().all(is_lower_hexadecimal) {
        return Err(InvalidImage::HexadecimalName.at(0));
    }
    Ok(())
}
