//! List, then watch, of one resource, for ever.
//!
//! kube's own watcher is not used: it does not tell when a watch stands again, it asks without end a server that closes each watch at
//! once, and it never lists again when a watch is refused with 410 at its very start.

use std::time::Duration;

use bytes::Bytes;
use kube::Client;
use kube::api::{ListParams, WatchParams};
use kube::core::{Request, Status};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep};

use super::backoff::{Backoff, spread};
use super::call::{CallError, Lines, call, open, render_error};
use super::resource::{Object, Resource};
use super::session::Message;

/// Objects on one page of a list: what is in memory at once.
const PAGE: u32 = 500;
/// The server ends a watch after this, in seconds.
const WATCH_SECONDS: u32 = 290;
/// Without a word for this long a watch is dead, where HTTP/2 does not find out earlier.
const SILENCE: Duration = Duration::from_secs(WATCH_SECONDS as u64 + 5);
/// A watch that stood this long was a good one.
const STOOD: Duration = Duration::from_secs(5);
/// The longest wait while the server is away: it is used again so soon after its return.
const AWAY: Duration = Duration::from_secs(5);
/// The longest wait while the server refuses: what mends that is a human.
const REFUSED: Duration = Duration::from_secs(15);
/// The longest wait that a server may ask for.
const ASKED: Duration = Duration::from_mins(1);
/// Until a resource that is absent from the cluster is looked for again.
const ABSENT: Duration = Duration::from_mins(10);
/// Refusals in a row after which the version itself is suspected, and all is listed anew.
const SUSPECT: u32 = 5;

/// What a watch has to say.
#[derive(Debug)]
pub(super) struct Update {
    /// Of which resource.
    pub(super) resource: Resource,
    /// What.
    pub(super) event: WatchEvent,
}

/// What happens on one watch.
#[derive(Debug)]
pub(super) enum WatchEvent {
    /// A list begins: what is not seen before it ends is gone.
    Begun,
    /// An object is there.
    Seen(Object),
    /// An object was deleted.
    Gone(Object),
    /// The list is complete.
    Listed,
    /// The watch stands.
    Stands,
    /// It does not, and why.
    Away {
        /// Why.
        error: String,
        /// The HTTP status by which the server refused.
        code: Option<u16>,
    },
    /// The cluster has no such resource.
    Absent,
}

/// A page of a list, its objects unread.
#[derive(Deserialize)]
struct Page {
    metadata: PageMeta,
    #[serde(default)]
    items: Option<Vec<Box<RawValue>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageMeta {
    #[serde(default)]
    resource_version: String,
    #[serde(rename = "continue", default)]
    next: Option<String>,
}

/// A line of a watch, its object unread.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    object: Box<RawValue>,
}

/// One resource, followed.
pub(super) struct Watch {
    resource: Resource,
    client: Client,
    messages: Sender<Message>,
    /// Where the watch goes on; none: all is listed first.
    version: Option<String>,
    /// The last watch was broken off: what the server knows since may be another history.
    broken: bool,
    refusals: u32,
}

/// Nobody listens any more.
struct Closed;

/// How a turn ended.
enum Ended {
    Call(CallError),
    Closed,
}

impl From<CallError> for Ended {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<Closed> for Ended {
    fn from(Closed: Closed) -> Self {
        Self::Closed
    }
}

impl Watch {
    /// Follows `resource`; the first thing that is done is a list.
    pub(super) fn new(resource: Resource, client: Client, messages: Sender<Message>) -> Self {
        Self { resource, client, messages, version: None, broken: false, refusals: 0 }
    }

