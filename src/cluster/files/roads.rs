//! Which directory entries lead to which files: what to watch, and whom an event concerns.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Files, Source};
use crate::cluster::trail::{Hop, Trail, observe_trail};

/// What an entry leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    File(Arc<Path>),
    /// The directory of a source.
    Source(usize),
}

/// Entries that lead somewhere, by their directory.
#[derive(Default)]
pub(super) struct Roads {
    directories: HashMap<PathBuf, Road>,
    /// The ways to the sources' own directories.
    trails: Vec<Trail>,
    /// A file came, went or is reached another way.
    pub(super) stale: bool,
}

#[derive(Default)]
struct Road {
    entries: HashMap<OsString, Vec<Target>>,
    /// Sources whose manifests lie in this directory.
    sources: Vec<usize>,
}

impl Target {
    /// The path as it is configured or listed.
    pub(super) fn path<'a>(&'a self, sources: &'a [Source]) -> &'a Path {
        match self {
            Self::File(path) => path,
            Self::Source(source) => &sources[*source].path,
        }
    }
}

impl Roads {
    /// Everything that is reached by way of a directory.
    pub(super) fn through(&self, directory: &Path) -> impl Iterator<Item = &Target> {
        self.directories.get(directory).into_iter().flat_map(|road| road.entries.values().flatten())
    }

    /// What is reached by way of one entry.
    pub(super) fn by(&self, directory: &Path, name: &OsStr) -> impl Iterator<Item = &Target> {
        self.directories.get(directory).and_then(|road| road.entries.get(name)).into_iter().flatten()
    }

    /// Sources whose manifests lie in a directory.
    pub(super) fn sources_in(&self, directory: &Path) -> impl Iterator<Item = usize> {
        self.directories.get(directory).into_iter().flat_map(|road| road.sources.iter().copied())
    }

    fn add(&mut self, trail: &Trail, target: &Target) {
        for Hop { directory, name } in &trail.hops {
            self.directories.entry(directory.clone()).or_default().entries.entry(name.clone()).or_default().push(target.clone());
        }
    }
}

impl Files {
    /// Looks up the ways to all touched files and sources, and watches them. True where something was not watched before:
    /// it may have changed meanwhile, is touched, and the caller looks again.
    pub(super) fn follow(&mut self) -> bool {
        self.observe_trails();
        if !std::mem::take(&mut self.roads.stale) {
            return false;
        }
        self.lay_roads();
        let (added, failed) = self.watch.follow(self.roads.directories.keys().map(PathBuf::as_path));
        let mut unwatched = vec![Vec::new(); self.sources.len()];
        for (directory, error) in failed {
            let targets = self.roads.through(&directory).filter_map(|target| match target {
                Target::File(path) => self.followed.get(path).map(|file| file.source),
                Target::Source(source) => Some(*source),
            });
            let concerned: BTreeSet<_> = targets.chain(self.roads.sources_in(&directory)).collect();
            for source in concerned {
                unwatched[source].push(format!("{} cannot be watched, so changes are seen late: {error}", directory.display()));
            }
        }
        for (source, unwatched) in self.sources.iter_mut().zip(unwatched) {
            self.differs |= source.unwatched != unwatched;
            source.unwatched = unwatched;
        }
        for directory in &added {
            self.touch_directory(directory);
        }
        !added.is_empty()
    }

    fn observe_trails(&mut self) {
        for path in &self.touched {
            if let Some(file) = self.followed.get_mut(path) {
                let trail = observe_trail(path);
                self.roads.stale |= trail != file.trail;
                file.trail = trail;
            }
        }
        let way = |source: &Source| if source.directory { observe_trail(&source.path) } else { Trail::default() };
        let trails: Vec<_> = self.sources.iter().map(way).collect();
        self.roads.stale |= trails != self.roads.trails;
        self.roads.trails = trails;
    }

    fn lay_roads(&mut self) {
        let mut roads = Roads { trails: std::mem::take(&mut self.roads.trails), ..Roads::default() };
        for (path, file) in &self.followed {
            // A configured path may become a directory at any time.
            let is_source = **path == *self.sources[file.source].path;
            roads.add(&file.trail, &if is_source { Target::Source(file.source) } else { Target::File(Arc::clone(path)) });
        }
        let trails = std::mem::take(&mut roads.trails);
        for (source, trail) in trails.iter().enumerate() {
            roads.add(trail, &Target::Source(source));
            if let Some(directory) = &trail.target {
                roads.directories.entry(directory.clone()).or_default().sources.push(source);
            }
        }
        roads.trails = trails;
        self.roads = roads;
    }
}
