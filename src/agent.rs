//! Floor 4: wires the edges to the pure core, and owns the one loop.
//!
//! One task, one thread: netlink events, changed sources, timers, signals and questions wake the loop; a pass of it decides,
//! carries out, and speaks. Nothing else writes to the kernel.

mod answer;
pub mod carry;
pub mod config_file;
pub mod doctor;
pub mod life;
mod listener;
pub mod lock;
pub mod outlook;
mod pass;
mod report;
pub mod sources;
mod speaker;
pub mod whohas;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::config::{OnStop, Settings};
use crate::decide::announce::{Announcer, Voice};
use crate::decide::conflict::Conflicts;
use crate::decide::retry::Retries;
use crate::decide::{self, Decision};
use crate::kernel::{self, Event, Events, Kernel, clock, preflight};
use crate::model::{Finding, Time, Vip};
use crate::telemetry::http;
use crate::telemetry::log::Dropped;
use crate::telemetry::metrics::{Metrics, Observed};
use carry::render_error;
use config_file::ConfigFile;
use life::{Signals, Wish};
use listener::Listener;
use sources::Sources;
use speaker::Speaker;

/// Settings that nobody notifies us of are read this often.
const HOUSEKEEPING: Duration = Duration::from_secs(2);

/// The same for the settings of links that bear no VIP.
const OTHER_LINKS: Duration = Duration::from_secs(10);

/// Events are reliable, or say that they were not; this is for what nobody thought of.
const RESYNC: Duration = Duration::from_mins(1);

