//! The values that kernel settings had before we changed them, on disk before each change, for `withdraw` after a crash.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::Error;
use crate::model::{Knob, Link, LinkName, Sysctl};

const VERSION: u32 = 1;
const FILE: &str = "sysctls.json";

/// One setting that we changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Interface index of the link: it outlives a change of name, and a namesake has another. None for `all`.
    pub index: Option<u32>,
    /// The value before our first change.
    pub before: i32,
    /// The values that may be there by our hand: the last one set, and the one set before it, in case the last write failed.
    pub set: Vec<i32>,
}

/// The bytes are no journal.
#[derive(Debug, thiserror::Error)]
pub enum MalformedJournal {
    /// Not the expected JSON.
    #[error("it is not in the expected form")]
    Form(#[from] serde_json::Error),
    /// Written by another version.
    #[error("its version is {0}, this hostvip knows version {VERSION}")]
    Version(u32),
    /// Two entries for one setting.
    #[error("it names {0} twice")]
    Twice(Sysctl),
}

/// The file and what it holds.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    entries: BTreeMap<Sysctl, Entry>,
    /// The file names links by names that they had.
    stale: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    sysctls: Vec<Record>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    link: LinkName,
    #[serde(default)]
    index: Option<u32>,
    knob: Knob,
    before: i32,
    set: Vec<i32>,
}

/// Where the journal of a state directory is.
pub fn path(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE)
}

/// Parses a journal.
///
/// # Errors
/// It is damaged, of another version, or another program's.
pub fn decode(bytes: &[u8]) -> Result<BTreeMap<Sysctl, Entry>, MalformedJournal> {
    let document: Document = serde_json::from_slice(bytes)?;
    if document.version != VERSION {
        return Err(MalformedJournal::Version(document.version));
    }
    let mut entries = BTreeMap::new();
    for Record { link, index, knob, before, set } in document.sysctls {
        let sysctl = Sysctl { link, knob };
        if entries.insert(sysctl.clone(), Entry { index, before, set }).is_some() {
            return Err(MalformedJournal::Twice(sysctl));
        }
    }
    Ok(entries)
}

/// Writes a journal as text.
///
/// # Errors
/// None in practice: every value has a JSON form.
pub fn encode(entries: &BTreeMap<Sysctl, Entry>) -> Result<Vec<u8>, serde_json::Error> {
    let record = |(sysctl, entry): (&Sysctl, &Entry)| {
        let (Sysctl { link, knob }, Entry { index, before, set }) = (sysctl.clone(), entry.clone());
        Record { link, index, knob, before, set }
    };
    serde_json::to_vec_pretty(&Document { version: VERSION, sysctls: entries.iter().map(record).collect() })
}

impl Journal {
    /// Reads the journal of a state directory; none there is an empty one.
    ///
    /// # Errors
    /// It cannot be read; or it is malformed, in which case it is moved aside, never overwritten.
    pub fn open(state_dir: &Path) -> Result<Self, Error> {
        let path = path(state_dir);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Self { path, entries: BTreeMap::new(), stale: false }),
            Err(source) => return Err(Error::Journal { path, source }),
        };
        match decode(&bytes) {
            Ok(entries) => Ok(Self { path, entries, stale: false }),
            Err(malformed) => match move_aside(&path) {
                Ok(aside) => Err(Error::MalformedJournal { path, aside, source: malformed }),
                Err(source) => Err(Error::Journal { path, source }),
            },
        }
    }

    /// Reads it for commands that change nothing: a damaged one stays where it is, and counts as empty.
    pub(super) fn look(state_dir: &Path) -> Self {
        let path = path(state_dir);
        let entries = fs::read(&path).ok().and_then(|bytes| decode(&bytes).ok()).unwrap_or_default();
        Self { path, entries, stale: false }
    }

    /// What is kept for a setting.
    pub fn get(&self, sysctl: &Sysctl) -> Option<&Entry> {
        self.entries.get(sysctl)
    }

    /// Keeps `present` before `value` is set, for the link with this index. The first value kept for a setting stays.
    ///
    /// # Errors
    /// The journal is not on disk; the setting must not be changed then.
    pub fn record(&mut self, sysctl: &Sysctl, index: Option<u32>, present: i32, value: i32) -> Result<(), Error> {
        let mut entries = self.entries.clone();
        let entry = entries.entry(sysctl.clone()).or_insert(Entry { index, before: present, set: Vec::new() });
        entry.set.retain(|set| *set == present);
        entry.set.push(value);
        self.store(entries)
    }

    /// Drops what is kept for a setting.
    ///
    /// # Errors
    /// The change is not on disk.
    pub fn forget(&mut self, sysctl: &Sysctl) -> Result<(), Error> {
        let mut entries = self.entries.clone();
        match entries.remove(sysctl) {
            Some(_) => self.store(entries),
            None => self.save(),
        }
    }

    /// Follows the links that are there: one that was renamed keeps what is kept for it, as the kernel keeps its settings; what is kept
    /// for one that is gone goes with it. On disk with [`Self::save`]: whoever only looks must not write the journal of an agent.
    pub(super) fn follow(&mut self, links: &BTreeMap<LinkName, Link>) {
        let name = |sysctl: &Sysctl, index: Option<u32>| match index {
            Some(index) => links.values().find(|link| link.index == index).map(|link| link.name.clone()),
            None => Some(sysctl.link.clone()).filter(|name| name.as_str() == "all" || links.contains_key(name)),
        };
        let followed = self.entries.iter().filter_map(|(sysctl, entry)| {
            let link = name(sysctl, entry.index)?;
            Some((Sysctl { link, knob: sysctl.knob }, entry.clone()))
        });
        let followed = followed.collect();
        self.stale |= followed != self.entries;
        self.entries = followed;
    }

    /// Writes what [`Self::follow`] changed.
    ///
    /// # Errors
    /// It is not on disk.
    pub(super) fn save(&mut self) -> Result<(), Error> {
        if self.stale { self.store(self.entries.clone()) } else { Ok(()) }
    }

    fn store(&mut self, entries: BTreeMap<Sysctl, Entry>) -> Result<(), Error> {
        self.write(&entries).map_err(|source| Error::Journal { path: self.path.clone(), source })?;
        self.entries = entries;
        self.stale = false;
        Ok(())
    }

    /// Temporary file, fsync, rename, fsync of the directory: after a crash either the old or the new journal is there.
    fn write(&self, entries: &BTreeMap<Sysctl, Entry>) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("/"));
        DirBuilder::new().recursive(true).mode(0o755).create(directory)?;
        if entries.is_empty() {
            fs::remove_file(&self.path).or_else(|source| if source.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(source) })?;
        } else {
            let fresh = self.path.with_extension("json.new");
            let mut file = File::create(&fresh)?;
            file.write_all(&encode(entries)?)?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)?;
        }
        File::open(directory)?.sync_all()
    }
}

fn move_aside(path: &Path) -> io::Result<PathBuf> {
    let corrupt = |number: u32| path.with_extension(if number == 1 { "json.corrupt".to_owned() } else { format!("json.corrupt.{number}") });
    // An earlier one is evidence, too.
    let aside = (1..=u32::MAX).map(corrupt).find(|aside| !aside.exists()).unwrap_or_else(|| corrupt(1));
    fs::rename(path, &aside)?;
    Ok(aside)
}
