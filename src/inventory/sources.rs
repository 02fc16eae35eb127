//! Files to read: named ones, folders, standard input. The only file here that touches the file system.
//!
//! A mounted `ConfigMap` is a folder of links (`roles.json → ..data/roles.json`, `..data → ..2026_11_22_…`);
//! leaving out every name that starts with a dot reads each file once, through the link that is swapped.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::problem::{LoadError, LoadErrorCode, Place};

/// A file that was left out, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SkippedFile {
    /// The file.
    pub path: PathBuf,
    /// Why, in words.
    pub why: &'static str,
}

/// Documents and scripts that live beside exports. Anything else in a folder must be readable as data.
const NOT_DATA: &[&str] = &["adoc", "log", "markdown", "md", "ps1", "rst", "sh", "txt"];

/// Folders deeper than this are a circle of links.
const MAX_DEPTH: usize = 32;

/// The files behind the given paths, folders unfolded in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) files: Vec<PathBuf>,
    pub(super) skipped: Vec<SkippedFile>,
    pub(super) errors: Vec<LoadError>,
    seen: HashSet<PathBuf>,
}

impl Sources {
    pub(super) fn find(paths: &[PathBuf]) -> Self {
        let mut sources = Self::default();
        for path in paths {
            if path.as_os_str() == "-" {
                sources.files.push(path.clone());
            } else {
                sources.add_named(path);
            }
        }
        sources
    }

    /// A path that somebody named must lead to something: a folder that was not mounted, or is being emptied, would
    /// else be an inventory without any deny assignment.
    fn add_named(&mut self, path: &Path) {
        let before = (self.files.len(), self.errors.len(), self.seen.len());
        self.add(path, 0);
        let nothing = (self.files.len(), self.errors.len()) == (before.0, before.1);
        // What an earlier path has brought in already counts.
        if nothing && self.seen.len() > before.2 {
            self.errors.push(LoadError {
                code: LoadErrorCode::NoFiles,
                place: Place::file(&path.to_string_lossy()),
                message: "the folder holds no inventory file".to_owned(),
                help: "check the mount, and that the ConfigMap or Secret behind it exists; a tenant without anything \
                       is exported as files with `[]`"
                    .to_owned(),
            });
        }
    }

    fn add(&mut self, path: &Path, depth: usize) {
        let found = fs::metadata(path).and_then(|data| Ok((data.is_dir(), fs::canonicalize(path)?)));
        match found {
            Err(error) => self.errors.push(unreadable(path, &error)),
            // One file by two ways, or a link to a folder above: once is enough.
            Ok((_, real)) if self.seen.contains(&real) => {}
            Ok((is_folder, real)) => {
                self.seen.insert(real);
                self.add_new(path, depth, is_folder);
            }
        }
    }

    fn add_new(&mut self, path: &Path, depth: usize, is_folder: bool) {
        if is_folder {
            self.add_folder(path, depth);
        } else if depth > 0 && is_not_data(path) {
            self.skipped.push(SkippedFile { path: path.to_owned(), why: "a document or script, not data" });
        } else {
            self.files.push(path.to_owned());
        }
    }

    fn add_folder(&mut self, folder: &Path, depth: usize) {
        if depth >= MAX_DEPTH {
            return self.skipped.push(SkippedFile { path: folder.to_owned(), why: "too many folders deep" });
        }
        let entries = fs::read_dir(folder).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<PathBuf>>>()
        });
        match entries {
            Err(error) => self.errors.push(unreadable(folder, &error)),
            Ok(mut entries) => {
                entries.sort();
                entries.iter().filter(|entry| !is_hidden(entry)).for_each(|entry| self.add(entry, depth + 1));
            }
        }
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_not_data(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| NOT_DATA.contains(&extension.as_str()))
}

/// The bytes of a file, or of standard input for `-`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let bytes = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    bytes.map_err(|error| unreadable(path, &error))
}

/// When a file was written, where the system tells.
pub(super) fn written_at(path: &Path) -> Option<Timestamp> {
    Timestamp::try_from(fs::metadata(path).ok()?.modified().ok()?).ok()
}

fn unreadable(path: &Path, error: &io::Error) -> LoadError {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "check the path; `--inventory` takes files, folders and `-`",
        io::ErrorKind::PermissionDenied => "let the user of this process read it",
        _ => "check the disk or mount",
    };
    LoadError {
        code: LoadErrorCode::Unreadable,
        place: Place::file(&path.to_string_lossy()),
        message: format!("cannot be read: {error}"),
        help: help.to_owned(),
    }
}
