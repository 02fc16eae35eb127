//! JSON as it lies on the wire: the few fields that we look at, borrowed from the text.
//!
//! [`Object`], [`Text`] and [`List`] read `null` as absent, as Kubernetes does, and refuse every other
//! type. Derived structures alone would not do: they also accept a JSON list with the fields' values in order.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A text, empty where it is absent or `null`; borrowed unless it holds escapes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn into_string(self) -> String {
        self.0.into_owned()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }
}

/// A present text, for maps in which absent and empty differ. As in Go, `null` is an empty text there.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text<'de>>, D::Error> {
    Text::deserialize(deserializer).map(Some)
}

/// A JSON object; `null` is one without fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }
}

/// Entries that a list may have: many times what the API server stores in one object. What is read of an object takes
/// many times the memory of its text, so a list of millions of empty entries would be a way to fill it.
pub(crate) const LONGEST_LIST: usize = 10_000;

/// A list; absent and `null` are `None`.
#[derive(Clone, Debug)]
pub(crate) struct List<T>(pub(crate) Option<Vec<T>>);

/// A list of objects.
pub(crate) type Objects<T> = List<Object<T>>;

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> List<T> {
    pub(crate) fn as_slice(&self) -> &[T] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.unwrap_or_default().into_iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData)).map(Self)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            if entries.len() == LONGEST_LIST {
                return Err(A::Error::custom(TOO_LONG));
            }
            entries.push(entry);
        }
        Ok(Some(entries))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// What is wrong with a longer list.
pub(crate) const TOO_LONG: &str = "more than 10000 entries";

/// What every object has.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Metadata<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    pub(crate) generate_name: Text<'a>,
    #[serde(borrow)]
    pub(crate) namespace: Text<'a>,
    pub(crate) deletion_timestamp: Option<IgnoredAny>,
    #[serde(borrow)]
    pub(crate) annotations: Object<Annotations<'a>>,
}

/// The annotations that mean something to us, of pods and of service accounts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Annotations<'a> {
    #[serde(rename = "kubernetes.io/config.mirror")]
    pub(crate) mirror: Option<IgnoredAny>,
    #[serde(rename = "kubernetes.azure.com/acr-client-id", borrow, deserialize_with = "present")]
    pub(crate) acr_client_id: Option<Text<'a>>,
    #[serde(rename = "kubernetes.azure.com/acr-tenant-id", borrow, deserialize_with = "present")]
    pub(crate) acr_tenant_id: Option<Text<'a>>,
    #[serde(rename = "azure.workload.identity/client-id", borrow, deserialize_with = "present")]
    pub(crate) client_id: Option<Text<'a>>,
    #[serde(rename = "azure.workload.identity/tenant-id", borrow, deserialize_with = "present")]
    pub(crate) tenant_id: Option<Text<'a>>,
}

/// A reference by name, as in `imagePullSecrets`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reference<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
}

/// `kind: Pod`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Pod<'a> {
    #[serde(borrow)]
    pub(crate) metadata: Object<Metadata<'a>>,
    #[serde(borrow)]
    pub(crate) spec: Option<Object<PodSpec<'a>>>,
}

/// `kind: PodTemplate`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PodTemplate<'a> {
    #[serde(borrow)]
    pub(crate) metadata: Object<Metadata<'a>>,
    #[serde(borrow)]
    pub(crate) template: Object<Template<'a>>,
}

/// Deployments and all the others with a template in their spec.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Templated<'a> {
    #[serde(borrow)]
    pub(crate) metadata: Object<Metadata<'a>>,
    #[serde(borrow)]
    pub(crate) spec: Object<TemplatedSpec<'a>>,
}

/// The spec of [`Templated`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TemplatedSpec<'a> {
    #[serde(borrow)]
    pub(crate) template: Object<Template<'a>>,
}

/// `kind: CronJob`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CronJob<'a> {
    #[serde(borrow)]
    pub(crate) metadata: Object<Metadata<'a>>,
    #[serde(borrow)]
    pub(crate) spec: Object<CronJobSpec<'a>>,
}

/// The spec of [`CronJob`].
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CronJobSpec<'a> {
    #[serde(borrow)]
    pub(crate) job_template: Object<JobTemplate<'a>>,
}

