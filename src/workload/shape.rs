//! Which field of an object has the wrong type.
//!
//! [`super::wire`] refuses such objects but cannot name the path of the field. Only then is the text walked a
//! second time, along the table below, so that people read `spec.containers[0].image` and not a byte offset.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::kind::WorkloadKind;
use super::wire::{LONGEST_LIST, TOO_LONG, Text};

/// The types we expect; `null` is fine everywhere.
pub(crate) enum Shape {
    Text,
    /// Of a bounded length.
    List(&'static Self),
    /// Of any length.
    Items(&'static Self),
    Object(&'static [(&'static str, &'static Self)]),
}

impl Shape {
    /// The object that holds a pod spec of this kind.
    pub(crate) fn of(kind: WorkloadKind) -> &'static Self {
        match kind {
            WorkloadKind::Pod => &POD,
            WorkloadKind::PodTemplate => &POD_TEMPLATE,
            WorkloadKind::CronJob => &CRON_JOB,
            WorkloadKind::Deployment
            | WorkloadKind::ReplicaSet
            | WorkloadKind::StatefulSet
            | WorkloadKind::DaemonSet
            | WorkloadKind::Job
            | WorkloadKind::ReplicationController => &TEMPLATED,
        }
    }

    fn expected(&self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::List(_) | Self::Items(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// A field and what is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ShapeFault {
    /// The path from the object, empty for the object itself.
    pub(crate) path: String,
    /// What is wrong, such as "expected a list, found a text".
    pub(crate) what: String,
}

/// The first fault in the order of the text, if the table finds one.
pub(crate) fn first_fault(json: &str, shape: &Shape) -> Option<ShapeFault> {
    let mut path = String::new();
    let what = descend(json, shape, &mut path)?;
    Some(ShapeFault { path, what })
}

/// The fault, with `path` left at it.
fn descend(json: &str, shape: &Shape, path: &mut String) -> Option<String> {
    let json = json.trim_start();
    let found = type_of(json);
    match (shape, found) {
        (_, Some("null")) | (Shape::Text, Some("a text")) => None,
        (Shape::List(element) | Shape::Items(element), Some("a list")) => {
            let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            if matches!(shape, Shape::List(_)) && elements.len() > LONGEST_LIST {
                return Some(TOO_LONG.to_owned());
            }
            elements.into_iter().enumerate().find_map(|(index, value)| {
                step(path, &format!("[{index}]"), |path| descend(value.get(), element, path))
            })
        }
        (Shape::Object(known), Some("an object")) => {
            let Fields(fields) = serde_json::from_str(json).ok()?;
            fields.iter().enumerate().find_map(|(position, (name, value))| {
                let (_, shape) = known.iter().find(|(known, _)| known == name)?;
                let segment = if path.is_empty() { name.to_string() } else { format!(".{name}") };
                let repeated = fields.iter().take(position).any(|(earlier, _)| earlier == name);
                step(path, &segment, |path| {
                    if repeated { Some("named twice".to_owned()) } else { descend(value.get(), shape, path) }
                })
            })
        }
        (shape, found) => {
            Some(format!("expected {}, found {}", shape.expected(), found.unwrap_or("no JSON value")))
        }
    }
}

/// Takes the step back where it led to no fault.
fn step(
    path: &mut String,
    segment: &str,
    look: impl FnOnce(&mut String) -> Option<String>,
) -> Option<String> {
    let length = path.len();
    path.push_str(segment);
    let fault = look(path);
    if fault.is_none() {
        path.truncate(length);
    }
    fault
}

fn type_of(json: &str) -> Option<&'static str> {
    match json.bytes().next()? {
        b'"' => Some("a text"),
        b'{' => Some("an object"),
        b'[' => Some("a list"),
        b't' | b'f' => Some("a boolean"),
        b'n' => Some("null"),
        b'-' | b'0'..=b'9' => Some("a number"),
        _ => None,
    }
}

/// All fields in order, repeated ones included.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor).map(Self)
    }
}

// The table repeats the field names of `wire.rs`; a test gives every one of them a wrong type.

static TEXT: Shape = Shape::Text;

static ANNOTATIONS: Shape = Shape::Object(&[
    ("kubernetes.azure.com/acr-client-id", &TEXT),
    ("kubernetes.azure.com/acr-tenant-id", &TEXT),
    ("azure.workload.identity/client-id", &TEXT),
    ("azure.workload.identity/tenant-id", &TEXT),
]);

/// Of every object.
static METADATA: Shape = Shape::Object(&[
    ("name", &TEXT),
    ("generateName", &TEXT),
    ("namespace", &TEXT),
    ("annotations", &ANNOTATIONS),
]);

static REFERENCE: Shape = Shape::Object(&[("name", &TEXT)]);

static REFERENCES: Shape = Shape::List(&REFERENCE);

static SECURITY_CONTEXT: Shape = Shape::Object(&[("seccompProfile", &SECCOMP_PROFILE)]);

static SECCOMP_PROFILE: Shape = Shape::Object(&[("oci", &OCI_ARTIFACT)]);

static OCI_ARTIFACT: Shape = Shape::Object(&[("ref", &TEXT)]);

static CONTAINERS: Shape = Shape::List(&CONTAINER);

static CONTAINER: Shape =
    Shape::Object(&[("name", &TEXT), ("image", &TEXT), ("securityContext", &SECURITY_CONTEXT)]);

static VOLUMES: Shape = Shape::List(&VOLUME);

static VOLUME: Shape = Shape::Object(&[("name", &TEXT), ("image", &IMAGE_VOLUME)]);

static IMAGE_VOLUME: Shape = Shape::Object(&[("reference", &TEXT)]);

static NODE_SELECTOR: Shape = Shape::Object(&[
    ("type", &TEXT),
    ("virtualization", &TEXT),
    ("kubernetes.io/os", &TEXT),
    ("beta.kubernetes.io/os", &TEXT),
]);

static AFFINITY: Shape = Shape::Object(&[("nodeAffinity", &NODE_AFFINITY)]);

static NODE_AFFINITY: Shape =
    Shape::Object(&[("requiredDuringSchedulingIgnoredDuringExecution", &REQUIRED_NODES)]);

static REQUIRED_NODES: Shape = Shape::Object(&[("nodeSelectorTerms", &Shape::List(&NODE_TERM))]);

static NODE_TERM: Shape =
    Shape::Object(&[("matchExpressions", &NODE_REQUIREMENTS), ("matchFields", &NODE_REQUIREMENTS)]);

static NODE_REQUIREMENTS: Shape =
    Shape::List(&Shape::Object(&[("key", &TEXT), ("operator", &TEXT), ("values", &Shape::List(&TEXT))]));

static POD_SPEC: Shape = Shape::Object(&[
    ("serviceAccountName", &TEXT),
    ("serviceAccount", &TEXT),
    ("imagePullSecrets", &REFERENCES),
    ("initContainers", &CONTAINERS),
    ("containers", &CONTAINERS),
    ("ephemeralContainers", &CONTAINERS),
    ("volumes", &VOLUMES),
    ("securityContext", &SECURITY_CONTEXT),
    ("nodeSelector", &NODE_SELECTOR),
    ("affinity", &AFFINITY),
    ("nodeName", &TEXT),
    ("os", &REFERENCE),
]);

static POD: Shape = Shape::Object(&[("metadata", &METADATA), ("spec", &POD_SPEC)]);

static TEMPLATE: Shape = Shape::Object(&[("spec", &POD_SPEC)]);

static POD_TEMPLATE: Shape = Shape::Object(&[("metadata", &METADATA), ("template", &TEMPLATE)]);

static TEMPLATED_SPEC: Shape = Shape::Object(&[("template", &TEMPLATE)]);

static TEMPLATED: Shape = Shape::Object(&[("metadata", &METADATA), ("spec", &TEMPLATED_SPEC)]);

static JOB_TEMPLATE: Shape = Shape::Object(&[("spec", &TEMPLATED_SPEC)]);

static CRON_JOB_SPEC: Shape = Shape::Object(&[("jobTemplate", &JOB_TEMPLATE)]);

static CRON_JOB: Shape = Shape::Object(&[("metadata", &METADATA), ("spec", &CRON_JOB_SPEC)]);

static LABELS: Shape = Shape::Object(&[]);

/// Service accounts.
pub(crate) static SERVICE_ACCOUNT: Shape =
    Shape::Object(&[("metadata", &METADATA), ("imagePullSecrets", &REFERENCES)]);

/// Secrets.
pub(crate) static SECRET: Shape = Shape::Object(&[
    ("metadata", &METADATA),
    ("type", &TEXT),
    ("data", &SECRET_DATA),
    ("stringData", &SECRET_DATA),
]);

static SECRET_DATA: Shape = Shape::Object(&[(".dockerconfigjson", &TEXT), (".dockercfg", &TEXT)]);

/// `AcrPullBinding` of both versions.
pub(crate) static PULL_BINDING: Shape =
    Shape::Object(&[("metadata", &METADATA), ("spec", &PULL_BINDING_SPEC)]);

static PULL_BINDING_SPEC: Shape = Shape::Object(&[
    ("serviceAccountName", &TEXT),
    ("acrServer", &TEXT),
    ("scope", &TEXT),
    ("managedIdentityClientID", &TEXT),
    ("managedIdentityResourceID", &TEXT),
    ("acr", &Shape::Object(&[("server", &TEXT), ("scope", &TEXT)])),
    ("auth", &PULL_BINDING_AUTHENTICATION),
]);

static PULL_BINDING_AUTHENTICATION: Shape = Shape::Object(&[
    ("managedIdentity", &Shape::Object(&[("clientID", &TEXT), ("resourceID", &TEXT)])),
    ("workloadIdentity", &Shape::Object(&[("serviceAccountRef", &TEXT), ("clientID", &TEXT)])),
    ("federatedIdentity", &Shape::Object(&[("targetClientID", &TEXT)])),
]);

/// Namespaces.
pub(crate) static NAMESPACE: Shape = Shape::Object(&[("metadata", &NAMESPACE_METADATA)]);

static NAMESPACE_METADATA: Shape =
    Shape::Object(&[("name", &TEXT), ("generateName", &TEXT), ("labels", &LABELS)]);

/// The items of a list, whatever they are.
pub(crate) static ITEMS: Shape = Shape::Items(&Shape::Object(&[]));

/// Any object whose kind we do not look into.
pub(crate) static OTHER: Shape = Shape::Object(&[("metadata", &METADATA)]);
