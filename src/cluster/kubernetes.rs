//! Services, endpoints and nodes from a Kubernetes API server.
//!
//! Tasks list and watch, and read each object into what is kept of it; the state changes only while [`Kubernetes::changed`] is
//! awaited, so that whoever decides sees it stand still. While the API server is away the last known state stays in force. Absent: what the objects
//! mean (floor 2), and any write to a Service or Node.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::config;
use crate::model::report::WatchReport;
use crate::model::{Cluster, EventCounts, Notice, Service};

mod backoff;
mod call;
mod client;
mod credentials;
mod health;
mod names;
mod outage;
mod probe;
mod recorder;
mod resource;
mod session;
mod store;
mod table;
mod watch;

pub use probe::probe;

use health::Health;
use outage::Outage;
use recorder::Recorder;
use resource::{Object, Resource};
use session::{Message, Session};
use store::Store;
use watch::WatchEvent;

/// Messages that wait at the most; then the watches wait, and the API server after them.
const QUEUE: usize = 1024;
/// Messages that are taken at once, lest a flood of them starve the caller.
const TAKEN: usize = 256;

/// A cluster, as its API shows it.
pub struct Kubernetes {
    store: Store,
    watches: Vec<Health>,
    outage: Outage,
    messages: mpsc::Receiver<Message>,
    taken: Vec<Message>,
    /// Why the credentials as they are cannot be used.
    unusable: Option<String>,
    unauthorized: Arc<Notify>,
    recorder: Recorder,
    session: JoinHandle<()>,
}

impl Kubernetes {
    /// Begins to watch, and to tell as `node`. Never fails and never waits: what is wrong is told by [`Self::watches`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(source: &config::Kubernetes, node: &str) -> Self {
        let (sender, messages) = mpsc::channel(QUEUE);
        let client = tokio::sync::watch::Sender::new(None);
        let unauthorized = Arc::new(Notify::new());
        let session = Session { source: source.clone(), messages: sender, client, unauthorized: Arc::clone(&unauthorized) };
        let recorder = Recorder::start(node, session.client.subscribe());
        let now = Instant::now();
        Self {
            store: Store::default(),
            watches: Resource::ALL.iter().map(|resource| Health::new(*resource, now)).collect(),
            outage: Outage::default(),
            messages,
            taken: Vec::new(),
            unusable: None,
            unauthorized,
            recorder,
            session: tokio::spawn(session.run()),
        }
    }

    /// The Services that ask for an address, by key. The others are not kept.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.store.services()
    }

    /// Everything else that decides; none until every required watch has listed once.
    pub fn cluster(&self) -> Option<&Cluster> {
        (!self.is_wanting()).then(|| self.store.cluster())
    }

    /// Waits until something that matters for a decision, or a report, differs. Cancel-safe.
    pub async fn changed(&mut self) {
        loop {
            // Nothing is awaited between here and the return: what was taken is never lost.
            if self.messages.recv_many(&mut self.taken, TAKEN).await == 0 {
                return std::future::pending().await;
            }
            if self.take() {
                return;
            }
        }
    }

    /// How each watch is.
    pub fn watches(&self) -> Vec<WatchReport> {
        let now = Instant::now();
        let mut reports: Vec<_> = Resource::ALL
            .iter()
            .zip(&self.watches)
            .map(|(resource, health)| {
                let (objects, problems) = self.store.tally(*resource);
                health.report(now, objects, problems)
            })
            .collect();
        if let Some(why) = &self.unusable {
            for report in &mut reports {
                if report.away_seconds.is_some() {
                    report.error = Some(why.clone());
                } else if report.required {
                    report.problems.push(format!("{why}; the former credentials stay in force"));
                }
            }
        }
        reports
    }

    /// Has a notice written as an Event of its Service. Never waits; too many are dropped.
    pub fn post(&self, notice: Notice) {
        self.recorder.post(notice);
    }

    /// What became of the notices.
    pub fn events(&self) -> EventCounts {
        self.recorder.counts()
    }

    fn take(&mut self) -> bool {
        let wanting = self.is_wanting();
        let now = Instant::now();
        let (mut decides, mut reports) = (false, false);
        for message in std::mem::take(&mut self.taken) {
            match message {
                Message::Watch(update) => {
                    let health = &mut self.watches[update.resource as usize];
                    let differs = health.take(&update.event, now);
                    reports |= differs;
                    if let WatchEvent::Away { code, error } = &update.event {
                        if differs {
                            log_away(health, update.resource, error, *code, &mut self.outage, now);
                        }
                        self.fail(update.resource, *code);
                    }
                    let bad = if let WatchEvent::Seen(Object { says: Err(why), .. }) = &update.event { Some(why.clone()) } else { None };
                    let matters = self.store.take(update.resource, update.event);
                    if let Some(why) = bad.filter(|_| matters) {
                        tracing::warn!("{why}; what it said before, if anything, stays in force");
                    }
                    decides |= matters;
                }
                Message::Usable(addresses) => {
                    reports |= self.unusable.take().is_some();
                    decides |= self.store.take_api_server(addresses);
                }
                Message::Unusable(why) => {
                    if self.unusable.as_ref() != Some(&why) {
                        tracing::warn!("{why}");
                        self.unusable = Some(why);
                        reports = true;
                    }
                }
            }
        }
        self.store.settle();
        if !self.watches.iter().any(Health::is_missed)
            && let Some(seconds) = self.outage.end(now)
        {
            tracing::info!("the API server is back after {seconds} s");
        }
        // What is not listed as a whole decides nothing yet.
        reports || wanting != self.is_wanting() || decides && !wanting
    }

    fn fail(&mut self, resource: Resource, code: Option<u16>) {
        if code == Some(401) {
            self.unauthorized.notify_one();
        }
        // Either the server knows this agent and refuses, or it answers everything that is required, and fails at this.
        let required = Resource::ALL.iter().zip(&self.watches).filter(|(resource, _)| resource.is_required());
        if code == Some(403) || required.clone().all(|(_, health)| !health.is_wanted()) {
            self.watches[resource as usize].waive();
        }
    }

    fn is_wanting(&self) -> bool {
        self.watches.iter().any(Health::is_wanted)
    }
}

/// Says why a watch is away, unless another said it.
fn log_away(health: &Health, resource: Resource, error: &str, code: Option<u16>, outage: &mut Outage, now: Instant) {
    if !outage.begin(error, resource.is_required(), now) {
        return;
    }
    let meanwhile = match (health.has_listed(), resource.is_required()) {
        (true, _) => "the last known state stays in force",
        (false, true) => "nothing is decided before the cluster has been listed",
        (false, false) => "what it reserves is not known",
    };
    // A refusal may be of this resource only.
    let of = if code.is_none_or(|code| code == 401) { String::new() } else { format!("watch {}: ", resource.name()) };
    tracing::warn!("{of}{error}; {meanwhile}");
}

impl Drop for Kubernetes {
    fn drop(&mut self) {
        // The watches are the session's, and end with it.
        self.session.abort();
    }
}
