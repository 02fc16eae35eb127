//! From the text of a file to its objects.

use std::sync::Arc;

use super::document::{Document, documents};
use super::head::{GroupVersionKind, Head, ListType, Typed};
use super::json::{self, Lines};
use super::object::{ManifestContent, ManifestObject};
use super::problem::{Fault, ManifestProblem};
use super::yaml::{self, ItemLines};
use crate::workload::account::{Namespace, ServiceAccount, given};
use crate::workload::kind::WorkloadKind;
use crate::workload::object::{ObjectError, ObjectHeader, Workload};
use crate::workload::pull_binding::{PullBinding, PullBindingVersion};
use crate::workload::secret::Secret;
use crate::workload::wire::Object;

/// What was read from any number of files, in the order of reading.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// Every object of every kind.
    pub objects: Vec<ManifestObject>,
    /// Whatever could not be read.
    pub problems: Vec<ManifestProblem>,
}

impl Manifests {
    /// Reads one file's bytes. `file` is the name to show, `-` or a path.
    pub fn read(&mut self, file: &str, bytes: &[u8]) {
        let mut reading = FileReading { file: file.into(), document: 1, first_line: 1, found: self };
        match std::str::from_utf8(bytes) {
            Ok(text) => reading.text(text),
            Err(error) => {
                let before = bytes.iter().take(error.valid_up_to());
                let line = before.filter(|byte| **byte == b'\n').count() + 1;
                reading.problem(Fault::new(
                    Some(line),
                    "not text in UTF-8",
                    "give a manifest as YAML or JSON text, or leave this file out",
                ));
            }
        }
    }

    /// The service accounts among the objects.
    pub fn service_accounts(&self) -> impl Iterator<Item = &ServiceAccount> {
        self.objects.iter().filter_map(|object| match &object.content {
            ManifestContent::ServiceAccount(account) => Some(account),
            _ => None,
        })
    }

    /// The Secrets among the objects.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.objects.iter().filter_map(|object| match &object.content {
            ManifestContent::Secret(secret) => Some(secret),
            _ => None,
        })
    }

    /// The bindings of identities to registries among the objects.
    pub fn pull_bindings(&self) -> impl Iterator<Item = &PullBinding> {
        self.objects.iter().filter_map(|object| match &object.content {
            ManifestContent::PullBinding(binding) => Some(binding),
            _ => None,
        })
    }

    /// The namespaces among the objects.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.objects.iter().filter_map(|object| match &object.content {
            ManifestContent::Namespace(namespace) => Some(namespace),
            _ => None,
        })
    }
}

/// A file being read, and where in it we are.
struct FileReading<'m> {
    file: Arc<str>,
    document: usize,
    /// The line of the file at which the current document's text begins.
    first_line: usize,
    found: &'m mut Manifests,
}

