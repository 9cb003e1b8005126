//! One agent for each state directory, and where to find it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const FILE: &str = "lock";

/// Held while the agent lives; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// The process that holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process number.
    pub pid: u32,
    /// Where it listens, once it does.
    pub listen: Option<SocketAddr>,
}

/// Why the lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another agent holds it.
    #[error("another hostvip ({holder}) runs with the state directory {}; stop it first, or set another state_dir", .dir.display())]
    Held {
        /// The directory.
        dir: PathBuf,
        /// The process that holds it, as far as it is known.
        holder: String,
    },
    /// The directory or the lock file could not be opened.
    #[error("open the lock file {}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock of `dir`, creating both where they are missing.
    ///
    /// # Errors
    /// [`Error::Held`] where another agent runs.
    pub fn take(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let open = || {
            std::fs::create_dir_all(dir)?;
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)
        };
        let file = open().map_err(|source| Error::Open { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = observe(dir).map_or_else(|| "pid unknown".to_owned(), |holder| format!("pid {}", holder.pid));
                return Err(Error::Held { dir: dir.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(Error::Open { path, source }),
        }
        let mut lock = Self { file, path };
        lock.write(None)?;
        Ok(lock)
    }

    /// Says where this process listens.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn publish(&mut self, listen: SocketAddr) -> Result<(), Error> {
        self.write(Some(listen))
    }

    fn write(&mut self, listen: Option<SocketAddr>) -> Result<(), Error> {
        let listen = listen.map(|listen| listen.to_string()).unwrap_or_default();
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{} {listen}", std::process::id())
        };
        write(&mut self.file).map_err(|source| Error::Open { path: self.path.clone(), source })
    }
}

/// Who holds the lock of `dir`, or held it last. The lock itself is left alone: to try it, even for an instant, could keep an agent
/// from starting.
pub fn observe(dir: &Path) -> Option<Holder> {
    decode(&std::fs::read_to_string(dir.join(FILE)).ok()?)
}

/// Reads the lock file's one line: a process number, and an address once it is known.
pub fn decode(text: &str) -> Option<Holder> {
    let mut words = text.split_whitespace();
    let pid = words.next()?.parse().ok()?;
    Some(Holder { pid, listen: words.next().and_then(|word| word.parse().ok()) })
}