    /// Follows it until nobody listens any more.
    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            let began = Instant::now();
            let ended = self.turn().await;
            self.broken = ended.is_err() || began.elapsed() < Duration::from_secs(WATCH_SECONDS.into());
            if began.elapsed() >= STOOD && self.version.is_some() {
                backoff.reset();
            }
            let wait = match ended {
                Ok(()) if began.elapsed() >= STOOD => Duration::ZERO,
                Ok(()) => backoff.next(AWAY),
                Err(Ended::Closed) => return,
                Err(Ended::Call(error)) => match self.judge(&error, &mut backoff).await {
                    Ok(wait) => wait,
                    Err(Closed) => return,
                },
            };
            sleep(wait).await;
        }
    }

    /// Lists where that is due, then watches until the watch ends.
    async fn turn(&mut self) -> Result<(), Ended> {
        if self.broken && self.is_ahead().await? {
            tracing::warn!("the API server's store is older than what it told of {}: it was restored; listing anew", self.resource.name());
            self.version = None;
        }
        if self.version.is_none() {
            self.version = Some(self.list().await?);
        }
        self.watch().await
    }

    /// Whether the server has not come as far as this watch: its store was restored from a backup. It would take the watch, and tell
    /// nothing until it has. Versions of one resource are numbers that grow (KEP-5504).
    async fn is_ahead(&self) -> Result<bool, Ended> {
        let Some(Ok(version)) = self.version.as_ref().map(|version| version.parse::<u64>()) else { return Ok(false) };
        let parameters = ListParams { limit: Some(1), ..ListParams::default() };
        let page = self.page(&parameters).await?;
        Ok(page.metadata.resource_version.parse::<u64>().is_ok_and(|newest| newest < version))
    }

    async fn page(&self, parameters: &ListParams) -> Result<Page, Ended> {
        let request = Request::new(self.resource.path()).list(parameters).map_err(unbuilt)?;
        Ok(serde_json::from_slice(&call(&self.client, request).await?).map_err(CallError::Garbage)?)
    }

    /// Says what went wrong, and gives the time until the next try.
    async fn judge(&mut self, error: &CallError, backoff: &mut Backoff) -> Result<Duration, Closed> {
        let code = error.code();
        backoff.note(code.is_some());
        self.refusals = if code.is_some() { self.refusals + 1 } else { 0 };
        if code == Some(410) || self.refusals >= SUSPECT || matches!(error, CallError::Garbage(_)) {
            self.version = None;
            self.refusals = 0;
        }
        // The history that is gone is no fault of anybody's: the list that follows says what there is.
        if code == Some(410) {
            return Ok(backoff.next(AWAY));
        }
        if code == Some(404) && !self.resource.is_required() {
            self.version = None;
            self.say(WatchEvent::Absent).await?;
            return Ok(spread(ABSENT));
        }
        self.say(WatchEvent::Away { error: render_error(error), code }).await?;
        let limit = if matches!(code, Some(400..=428)) { REFUSED } else { AWAY };
        Ok(backoff.next(limit).max(error.retry_after().map_or(Duration::ZERO, |asked| spread(asked.min(ASKED)))))
    }

    async fn list(&self) -> Result<String, Ended> {
        let mut parameters = ListParams { limit: Some(PAGE), ..ListParams::default() };
        self.say(WatchEvent::Begun).await?;
        loop {
            let page = self.page(&parameters).await?;
            for raw in page.items.unwrap_or_default() {
                self.say(WatchEvent::Seen(self.resource.decode(&raw))).await?;
            }
            parameters.continue_token = page.metadata.next.filter(|token| !token.is_empty());
            if parameters.continue_token.is_none() {
                self.say(WatchEvent::Listed).await?;
                return Ok(page.metadata.resource_version);
            }
        }
    }

    async fn watch(&mut self) -> Result<(), Ended> {
        let parameters = WatchParams { timeout: Some(WATCH_SECONDS), bookmarks: true, ..WatchParams::default() };
        let version = self.version.clone().unwrap_or_default();
        let request = Request::new(self.resource.path()).watch(&parameters, &version).map_err(unbuilt)?;
        let mut lines = Lines::new(open(&self.client, request).await?, SILENCE);
        self.refusals = 0;
        self.say(WatchEvent::Stands).await?;
        while let Some(line) = lines.next().await? {
            self.take(&line).await?;
        }
        Ok(())
    }

    async fn take(&mut self, line: &Bytes) -> Result<(), Ended> {
        let Line { kind, object } = serde_json::from_slice(line).map_err(CallError::Garbage)?;
        if kind == "ERROR" {
            let status: Status = serde_json::from_str(object.get()).map_err(CallError::Garbage)?;
            return Err(CallError::from(status).into());
        }
        if kind == "BOOKMARK" {
            #[derive(Deserialize)]
            struct Bookmark {
                metadata: PageMeta,
            }
            let Bookmark { metadata } = serde_json::from_str(object.get()).map_err(CallError::Garbage)?;
            self.version = Some(metadata.resource_version).filter(|version| !version.is_empty()).or(self.version.take());
            return Ok(());
        }
        let object = self.resource.decode(&object);
        if !object.version.is_empty() {
            self.version = Some(object.version.clone());
        }
        match kind.as_str() {
            "ADDED" | "MODIFIED" => self.say(WatchEvent::Seen(object)).await?,
            "DELETED" => self.say(WatchEvent::Gone(object)).await?,
            // A kind of event that this version does not know says nothing about the objects that it does.
            _ => {}
        }
        Ok(())
    }

    async fn say(&self, event: WatchEvent) -> Result<(), Closed> {
        self.messages.send(Message::Watch(Update { resource: self.resource, event })).await.map_err(|_| Closed)
    }
}

/// A request of fixed form that cannot be built: its words are the error's.
fn unbuilt(error: kube::core::request::Error) -> Ended {
    CallError::Lost(error.into()).into()
}
