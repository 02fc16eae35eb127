//! Secrets, as files show them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use smol_str::SmolStr;

use super::account::given;
use super::object::{ObjectError, ObjectHeader, read_object};
use super::pull_secret::{MalformedPullSecret, PullSecretFormat, read_pull_secret};
use super::shape;
use super::wire::{Metadata, Object, Text};
use crate::engine::pull::{PullSecret, PullSecretState};

/// A Secret and what the kubelet would find in it. Of its values nothing is kept but hosts and user names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Secret {
    /// `metadata.namespace`; `None` where a file leaves it to the command line.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// Its logins, or why the kubelet finds none. A Secret of another type than the two for pulls has no entries.
    pub contents: Result<PullSecret, MalformedPullSecret>,
}

impl Secret {
    /// Reads a Secret from its JSON text. `stringData` wins over `data`, as it does in the API server.
    ///
    /// # Errors
    ///
    /// A field has the wrong type, or a value in `data` is not base64: the API server refuses both. What the value
    /// itself holds is another matter: the API server accepts what the kubelet cannot read.
    pub fn read(json: &str) -> Result<Self, ObjectError> {
        let Wire { metadata: Object(metadata), secret_type, data: Object(data), string_data } =
            read_object(json, &shape::SECRET)?;
        let header = ObjectHeader::new(metadata);
        let contents = match PullSecretFormat::of_type(&secret_type.0) {
            Some(format) => {
                let value = match string_data.0.value(format) {
                    Some(text) => text.into_string().into_bytes(),
                    None => decode(format, data.value(format))?,
                };
                read_pull_secret(&header.name, format, &value)
            }
            None => Ok(PullSecret { name: SmolStr::new(&header.name), entries: Vec::new(), holder: None }),
        };
        Ok(Self { namespace: given(&header.namespace), name: header.name.into_owned(), contents })
    }

    /// What the chain of a pull needs to know.
    #[must_use]
    pub fn state(&self) -> PullSecretState<'_> {
        match &self.contents {
            Ok(secret) => PullSecretState::Read(secret),
            Err(_) => PullSecretState::Malformed { name: &self.name },
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wire<'a> {
    #[serde(borrow)]
    metadata: Object<Metadata<'a>>,
    #[serde(borrow, rename = "type")]
    secret_type: Text<'a>,
    #[serde(borrow)]
    data: Object<Values<'a>>,
    #[serde(borrow)]
    string_data: Object<Values<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Values<'a> {
    #[serde(borrow, rename = ".dockerconfigjson", deserialize_with = "super::wire::present")]
    docker_config_json: Option<Text<'a>>,
    #[serde(borrow, rename = ".dockercfg", deserialize_with = "super::wire::present")]
    docker_cfg: Option<Text<'a>>,
}

impl<'a> Values<'a> {
    fn value(self, format: PullSecretFormat) -> Option<Text<'a>> {
        match format {
            PullSecretFormat::DockerConfigJson => self.docker_config_json,
            PullSecretFormat::DockerCfg => self.docker_cfg,
        }
    }
}

fn decode(format: PullSecretFormat, value: Option<Text<'_>>) -> Result<Vec<u8>, ObjectError> {
    // Line breaks are allowed: Go's decoder passes over them.
    let text: String = value.unwrap_or_default().0.split(['\r', '\n']).collect();
    STANDARD.decode(text).map_err(|_| ObjectError::Field {
        path: format!("data.{}", format.data_key()),
        what: "not base64".to_owned(),
    })
}
