//! Where a credential's key points. Keys are URLs without a scheme, and the kubelet is written in Go, so they mean
//! what Go's `net/url` makes of them and match as the kubelet's `URLsMatch` says (Kubernetes,
//! `pkg/credentialprovider/keyring.go`):
//!
//! ```text
//! key   = [ user "@" ] host [ ":" port ] [ path ] [ "?" … ] [ "#" … ]
//! host  = as many labels as the image's host; `*` is any run inside one label; letter case counts
//! port  = the same digits, or none on both sides
//! path  = a prefix of the image's path, as text: `/team` covers `/teamwork` too
//! ```

use crate::engine::pattern::{self, Element};

/// The name that a kubelet looks credentials up by: host as spelled and path, without tag and digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ImageName<'a> {
    /// The host letter by letter, with its port.
    pub host: &'a str,
    /// The path without its leading slash.
    pub path: &'a str,
}

/// What a key points at.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Location {
    pub(super) host: String,
    /// Empty, or with its leading slash.
    pub(super) path: String,
}

impl Location {
    /// Reads a URL whose scheme is already gone; `None` where Go reports an error, or where the result could match no
    /// image at all, since those are plain ASCII.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return None;
        }
        unescape(fragment)?;
        let text = text.split_once('?').map_or(text, |(before, _)| before);
        let (authority, path) = match text.find('/') {
            Some(slash) => text.split_at_checked(slash)?,
            None => (text, ""),
        };
        let host = match authority.rsplit_once('@') {
            Some((user, host)) => {
                unescape(user)?;
                user.bytes().all(is_user_byte).then_some(host)?
            }
            None => authority,
        };
        is_host(host).then_some(())?;
        Some(Self { host: host.to_owned(), path: unescape(path)? })
    }

    /// Whether a credential with this key is one for the image.
    pub(super) fn covers(&self, image: ImageName<'_>) -> bool {
        let path = match self.path.strip_prefix('/') {
            Some(path) => path,
            None if self.path.is_empty() => "",
            None => return false,
        };
        host_covers(&self.host, image.host) && image.path.starts_with(path)
    }
}

/// Whether a host pattern covers a host, both with their ports if they have one.
pub(super) fn host_covers(pattern: &str, host: &str) -> bool {
    let (pattern, pattern_port) = split_port(pattern);
    let (host, port) = split_port(host);
    let mut labels = host.split('.');
    pattern_port == port
        && pattern.split('.').all(|pattern| labels.next().is_some_and(|label| label_covers(pattern, label)))
        && labels.next().is_none()
}

/// Go's `filepath.Match` for what can stand in a label. Brackets only stand around IPv6 addresses, where they make a
/// class of characters, and no class is as long as an address.
fn label_covers(pattern: &str, label: &str) -> bool {
    if !pattern.contains(['*', '[']) {
        return pattern == label;
    }
    let elements = pattern.chars().map(|character| match character {
        '*' => Element::AnyRun,
        other => Element::Literal(other),
    });
    !pattern.contains('[') && pattern::matches(elements, label.chars())
}

/// Go's `net.SplitHostPort`; where that fails, the kubelet goes on with the whole text and no port.
fn split_port(host: &str) -> (&str, &str) {
    if let Some(bracketed) = host.strip_prefix('[') {
        return bracketed.split_once("]:").unwrap_or((host, ""));
    }
    match host.split_once(':') {
        Some((name, port)) if !port.contains(':') => (name, port),
        _ => (host, ""),
    }
}

/// What Go lets stand in a host, minus what no image's host can match: other scripts and percent signs.
fn is_host(host: &str) -> bool {
    if host.contains(['[', ']']) {
        // A bracket anywhere has to be an IPv6 address (Go since 1.24.8 and 1.25.2).
        let address = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        return address.is_some_and(|(address, port)| {
            address.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
                && is_optional_port(port)
        });
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:<>\"".contains(&byte);
    host.bytes().all(allowed)
        && host.rfind(':').and_then(|colon| host.get(colon..)).is_none_or(is_optional_port)
}

fn is_optional_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_user_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte)
}

/// Undoes percent signs; `None` where two hexadecimal digits do not follow one, or where the result is no UTF-8.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut unescaped = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        unescaped.push(match byte {
            b'%' => hexadecimal(bytes.next()?)? * 16 + hexadecimal(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(unescaped).ok()
}

fn hexadecimal(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{ImageName, Location, host_covers};

    fn covers(key: &str, host: &str, path: &str) -> bool {
        Location::parse(key).is_some_and(|location| location.covers(ImageName { host, path }))
    }

    #[test]
    fn a_star_stays_inside_its_label_and_case_counts() {
        for pattern in ["reg.azurecr.io", "*.azurecr.io", "reg.*.io", "r*g.azurecr.io", "*.*.*"] {
            assert!(host_covers(pattern, "reg.azurecr.io"), "{pattern}");
        }
        for pattern in
            ["*", "*.io", "azurecr.io", "REG.azurecr.io", "*.reg.azurecr.io", "reg.azurecr.io:443", ""]
        {
            assert!(!host_covers(pattern, "reg.azurecr.io"), "{pattern}");
        }
    }

    #[test]
    fn ports_are_compared_as_text() {
        assert!(host_covers("*.azurecr.io:443", "reg.azurecr.io:443"));
        assert!(host_covers("reg.azurecr.io:", "reg.azurecr.io"));
        assert!(!host_covers("reg.azurecr.io:443", "reg.azurecr.io:0443"));
        assert!(host_covers("[::1]:5000", "[::1]:5000"));
        assert!(!host_covers("[::1]", "[::1]"), "Go takes the brackets for a class of characters");
    }

    #[test]
    fn a_path_is_a_prefix_of_text() {
        assert!(covers("reg.io/team", "reg.io", "team/x"));
        assert!(covers("reg.io/team", "reg.io", "teamwork/x"));
        assert!(covers("reg.io/", "reg.io", "team/x"));
        assert!(covers("reg.io/%74eam", "reg.io", "team/x"));
        assert!(!covers("reg.io/team/", "reg.io", "teamwork/x"));
        assert!(!covers("reg.io//team", "reg.io", "team/x"));
    }

    #[test]
    fn user_query_and_fragment_do_not_count() {
        for key in ["user@reg.io", "user:p%41ss@reg.io", "reg.io?x=1", "reg.io#x", "a@b@reg.io"] {
            assert!(covers(key, "reg.io", "x"), "{key}");
        }
    }

    #[test]
    fn what_go_refuses_matches_nothing() {
        for key in [
            "reg .io",
            "reg.io:x",
            "reg.io/%zz",
            "reg.io#%",
            "us er@reg.io",
            "reg\\.io",
            "r[e]g.io",
            "reg.io\n",
        ] {
            assert!(!covers(key, "reg.io", "x"), "{key:?}");
        }
    }
}
