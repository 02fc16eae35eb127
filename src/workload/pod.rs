//! What a pod spec says about its pulls: who it runs as, which secrets it names, which images, on what node.

use std::borrow::Cow;
use std::fmt;

use smol_str::SmolStr;

use super::kind::WorkloadKind;
use super::wire::{
    Affinity, Container, NodeRequirement, NodeSelector, NodeTerm, Object, Objects, PodSpec, SecurityContext,
    Text,
};
use crate::engine::pull::ServiceAccountFacts;

/// The facts of one pod spec, in a pod or in a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PodFacts<'a> {
    /// The kind of object that the spec was found in.
    pub kind: WorkloadKind,
    /// `serviceAccountName`, else its deprecated alias `serviceAccount`, else `default`.
    pub service_account: Cow<'a, str>,
    /// The pull secrets that the spec itself names.
    pub pull_secrets: PullSecretNames<'a>,
    /// Every image field, in the order init containers, containers, ephemeral containers, volumes, seccomp profiles.
    /// Fields without a text are listed with an empty one.
    pub images: Vec<ImageField<'a>>,
    /// What the spec says about the node.
    pub placement: NodePlacement,
}

impl<'a> PodFacts<'a> {
    pub(crate) fn new(kind: WorkloadKind, spec: PodSpec<'a>) -> Self {
        let PodSpec {
            service_account_name: Text(name),
            service_account: Text(alias),
            image_pull_secrets,
            init_containers,
            containers,
            ephemeral_containers,
            volumes,
            security_context,
            node_selector: Object(node_selector),
            affinity: Object(affinity),
            node_name: Text(node_name),
            os: Object(os),
        } = spec;
        let placement = NodePlacement::of(&node_selector, &affinity, &node_name, &os.name.0);

        let mut fields = Fields::default();
        fields.containers(
            init_containers,
            ImagePlace::InitContainer,
            ImagePlace::InitContainerSeccompProfile,
        );
        fields.containers(containers, ImagePlace::Container, ImagePlace::ContainerSeccompProfile);
        fields.containers(
            ephemeral_containers,
            ImagePlace::EphemeralContainer,
            ImagePlace::EphemeralContainerSeccompProfile,
        );
        for (index, Object(volume)) in volumes.into_iter().enumerate() {
            if let Some(Object(image)) = volume.image {
                fields.images.push(ImageField {
                    place: ImagePlace::Volume(index),
                    owner: volume.name.0,
                    image: image.reference.0,
                });
            }
        }
        // The profiles come last, the pod's own before those of its containers.
        let of_containers = std::mem::take(&mut fields.profiles);
        fields.profile(security_context, ImagePlace::PodSeccompProfile, Cow::Borrowed(""));
        fields.images.append(&mut fields.profiles);
        fields.images.extend(of_containers);

        let service_account = [name, alias]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or(Cow::Borrowed(DEFAULT_SERVICE_ACCOUNT));
        let pull_secrets = PullSecretNames(
            image_pull_secrets
                .0
                .map(|secrets| secrets.into_iter().map(|Object(secret)| secret.name.0).collect()),
        );
        Self { kind, service_account, pull_secrets, images: fields.images, placement }
    }

