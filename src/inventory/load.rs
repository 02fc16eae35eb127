//! The doors: paths or documents in, one checked inventory out.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;

use foldhash::quality::FixedState;
use jiff::Timestamp;

use super::assignment;
use super::cluster;
use super::collection::{Collection, FileScopes, Origin, SourceFile};
use super::conditional_access;
use super::document::{Document, Element, Envelope, Severity};
use super::export;
use super::finish::finish;
use super::gzip::{self, GzipError};
use super::hand_written;
use super::kind::{RecordKind, recognise};
use super::management_group;
use super::membership::{self, DirectoryObjects};
use super::packed;
use super::places::Places;
use super::principal;
use super::problem::{LoadError, LoadErrorCode, LoadErrors, LoadWarning, LoadWarningCode, Place};
use super::record::{Record, shorten};
use super::registry;
use super::role::{self, BUILT_IN_FILE, BUILT_IN_ROLES};
use super::sources::{self, SkippedFile, Sources};
use super::text::{TextError, decode};
use super::yaml;
use crate::engine::inventory::Inventory;

/// A loaded inventory, with what there is to tell about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The inventory.
    pub inventory: Inventory,
    /// When the oldest export was made, where one says so.
    pub exported_at: Option<Timestamp>,
    /// When the newest of the files was written: the age where no export tells its time.
    pub written_at: Option<Timestamp>,
    /// Where its things stand in the files.
    pub places: Places,
    /// What counts for nothing, or less than its author may think.
    pub warnings: Vec<LoadWarning>,
    /// What was read.
    pub counts: Counts,
    /// Files of the given folders that are no data.
    pub skipped: Vec<SkippedFile>,
    /// Equal for equal content read in the same order. For telling a change, not for telling forgeries.
    pub fingerprint: u64,
}

/// What was read, before merging.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Files and documents.
    pub documents: usize,
    /// Records by kind; the roles built into this program are not among them.
    pub records: BTreeMap<RecordKind, usize>,
}

/// Loads files, folders (recursively, in the order of names) and standard input (`-`).
///
/// # Errors
/// [`LoadErrors`] with every problem of every file.
pub fn load(paths: &[PathBuf]) -> Result<Loaded, LoadErrors> {
    load_from(Sources::find(paths))
}

/// As [`load`], but in the order of the file names, whatever order the paths are given in.
///
/// # Errors
/// [`LoadErrors`] with every problem of every file.
pub fn load_in_order_of_names(paths: &[PathBuf]) -> Result<Loaded, LoadErrors> {
    let mut sources = Sources::find(paths);
    sources.files.sort();
    load_from(sources)
}

fn load_from(sources: Sources) -> Result<Loaded, LoadErrors> {
    let Sources { files, skipped, errors, .. } = sources;
    let mut loader = Loader::new();
    for error in errors {
        loader.collection.fail(error);
    }
    let written_at = files.iter().filter_map(|path| sources::written_at(path)).max();
    for path in files {
        match sources::read(&path) {
            Ok(bytes) => loader.read(&path.to_string_lossy(), bytes),
            Err(error) => loader.collection.fail(error),
        }
    }
    Ok(Loaded { written_at, skipped, ..loader.finish()? })
}

