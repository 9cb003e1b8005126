//! inotify on directories.
//!
//! Directories are watched, never files: a file that is replaced takes its watch with it. `IN_MODIFY` is not asked for,
//! because it reports half-written files.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use futures_util::{FutureExt, StreamExt};
use inotify::{EventMask, EventOwned, EventStream, Inotify, WatchDescriptor, WatchMask, Watches};

/// Events that are taken at once, lest a flood of them starve the caller.
const MAX_EVENTS: usize = 4096;

/// Something happened.
#[derive(Debug)]
pub(super) enum Change {
    /// To one entry of a directory.
    Entry { directory: PathBuf, name: OsString, what: What },
    /// To a directory itself: it was deleted, moved or unmounted.
    Directory(PathBuf),
    /// Events were lost (`IN_Q_OVERFLOW`): anything may have changed.
    Everything,
}

/// What happened to a directory entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Closed after writing, moved here, deleted or moved away: it is what it is going to be.
    Replaced,
    /// Created: a link is complete, a file is still empty.
    Created,
    /// Mode, owner or time stamps.
    Attributes,
}

/// The watched directories and their events.
pub(super) struct Watch {
    stream: EventStream<Vec<u8>>,
    watches: Watches,
    /// One watch has several paths where a directory is bind-mounted.
    directories: HashMap<WatchDescriptor, Vec<PathBuf>>,
    /// The stream has failed; the caller's polling is what is left.
    broken: bool,
}

impl Watch {
    /// Begins to watch nothing. Needs a tokio runtime.
    pub(super) fn open() -> io::Result<Self> {
        let stream = Inotify::init()?.into_event_stream(vec![0; 16 << 10])?;
        Ok(Self { watches: stream.watches(), stream, directories: HashMap::new(), broken: false })
    }

    /// Watches exactly these directories. Gives those that were not watched before, and those that cannot be.
    pub(super) fn follow<'a>(&mut self, wanted: impl Iterator<Item = &'a Path>) -> (Vec<PathBuf>, BTreeMap<PathBuf, io::Error>) {
        let mask = WatchMask::CLOSE_WRITE | WatchMask::MOVE | WatchMask::CREATE | WatchMask::DELETE | WatchMask::ATTRIB;
        let mask = mask | WatchMask::DELETE_SELF | WatchMask::MOVE_SELF | WatchMask::ONLYDIR;
        let before = std::mem::take(&mut self.directories);
        let (mut added, mut failed) = (Vec::new(), BTreeMap::new());
        for directory in wanted {
            match self.watches.add(directory, mask) {
                Ok(descriptor) => {
                    if !before.get(&descriptor).is_some_and(|paths| paths.iter().any(|path| path == directory)) {
                        added.push(directory.to_owned());
                    }
                    self.directories.entry(descriptor).or_default().push(directory.to_owned());
                }
                Err(error) => {
                    failed.insert(directory.to_owned(), error);
                }
            }
        }
        for descriptor in before.into_keys().filter(|descriptor| !self.directories.contains_key(descriptor)) {
            // Fails where the directory is gone, and its watch with it.
            let _ = self.watches.remove(descriptor);
        }
        (added, failed)
    }

    /// Waits for changes. Cancel-safe: nothing is taken before all is returned.
    pub(super) async fn changes(&mut self) -> Vec<Change> {
        if self.broken {
            std::future::pending::<()>().await;
        }
        let mut changes = Vec::new();
        let mut next = self.stream.next().await;
        loop {
            let Some(Ok(event)) = next else {
                self.broken = true;
                changes.push(Change::Everything);
                return changes;
            };
            self.decode(&event, &mut changes);
            if changes.len() >= MAX_EVENTS {
                return changes;
            }
            match self.stream.next().now_or_never() {
                Some(event) => next = event,
                None => return changes,
            }
        }
    }

    /// Whether events have ceased for good.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    fn decode(&self, event: &EventOwned, changes: &mut Vec<Change>) {
        if event.mask.contains(EventMask::Q_OVERFLOW) {
            return changes.push(Change::Everything);
        }
        // A watch that is no longer followed may still have events under way.
        for directory in self.directories.get(&event.wd).into_iter().flatten() {
            let directory = directory.clone();
            match (event.name.clone(), What::of(event.mask)) {
                (Some(name), what) => changes.push(Change::Entry { directory, name, what }),
                (None, What::Attributes) => {}
                (None, _) => changes.push(Change::Directory(directory)),
            }
        }
    }
}

impl What {
    fn of(mask: EventMask) -> Self {
        if mask.contains(EventMask::CREATE) {
            Self::Created
        } else if mask.contains(EventMask::ATTRIB) {
            Self::Attributes
        } else {
            Self::Replaced
        }
    }
}
