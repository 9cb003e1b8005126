//! The directory entries on the way to a file: where something has to happen for the file to become another one.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// As many symbolic links as Linux follows (`path_resolution(7)`).
const MAX_LINKS: usize = 40;

/// A directory entry; the directory's path has no symbolic links.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Hop {
    pub(super) directory: PathBuf,
    pub(super) name: OsString,
}

/// The way to a file or directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trail {
    /// Every symbolic link on the way, and the last entry. Where the way breaks off, the entry that is missing.
    pub(super) hops: Vec<Hop>,
    /// The path without symbolic links, where it exists.
    pub(super) target: Option<PathBuf>,
}

/// Follows an absolute path link by link, as a mounted `ConfigMap` has them: `file → ..data/file`, `..data → ..2026_11_22`.
pub(super) fn observe_trail(path: &Path) -> Trail {
    let mut rest: VecDeque<OsString> = components(path);
    let mut here = PathBuf::from("/");
    let mut hops = Vec::new();
    let mut links = 0;
    while let Some(name) = rest.pop_front() {
        match name.to_str() {
            Some("/") => {
                here = PathBuf::from("/");
                continue;
            }
            Some("..") => {
                here.pop();
                continue;
            }
            _ => {}
        }
        let next = here.join(&name);
        match fs::read_link(&next) {
            Ok(target) if links < MAX_LINKS => {
                links += 1;
                hops.push(Hop { directory: here.clone(), name });
                for part in components(&target).into_iter().rev() {
                    rest.push_front(part);
                }
            }
            // EINVAL: there, and no link.
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                if rest.is_empty() {
                    hops.push(Hop { directory: here, name });
                }
                here = next;
            }
            Ok(_) | Err(_) => {
                hops.push(Hop { directory: here, name });
                return Trail { hops, target: None };
            }
        }
    }
    Trail { hops, target: Some(here) }
}

fn components(path: &Path) -> VecDeque<OsString> {
    path.components().filter(|part| *part != Component::CurDir).map(|part| part.as_os_str().to_owned()).collect()
}
