//! Floor 1: the config file as written, checked against the host's facts, becomes [`Settings`].
//!
//! Two stages, each of which reports everything it finds at once: [`parse`] looks at each value by itself, [`Config::settings`] at
//! the values together and at the host. Reading the file is left to the caller: nothing here touches the machine.

mod coordination;
mod document;
mod error;
mod later;
mod node;
mod pools;
mod ranges;
mod routes;
mod settings;
mod shape;
mod text;
mod value;
mod vips;
mod written;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::Host;
use document::{Document, Problems};
use value::given;
use written::Written;

pub use error::{ConfigError, ConfigErrors, Position};
pub use settings::{Kubernetes, OnStop, Settings, Source};

/// A config file whose values are each well-formed.
#[derive(Clone, Debug)]
pub struct Config {
    document: Document,
    written: Written,
}

/// What a config is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The host name: the default of `node_name`.
    pub host_name: &'a str,
    /// The host's network stack. Addresses with our mark never count against a pool.
    pub host: &'a Host,
}

/// Parses the text of a config file. `file` is for messages only.
///
/// # Errors
/// Bad TOML (the first place only: what follows a syntax error is guesswork); else every unknown key, wrong type and malformed value.
pub fn parse(file: &Path, text: &str) -> Result<Config, ConfigErrors> {
    let (document, table) = Document::parse(file, text)?;
    let written = shape::decode(&document, table)?;
    Ok(Config { document, written })
}

impl Config {
    /// `state_dir`, which is needed before the host is looked at.
    pub fn state_dir(&self) -> PathBuf {
        given(self.written.state_dir.as_ref()).cloned().unwrap_or_else(|| DEFAULT_STATE_DIR.into())
    }

    /// `listen`, which is all that a question to a running agent needs.
    pub fn listen(&self) -> SocketAddr {
        given(self.written.listen.as_ref()).copied().unwrap_or(DEFAULT_LISTEN)
    }

    /// What the file means on this host, with every default filled in.
    ///
    /// # Errors
    /// Everything that contradicts itself, this host, or what this version can do.
    pub fn settings(&self, facts: &Facts<'_>) -> Result<Settings, ConfigErrors> {
        let written = &self.written;
        let mut problems = Problems::new(&self.document);
        later::check(&mut problems);
        coordination::check(written, &mut problems);
        routes::check(written, &mut problems);
        let node_name = node::name(written, facts, &mut problems);
        let uplink = node::uplink(written, facts, &mut problems);
        let pools = pools::read(written, facts.host, &mut problems);
        let vips = vips::read(written, &pools, &mut problems);
        let source = node::source(written, &mut problems);
        let announce_refresh = announce_refresh(written, &mut problems);
        problems.finish()?;
        Ok(Settings {
            node_name,
            uplink,
            state_dir: self.state_dir(),
            listen: self.listen(),
            on_stop: written.on_stop.map_or(OnStop::Withdraw, |word| word.0),
            source,
            pools,
            vips,
            announce_refresh,
        })
    }
}

/// Where the agent keeps its state when no config says otherwise.
pub const DEFAULT_STATE_DIR: &str = "/run/hostvip";

/// Where an agent listens when no config says otherwise.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9476);

/// Where a running agent is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// `state_dir`.
    pub state_dir: PathBuf,
    /// `listen`.
    pub listen: SocketAddr,
}

/// Makes out of a config file where its agent is, however wrong the rest of it is; the defaults where even that cannot be made out.
pub fn whereabouts(text: &str) -> Whereabouts {
    let (table, _) = toml::de::DeTable::parse_recoverable(text);
    let word = |key| table.get_ref().get(key).and_then(|value| value.get_ref().as_str());
    Whereabouts {
        state_dir: word("state_dir").filter(|dir| Path::new(dir).is_absolute()).unwrap_or(DEFAULT_STATE_DIR).into(),
        listen: word("listen").and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_LISTEN),
    }
}

/// The shortest `announce.refresh`: gratuitous frames for thousands of VIPs more often than this are a broadcast storm.
const SHORTEST_REFRESH: Duration = Duration::from_secs(1);

/// `announce.refresh`; none where it is `"0s"`: never.
fn announce_refresh(written: &Written, problems: &mut Problems<'_>) -> Option<Duration> {
    let Some(key) = &written.announce.refresh else { return Some(Duration::from_mins(1)) };
    let refresh = key.get_ref().0;
    if !refresh.is_zero() && refresh < SHORTEST_REFRESH {
        problems.at(key.span(), "is shorter than 1s: a broadcast storm", "use \"1s\" or more, or \"0s\" for never");
    }
    (!refresh.is_zero()).then_some(refresh)
}