/// The job in a [`CronJobSpec`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct JobTemplate<'a> {
    #[serde(borrow)]
    pub(crate) spec: Object<TemplatedSpec<'a>>,
}

/// A pod template.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Template<'a> {
    #[serde(borrow)]
    pub(crate) spec: Option<Object<PodSpec<'a>>>,
}

/// A pod spec.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodSpec<'a> {
    #[serde(borrow)]
    pub(crate) service_account_name: Text<'a>,
    #[serde(borrow)]
    pub(crate) service_account: Text<'a>,
    #[serde(borrow)]
    pub(crate) image_pull_secrets: Objects<Reference<'a>>,
    #[serde(borrow)]
    pub(crate) init_containers: Objects<Container<'a>>,
    #[serde(borrow)]
    pub(crate) containers: Objects<Container<'a>>,
    #[serde(borrow)]
    pub(crate) ephemeral_containers: Objects<Container<'a>>,
    #[serde(borrow)]
    pub(crate) volumes: Objects<Volume<'a>>,
    #[serde(borrow)]
    pub(crate) security_context: Object<SecurityContext<'a>>,
    #[serde(borrow)]
    pub(crate) node_selector: Object<NodeSelector<'a>>,
    #[serde(borrow)]
    pub(crate) affinity: Object<Affinity<'a>>,
    #[serde(borrow)]
    pub(crate) node_name: Text<'a>,
    #[serde(borrow)]
    pub(crate) os: Object<Reference<'a>>,
}

/// A container of any of the three lists.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Container<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    pub(crate) image: Text<'a>,
    #[serde(borrow)]
    pub(crate) security_context: Object<SecurityContext<'a>>,
}

/// The security context of a pod or a container.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SecurityContext<'a> {
    #[serde(borrow)]
    pub(crate) seccomp_profile: Object<SeccompProfile<'a>>,
}

/// A seccomp profile. Only one from a registry (`type: OCI`) has an `oci`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SeccompProfile<'a> {
    #[serde(borrow)]
    pub(crate) oci: Option<Object<OciArtifact<'a>>>,
}

/// An artifact in a registry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OciArtifact<'a> {
    #[serde(borrow, rename = "ref")]
    pub(crate) reference: Text<'a>,
}

/// A volume. Only an image volume has an `image`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Volume<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    pub(crate) image: Option<Object<ImageVolume<'a>>>,
}

/// The source of an image volume.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ImageVolume<'a> {
    #[serde(borrow)]
    pub(crate) reference: Text<'a>,
}

/// The labels of a node selector that say who pulls.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NodeSelector<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) node_type: Text<'a>,
    #[serde(borrow)]
    pub(crate) virtualization: Text<'a>,
    #[serde(borrow, rename = "kubernetes.io/os")]
    pub(crate) operating_system: Text<'a>,
    #[serde(borrow, rename = "beta.kubernetes.io/os")]
    pub(crate) old_operating_system: Text<'a>,
}

/// The affinity of a pod. Only the part about nodes matters.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Affinity<'a> {
    #[serde(borrow)]
    pub(crate) node_affinity: Object<NodeAffinity<'a>>,
}

/// A node affinity. Preferences select nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NodeAffinity<'a> {
    #[serde(borrow)]
    pub(crate) required_during_scheduling_ignored_during_execution: Object<RequiredNodes<'a>>,
}

/// What a node must be: any of the terms.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RequiredNodes<'a> {
    #[serde(borrow)]
    pub(crate) node_selector_terms: Objects<NodeTerm<'a>>,
}

/// One term: all of its requirements.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NodeTerm<'a> {
    #[serde(borrow)]
    pub(crate) match_expressions: Objects<NodeRequirement<'a>>,
    #[serde(borrow)]
    pub(crate) match_fields: Objects<NodeRequirement<'a>>,
}

/// One requirement on a label or a field of the node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NodeRequirement<'a> {
    #[serde(borrow)]
    pub(crate) key: Text<'a>,
    #[serde(borrow)]
    pub(crate) operator: Text<'a>,
    #[serde(borrow)]
    pub(crate) values: List<Text<'a>>,
}
