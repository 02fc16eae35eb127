//! One object as JSON text: its names, and the pod facts of a workload.

use std::borrow::Cow;

use serde::Deserialize;
use thiserror::Error;

use super::kind::WorkloadKind;
use super::pod::PodFacts;
use super::shape::{self, Shape, ShapeFault};
use super::wire::{CronJob, Metadata, Object, Pod, PodSpec, PodTemplate, Template, Templated, TemplatedSpec};

/// An object with a pod spec.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Workload<'a> {
    /// Who the object says it is.
    pub header: ObjectHeader<'a>,
    /// What its pod spec says about pulls.
    pub pod: PodFacts<'a>,
}

impl<'a> Workload<'a> {
    /// Reads an object of this kind from its JSON text, borrowing from it.
    ///
    /// Fields that are absent or `null` count as Kubernetes counts them; unknown fields are passed over.
    ///
    /// # Errors
    ///
    /// A field that we look at has another type than Kubernetes gives it, or is named twice, or the text is no JSON
    /// object, or there is no pod spec in it, or there are more than [`MAX_IMAGES`] image fields.
    pub fn read(kind: WorkloadKind, json: &'a str) -> Result<Self, ObjectError> {
        let (metadata, spec) = match kind {
            WorkloadKind::Pod => {
                let Pod { metadata, spec } = read_object(json, Shape::of(kind))?;
                (metadata, spec)
            }
            WorkloadKind::PodTemplate => {
                let PodTemplate { metadata, template: Object(Template { spec }) } =
                    read_object(json, Shape::of(kind))?;
                (metadata, spec)
            }
            WorkloadKind::CronJob => {
                let CronJob { metadata, spec: Object(spec) } = read_object(json, Shape::of(kind))?;
                (metadata, spec_of(spec.job_template.0.spec))
            }
            WorkloadKind::Deployment
            | WorkloadKind::ReplicaSet
            | WorkloadKind::StatefulSet
            | WorkloadKind::DaemonSet
            | WorkloadKind::Job
            | WorkloadKind::ReplicationController => {
                let Templated { metadata, spec } = read_object(json, Shape::of(kind))?;
                (metadata, spec_of(spec))
            }
        };
        let Some(Object(spec)) = spec else {
            return Err(ObjectError::NoPodSpec { kind });
        };
        let pod = PodFacts::new(kind, spec);
        if pod.images.len() > MAX_IMAGES {
            return Err(ObjectError::TooManyImages { count: pod.images.len() });
        }
        Ok(Self { header: ObjectHeader::new(metadata.0), pod })
    }
}

/// Image fields of an object that are read: more than the API server has room for in one.
pub const MAX_IMAGES: usize = 10_000;

/// What an object's metadata say. The namespace is for files only: a review is judged by the namespace of its
/// request, which users do not write.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ObjectHeader<'a> {
    /// `metadata.name`, empty where the API server is to make one up.
    pub name: Cow<'a, str>,
    /// `metadata.generateName`, mostly empty.
    pub generate_name: Cow<'a, str>,
    /// `metadata.namespace`, empty where absent.
    pub namespace: Cow<'a, str>,
    /// Whether the object is being deleted and waits for its finalizers.
    pub is_being_deleted: bool,
    /// Whether the object claims to mirror a static pod.
    pub claims_to_be_mirror: bool,
}

impl<'a> ObjectHeader<'a> {
    /// Reads the metadata of any object.
    pub fn read(json: &'a str) -> Result<Self, ObjectError> {
        let AnyObject { metadata: Object(metadata) } = read_object(json, &shape::OTHER)?;
        Ok(Self::new(metadata))
    }

    pub(crate) fn new(metadata: Metadata<'a>) -> Self {
        let Metadata { name, generate_name, namespace, deletion_timestamp, annotations } = metadata;
        Self {
            name: name.0,
            generate_name: generate_name.0,
            namespace: namespace.0,
            is_being_deleted: deletion_timestamp.is_some(),
            claims_to_be_mirror: annotations.0.mirror.is_some(),
        }
    }

    /// The name, or the prefix of a name to be made up with a `*` behind it.
    #[must_use]
    pub fn display_name(&self) -> Cow<'_, str> {
        if self.name.is_empty() && !self.generate_name.is_empty() {
            Cow::Owned(format!("{}*", self.generate_name))
        } else {
            Cow::Borrowed(&self.name)
        }
    }
}

/// Why an object cannot be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ObjectError {
    /// A field has the wrong type, or is named twice.
    #[error("{path}: {what}")]
    Field {
        /// The path in the object.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// The text is not an object at all.
    #[error("the object: {what}")]
    NotAnObject {
        /// What it is.
        what: String,
    },
    /// A workload without the spec of its pods.
    #[error("{kind} without `{path}`", path = kind.pod_spec_path())]
    NoPodSpec {
        /// The kind of the workload.
        kind: WorkloadKind,
    },
    /// More images than anybody judges.
    #[error("{count} image fields, and no more than {MAX_IMAGES} are judged")]
    TooManyImages {
        /// How many.
        count: usize,
    },
    /// Anything else, in the words of the JSON parser.
    #[error("{message}")]
    Json {
        /// What the parser says.
        message: String,
    },
}

/// Parses, and on failure looks for the field to blame.
pub(crate) fn read_object<'a, T: Deserialize<'a>>(json: &'a str, shape: &Shape) -> Result<T, ObjectError> {
    // Derived structures would also accept a list with the values of the fields in order.
    let is_object = json.trim_start().starts_with('{');
    match serde_json::from_str(json) {
        Ok(value) if is_object => Ok(value),
        outcome => {
            let message = outcome.err().map(|error: serde_json::Error| error.to_string());
            Err(match shape::first_fault(json, shape) {
                Some(ShapeFault { path, what }) if path.is_empty() => ObjectError::NotAnObject { what },
                Some(ShapeFault { path, what }) => ObjectError::Field { path, what },
                None => ObjectError::Json { message: message.unwrap_or_else(|| "not an object".to_owned()) },
            })
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AnyObject<'a> {
    #[serde(borrow)]
    metadata: Object<Metadata<'a>>,
}

fn spec_of(Object(spec): Object<TemplatedSpec<'_>>) -> Option<Object<PodSpec<'_>>> {
    spec.template.0.spec
}