    /// The pull secrets that a kubelet looks up for the pod, in order: its own, or its account's where it lists none.
    ///
    /// One that is named twice is tried twice.
    #[must_use]
    pub fn pull_secret_names<'names>(
        &'names self,
        account: Option<&'names ServiceAccountFacts>,
    ) -> Vec<&'names str> {
        // An admitted pod carries its account's secrets already; a template does not.
        let inherited = account.filter(|_| self.pull_secrets.inherits()).map(|account| &account.pull_secrets);
        // An entry without a name is copied as well, and names no secret.
        let inherited = inherited.into_iter().flatten().map(SmolStr::as_str).filter(|name| !name.is_empty());
        self.pull_secrets.names().chain(inherited).collect()
    }

    /// The path of an image field in the object, such as `spec.template.spec.containers[0].image`.
    #[must_use]
    pub fn field(&self, image: &ImageField<'_>) -> String {
        format!("{}.{}", self.kind.pod_spec_path(), image.place)
    }

    /// Whether two specs pull the same images with the same credentials, in whatever order they name them.
    #[must_use]
    pub fn pulls_the_same_as(&self, other: &Self) -> bool {
        self.service_account == other.service_account
            && self.placement == other.placement
            && self.pull_secrets.inherits() == other.pull_secrets.inherits()
            && as_set(self.pull_secrets.names()) == as_set(other.pull_secrets.names())
            && as_set(self.images.iter().map(|field| &*field.image))
                == as_set(other.images.iter().map(|field| &*field.image))
    }

    /// The same facts without a borrow from the text they were read from.
    #[must_use]
    pub fn into_owned(self) -> PodFacts<'static> {
        let Self { kind, service_account, pull_secrets, images, placement } = self;
        PodFacts {
            kind,
            service_account: own(service_account),
            pull_secrets: PullSecretNames(
                pull_secrets.0.map(|secrets| secrets.into_iter().map(own).collect()),
            ),
            images: images
                .into_iter()
                .map(|field| ImageField {
                    place: field.place,
                    owner: own(field.owner),
                    image: own(field.image),
                })
                .collect(),
            placement,
        }
    }
}

/// One field that names an image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImageField<'a> {
    /// Where in the pod spec it stands.
    pub place: ImagePlace,
    /// The name of the container or volume; empty for the pod's own seccomp profile.
    pub owner: Cow<'a, str>,
    /// The text of the field, not yet parsed; empty where the field is absent.
    pub image: Cow<'a, str>,
}

/// A place in a pod spec that names an image; the number is the position in its list. It prints as a path.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ImagePlace {
    /// `initContainers[n].image`; sidecars are init containers as well.
    InitContainer(usize),
    /// `containers[n].image`.
    Container(usize),
    /// `ephemeralContainers[n].image`.
    EphemeralContainer(usize),
    /// `volumes[n].image.reference`.
    Volume(usize),
    /// `securityContext.seccompProfile.oci.ref` of the pod.
    PodSeccompProfile,
    /// The same of an init container.
    InitContainerSeccompProfile(usize),
    /// The same of a container.
    ContainerSeccompProfile(usize),
    /// The same of an ephemeral container.
    EphemeralContainerSeccompProfile(usize),
}

impl fmt::Display for ImagePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InitContainer(index) => write!(formatter, "initContainers[{index}].image"),
            Self::Container(index) => write!(formatter, "containers[{index}].image"),
            Self::EphemeralContainer(index) => write!(formatter, "ephemeralContainers[{index}].image"),
            Self::Volume(index) => write!(formatter, "volumes[{index}].image.reference"),
            Self::PodSeccompProfile => formatter.write_str(SECCOMP_REFERENCE),
            Self::InitContainerSeccompProfile(index) => {
                write!(formatter, "initContainers[{index}].{SECCOMP_REFERENCE}")
            }
            Self::ContainerSeccompProfile(index) => {
                write!(formatter, "containers[{index}].{SECCOMP_REFERENCE}")
            }
            Self::EphemeralContainerSeccompProfile(index) => {
                write!(formatter, "ephemeralContainers[{index}].{SECCOMP_REFERENCE}")
            }
        }
    }
}

/// The pull secrets that a pod spec names, in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PullSecretNames<'a>(Option<Vec<Cow<'a, str>>>);

impl PullSecretNames<'_> {
    /// Whether the service account's list is copied into the pod: where the spec has no list or an empty one. A list
    /// with a single entry without a name counts as a list.
    #[must_use]
    pub fn inherits(&self) -> bool {
        self.0.as_ref().is_none_or(Vec::is_empty)
    }

    /// Whether there is a list at all, be it empty.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.0.is_some()
    }

    /// The names in order, without the entries that have none.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flatten().map(AsRef::as_ref).filter(|name: &&str| !name.is_empty())
    }
}

