//! Services from files and directories of manifests.
//!
//! One task reads, and only while [`Files::changed`] is awaited; a file is parsed again only when it was touched. Events
//! come from inotify; a slow look at the stamps of all files covers filesystems that have none, and writers that never close.
//! Absent: what the Services mean, and any memory beyond the process (a restart reads everything afresh).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::mem;
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::file::{File, ReadError, observe_file};
use super::index::Index;
use super::watch::Watch;
use crate::model::report::SourceReport;
use crate::model::{Service, ServiceKey};

mod directory;
mod events;
mod roads;

use roads::Roads;

/// The Services of all configured files and directories.
pub struct Files {
    sources: Vec<Source>,
    followed: BTreeMap<Arc<Path>, File>,
    index: Index,
    watch: Watch,
    roads: Roads,
    pace: Pace,
    rescanned_at: Option<Instant>,
    /// To be read in the next pass.
    touched: BTreeSet<Arc<Path>>,
    /// Sources to be looked up in the next pass: the place in the config, and whether all their files are to be read.
    stale: BTreeMap<usize, bool>,
    /// Services or reports are not what they were after the last pass.
    differs: bool,
}

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Until a Service that vanished from a file, or the whole file, is believed to be gone.
    pub confirm: Duration,
    /// For how long a file without events must be at rest before it is read.
    pub settle: Duration,
    /// From one look at every file's stamp to the next.
    pub rescan: Duration,
    /// The same while something is missing or cannot be watched.
    pub retry: Duration,
}

/// inotify is not to be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch files: inotify_init failed (is fs.inotify.max_user_instances exhausted?)")]
pub struct OpenError(#[source] io::Error);

/// A configured path.
struct Source {
    path: PathBuf,
    /// It is a directory, or was one when it was last there.
    directory: bool,
    /// It is a directory and cannot be listed.
    problem: Option<String>,
    /// Directories on the way that cannot be watched.
    unwatched: Vec<String>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            confirm: Duration::from_millis(250),
            settle: Duration::from_secs(1),
            rescan: Duration::from_secs(30),
            retry: Duration::from_secs(2),
        }
    }
}

impl Files {
    /// Reads every file and begins to watch. A path that is missing or malformed is no error but a problem in [`Self::reports`].
    ///
    /// # Errors
    /// Only where inotify is not to be had.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn open(paths: &[PathBuf]) -> Result<Self, OpenError> {
        Self::open_at(paths, Pace::default())
    }

    /// The same at another pace.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_at(paths: &[PathBuf], pace: Pace) -> Result<Self, OpenError> {
        let sources = paths.iter().map(|path| Source::new(absolute(path).unwrap_or_else(|_| path.clone()))).collect::<Vec<_>>();
        let mut files = Self {
            stale: (0..sources.len()).map(|source| (source, true)).collect(),
            sources,
            followed: BTreeMap::new(),
            index: Index::default(),
            watch: Watch::open().map_err(OpenError)?,
            roads: Roads::default(),
            pace,
            rescanned_at: None,
            touched: BTreeSet::new(),
            differs: false,
        };
        files.pass();
        Ok(files)
    }

    /// The Services in force, by key.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.index.services().map(|service| &**service)
    }

    /// The file that names a Service.
    pub fn origin(&self, key: &ServiceKey) -> Option<&Path> {
        self.index.origin(key)
    }

    /// Waits until the Services in force or the reports differ from what they were. Cancel-safe.
    pub async fn changed(&mut self) {
        loop {
            if self.pass() {
                return;
            }
            let deadline = self.deadline();
            tokio::select! {
                changes = self.watch.changes() => changes.into_iter().for_each(|change| self.note(change)),
                () = sleep_until(deadline) => {}
            }
        }
    }

    /// What each configured path gave, and what is wrong with it, in the order of the config.
    pub fn reports(&self) -> Vec<SourceReport> {
        let mut reports: Vec<_> = self.sources.iter().map(Source::report).collect();
        for file in self.followed.values() {
            let report = &mut reports[file.source];
            report.services += file.services.len();
            report.skipped += file.skipped;
            report.problems.extend(file.problems.iter().cloned());
        }
        for (key, (_, first), (source, other)) in self.index.doubles() {
            let what = format!("{}: Service {key} is also named in {}, which comes first and counts", other.display(), first.display());
            reports[*source].problems.push(what);
        }
        reports
    }

    /// Does what is due. True where Services or reports differ.
    fn pass(&mut self) -> bool {
        let now = Instant::now();
        if now >= self.rescan_at(now) {
            self.rescanned_at = Some(now);
            // A directory that was replaced unseen bears the same path, but no watch of ours.
            self.roads.stale = true;
            for source in 0..self.sources.len() {
                self.stale.entry(source).or_insert(false);
            }
            self.check(now, |_| true);
        }
        self.check(now, |file| file.look_again.is_some_and(|at| at <= now));
        // Watch first, then read, and look again at whatever was not watched before: so no change falls in between.
        loop {
            for (source, all) in mem::take(&mut self.stale) {
                self.list(source, all, now);
            }
            if !self.follow() {
                break;
            }
        }
        for path in mem::take(&mut self.touched) {
            self.read(&path, now);
        }
        mem::take(&mut self.differs)
    }

    /// Touches those of the chosen files that have come to rest in a new state.
    fn check(&mut self, now: Instant, chosen: impl Fn(&File) -> bool) {
        for (path, file) in self.followed.iter_mut().filter(|(_, file)| chosen(file)) {
            file.look_again = file.look_again.filter(|at| *at > now);
            if file.is_due(path, now, &self.pace) {
                self.touched.insert(Arc::clone(path));
            }
        }
    }

    fn read(&mut self, path: &Arc<Path>, now: Instant) {
        let Some(file) = self.followed.get_mut(path) else { return };
        let source = &self.sources[file.source];
        let reading = observe_file(path);
        // A link that leads nowhere, or a directory that is away, is a fault; an entry that left its directory is meant.
        let left = || matches!(reading, Err(ReadError::Missing)) && path.symlink_metadata().is_err() && source.path.exists();
        let removed = if *source.path == **path { source.directory } else { left() };
        let (before, differs) = file.take(reading, removed, path, now, &self.pace);
        self.index.replace(&(file.source, Arc::clone(path)), &before, &file.services);
        if removed && file.services.is_empty() {
            self.followed.remove(path);
            self.roads.stale = true;
        }
        self.differs |= differs;
    }

    /// Something is missing or cannot be watched, so that polling is what finds it.
    fn is_hampered(&self) -> bool {
        let source = |source: &Source| source.problem.is_some() || !source.unwatched.is_empty();
        self.watch.is_broken() || self.sources.iter().any(source) || self.followed.values().any(|file| file.failed)
    }

    fn rescan_at(&self, now: Instant) -> Instant {
        let interval = if self.is_hampered() { self.pace.retry } else { self.pace.rescan };
        self.rescanned_at.map_or(now, |at| at + interval)
    }

    fn deadline(&self) -> Instant {
        self.followed.values().filter_map(|file| file.look_again).fold(self.rescan_at(Instant::now()), Instant::min)
    }
}

impl Source {
    fn new(path: PathBuf) -> Self {
        Self { path, directory: false, problem: None, unwatched: Vec::new() }
    }

    fn report(&self) -> SourceReport {
        let problems = self.problem.iter().chain(&self.unwatched).cloned().collect();
        SourceReport { path: self.path.display().to_string(), services: 0, skipped: 0, problems }
    }
}
