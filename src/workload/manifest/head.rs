//! What kind of object a document or list item is, before anything else of it is read.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::workload::shape;
use crate::workload::wire::{Object, Text};

/// The fields that say what an object is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Head<'a> {
    #[serde(borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) api_version: Text<'a>,
    #[serde(borrow)]
    pub(super) items: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) request: Option<&'a RawValue>,
}

/// The part of an `AdmissionReview`'s request that a dry run needs.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Request<'a> {
    #[serde(borrow)]
    pub(super) kind: Object<GroupVersionKind<'a>>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) namespace: Text<'a>,
    #[serde(borrow)]
    pub(super) object: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct GroupVersionKind<'a> {
    #[serde(borrow)]
    pub(super) group: Text<'a>,
    #[serde(borrow)]
    pub(super) version: Text<'a>,
    #[serde(borrow)]
    pub(super) kind: Text<'a>,
}

impl<'a> Head<'a> {
    /// Items of a `DeploymentList`, as the API serves it, have no type of their own.
    pub(super) fn typed_by(self, list: Option<&ListType>) -> Typed<'a> {
        let mut typed = Typed {
            kind: self.kind.into_string(),
            api_version: self.api_version.into_string(),
            items: self.items,
            request: self.request,
        };
        if let Some(ListType { item_kind: Some(kind), api_version }) = list
            && typed.kind.is_empty()
        {
            typed.kind.clone_from(kind);
            if typed.api_version.is_empty() {
                typed.api_version.clone_from(api_version);
            }
        }
        typed
    }
}

/// An object whose kind is known.
pub(super) struct Typed<'a> {
    pub(super) kind: String,
    pub(super) api_version: String,
    items: Option<&'a RawValue>,
    request: Option<&'a RawValue>,
}

impl<'a> Typed<'a> {
    /// An object of this kind, with nothing else known of it.
    pub(super) fn new(kind: String, api_version: String) -> Self {
        Self { kind, api_version, items: None, request: None }
    }

    /// The items of a list; `None` for other objects, which may have `items` of their own.
    pub(super) fn list(&self) -> Option<Vec<&'a RawValue>> {
        let items = self.items.filter(|_| self.kind.ends_with("List"))?;
        serde_json::from_str(items.get()).ok()
    }

    /// The request, if this is a review that has one.
    pub(super) fn request(&self) -> Option<Request<'a>> {
        let Object(request) = serde_json::from_str(self.request?.get()).ok()?;
        Some(request)
    }

    /// Whether this is a recorded review.
    pub(super) fn is_review(&self) -> bool {
        self.kind == "AdmissionReview" && self.api_version.starts_with("admission.k8s.io/")
    }

    /// What is wrong with a plain `List` whose items are none.
    pub(super) fn list_fault(&self) -> Option<String> {
        let items = self.items.filter(|_| self.kind == "List")?;
        shape::first_fault(items.get(), &shape::ITEMS).map(|fault| fault.what)
    }
}

/// What a list says about its items.
pub(super) struct ListType {
    /// `None` for a plain `List`.
    pub(super) item_kind: Option<String>,
    pub(super) api_version: String,
}

impl ListType {
    pub(super) fn of(list: &Typed<'_>) -> Self {
        let item_kind = list.kind.strip_suffix("List").filter(|kind| !kind.is_empty());
        Self { item_kind: item_kind.map(str::to_owned), api_version: list.api_version.clone() }
    }
}