/// The kind of node that a pod spec asks for, as far as it matters to who pulls. Tolerations say nothing here: they
/// permit a node, they do not select it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum NodePlacement {
    /// Nothing special is asked for.
    Ordinary,
    /// A virtual node of the first generation, which has no pull identity.
    VirtualNode,
    /// A virtual node of the second generation; whether its identity pulls is not documented.
    SecondGenerationVirtualNode,
    /// A Windows node, which pulls with the node's identity even where service accounts pull elsewhere.
    Windows,
}

impl NodePlacement {
    /// Whether the node has no credential of its own.
    #[must_use]
    pub fn is_virtual_node(self) -> bool {
        self == Self::VirtualNode
    }

    /// Whether the node gets no service account token for pulls.
    #[must_use]
    pub fn is_windows(self) -> bool {
        self == Self::Windows
    }
}

/// Image fields in the making: profiles are held back, because they are listed last.
#[derive(Default)]
struct Fields<'a> {
    images: Vec<ImageField<'a>>,
    profiles: Vec<ImageField<'a>>,
}

impl<'a> Fields<'a> {
    fn containers(
        &mut self,
        containers: Objects<Container<'a>>,
        image_place: fn(usize) -> ImagePlace,
        profile_place: fn(usize) -> ImagePlace,
    ) {
        for (index, Object(container)) in containers.into_iter().enumerate() {
            let owner = container.name.0;
            self.profile(container.security_context, profile_place(index), owner.clone());
            self.images.push(ImageField { place: image_place(index), owner, image: container.image.0 });
        }
    }

    fn profile(&mut self, context: Object<SecurityContext<'a>>, place: ImagePlace, owner: Cow<'a, str>) {
        if let Some(Object(artifact)) = context.0.seccomp_profile.0.oci {
            self.profiles.push(ImageField { place, owner, image: artifact.reference.0 });
        }
    }
}

fn as_set<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut texts: Vec<_> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl NodePlacement {
    fn of(selector: &NodeSelector<'_>, affinity: &Affinity<'_>, node_name: &str, system: &str) -> Self {
        let required = &affinity.node_affinity.0.required_during_scheduling_ignored_during_execution.0;
        let terms = required.node_selector_terms.as_slice();
        let bound = |selected: &Text<'_>, key: &str, value: &str| {
            *selected.0 == *value || only(terms, key, |found| found == value)
        };
        let is_virtual = |name: &str| name.starts_with(VIRTUAL_NODE_PREFIX);
        if bound(&selector.node_type, "type", "virtual-kubelet")
            || is_virtual(node_name)
            || only(terms, "metadata.name", is_virtual)
            || only(terms, "kubernetes.io/hostname", is_virtual)
        {
            Self::VirtualNode
        } else if bound(&selector.virtualization, "virtualization", "virtualnode2") {
            Self::SecondGenerationVirtualNode
        } else if system == "windows"
            || bound(&selector.operating_system, "kubernetes.io/os", "windows")
            || bound(&selector.old_operating_system, "beta.kubernetes.io/os", "windows")
        {
            Self::Windows
        } else {
            Self::Ordinary
        }
    }
}

/// Whether every way that the terms leave open has this label or field with such values only. One term is enough
/// for a node, so all of them must say so; without terms nothing is said.
fn only(terms: &[Object<NodeTerm<'_>>], key: &str, holds: impl Fn(&str) -> bool) -> bool {
    let says_so = |Object(requirement): &Object<NodeRequirement<'_>>| {
        let values = requirement.values.as_slice();
        *requirement.key.0 == *key
            && &*requirement.operator.0 == "In"
            && !values.is_empty()
            && values.iter().all(|value| holds(&value.0))
    };
    let lists = |term: &NodeTerm<'_>| {
        [&term.match_expressions, &term.match_fields].into_iter().flat_map(Objects::as_slice).any(says_so)
    };
    !terms.is_empty() && terms.iter().all(|Object(term)| lists(term))
}

const DEFAULT_SERVICE_ACCOUNT: &str = "default";

/// Nodes of the virtual-node add-on are called `virtual-node-aci-linux` and the like.
const VIRTUAL_NODE_PREFIX: &str = "virtual-node-";

const SECCOMP_REFERENCE: &str = "securityContext.seccompProfile.oci.ref";