impl FileReading<'_> {
    fn text(&mut self, text: &str) {
        for document in documents(text) {
            self.first_line = document.first_line;
            if looks_like_json(document.text) {
                self.json_document(document);
            } else {
                self.yaml_document(document);
            }
        }
    }

    /// `kubectl` reads several JSON values in a row as several documents.
    fn json_document(&mut self, document: Document<'_>) {
        let text = document.text.strip_prefix("---").unwrap_or(document.text);
        let (values, fault) = json::values(text);
        if values.is_empty() && yaml::to_json(text).is_ok() {
            return self.yaml_document(document);
        }
        let lines = Lines::new(text);
        for value in values {
            self.object(value, lines.of(value), &ItemPlaces::Json(&lines), None);
            self.document += 1;
        }
        if let Some(fault) = fault {
            self.problem(fault);
            self.document += 1;
        }
    }

    fn yaml_document(&mut self, document: Document<'_>) {
        let line = document.content_line() - document.first_line + 1;
        match yaml::to_json(document.text) {
            Ok(json) => {
                let items = if json.contains("\"items\"") {
                    ItemLines::of(document.text)
                } else {
                    ItemLines::default()
                };
                self.object(&json, line, &ItemPlaces::Yaml(&items), None);
            }
            Err(Fault { line: place, what, hint }) => {
                self.problem(Fault { line: place.or(Some(line)), what, hint });
            }
        }
        self.document += 1;
    }

    /// One object, or the items of a list. `line` counts from the document's first.
    fn object(&mut self, json: &str, line: usize, places: &ItemPlaces<'_>, list: Option<&ListType>) {
        let at = |what: String, hint| Fault::new(Some(line), what, hint);
        let Ok(head) = serde_json::from_str::<Object<Head<'_>>>(json) else {
            return self.problem(at("not a Kubernetes object".to_owned(), OBJECT_HINT));
        };
        let head = head.0.typed_by(list);
        if head.kind.is_empty() || head.api_version.is_empty() {
            let missing = if head.kind.is_empty() { "kind" } else { "apiVersion" };
            return self.problem(at(format!("an object without `{missing}`"), OBJECT_HINT));
        }
        if let Some(items) = head.list() {
            let item_type = ListType::of(&head);
            for (position, item) in items.into_iter().enumerate() {
                let (line, inner) = places.item(position, item.get(), line);
                self.object(item.get(), line, &inner, Some(&item_type));
            }
            return;
        }
        if let Some(what) = head.list_fault() {
            return self.problem(at(format!("List: items: {what}"), OBJECT_HINT));
        }
        let outcome = if head.is_review() {
            self.reviewed_object(&head, line)
        } else {
            self.plain_object(&head, json, line)
        };
        match outcome {
            Ok(object) => self.found.objects.push(object),
            Err(error) => {
                self.problem(at(format!("{}: {error}", head.kind), hint(&error)));
            }
        }
    }

    fn plain_object(&self, head: &Typed<'_>, json: &str, line: usize) -> Result<ManifestObject, ObjectError> {
        let header = ObjectHeader::read(json)?;
        let content = content(&head.api_version, &head.kind, json)?;
        Ok(ManifestObject {
            file: Arc::clone(&self.file),
            line: self.first_line + line - 1,
            document: self.document,
            api_version: head.api_version.clone(),
            kind: head.kind.clone(),
            namespace: given(&header.namespace),
            name: header.display_name().into_owned(),
            content,
        })
    }

    /// A recorded review: its object, in the request's namespace.
    fn reviewed_object(&self, head: &Typed<'_>, line: usize) -> Result<ManifestObject, ObjectError> {
        let request = head.request();
        let Some((json, request)) = request.and_then(|request| Some((request.object?.get(), request))) else {
            return Err(ObjectError::NotAnObject { what: "a review without `request.object`".to_owned() });
        };
        let GroupVersionKind { group, version, kind } = &request.kind.0;
        let api_version = match &*group.0 {
            "" => version.0.to_string(),
            group => format!("{group}/{}", version.0),
        };
        let head = Typed::new(kind.0.to_string(), api_version);
        let object = self.plain_object(&head, json, line)?;
        let name = if request.name.0.is_empty() { object.name } else { request.name.0.to_string() };
        Ok(ManifestObject { namespace: given(&request.namespace.0), name, ..object })
    }

    fn problem(&mut self, fault: Fault) {
        let Fault { line, what, hint } = fault;
        self.found.problems.push(ManifestProblem {
            file: Arc::clone(&self.file),
            line: self.first_line + line.unwrap_or(1) - 1,
            document: self.document,
            what,
            hint,
        });
    }
}

fn content(api_version: &str, kind: &str, json: &str) -> Result<ManifestContent, ObjectError> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    if let Some(kind) = WorkloadKind::of(group, kind) {
        return match Workload::read(kind, json) {
            Ok(workload) => Ok(ManifestContent::Workload(workload.pod.into_owned())),
            Err(ObjectError::NoPodSpec { kind }) => Ok(ManifestContent::WorkloadWithoutPodSpec(kind)),
            Err(error) => Err(error),
        };
    }
    if let (Some(version), "AcrPullBinding") = (PullBindingVersion::of_group(group), kind) {
        return PullBinding::read(version, json).map(ManifestContent::PullBinding);
    }
    Ok(match (group, kind) {
        ("", "ServiceAccount") => ManifestContent::ServiceAccount(ServiceAccount::read(json)?),
        ("", "Secret") => ManifestContent::Secret(Secret::read(json)?),
        ("", "Namespace") => ManifestContent::Namespace(Namespace::read(json)?),
        _ => ManifestContent::Other,
    })
}

/// How to find the line of a list item.
enum ItemPlaces<'a> {
    /// By its text.
    Json(&'a Lines<'a>),
    /// By its position, in what the YAML parser saw.
    Yaml(&'a ItemLines),
    /// Not at all: the line of the list stands for all.
    Unknown,
}

impl ItemPlaces<'_> {
    fn item(&self, position: usize, text: &str, line_of_list: usize) -> (usize, ItemPlaces<'_>) {
        match self {
            Self::Json(lines) => (lines.of(text), ItemPlaces::Json(lines)),
            Self::Yaml(items) => match items.item(position) {
                Some((line, inner)) => (line, ItemPlaces::Yaml(inner)),
                None => (line_of_list, ItemPlaces::Unknown),
            },
            Self::Unknown => (line_of_list, ItemPlaces::Unknown),
        }
    }
}

/// YAML reads `1.10` as a number and `no` as a boolean, which surprises people who meant a text.
fn hint(error: &ObjectError) -> &'static str {
    match error {
        ObjectError::Field { what, .. }
            if what.starts_with("expected a text")
                && (what.ends_with("number") || what.ends_with("boolean")) =>
        {
            "put the value in quotes"
        }
        ObjectError::Field { .. }
        | ObjectError::NotAnObject { .. }
        | ObjectError::NoPodSpec { .. }
        | ObjectError::TooManyImages { .. }
        | ObjectError::Json { .. } => "correct the object; it was left out",
    }
}

fn looks_like_json(text: &str) -> bool {
    let content = text.strip_prefix("---").unwrap_or(text).trim_start();
    content.starts_with(['{', '['])
}

const OBJECT_HINT: &str = "an object needs `apiVersion`, `kind` and `metadata`; leave other files out";
