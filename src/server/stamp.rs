//! Telling that files have changed, without reading them each time.
//!
//! Kubernetes changes a mounted `ConfigMap` or Secret by pointing a symbolic link at another folder, which a watch of
//! the file itself never sees. So files are looked at again and again: names, sizes, times and inodes, through all
//! links. A change counts once it has been seen twice in a row, so that a folder in the middle of a copy is left
//! alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What files look like from outside.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Stamp(Vec<FileStamp>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct FileStamp {
    path: PathBuf,
    /// Where the links lead.
    target: Option<PathBuf>,
    length: u64,
    written: Option<SystemTime>,
    inode: u64,
}

/// Folders deeper than this are a loop of links.
const MAX_DEPTH: usize = 32;

impl Stamp {
    /// Looks at files and folders. What cannot be looked at has no length and no time, which is a look of its own.
    pub(super) fn of(paths: &[PathBuf]) -> Self {
        let mut stamp = Self::default();
        for path in paths {
            stamp.add(path, 0);
        }
        stamp.0.sort_by(|left, right| left.path.cmp(&right.path));
        stamp
    }

    fn add(&mut self, path: &Path, depth: usize) {
        let metadata = fs::metadata(path).ok();
        if metadata.as_ref().is_some_and(fs::Metadata::is_dir) && depth < MAX_DEPTH {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                // `..data` and its like: what they hold is reached through the links beside them.
                if !entry.file_name().to_string_lossy().starts_with("..") {
                    self.add(&entry.path(), depth + 1);
                }
            }
            return;
        }
        self.0.push(FileStamp {
            path: path.to_owned(),
            target: fs::canonicalize(path).ok(),
            length: metadata.as_ref().map_or(0, fs::Metadata::len),
            written: metadata.as_ref().and_then(|metadata| metadata.modified().ok()),
            inode: metadata.as_ref().map_or(0, inode),
        });
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// Files that are looked at again and again.
#[derive(Debug)]
pub(super) struct Watched {
    paths: Vec<PathBuf>,
    /// As last acted upon.
    known: Stamp,
    /// As last seen.
    seen: Stamp,
    /// Whether to read them even if they have not changed: they never were, or could not be.
    again: bool,
}

impl Watched {
    /// Begins with files that are to be read. Does not look at them yet: where they are on a network mount that is
    /// away, whoever looks is held.
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, known: Stamp::default(), seen: Stamp::default(), again: true }
    }

    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Looks again; true when the files have to be read.
    pub(super) fn is_due(&mut self) -> bool {
        let has_changed = self.has_changed();
        let again = std::mem::take(&mut self.again);
        if again {
            self.known = self.seen.clone();
        }
        again || has_changed
    }

    /// Whether to read the files at the next look, changed or not.
    pub(super) const fn read_again(&mut self, again: bool) {
        self.again = again;
    }

    /// True once for each change, when it has come to rest.
    fn has_changed(&mut self) -> bool {
        let before = std::mem::replace(&mut self.seen, Stamp::of(&self.paths));
        let is_at_rest = self.seen == before;
        if !is_at_rest || self.seen == self.known {
            return false;
        }
        self.known = self.seen.clone();
        true
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::Watched;

    #[test]
    fn a_change_counts_once_and_when_it_has_come_to_rest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        fs::write(&file, "1").unwrap();
        let mut watched = Watched::new(vec![folder.path().to_owned()]);
        assert!(watched.is_due() && !watched.is_due());
        fs::write(&file, "22").unwrap();
        assert!(!watched.has_changed(), "seen for the first time");
        assert!(watched.has_changed());
        assert!(!watched.has_changed());
        fs::write(folder.path().join("b.json"), "3").unwrap();
        assert!(!watched.has_changed());
        fs::write(folder.path().join("c.json"), "4").unwrap();
        assert!(!watched.has_changed(), "still moving");
        assert!(watched.has_changed());
        fs::remove_file(&file).unwrap();
        assert!(!watched.has_changed());
        assert!(watched.has_changed());
    }

    #[test]
    fn files_are_due_at_first_and_after_a_failed_reading() {
        let folder = tempfile::tempdir().unwrap();
        let mut watched = Watched::new(vec![folder.path().to_owned()]);
        assert!(watched.is_due(), "never read");
        assert!(!watched.is_due());
        watched.read_again(true);
        assert!(watched.is_due(), "could not be read");
        assert!(!watched.is_due());
    }

    #[test]
    fn a_link_that_points_elsewhere_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        for version in ["..1", "..2"] {
            fs::create_dir(folder.path().join(version)).unwrap();
            fs::write(folder.path().join(version).join("a.json"), version).unwrap();
        }
        symlink("..1", folder.path().join("..data")).unwrap();
        symlink("..data/a.json", folder.path().join("a.json")).unwrap();
        let mut watched = Watched::new(vec![folder.path().to_owned()]);
        assert!(watched.is_due());
        symlink("..2", folder.path().join("..new")).unwrap();
        fs::rename(folder.path().join("..new"), folder.path().join("..data")).unwrap();
        assert!(!watched.has_changed());
        assert!(watched.has_changed());
    }
}
