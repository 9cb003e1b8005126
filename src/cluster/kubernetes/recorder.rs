//! Notices as Kubernetes Events (`events.k8s.io/v1`), one after the other, never at the cost of the agent.
//!
//! What cannot be written is counted and forgotten: an Event is news, and late news mislead. Absent: which news there are (floor 2).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::Request;
use kube::Client;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::call::{CallError, call, render_error};
use crate::model::{EventCounts, News, Notice, ServiceKey};

mod ledger;

use ledger::{Entry, Ledger};

/// Notices that wait at the most: as many as Services may be announced at a start.
const QUEUE: usize = 2048;
/// The longest note that the API takes, in bytes.
const LONGEST_NOTE: usize = 1024;

#[derive(Debug, Default)]
struct Counts {
    written: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

/// Writes notices.
#[derive(Debug)]
pub(super) struct Recorder {
    queue: mpsc::Sender<Notice>,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

/// The task that writes.
struct Writer {
    node: String,
    client: watch::Receiver<Option<Client>>,
    counts: Arc<Counts>,
    ledger: Ledger,
    /// The last error, so that each is logged once.
    error: Option<String>,
}

impl Recorder {
    /// Begins to write as `node`, by whatever client is in force.
    pub(super) fn start(node: &str, client: watch::Receiver<Option<Client>>) -> Self {
        let (queue, notices) = mpsc::channel(QUEUE);
        let counts = Arc::new(Counts::default());
        let ledger = Ledger::new(Instant::now());
        let writer = Writer { node: node.to_owned(), client, counts: Arc::clone(&counts), ledger, error: None };
        Self { queue, counts, task: tokio::spawn(writer.run(notices)) }
    }

    /// Has a notice written, some time. Never waits.
    pub(super) fn post(&self, notice: Notice) {
        if self.queue.try_send(notice).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn counts(&self) -> EventCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        EventCounts { written: read(&self.counts.written), failed: read(&self.counts.failed), dropped: read(&self.counts.dropped) }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Writer {
    async fn run(mut self, mut notices: mpsc::Receiver<Notice>) {
        while let Some(notice) = notices.recv().await {
            sleep_until(self.ledger.next_turn()).await;
            let Some(entry) = self.ledger.admit(&notice, Instant::now()) else {
                self.counts.dropped.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            match self.write(&notice, entry).await {
                Ok(()) => {
                    self.error = None;
                    self.counts.written.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => {
                    self.ledger.forget(&notice);
                    self.counts.failed.fetch_add(1, Ordering::Relaxed);
                    if self.error.as_ref() != Some(&error) {
                        tracing::warn!("no Event for Service {}: {error}", notice.service);
                        self.error = Some(error);
                    }
                }
            }
        }
    }

    async fn write(&self, notice: &Notice, entry: Entry) -> Result<(), String> {
        let Some(client) = self.client.borrow().clone() else { return Err("there is no client for the API server yet".to_owned()) };
        let now = jiff::Timestamp::now();
        let done = match entry.count {
            1 => call(&client, create(&self.node, notice, &entry.name, now)?).await,
            count => match call(&client, repeat(&notice.service, &entry.name, count, now)?).await {
                // It has ended after its hour, or somebody deleted it.
                Err(CallError::Refused { code: 404, .. }) => call(&client, create(&self.node, notice, &entry.name, now)?).await,
                done => done,
            },
        };
        done.map(drop).map_err(|error| render_error(&error))
    }
}

fn create(node: &str, notice: &Notice, name: &str, now: jiff::Timestamp) -> Result<Request<Vec<u8>>, String> {
    let body = render_event(node, notice, name, now);
    request(Request::post(collection(&notice.service)), "application/json", &body)
}

fn repeat(service: &ServiceKey, name: &str, count: u32, now: jiff::Timestamp) -> Result<Request<Vec<u8>>, String> {
    let body = json!({ "series": { "count": count, "lastObservedTime": render_time(now) } });
    request(Request::patch(format!("{}/{name}", collection(service))), "application/merge-patch+json", &body)
}

fn request(builder: http::request::Builder, kind: &str, body: &Value) -> Result<Request<Vec<u8>>, String> {
    builder.header(http::header::CONTENT_TYPE, kind).body(body.to_string().into_bytes()).map_err(|error| error.to_string())
}

fn collection(service: &ServiceKey) -> String {
    format!("/apis/events.k8s.io/v1/namespaces/{}/events", service.namespace)
}

/// The Event that says it first.
fn render_event(node: &str, notice: &Notice, name: &str, now: jiff::Timestamp) -> Value {
    let service = &notice.service;
    let (kind, reason, action) = match notice.news {
        News::Announcing { .. } => ("Normal", "Announcing", "Announce"),
        News::NotAnnounced { .. } => ("Warning", "NotAnnounced", "Announce"),
        News::AddressConflict { .. } => ("Warning", "AddressConflict", "Defend"),
    };
    json!({
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": { "name": name, "namespace": service.namespace },
        "eventTime": render_time(now),
        "type": kind,
        "reason": reason,
        "action": action,
        "note": render_note(node, &notice.news),
        "regarding": { "apiVersion": "v1", "kind": "Service", "namespace": service.namespace, "name": service.name, "uid": notice.uid },
        "reportingController": "hostvip",
        "reportingInstance": node,
    })
}

fn render_note(node: &str, news: &News) -> String {
    let text = match news {
        News::Announcing { vip, node, link } => format!("{node} answers for {vip} on {link}"),
        News::NotAnnounced { why } => why.clone(),
        News::AddressConflict { vip, mac, link } => format!("{mac} answers for {vip} too, heard by {node} on {link}"),
    };
    let end = text.char_indices().map(|(at, character)| at + character.len_utf8()).take_while(|end| *end <= LONGEST_NOTE).last();
    text[..end.unwrap_or(0)].to_owned()
}

/// `MicroTime` of the API: six digits, no more and no less.
fn render_time(time: jiff::Timestamp) -> String {
    format!("{time:.6}")
}
