//! Pull secrets, read as the kubelet reads them: as Go's JSON decoder fills its structures.
//!
//! ```text
//! kubernetes.io/dockerconfigjson   {"auths": {HOST: ENTRY, …}, "HttpHeaders": {NAME: TEXT, …}, …}
//! kubernetes.io/dockercfg          {HOST: ENTRY, …}
//! ENTRY                            {"username", "password", "email", "auth"} or null
//! ```
//!
//! Keys of these structures count in any letter case and may be repeated: a later text replaces an earlier one, a
//! later `auths` is merged into the earlier, `null` changes nothing, except that a `null` for `auths` empties it. A
//! field of the wrong type, or an `auth` that cannot be taken apart, makes the whole secret malformed, and one
//! malformed secret stops every try of the pod. Tokens (`identitytoken`, `registrytoken`) are not read.
//!
//! Passwords are looked at while parsing and never kept: who is asked matters to a verdict, and whether there is a
//! password at all.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use smol_str::SmolStr;
use thiserror::Error as ThisError;

use crate::engine::pull::{PullSecret, PullSecretEntry};

/// Reads the value of `.dockerconfigjson` or `.dockercfg`, base64 already undone. Entries come sorted by key.
pub fn read_pull_secret(
    name: &str,
    format: PullSecretFormat,
    value: &[u8],
) -> Result<PullSecret, MalformedPullSecret> {
    Ok(PullSecret { name: name.into(), entries: entries(format, value)?, holder: None })
}

/// The two formats that the kubelet reads.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PullSecretFormat {
    /// `.dockerconfigjson`.
    DockerConfigJson,
    /// `.dockercfg`, the older one.
    DockerCfg,
}

impl PullSecretFormat {
    /// The format of Secrets of this type; `None` where the kubelet passes the Secret over.
    #[must_use]
    pub fn of_type(secret_type: &str) -> Option<Self> {
        match secret_type {
            "kubernetes.io/dockerconfigjson" => Some(Self::DockerConfigJson),
            "kubernetes.io/dockercfg" => Some(Self::DockerCfg),
            _ => None,
        }
    }

    /// The key of the Secret's data that holds the value.
    #[must_use]
    pub fn data_key(self) -> &'static str {
        match self {
            Self::DockerConfigJson => ".dockerconfigjson",
            Self::DockerCfg => ".dockercfg",
        }
    }
}

/// Why the kubelet cannot read a pull secret. The API server accepts such secrets.
#[derive(Clone, Debug, Eq, PartialEq, ThisError)]
pub enum MalformedPullSecret {
    /// Not JSON.
    #[error("its value is not JSON")]
    NotJson,
    /// A field that the kubelet reads has another type.
    #[error("a field of its JSON has the wrong type")]
    WrongType,
    /// `auth` holds something else than base64.
    #[error("`auth` of `{key}` is not base64")]
    AuthNotBase64 {
        /// The entry's key.
        key: String,
    },
    /// `auth` holds no user and password.
    #[error("`auth` of `{key}` is not `user:password` in base64")]
    AuthWithoutColon {
        /// The entry's key.
        key: String,
    },
}

fn entries(format: PullSecretFormat, value: &[u8]) -> Result<Vec<PullSecretEntry>, MalformedPullSecret> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    // Syntax first, as Go does. Texts are read as bytes afterwards, where the parser is less strict.
    serde_json::from_slice::<IgnoredAny>(value).map_err(|_| MalformedPullSecret::NotJson)?;

    let mut reading = Reading::default();
    let mut deserializer = serde_json::Deserializer::from_slice(value);
    let outcome = match format {
        PullSecretFormat::DockerConfigJson => ConfigVisitor(&mut reading).deserialize(&mut deserializer),
        PullSecretFormat::DockerCfg => EntriesVisitor(&mut reading).deserialize(&mut deserializer),
    };
    if let Some(fault) = reading.fault {
        return Err(fault);
    }
    outcome.map_err(|_| MalformedPullSecret::WrongType)?;
    Ok(reading.entries.into_values().collect())
}

/// Entries so far, and the first one that cannot be taken apart.
#[derive(Default)]
struct Reading {
    entries: BTreeMap<SmolStr, PullSecretEntry>,
    fault: Option<MalformedPullSecret>,
}

