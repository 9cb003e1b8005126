//! One manifest file: reading it whole, and what of it is in force.
//!
//! What a file gains counts at once. What it loses counts only when it can be meant: not while a document is malformed or
//! the file cannot be read, and not before a second look, because editors truncate a file or rename it away.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::mem;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use nix::libc::O_NONBLOCK;
use tokio::time::Instant;

use super::files::Pace;
use super::trail::Trail;
use crate::codec::manifest::{MAX_BYTES, Manifest, decode_manifest};
use crate::model::{Service, ServiceKey};

/// Tells one state of a file from another without reading it: device, inode, size, mtime and ctime.
pub(super) type Stamp = (u64, u64, u64, (i64, i64), (i64, i64));

/// A file that is followed.
#[derive(Default)]
pub(super) struct File {
    /// Place of its source in the config.
    pub(super) source: usize,
    /// The way to it, as it was last looked up.
    pub(super) trail: Trail,
    /// Services in force.
    pub(super) services: Services,
    /// Documents of other kinds.
    pub(super) skipped: usize,
    /// What is wrong with it.
    pub(super) problems: Vec<String>,
    /// When to look again, whether or not an event comes.
    pub(super) look_again: Option<Instant>,
    /// It could not be read.
    pub(super) failed: bool,
    read: Option<Stamp>,
    seen: Option<Stamp>,
    losing_since: Option<Instant>,
}

/// Services by key.
pub(super) type Services = BTreeMap<ServiceKey, Arc<Service>>;

/// A file's stamp and what it says.
pub(super) type Reading = Result<(Stamp, Manifest), ReadError>;

struct Said {
    problems: Vec<String>,
    skipped: usize,
    services: Vec<Service>,
    /// What is not among the Services is meant to be gone.
    complete: bool,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("does not exist; it is read as soon as it appears")]
    Missing,
    #[error("cannot be read: {0}")]
    Io(#[source] io::Error),
    #[error("is no regular file")]
    Irregular,
    #[error("has more than {MAX_BYTES} bytes, the most that is read")]
    TooLarge,
    #[error("is no UTF-8 text from byte {0} on")]
    NotText(usize),
    #[error("is being written")]
    Changing,
}

impl File {
    /// A file that was not read yet, and is looked at first at `look_again`.
    pub(super) fn new(source: usize, trail: Trail, look_again: Instant) -> Self {
        Self { source, trail, look_again: Some(look_again), ..Self::default() }
    }

    /// Takes what reading gave. `removed`: the file is meant to be gone. Gives the Services that were in force before, and
    /// whether they or the problems differ now.
    pub(super) fn take(&mut self, reading: Reading, removed: bool, path: &Path, now: Instant, pace: &Pace) -> (Services, bool) {
        let changing = matches!(reading, Err(ReadError::Changing));
        let said = self.understand(reading, removed, path);
        let mut services: Services = said.services.into_iter().map(|service| (service.key.clone(), self.shared(service))).collect();
        let loses = self.services.keys().any(|key| !services.contains_key(key));
        let since = self.losing_since.unwrap_or(now);
        let doubted = loses && said.complete && now.duration_since(since) < pace.confirm;
        self.losing_since = doubted.then_some(since);
        self.look_again = if changing { Some(now + pace.settle) } else { doubted.then(|| since + pace.confirm) };
        if doubted || !said.complete {
            for (key, service) in &self.services {
                services.entry(key.clone()).or_insert_with(|| Arc::clone(service));
            }
        }
        let differs = services != self.services || said.problems != self.problems || said.skipped != self.skipped;
        (self.problems, self.skipped) = (said.problems, said.skipped);
        (mem::replace(&mut self.services, services), differs)
    }

    /// What the file says now, and whether what it leaves out is meant.
    fn understand(&mut self, reading: Reading, removed: bool, path: &Path) -> Said {
        let (read, failed, said) = match reading {
            Ok((stamp, Manifest { services, skipped, problems, complete })) => {
                let problems = problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
                (Some(stamp), false, Said { problems, skipped, services, complete })
            }
            Err(_) if removed => (None, false, Said { problems: Vec::new(), skipped: 0, services: Vec::new(), complete: true }),
            Err(error) => {
                let held = if self.services.is_empty() { "" } else { "; the Services that it named stay in force" };
                let problems = vec![format!("{} {error}{held}", path.display())];
                (None, true, Said { problems, skipped: self.skipped, services: Vec::new(), complete: false })
            }
        };
        (self.read, self.seen, self.failed) = (read, read, failed);
        said
    }

    /// Whether the file should be read although no event came: its stamp differs, and has come to rest.
    pub(super) fn is_due(&mut self, path: &Path, now: Instant, pace: &Pace) -> bool {
        let stamp = fs::metadata(path).ok().map(|metadata| stamp_of(&metadata));
        if self.losing_since.is_some() {
            return true;
        }
        if stamp == self.read {
            return false;
        }
        if stamp == self.seen {
            return true;
        }
        self.seen = stamp;
        self.look_again = Some(now + pace.settle);
        false
    }

    /// The same allocation for a Service that has not changed.
    fn shared(&self, service: Service) -> Arc<Service> {
        match self.services.get(&service.key) {
            Some(known) if **known == service => Arc::clone(known),
            _ => Arc::new(service),
        }
    }
}

/// Reads and decodes a file.
pub(super) fn observe_file(path: &Path) -> Reading {
    // A FIFO without a writer would block the whole agent.
    let mut file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path).map_err(ReadError::of)?;
    let metadata = file.metadata().map_err(ReadError::Io)?;
    if !metadata.is_file() {
        return Err(ReadError::Irregular);
    }
    if metadata.len() > MAX_BYTES as u64 {
        return Err(ReadError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    file.by_ref().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(ReadError::Io)?;
    let stamp = stamp_of(&metadata);
    if stamp_of(&file.metadata().map_err(ReadError::Io)?) != stamp {
        return Err(ReadError::Changing);
    }
    let text = str::from_utf8(&bytes).map_err(|error| ReadError::NotText(error.valid_up_to()))?;
    Ok((stamp, decode_manifest(text)))
}

impl ReadError {
    fn of(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Io(error),
        }
    }
}

fn stamp_of(metadata: &fs::Metadata) -> Stamp {
    (metadata.dev(), metadata.ino(), metadata.len(), (metadata.mtime(), metadata.mtime_nsec()), (metadata.ctime(), metadata.ctime_nsec()))
}
