//! The request of an `AdmissionReview`, version 1, borrowed from the bytes that came.
//!
//! The object stays raw text until it is known what to look for in it. Fields we do not know are passed over, and
//! `null` counts as absent, as the API's own types have it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::{ReviewError, ReviewProblem, check_syntax, other_than_object};
use crate::workload::{List, Object, Text};

/// What the API server asks. Users write the objects, their names in the objects and nothing else of it.
#[derive(Clone, Debug)]
pub struct AdmissionRequest<'a> {
    /// Goes back in the answer, letter by letter.
    pub uid: Cow<'a, str>,
    /// What `object` is: with `matchPolicy: Equivalent`, converted to what the webhook's rules name.
    pub kind: GroupVersionKind<'a>,
    /// The resource of `kind`.
    pub resource: GroupVersionResource<'a>,
    /// Such as `ephemeralcontainers`; empty for the object itself.
    pub sub_resource: Cow<'a, str>,
    /// What the user sent, before any conversion; `None` where the API server does not say.
    pub request_kind: Option<GroupVersionKind<'a>>,
    /// Empty where the API server is to make up a name.
    pub name: Cow<'a, str>,
    /// The namespace to judge by, whatever the object says; empty for cluster-wide objects.
    pub namespace: Cow<'a, str>,
    /// What is to be done with the object.
    pub operation: Operation,
    /// Who asks.
    pub user: UserInfo<'a>,
    /// Whether nothing will be stored. The verdict is the same.
    pub dry_run: bool,
    /// The object as it will be stored; absent on DELETE.
    pub object: Option<&'a RawValue>,
    /// The object as it is stored, on UPDATE and DELETE.
    pub old_object: Option<&'a RawValue>,
}

impl<'a> AdmissionRequest<'a> {
    /// Reads a review.
    ///
    /// # Errors
    ///
    /// Whatever is no `AdmissionReview` of version 1 with a request that names its uid, its kind, a known operation
    /// and, for CREATE and UPDATE, an object. The error carries the uid wherever the text shows one.
    pub fn parse(body: &'a [u8]) -> Result<Self, ReviewError> {
        read(body).map_err(|problem| ReviewError::new(body, problem))
    }
}

/// Group, version and kind of an object.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GroupVersionKind<'a> {
    /// Empty for the core group.
    pub group: Cow<'a, str>,
    /// Such as `v1`.
    pub version: Cow<'a, str>,
    /// Such as `Pod`.
    pub kind: Cow<'a, str>,
}

/// Group, version and resource of an object.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GroupVersionResource<'a> {
    /// Empty for the core group.
    pub group: Cow<'a, str>,
    /// Such as `v1`.
    pub version: Cow<'a, str>,
    /// Such as `pods`.
    pub resource: Cow<'a, str>,
}

/// What is to be done with an object.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Operation {
    /// A new object.
    Create,
    /// A changed one.
    Update,
    /// It goes.
    Delete,
    /// `exec`, `proxy` and the like: no object is stored.
    Connect,
}

impl Operation {
    /// The word of the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete, Self::Connect]
            .into_iter()
            .find(|known| known.as_str() == word)
    }

    /// Whether such a request stores an object.
    fn stores(self) -> bool {
        match self {
            Self::Create | Self::Update => true,
            Self::Delete | Self::Connect => false,
        }
    }
}

/// Who asks, as the API server authenticated them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UserInfo<'a> {
    /// The name.
    pub username: Cow<'a, str>,
    /// The groups.
    pub groups: Vec<Cow<'a, str>>,
}

fn read(body: &[u8]) -> Result<AdmissionRequest<'_>, ReviewProblem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ReviewProblem::Empty);
    }
    let Review { api_version, kind, request } = parse_review(body)?;
    if &*kind.0 != "AdmissionReview" {
        return Err(ReviewProblem::WrongKind { found: kind.0.into_owned() });
    }
    if &*api_version.0 != "admission.k8s.io/v1" {
        return Err(ReviewProblem::WrongApiVersion { found: api_version.0.into_owned() });
    }
    let Some(Object(request)) = request else {
        return Err(ReviewProblem::NoRequest);
    };
    if request.uid.0.is_empty() {
        return Err(ReviewProblem::NoUid);
    }
    if request.kind.0.kind.0.is_empty() {
        return Err(ReviewProblem::NoKind);
    }
    let Some(operation) = Operation::of(&request.operation.0) else {
        return Err(ReviewProblem::UnknownOperation { found: request.operation.0.into_owned() });
    };
    if operation.stores() && request.object.is_none() {
        return Err(ReviewProblem::NoObject);
    }
    let WireResource { group, version, resource } = request.resource.0;
    let WireUser { username, groups } = request.user_info.0;
    Ok(AdmissionRequest {
        uid: request.uid.0,
        kind: request.kind.0.into(),
        resource: GroupVersionResource { group: group.0, version: version.0, resource: resource.0 },
        sub_resource: request.sub_resource.0,
        request_kind: request.request_kind.map(|Object(kind)| kind.into()),
        name: request.name.0,
        namespace: request.namespace.0,
        operation,
        user: UserInfo { username: username.0, groups: groups.into_iter().map(|group| group.0).collect() },
        dry_run: request.dry_run.unwrap_or(false),
        object: request.object,
        old_object: request.old_object,
    })
}

/// Tells text that is not JSON from JSON that is no review.
fn parse_review(body: &[u8]) -> Result<Review<'_>, ReviewProblem> {
    let parsed: Result<Object<Review<'_>>, _> = serde_json::from_slice(body);
    match (parsed, other_than_object(body)) {
        (Ok(Object(review)), None) => Ok(review),
        (Ok(_), Some(found)) => Err(ReviewProblem::NotAnObject { found }),
        (Err(error), other) => Err(match (check_syntax(body), other) {
            (Err(syntax), _) => ReviewProblem::NotJson { message: syntax.to_string() },
            (Ok(()), Some(found)) => ReviewProblem::NotAnObject { found },
            (Ok(()), None) => ReviewProblem::WrongShape { message: error.to_string() },
        }),
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Review<'a> {
    #[serde(borrow)]
    api_version: Text<'a>,
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    request: Option<Object<WireRequest<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireRequest<'a> {
    #[serde(borrow)]
    uid: Text<'a>,
    #[serde(borrow)]
    kind: Object<WireKind<'a>>,
    #[serde(borrow)]
    resource: Object<WireResource<'a>>,
    #[serde(borrow)]
    sub_resource: Text<'a>,
    #[serde(borrow)]
    request_kind: Option<Object<WireKind<'a>>>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    namespace: Text<'a>,
    #[serde(borrow)]
    operation: Text<'a>,
    #[serde(borrow)]
    user_info: Object<WireUser<'a>>,
    dry_run: Option<bool>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    old_object: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireKind<'a> {
    #[serde(borrow)]
    group: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    kind: Text<'a>,
}

impl<'a> From<WireKind<'a>> for GroupVersionKind<'a> {
    fn from(WireKind { group, version, kind }: WireKind<'a>) -> Self {
        Self { group: group.0, version: version.0, kind: kind.0 }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireResource<'a> {
    #[serde(borrow)]
    group: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    resource: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireUser<'a> {
    #[serde(borrow)]
    username: Text<'a>,
    #[serde(borrow)]
    groups: List<Text<'a>>,
}