impl Reading {
    fn add(&mut self, key: String, entry: WireEntry) {
        match entry.login(key) {
            // A repeated key replaces the whole entry.
            Ok(login) => drop(self.entries.insert(login.key.clone(), login)),
            Err(fault) => drop(self.fault.get_or_insert(fault)),
        }
    }
}

/// The whole of `.dockerconfigjson`.
struct ConfigVisitor<'r>(&'r mut Reading);

impl<'de> DeserializeSeed<'de> for ConfigVisitor<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ConfigVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(GoText(name)) = map.next_key()? {
            match folded(&name).as_str() {
                "auths" => map.next_value_seed(EntriesVisitor(&mut *self.0))?,
                "httpheaders" => {
                    map.next_value::<Option<BTreeMap<String, Option<GoText>>>>()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The map from hosts to entries.
struct EntriesVisitor<'r>(&'r mut Reading);

impl<'de> DeserializeSeed<'de> for EntriesVisitor<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EntriesVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.entries.clear();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(GoText(key)) = map.next_key()? {
            let entry = map.next_value()?;
            self.0.add(key, entry);
        }
        Ok(())
    }
}

/// An entry as the JSON gives it. Dropped as soon as it is turned into a login.
#[derive(Default)]
struct WireEntry {
    username: String,
    password: String,
    auth: String,
}

impl WireEntry {
    /// `auth` wins over user name and password, even where it holds an empty password.
    fn login(self, key: String) -> Result<PullSecretEntry, MalformedPullSecret> {
        if self.auth.is_empty() {
            let Self { username, password, .. } = self;
            let has_password = !password.is_empty();
            // HTTP ends the user at the first colon, so a registry never sees what follows as part of the name.
            let user = username.split(':').next().unwrap_or_default().into();
            return Ok(PullSecretEntry { key: key.into(), user, has_password });
        }
        let Some(decoded) = decode_auth(&self.auth) else {
            return Err(MalformedPullSecret::AuthNotBase64 { key });
        };
        let decoded = String::from_utf8_lossy(&decoded);
        match decoded.split_once(':') {
            Some((user, password)) => {
                Ok(PullSecretEntry { key: key.into(), user: user.into(), has_password: !password.is_empty() })
            }
            None => Err(MalformedPullSecret::AuthWithoutColon { key }),
        }
    }
}

impl<'de> Deserialize<'de> for WireEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;

        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = WireEntry;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_unit<E: Error>(self) -> Result<WireEntry, E> {
                Ok(WireEntry::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireEntry, A::Error> {
                let mut entry = WireEntry::default();
                let mut email = String::new();
                while let Some(GoText(name)) = map.next_key()? {
                    let field = match folded(&name).as_str() {
                        "username" => &mut entry.username,
                        "password" => &mut entry.password,
                        "auth" => &mut entry.auth,
                        // Never used, but of the wrong type it spoils the secret like the others.
                        "email" => &mut email,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    if let Some(GoText(text)) = map.next_value()? {
                        *field = text;
                    }
                }
                Ok(entry)
            }
        }

        deserializer.deserialize_any(EntryVisitor)
    }
}

/// A text as Go reads it: what is not UTF-8 becomes the replacement character instead of an error.
struct GoText(String);

impl<'de> Deserialize<'de> for GoText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl Visitor<'_> for TextVisitor {
            type Value = String;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
                Ok(text.to_owned())
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
                Ok(String::from_utf8_lossy(bytes).into_owned())
            }
        }

        deserializer.deserialize_bytes(TextVisitor).map(Self)
    }
}

/// Go folds letter case by Unicode; two letters outside ASCII fold into ours.
fn folded(name: &str) -> String {
    let fold = |character: char| match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(fold).collect()
}

/// Line breaks may stand anywhere; a `=` at the end (blanks aside) asks for whole padding, its absence for none.
fn decode_auth(auth: &str) -> Option<Vec<u8>> {
    let engine = if auth.trim().ends_with('=') { &PADDED } else { &UNPADDED };
    let text: String = auth.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    engine.decode(text).ok()
}

/// Go does not mind what the unused bits of the last character hold.
const LENIENT_TAIL: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);

static PADDED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    LENIENT_TAIL.with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

static UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    LENIENT_TAIL.with_decode_padding_mode(DecodePaddingMode::RequireNone),
);
