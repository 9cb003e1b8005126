//! Floor 4: wires the edges to the pure core, and owns the one loop.
//!
//! One task, one thread: netlink events, changed sources, timers, signals and questions wake the loop; a pass of it decides,
//! carries out, and speaks. Nothing else writes to the kernel.

pub mod carry;
pub mod config_file;
pub mod life;
pub mod lock;
mod pass;
mod report;
mod speaker;
pub mod whohas;

use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::cluster::Files;
use crate::config::{OnStop, Settings};
use crate::decide::Decision;
use crate::decide::announce::Announcer;
use crate::decide::retry::Retries;
use crate::kernel::{self, Events, Kernel, clock};
use crate::model::Time;
use crate::telemetry::http::{self, Ask};
use config_file::ConfigFile;
use life::{Signals, Wish};
use speaker::Speaker;

/// Settings that nobody notifies us of are read this often.
const HOUSEKEEPING: Duration = Duration::from_secs(2);

/// Why the agent did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The config is missing, unreadable or wrong.
    #[error(transparent)]
    Config(#[from] config_file::Error),
    /// The kernel edge failed.
    #[error(transparent)]
    Kernel(#[from] kernel::Error),
    /// The sources could not be watched.
    #[error(transparent)]
    Files(#[from] crate::cluster::OpenError),
    /// Another agent runs, or the state directory is not writable.
    #[error(transparent)]
    Lock(#[from] lock::Error),
    /// The HTTP socket could not be opened.
    #[error("listen on {address} (key listen): {source}; another agent, or another program, may have it")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Signal handlers could not be installed.
    #[error("install the signal handlers")]
    Signals(#[source] std::io::Error),
}

/// The running agent.
pub struct Agent {
    config: ConfigFile,
    settings: Settings,
    kernel: Kernel,
    files: Files,
    announcer: Announcer,
    speaker: Speaker,
    retries: Retries,
    decision: Decision,
    began: Time,
    _lock: lock::Lock,
}

/// Runs the agent with the config file at `path` until a signal ends it.
///
/// # Errors
/// Whatever keeps it from starting; once it runs, only the loss of the kernel's event socket ends it.
pub async fn run(path: &Path) -> Result<(), Error> {
    let mut events = Events::open()?;
    let mut signals = Signals::install().map_err(Error::Signals)?;
    let mut agent = Agent::start(path)?;
    let listen = agent.settings.listen;
    let listener = http::bind(listen).await.map_err(|source| Error::Listen { address: listen, source })?;
    let (asker, mut asks) = mpsc::channel(16);
    let server = tokio::spawn(http::serve(listener, asker));
    let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
    housekeeping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    agent.pass(&mut events);
    loop {
        let alarm = agent.next_alarm();
        let dirty = tokio::select! {
            event = events.next() => agent.kernel.absorb(event?)?,
            () = agent.files.changed() => true,
            _ = housekeeping.tick() => agent.keep_house(),
            () = sleep(alarm) => true,
            Some(ask) = asks.recv() => agent.answer(ask),
            wish = signals.next() => match wish {
                Wish::Reload => agent.reload(),
                Wish::Stop => break,
                Wish::Restart => { agent.settings.on_stop = OnStop::Keep; break }
            },
        };
        if dirty {
            agent.pass(&mut events);
        }
    }
    server.abort();
    agent.stop();
    Ok(())
}

impl Agent {
    fn start(path: &Path) -> Result<Self, Error> {
        let config = ConfigFile::read(path)?;
        let state_dir = config.config().state_dir();
        let lock = lock::Lock::take(&state_dir)?;
        let kernel = Kernel::open(&state_dir)?;
        let settings = config.settings(kernel.host())?;
        let files = Files::open(&settings.source.files)?;
        let announcer = Announcer::new(settings.announce_refresh, fastrand::u64(..));
        info!(node = %settings.node_name, uplink = %settings.uplink, config = %path.display(), "hostvip {} starts", env!("CARGO_PKG_VERSION"));
        Ok(Self {
            config,
            settings,
            kernel,
            files,
            announcer,
            speaker: Speaker::default(),
            retries: Retries::default(),
            decision: Decision::default(),
            began: clock::now(),
            _lock: lock,
        })
    }

    /// What no event tells of: settings below /proc/sys, and the config file.
    fn keep_house(&mut self) -> bool {
        let sysctls = self.kernel.refresh_sysctls();
        let config = self.config.changed() && self.reload();
        sysctls || config
    }

    /// Reads the config again. A bad one is refused, and the old one stays in force.
    fn reload(&mut self) -> bool {
        match self.config.reload(self.kernel.host(), &self.settings) {
            Ok(settings) => {
                info!(config = %self.config.path().display(), "config reloaded");
                self.take_over(settings);
                true
            }
            Err(error) => {
                warn!("config refused, the old one stays in force: {error}");
                false
            }
        }
    }

    fn take_over(&mut self, settings: Settings) {
        if settings.source.files != self.settings.source.files {
            match Files::open(&settings.source.files) {
                Ok(files) => self.files = files,
                Err(error) => warn!("source.files: {error}; the former ones stay in force"),
            }
        }
        self.announcer.set_refresh(settings.announce_refresh);
        self.settings = settings;
    }

    fn answer(&mut self, ask: Ask) -> bool {
        // A questioner that has gone away is no concern of ours.
        match ask {
            Ask::Live(reply) => drop(reply.send(())),
            Ask::Ready(reply) => drop(reply.send(self.not_ready())),
            Ask::State(reply) => drop(reply.send(self.report())),
        }
        false
    }

    /// What the agent still waits for, by name.
    fn not_ready(&self) -> Vec<String> {
        let unread = self.files.reports().into_iter().filter(|source| !source.problems.is_empty());
        unread.map(|source| format!("source {}", source.path)).collect()
    }

    /// When the loop must wake although nothing happens.
    fn next_alarm(&self) -> Option<Time> {
        [self.announcer.next_deadline(), self.retries.next_deadline()].into_iter().flatten().min()
    }

    fn stop(&mut self) {
        match self.settings.on_stop {
            OnStop::Keep => info!("stopped; the kernel goes on answering (on_stop = \"keep\")"),
            OnStop::Withdraw => {
                let outcome = life::withdraw(&mut self.kernel);
                info!(removed = outcome.done, failed = outcome.failed.len(), "stopped and withdrawn (on_stop = \"withdraw\")");
            }
        }
    }
}

async fn sleep(until: Option<Time>) {
    match until {
        Some(until) => tokio::time::sleep(until - clock::now()).await,
        None => std::future::pending().await,
    }
}
