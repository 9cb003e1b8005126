//! What an event makes worth reading again.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use tokio::time::Instant;

use super::Files;
use super::directory;
use super::roads::Target;
use crate::cluster::watch::{Change, What};

impl Files {
    /// Takes an event to the files and sources that it concerns.
    pub(super) fn note(&mut self, change: Change) {
        match change {
            Change::Everything => {
                self.stale = (0..self.sources.len()).map(|source| (source, true)).collect();
            }
            Change::Directory(directory) => {
                self.roads.stale = true;
                self.touch_directory(&directory);
            }
            Change::Entry { directory, name, what } => self.note_entry(&directory, &name, what),
        }
    }

    fn note_entry(&mut self, directory: &Path, name: &OsStr, what: What) {
        let now = Instant::now();
        let targets: Vec<_> = self.roads.by(directory, name).cloned().collect();
        let sources: Vec<_> = self.roads.sources_in(directory).filter(|_| directory::is_manifest(name)).collect();
        if targets.is_empty() && sources.is_empty() {
            return;
        }
        let is_unwritten = what == What::Created && directory::is_unwritten(&directory.join(name));
        for source in sources {
            let path: Arc<Path> = self.sources[source].path.join(name).into();
            if !self.followed.contains_key(&path) {
                self.add(Arc::clone(&path), source, now);
            }
            if what != What::Attributes && !is_unwritten {
                self.touched.insert(path);
            }
        }
        for target in targets {
            if is_unwritten {
                // Closing it is another event, unless its writer never closes it, or wrote it before it had a name (O_TMPFILE).
                self.look_later(&target, now);
            } else if what != What::Attributes || self.is_failing(&target) {
                self.touch(target);
            }
        }
    }

    /// Everything in a directory, or on a way through it, may be another.
    pub(super) fn touch_directory(&mut self, directory: &Path) {
        self.stale.extend(self.roads.sources_in(directory).map(|source| (source, true)));
        let targets: Vec<_> = self.roads.through(directory).cloned().collect();
        for target in targets {
            self.touch(target);
        }
    }

    fn look_later(&mut self, target: &Target, now: Instant) {
        if let Some(file) = self.followed.get_mut(target.path(&self.sources)) {
            file.look_again.get_or_insert(now + self.pace.settle);
        }
    }

    /// chmod may mend what fails; on anything else, mode and times change nothing.
    fn is_failing(&self, target: &Target) -> bool {
        let listing = matches!(target, Target::Source(source) if self.sources[*source].problem.is_some());
        listing || self.followed.get(target.path(&self.sources)).is_some_and(|file| file.failed)
    }

    fn touch(&mut self, target: Target) {
        match target {
            Target::File(path) => {
                self.touched.insert(path);
            }
            Target::Source(source) => {
                self.stale.insert(source, true);
            }
        }
    }
}
