//! The config file on disk: read, checked, read again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::carry::render_error;
use crate::config::{self, Config, ConfigErrors, Facts, Settings, Whereabouts, parse};
use crate::model::Host;

/// Where the config file is looked for when no `--config` names it.
pub const DEFAULT_PATH: &str = "/etc/hostvip/hostvip.toml";

/// Why a config file is not in force.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("no config file: looked for {}; name it with --config FILE, or begin with the example that hostvip is shipped with", .0.display())]
    Missing(PathBuf),
    /// It could not be read.
    #[error("read the config file {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It says something that cannot be.
    #[error(transparent)]
    Invalid(#[from] ConfigErrors),
    /// It asks a running agent for what only a restart can change.
    #[error("{key} changed from {from} to {to}, which takes a restart of the agent")]
    NeedsRestart {
        /// The key.
        key: &'static str,
        /// Its value in force.
        from: String,
        /// Its value in the file.
        to: String,
    },
}

/// A config file that was parsed.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    config: Config,
    stamp: Option<Stamp>,
    seen: Option<Stamp>,
    refused: Option<String>,
}

/// What tells one state of the file from another; inode for a symlink that was swapped.
type Stamp = (SystemTime, u64, u64);

impl ConfigFile {
    /// Reads and parses the file at `path`.
    ///
    /// # Errors
    /// When it is missing, unreadable or malformed.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let stamp = stamp(path);
        Ok(Self { path: path.to_owned(), config: read(path)?, stamp, seen: stamp, refused: None })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file as parsed.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Why the file as it is now was refused.
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// The settings, checked against the host.
    ///
    /// # Errors
    /// Everything that cannot be on this host.
    pub fn settings(&self, host: &Host) -> Result<Settings, Error> {
        Ok(settings(&self.config, host)?)
    }

    /// Whether the file was written since it was last read, and has been at rest since the last call: one that is being written in
    /// place is empty for a moment, and an empty config is a good one, without any pool.
    pub fn changed(&mut self) -> bool {
        let now = stamp(&self.path);
        let rests = now == self.seen;
        self.seen = now;
        rests && now != self.stamp
    }

    /// Reads the file again. What is refused is remembered, and the config in force stays.
    ///
    /// # Errors
    /// As [`Self::read`] and [`Self::settings`].
    pub fn reload(&mut self, host: &Host, in_force: &Settings) -> Result<Settings, Error> {
        self.stamp = stamp(&self.path);
        let result = reread(&self.path, host, in_force);
        self.refused = result.as_ref().err().map(|error| render_error(error));
        let (config, settings) = result?;
        self.config = config;
        Ok(settings)
    }
}

fn reread(path: &Path, host: &Host, in_force: &Settings) -> Result<(Config, Settings), Error> {
    let config = read(path)?;
    let settings = settings(&config, host)?;
    let fixed = [
        ("state_dir", in_force.state_dir.display().to_string(), settings.state_dir.display().to_string()),
        ("listen", in_force.listen.to_string(), settings.listen.to_string()),
    ];
    match fixed.into_iter().find(|(_, from, to)| from != to) {
        Some((key, from, to)) => Err(Error::NeedsRestart { key, from, to }),
        None => Ok((config, settings)),
    }
}

/// Where the agent of this config file is. A file that is broken, or changed since the agent read it, must not hide the agent.
pub fn whereabouts(path: &Path) -> Whereabouts {
    config::whereabouts(&fs::read_to_string(path).unwrap_or_default())
}

fn read(path: &Path) -> Result<Config, Error> {
    let text = fs::read_to_string(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::Missing(path.to_owned()),
        _ => Error::Read { path: path.to_owned(), source },
    })?;
    Ok(parse(path, &text)?)
}

fn settings(config: &Config, host: &Host) -> Result<Settings, ConfigErrors> {
    let host_name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    config.settings(&Facts { host_name: &host_name, host })
}

fn stamp(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}