/// Why the agent did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The config is missing, unreadable or wrong.
    #[error(transparent)]
    Config(#[from] config_file::Error),
    /// This process or this kernel cannot do what the agent is for.
    #[error("{what}: {why}; {fix}", what = .0.what, why = .0.why, fix = .0.fix)]
    Unfit(Finding),
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
    /// The task that answers questions ended.
    #[error("the HTTP server ended")]
    Server(#[source] Option<tokio::task::JoinError>),
    /// Signal handlers could not be installed.
    #[error("install the signal handlers")]
    Signals(#[source] std::io::Error),
}

/// The running agent.
pub struct Agent {
    config: ConfigFile,
    settings: Settings,
    kernel: Kernel,
    sources: Sources,
    /// Those of a config that was read since: they take over once they have listed.
    coming: Option<Sources>,
    announcer: Announcer,
    speaker: Speaker,
    listener: Listener,
    conflicts: Conflicts,
    retries: Retries,
    /// What VIPs are announced with; none while the uplink cannot carry it.
    voice: Option<Voice>,
    decision: Decision,
    /// A decision was made and carried out.
    decided: bool,
    metrics: Metrics,
    log_dropped: Dropped,
    began: Time,
    /// Marked VIPs found at the start, or when the sources were replaced, while a source that may name them cannot be read.
    unread: BTreeSet<Vip>,
    /// Something changed since the last pass.
    dirty: bool,
    /// When the host is read again as a whole, whatever the events said.
    resync_at: Time,
    /// When the settings of all links are read again.
    other_links_at: Time,
    lock: lock::Lock,
}

/// Runs the agent with the config file at `path` until a signal ends it. `log_dropped` counts the lines that the log lost.
///
/// # Errors
/// Whatever keeps it from starting; once it runs, only the loss of the kernel's event socket ends it.
pub async fn run(path: &Path, log_dropped: Dropped) -> Result<(), Error> {
    let mut events = Events::open()?;
    let mut signals = Signals::install().map_err(Error::Signals)?;
    let mut agent = Agent::start(path, log_dropped)?;
    let listen = agent.settings.listen;
    let bound = http::bind(listen).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = bound.map_err(|source| Error::Listen { address: listen, source })?;
    agent.lock.publish(address)?;
    let (asker, mut asks) = mpsc::channel(16);
    let mut server = tokio::spawn(http::serve(listener, asker));
    let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
    housekeeping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        agent.hear(&mut events);
        if std::mem::take(&mut agent.dirty) {
            agent.pass(&mut events);
            // On a host that never rests there is always an event: signals and questions must have their turn all the same.
            tokio::task::yield_now().await;
        }
        let (speak, retry) = (agent.announcer.next_deadline(), agent.retries.next_deadline());
        tokio::select! {
            event = events.next() => agent.take_in(event?),
            () = std::future::ready(()), if agent.dirty => {}
            () = agent.sources.changed() => agent.dirty = true,
            () = changed(agent.coming.as_mut()) => agent.dirty = true,
            _ = housekeeping.tick() => agent.keep_house(),
            () = sleep(speak) => agent.speak(&mut events),
            () = sleep(retry) => agent.dirty = true,
            claim = agent.listener.heard(agent.kernel.host(), |vip| decide::owns(&agent.decision, &agent.kernel.host().ours, vip)) => {
                agent.contest(claim);
            }
            Some(ask) = asks.recv() => agent.answer(ask),
            ended = &mut server => return Err(Error::Server(ended.err())),
            wish = signals.next() => match wish {
                Wish::Reload => agent.reload(),
                Wish::Stop => break,
                Wish::Restart => {
                    agent.settings.on_stop = OnStop::Keep;
                    break;
                }
            },
        }
    }
    server.abort();
    // What somebody changed a moment ago is theirs, and must not be taken away as ours.
    agent.hear(&mut events);
    agent.stop();
    Ok(())
}

impl Agent {
    fn start(path: &Path, log_dropped: Dropped) -> Result<Self, Error> {
        let config = ConfigFile::read(path)?;
        let state_dir = config.config().state_dir();
        let unfit = decide::doctor::unfit(preflight::observe_privileges(), &preflight::observe_features());
        if let Some(finding) = unfit.into_iter().next() {
            return Err(Error::Unfit(finding));
        }
        let lock = lock::Lock::take(&state_dir)?;
        let kernel = Kernel::open(&state_dir)?;
        let settings = config.settings(kernel.host())?;
        let sources = Sources::open(&settings.source, &settings.node_name)?;
        let unread = kernel.host().ours.vips().collect();
        let announcer = Announcer::new(settings.announce_refresh, fastrand::u64(..));
        info!(node = %settings.node_name, uplink = %settings.uplink, config = %path.display(), "hostvip {} starts", env!("CARGO_PKG_VERSION"));
        Ok(Self {
            config,
            settings,
            kernel,
            sources,
            coming: None,
            announcer,
            speaker: Speaker::default(),
            listener: Listener::default(),
            conflicts: Conflicts::default(),
            retries: Retries::default(),
            voice: None,
            decision: Decision::default(),
            decided: false,
            metrics: Metrics::default(),
            log_dropped,
            began: clock::now(),
            unread,
            dirty: true,
            resync_at: clock::now() + RESYNC,
            other_links_at: clock::now() + OTHER_LINKS,
            lock,
        })
    }

    /// Takes one event in.
    fn take_in(&mut self, event: Event) {
        match self.kernel.absorb(event) {
            Ok(changed) => self.dirty |= changed,
            Err(error) => {
                warn!("{}; reading the host again", render_error(&error));
                self.resync_at = clock::now();
            }
        }
    }

    /// What no event tells of: settings below /proc/sys, the config file, and events that never came.
    fn keep_house(&mut self) {
        self.refresh_sysctls();
        self.listener.tune(&self.settings.uplink, self.voice);
        if self.config.changed() {
            self.reload();
        }
        if self.resync_at <= clock::now() {
            let began = clock::now();
            let result = self.kernel.resync();
            self.metrics.observed(Observed::Host, clock::now() - began);
            match result {
                Ok(differs) => {
                    self.dirty |= differs;
                    self.resync_at = clock::now() + RESYNC;
                }
                Err(error) => warn!("{}", render_error(&error)),
            }
        }
    }

    /// The uplink's settings decide who answers; those of the other links only what we report. A node has one for each pod, and to
    /// read them all takes longer than everything else that an idle agent does.
    fn refresh_sysctls(&mut self) {
        let mut links = vec![self.settings.uplink.clone()];
        if self.other_links_at <= clock::now() {
            self.other_links_at = clock::now() + OTHER_LINKS;
            links = self.kernel.host().links.keys().cloned().collect();
        }
        let began = clock::now();
        self.dirty |= self.kernel.refresh_sysctls(&links);
        self.metrics.observed(Observed::Sysctls, clock::now() - began);
    }

    /// Reads the config again. A bad one is refused, and the old one stays in force.
    fn reload(&mut self) {
        match self.config.reload(self.kernel.host(), &self.settings) {
            Ok(settings) => {
                info!(config = %self.config.path().display(), "config reloaded");
                self.take_over(settings);
            }
            Err(error) => warn!("config refused, the old one stays in force: {}", render_error(&error)),
        }
    }

    fn take_over(&mut self, mut settings: Settings) {
        let source = &settings.source;
        if (&source.files, &source.kubernetes) != (&self.settings.source.files, &self.settings.source.kubernetes) {
            match Sources::open(source, &settings.node_name) {
                Ok(sources) => {
                    if !sources.are_listed() {
                        info!("the former sources stay in force until the cluster has been listed");
                    }
                    self.coming = Some(sources);
                }
                Err(error) => {
                    warn!("source: {}; the former ones stay in force", render_error(&error));
                    settings.source.files.clone_from(&self.settings.source.files);
                    settings.source.kubernetes.clone_from(&self.settings.source.kubernetes);
                }
            }
        }
        self.announcer.set_refresh(settings.announce_refresh);
        self.settings = settings;
        self.dirty = true;
    }

    /// Lets the sources that are coming take over, if they are there.
    fn succeed(&mut self) {
        if let Some(sources) = self.coming.take_if(|sources| sources.are_listed()) {
            self.sources = sources;
            // As at the start: a mistyped source must not take everything away.
            self.unread = self.kernel.host().ours.vips().collect();
        }
    }

    /// The sources of the config in force, which is what a report is about.
    fn latest(&self) -> &Sources {
        self.coming.as_ref().unwrap_or(&self.sources)
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

async fn changed(sources: Option<&mut Sources>) {
    match sources {
        Some(sources) => sources.changed().await,
        None => std::future::pending().await,
    }
}

async fn sleep(until: Option<Time>) {
    match until {
        Some(until) => tokio::time::sleep(until - clock::now()).await,
        None => std::future::pending().await,
    }
}