/// Loads documents that are in memory already, each under a name that plays the part of the file name.
///
/// # Errors
/// [`LoadErrors`] with every problem of every document.
pub fn from_documents(documents: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Loaded, LoadErrors> {
    let mut loader = Loader::new();
    for (name, bytes) in documents {
        loader.read(&name, bytes);
    }
    loader.finish()
}

struct Loader {
    collection: Collection,
    documents: usize,
    fingerprint: u64,
}

impl Loader {
    fn new() -> Self {
        let mut loader = Self { collection: Collection::default(), documents: 0, fingerprint: 0 };
        loader.read_built_in_roles();
        loader
    }

    fn read_built_in_roles(&mut self) {
        let document = Document::new(BUILT_IN_ROLES, None);
        document.each_element(&mut |_, index, element| {
            if let Element::Record(start, fields) = element {
                let origin = Origin { file: BUILT_IN_FILE, line: 0, index: narrow(index) };
                role::read(&mut self.collection, origin, &Record::new(&document, start, fields));
            }
        });
    }

    fn read(&mut self, name: &str, bytes: Vec<u8>) {
        self.documents += 1;
        let mut hasher = FixedState::with_seed(self.fingerprint).build_hasher();
        hasher.write(&bytes);
        self.fingerprint = hasher.finish();
        match gzip::unpack(bytes, gzip::MAX_UNPACKED).map(decode) {
            Ok(Ok(text)) => self.read_text(name, &text),
            Ok(Err(error)) => self.collection.fail(not_text(name, error)),
            Err(error) => self.collection.fail(not_unpacked(name, &error)),
        }
    }

    fn read_text(&mut self, name: &str, text: &str) {
        if text.trim_start().starts_with(['{', '[']) {
            return self.read_document(name, &Document::new(text, None));
        }
        match yaml::convert(text) {
            Ok(documents) if documents.is_empty() => {
                self.collection.fail(not_text(name, TextError::Empty));
            }
            Ok(documents) => {
                for converted in documents {
                    self.read_document(name, &Document::new(&converted.json, Some(&converted.positions)));
                }
            }
            Err(error) => self.collection.fail(LoadError {
                code: LoadErrorCode::Syntax,
                place: Place { line: error.line, column: error.column, ..Place::file(name) },
                message: format!("neither JSON nor YAML: {}", error.message),
                help: "give the unchanged output of an `az … -o json` or `-o yaml` command".to_owned(),
            }),
        }
    }

    fn read_document(&mut self, name: &str, document: &Document<'_>) {
        let file = narrow(self.collection.files.len());
        self.collection.files.push(SourceFile { name: name.to_owned(), list_path: "" });
        let mut reading = Reading {
            collection: &mut self.collection,
            document,
            file,
            name,
            scopes: FileScopes::default(),
            directory: DirectoryObjects::default(),
            assignments: 0,
            unknown: BTreeMap::new(),
        };
        let envelope =
            document.each_element(&mut |envelope, index, element| reading.element(envelope, index, element));
        reading.close(&envelope);
        for (note, location) in document.take_notes() {
            let place = Place {
                file: name.to_owned(),
                line: Some(location.line),
                column: Some(location.column),
                path: location.path,
            };
            let (message, help) = (note.message, note.help);
            match note.severity {
                Severity::Error(code) => self.collection.fail(LoadError { code, place, message, help }),
                Severity::Warning(code) => {
                    self.collection.warnings.push(LoadWarning { code, place, message, help });
                }
            }
        }
    }

    fn finish(self) -> Result<Loaded, LoadErrors> {
        let Self { mut collection, documents, fingerprint } = self;
        let records = std::mem::take(&mut collection.counts);
        let exported_at = collection.exports.exported_at;
        let (inventory, places, warnings) = finish(collection)?;
        let counts = Counts { documents, records };
        Ok(Loaded {
            inventory,
            exported_at,
            written_at: None,
            places,
            warnings,
            counts,
            skipped: Vec::new(),
            fingerprint,
        })
    }
}

/// Whether a record may be a member of a group: known ones, and the devices and roles that are not needed.
const fn is_directory_object(kind: RecordKind) -> bool {
    use RecordKind::{Group, NotNeeded, ServicePrincipal, User};
    matches!(kind, Group | NotNeeded | ServicePrincipal | User)
}

fn not_text(name: &str, error: TextError) -> LoadError {
    let (code, help) = match error {
        TextError::Empty => (
            LoadErrorCode::EmptyFile,
            "the command that wrote it failed (an empty list is `[]`): run it again and look at its messages",
        ),
        TextError::Binary | TextError::Encoding(_) | TextError::Utf16 => {
            (LoadErrorCode::NotText, "give JSON or YAML as UTF-8, or UTF-16 with a byte order mark")
        }
    };
    LoadError { code, place: Place::file(name), message: error.to_string(), help: help.to_owned() }
}

fn not_unpacked(name: &str, error: &GzipError) -> LoadError {
    let (code, help) = match error {
        GzipError::TooLarge(_) => {
            (LoadErrorCode::TooLarge, "split the export into several files; none needs to be that large")
        }
        GzipError::Broken(_) => {
            (LoadErrorCode::NotText, "the file is cut off or damaged: copy or pack it again")
        }
    };
    LoadError { code, place: Place::file(name), message: error.to_string(), help: help.to_owned() }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The reading of one document.
struct Reading<'r, 'd, 'a> {
    collection: &'r mut Collection,
    document: &'d Document<'a>,
    file: u32,
    name: &'r str,
    scopes: FileScopes,
    directory: DirectoryObjects,
    assignments: usize,
    /// What cannot be placed: where it stands first, and how often it comes.
    unknown: BTreeMap<String, (usize, usize)>,
}

impl<'a> Reading<'_, '_, 'a> {
    fn element(&mut self, envelope: &Envelope, index: usize, element: Element<'a>) {
        self.directory.elements += 1;
        match element {
            Element::Record(start, fields) => {
                let origin =
                    Origin { file: self.file, line: self.document.line(start), index: narrow(index) };
                let record = Record::new(self.document, start, fields);
                self.record(envelope, origin, &record);
            }
            Element::Text(text) => match text.parse() {
                Ok(id) => {
                    self.collection.count(RecordKind::GroupId);
                    self.directory.group_ids.push(id);
                }
                Err(_) => self.refuse(0, format!("a list of texts such as `{}`", shorten(&text))),
            },
            Element::Other(what) => self.refuse(0, format!("a list with {what} in it")),
        }
    }

    fn record(&mut self, envelope: &Envelope, origin: Origin, record: &Record<'_, 'a>) {
        let kind = match recognise(record, envelope.context.as_deref()) {
            Ok(kind) => kind,
            Err(_) if record.has_structure("error") => return self.azure_error(record),
            Err(what) => return self.refuse(record.start(), what),
        };
        self.collection.count(kind);
        if is_directory_object(kind) {
            self.directory.is_annotated |= record.has("@odata.type");
        }
        let collection = &mut *self.collection;
        match kind {
            RecordKind::RoleAssignment => {
                self.assignments += 1;
                assignment::read(collection, origin, record, &mut self.scopes);
            }
            RecordKind::DenyAssignment => assignment::read_deny(collection, origin, record, &mut self.scopes),
            RecordKind::ActiveAssignment => assignment::read_scheduled(collection, origin, record, false),
            RecordKind::EligibleAssignment => assignment::read_scheduled(collection, origin, record, true),
            RecordKind::RoleDefinition => role::read(collection, origin, record),
            RecordKind::Registry => registry::read(collection, origin, record),
            RecordKind::RegistryEndpoints => registry::read_endpoints(collection, origin, record),
            RecordKind::Token => registry::read_token(collection, origin, record),
            RecordKind::ScopeMap => registry::read_scope_map(collection, origin, record),
            RecordKind::Task => registry::read_task(collection, origin, record),
            RecordKind::ManagedIdentity => principal::read_managed_identity(collection, origin, record),
            RecordKind::FederatedCredential => {
                principal::read_federated_credential(collection, origin, record);
            }
            RecordKind::ServicePrincipal => {
                let id = principal::read_service_principal(collection, origin, record);
                self.directory.objects.extend(id.map(|id| (id, kind)));
            }
            RecordKind::User => {
                let id = principal::read_user(collection, origin, record);
                self.directory.objects.extend(id.map(|id| (id, kind)));
            }
            RecordKind::Group => {
                let id = membership::read_group(collection, origin, record);
                self.directory.objects.extend(id.map(|id| (id, kind)));
            }
            RecordKind::Cluster => cluster::read(collection, origin, record),
            RecordKind::ManagementGroup => management_group::read_group(&mut collection.ancestry, record),
            RecordKind::ManagementGroupSubscription => {
                management_group::read_subscription(&mut collection.ancestry, record);
            }
            RecordKind::ConditionalAccessPolicy => conditional_access::read(collection, origin, record),
            RecordKind::HandWritten => {
                let document = hand_written::read(self.document, record, self.file, self.name);
                collection.hand_written.push(document);
            }
            RecordKind::Export => export::read(collection, self.document, record, self.name),
            RecordKind::Packed => packed::read(collection, self.document, record, self.file, self.name),
            RecordKind::GroupId | RecordKind::NotNeeded => {}
        }
    }

    fn azure_error(&self, record: &Record<'_, '_>) {
        let error = record.object("error");
        let text = |key| error.as_ref().and_then(|error| error.text(key)).unwrap_or_default();
        self.document.error(
            LoadErrorCode::AzureError,
            record.offset("error"),
            format!("Azure's error answer instead of data: {}: {}", text("code"), shorten(&text("message"))),
            "the command failed: correct the cause and run it again",
        );
    }

    fn refuse(&mut self, offset: usize, what: String) {
        let (_, times) = self.unknown.entry(what).or_insert((offset, 0));
        *times += 1;
    }

    fn close(mut self, envelope: &Envelope) {
        if let Some(file) = self.collection.files.last_mut() {
            file.list_path = envelope.list_path();
        }
        for (what, (offset, times)) in std::mem::take(&mut self.unknown) {
            let more = if times > 1 { format!(", {times} times") } else { String::new() };
            self.document.error(
                LoadErrorCode::UnknownRecord,
                offset,
                format!("{what}{more}, which no inventory holds"),
                "take the file out of the inventory; docs/inventory.md lists what belongs into it",
            );
        }
        if self.assignments > 0 && self.scopes.subscriptions.len() == 1 && !self.scopes.below_subscription {
            self.document.warn(
                LoadWarningCode::AssignmentsIncomplete,
                0,
                "no role assignment lies below the subscription: resource groups and registries are missing"
                    .to_owned(),
                "export with `az role assignment list --all`",
            );
        }
        let origin = Origin { file: self.file, line: 0, index: 0 };
        self.collection.ancestry.note_file(self.scopes);
        membership::close(self.collection, origin, envelope, self.directory);
    }
}
