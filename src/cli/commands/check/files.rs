//! Which files a list of paths means, and reading them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::input::{self, is_standard_input, unreadable};
use crate::workload::manifest::Manifests;

/// The endings that `kubectl` looks for in a folder.
const MANIFEST_ENDINGS: [&str; 3] = ["json", "yaml", "yml"];

/// Folders deeper than this are a circle of links.
const MAX_DEPTH: usize = 64;

/// Reads every manifest behind the paths, folders in the order of names.
///
/// # Errors
/// A path cannot be read, or a folder holds no manifest at all.
pub(super) fn read_manifests(paths: &[PathBuf]) -> Result<Manifests, CliError> {
    let mut manifests = Manifests::default();
    for path in paths {
        if is_standard_input(path) {
            manifests.read("-", &input::read(path)?);
            continue;
        }
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if metadata.is_file() {
            manifests.read(&path.to_string_lossy(), &input::read(path)?);
            continue;
        }
        let mut files = Vec::new();
        find(path, MAX_DEPTH, &mut files).map_err(|error| unreadable(path, &error))?;
        if files.is_empty() {
            let help = format!("manifests end in .{}", MANIFEST_ENDINGS.join(", ."));
            return Err(CliError::input("no manifest in this folder", path.display(), help));
        }
        for file in files {
            manifests.read(&file.to_string_lossy(), &input::read(&file)?);
        }
    }
    Ok(manifests)
}

fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        // Hidden: version control, and the folders behind the links of a mounted ConfigMap.
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let metadata = fs::metadata(&path)?;
        if metadata.is_dir() && depth > 0 {
            find(&path, depth - 1, files)?;
        } else if metadata.is_file() && is_manifest(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| MANIFEST_ENDINGS.contains(&ending.as_str()))
}
