//! One client with its watches at a time: built from the credentials, and built anew when these have changed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};

use super::backoff::Backoff;
use super::call::render_error;
use super::credentials::{Stamp, connect, observe_config, observe_stamp, render_source};
use super::resource::Resource;
use super::watch::{Update, Watch};
use crate::config;

/// From one look at the credentials to the next.
const LOOK: Duration = Duration::from_secs(5);
/// The longest wait before the same credentials are read again because the server does not take them.
const UNAUTHORIZED: Duration = Duration::from_secs(15);
/// Credentials that were taken for so long were good ones.
const GOOD: Duration = Duration::from_mins(1);
/// How long a program that the kubeconfig names may take for its credentials.
const READ: Duration = Duration::from_secs(30);

/// What a session has to say.
#[derive(Debug)]
pub(super) enum Message {
    /// A watch has news.
    Watch(Update),
    /// The credentials cannot be used, and why; those from before are in force.
    Unusable(String),
    /// They can. The addresses by which the API server is reached, where its URL names them.
    Usable(Vec<IpAddr>),
}

/// Keeps watches running on whatever credentials there are.
pub(super) struct Session {
    pub(super) source: config::Kubernetes,
    pub(super) messages: mpsc::Sender<Message>,
    /// The client in force, for whoever writes.
    pub(super) client: watch::Sender<Option<Client>>,
    /// Somebody was answered by 401.
    pub(super) unauthorized: Arc<Notify>,
}

impl Session {
    /// Runs until nobody listens any more.
    pub(super) async fn run(self) {
        let mut tasks = JoinSet::new();
        let mut backoff = Backoff::default();
        loop {
            let (seen, read) = self.read().await;
            // Files that could not be used are tried again and again, changed or not: what they need may be elsewhere.
            let stamp = read.is_ok().then_some(seen);
            let message = match read {
                Ok((client, addresses)) => {
                    self.client.send_replace(Some(client.clone()));
                    tasks = self.watch(&client);
                    Message::Usable(addresses)
                }
                Err(error) => Message::Unusable(error),
            };
            if self.messages.send(message).await.is_err() {
                return;
            }
            self.wait(stamp, &mut backoff).await;
            if self.messages.is_closed() {
                return drop(tasks);
            }
        }
    }

    /// Waits until the credentials should be read again.
    async fn wait(&self, stamp: Option<Stamp>, backoff: &mut Backoff) {
        let began = Instant::now();
        tokio::select! {
            () = self.changed(stamp) => backoff.reset(),
            () = self.unauthorized.notified(), if stamp.is_some() => {
                if began.elapsed() > GOOD {
                    backoff.reset();
                }
                // A token or a program's word that has ended may have a successor by now.
                sleep(backoff.next(UNAUTHORIZED)).await;
            }
        }
    }

    async fn changed(&self, stamp: Option<Stamp>) {
        loop {
            sleep(LOOK).await;
            let source = self.source.clone();
            let seen = spawn_blocking(move || observe_stamp(&source)).await.ok();
            if stamp.is_none() || seen != stamp || self.messages.is_closed() {
                return;
            }
        }
    }

    async fn read(&self) -> (Stamp, Result<(Client, Vec<IpAddr>), String>) {
        let source = self.source.clone();
        let reading = spawn_blocking(move || {
            // Before they are read: a change in between is then seen as one.
            let stamp = observe_stamp(&source);
            let read = observe_config(&source).and_then(|config| {
                let host = config.cluster_url.host().unwrap_or_default().trim_matches(['[', ']']);
                let addresses = host.parse().into_iter().collect();
                Ok((connect(&source, &config)?, addresses))
            });
            (stamp, read.map_err(|error| render_error(&error)))
        });
        match timeout(READ, reading).await {
            Ok(Ok(read)) => read,
            Ok(Err(_)) => (Stamp::default(), Err(format!("{}: reading it failed", render_source(&self.source)))),
            Err(_) => (Stamp::default(), Err(format!("{}: not read within {} s", render_source(&self.source), READ.as_secs()))),
        }
    }

    fn watch(&self, client: &Client) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for resource in Resource::ALL {
            tasks.spawn(Watch::new(resource, client.clone(), self.messages.clone()).run());
        }
        tasks
    }
}
