//! One agent for each state directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "lock";

/// Held while the agent lives; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
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

/// The process that wrote itself into the lock file of `dir`, whether or not it still runs. The lock itself is left alone: to try it,
/// even for an instant, could keep an agent from starting.
pub fn holder(dir: &Path) -> Option<u32> {
    std::fs::read_to_string(dir.join(FILE)).ok()?.trim().parse().ok()
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
        let mut file = open().map_err(|source| Error::Open { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = file.read_to_string(&mut text);
                let pid = read.ok().and_then(|_| text.trim().parse::<u32>().ok());
                let holder = pid.map_or_else(|| "pid unknown".to_owned(), |pid| format!("pid {pid}"));
                return Err(Error::Held { dir: dir.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(Error::Open { path, source }),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(|source| Error::Open { path, source })?;
        Ok(Self { _file: file })
    }
}
