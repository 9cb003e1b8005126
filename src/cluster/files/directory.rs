//! Directories of manifests: `*.yaml`, `*.yml` and `*.json`, not recursive, dot-files left out.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use tokio::time::Instant;

use super::Files;
use crate::cluster::file::File;
use crate::cluster::trail::observe_trail;

/// Whether a directory entry of this name is read.
pub(super) fn is_manifest(name: &OsStr) -> bool {
    let extension = Path::new(name).extension().and_then(OsStr::to_str);
    !name.as_encoded_bytes().starts_with(b".") && matches!(extension, Some("yaml" | "yml" | "json"))
}

/// Whether an entry that was just created is a file that someone is about to write; links, hard ones too, are complete at once.
pub(super) fn is_unwritten(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.nlink() == 1)
}

impl Files {
    /// Looks up what a source is, and which files it has. `all`: each of them is to be read.
    pub(super) fn list(&mut self, place: usize, all: bool, now: Instant) {
        let source = &mut self.sources[place];
        let names = observe_directory(&source.path);
        let mut paths: Vec<Arc<Path>> = Vec::new();
        let problem = match names {
            Ok(names) => {
                source.directory = true;
                paths.extend(names.iter().map(|name| source.path.join(name).into()));
                None
            }
            // A directory that is away is not believed to be gone: it may be a file system that is not mounted.
            Err(error) if source.directory && error.kind() != io::ErrorKind::NotADirectory => {
                Some(format!("{} cannot be listed: {error}; the Services of its files stay in force", source.path.display()))
            }
            Err(_) => {
                source.directory = false;
                paths.push(source.path.as_path().into());
                None
            }
        };
        self.differs |= source.problem != problem;
        let listed = problem.is_none();
        source.problem = problem;
        for path in paths {
            if !self.followed.contains_key(&path) {
                self.add(Arc::clone(&path), place, now);
            }
            if all {
                self.touched.insert(path);
            }
        }
        if listed && all {
            let known = self.followed.iter().filter(|(_, file)| file.source == place);
            self.touched.extend(known.map(|(path, _)| Arc::clone(path)));
        }
    }

    /// Follows a new file, which is read when it has come to rest.
    pub(super) fn add(&mut self, path: Arc<Path>, source: usize, now: Instant) {
        let file = File::new(source, observe_trail(&path), now + self.pace.settle);
        self.roads.stale = true;
        self.followed.insert(path, file);
    }
}

fn observe_directory(path: &Path) -> io::Result<Vec<OsString>> {
    let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name()));
    let names = entries.collect::<io::Result<Vec<_>>>()?;
    Ok(names.into_iter().filter(|name| is_manifest(name)).collect())
}
