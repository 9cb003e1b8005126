//! One request and its reply, with a limit for everything that may hang.
//!
//! Absent: kube's own request functions, which log the bodies of objects that they cannot read.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use tokio::time::timeout;
use tower::BoxError;

/// Until the head of a reply is there, connecting and TLS included.
const HEAD: Duration = Duration::from_secs(10);
/// Until the rest of it is.
const REST: Duration = Duration::from_secs(30);
/// The longest reply: a page of 500 objects, each as large as etcd takes (1.5 MiB), would be larger, but then something is wrong.
const LONGEST: usize = 256 << 20;
/// The longest error message that is repeated.
const LONGEST_MESSAGE: usize = 300;

/// A request that came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The server cannot be reached, or the connection was lost.
    #[error("the API server cannot be reached: {}", innermost(.0.as_ref()))]
    Lost(BoxError),
    /// No reply in time.
    #[error("the API server did not answer within {} s", .0.as_secs())]
    Late(Duration),
    /// The server refuses.
    #[error("the API server says {code}: {message}")]
    Refused {
        /// HTTP status, or the code in a watch.
        code: u16,
        /// The server's words.
        message: String,
        /// When to ask again, if it says so.
        retry_after: Option<Duration>,
    },
    /// The reply is no JSON, or not what was asked for.
    #[error("the API server's reply cannot be read")]
    Garbage(#[source] serde_json::Error),
    /// The reply never ends.
    #[error("the API server's reply is longer than {} MiB", LONGEST >> 20)]
    Endless,
}

impl CallError {
    /// The HTTP status by which it was refused.
    pub(super) fn code(&self) -> Option<u16> {
        if let Self::Refused { code, .. } = self { Some(*code) } else { None }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        if let Self::Refused { retry_after, .. } = self { *retry_after } else { None }
    }
}

impl From<http::Error> for CallError {
    fn from(error: http::Error) -> Self {
        Self::Lost(error.into())
    }
}

impl From<Status> for CallError {
    fn from(status: Status) -> Self {
        let wait = status.details.map_or(0, |details| details.retry_after_seconds);
        let retry_after = (wait > 0).then(|| Duration::from_secs(wait.into()));
        let message = if status.message.is_empty() { status.reason } else { status.message };
        Self::Refused { code: status.code, message: shorten(&message), retry_after }
    }
}

/// Sends a request, and reads the whole reply.
pub(super) async fn call(client: &Client, request: Request<Vec<u8>>) -> Result<Bytes, CallError> {
    let body = open(client, request).await?;
    collect(body).await
}

/// Sends a request, and gives the body of a reply that is no refusal.
pub(super) async fn open(client: &Client, request: Request<Vec<u8>>) -> Result<Body, CallError> {
    Ok(open_reply(client, request).await?.into_body())
}

/// Sends a request, and gives a reply that is no refusal, its body unread.
pub(super) async fn open_reply(client: &Client, request: Request<Vec<u8>>) -> Result<Response<Body>, CallError> {
    let reply = timeout(HEAD, client.send(request.map(Body::from)))
        .await
        .map_err(|_| CallError::Late(HEAD))?
        .map_err(|error| CallError::Lost(bare(error)))?;
    let status = reply.status();
    if status.is_success() {
        return Ok(reply);
    }
    let header = reply.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let text = collect(reply.into_body()).await.unwrap_or_default();
    Err(refusal(status, &text, header.map(Duration::from_secs)))
}

fn refusal(status: StatusCode, text: &[u8], wait: Option<Duration>) -> CallError {
    // A proxy in between answers in its own words, which are not JSON.
    let error = serde_json::from_slice::<Status>(text).map(CallError::from);
    let (message, own) = match error {
        Ok(CallError::Refused { message, retry_after, .. }) => (message, retry_after),
        _ => (shorten(&String::from_utf8_lossy(text)), None),
    };
    let message = if message.is_empty() { status.canonical_reason().unwrap_or("").to_owned() } else { message };
    CallError::Refused { code: status.as_u16(), message, retry_after: own.or(wait) }
}

async fn collect(body: Body) -> Result<Bytes, CallError> {
    let whole = timeout(REST, Limited::new(body, LONGEST).collect()).await.map_err(|_| CallError::Late(REST))?;
    Ok(whole.map_err(lost)?.to_bytes())
}

fn lost(error: BoxError) -> CallError {
    match error.downcast::<kube::Error>() {
        Ok(error) => CallError::Lost(bare(*error)),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => CallError::Endless,
        Err(error) => CallError::Lost(error),
    }
}

/// Without kube's wrapping, which says "`ServiceError`" and then the same again.
fn bare(error: kube::Error) -> BoxError {
    if let kube::Error::Service(inner) = error { inner } else { error.into() }
}

fn shorten(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST_MESSAGE { line } else { line.chars().take(LONGEST_MESSAGE).chain(['…']).collect() }
}

/// The lines of a reply that goes on.
pub(super) struct Lines {
    body: Body,
    buffer: BytesMut,
    /// No newline is before here.
    searched: usize,
    silence: Duration,
}

impl Lines {
    /// A body that is given up when nothing comes for `silence`.
    pub(super) fn new(body: Body, silence: Duration) -> Self {
        Self { body, buffer: BytesMut::new(), searched: 0, silence }
    }

    /// The next line; none at the end. What comes after the last newline was cut off, and is dropped.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        loop {
            if let Some(end) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(self.searched + end + 1).freeze();
                self.searched = 0;
                return Ok(Some(line));
            }
            self.searched = self.buffer.len();
            if self.searched > LONGEST {
                return Err(CallError::Endless);
            }
            let frame = timeout(self.silence, self.body.frame()).await.map_err(|_| CallError::Late(self.silence))?;
            let Some(frame) = frame else { return Ok(None) };
            if let Ok(data) = frame.map_err(|error| CallError::Lost(bare(error)))?.into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
    }
}

/// What happened, without the libraries through which it was told, nor the address of a manual.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let last = std::iter::successors(Some(error), |error| error.source()).last();
    let text = last.map(ToString::to_string).unwrap_or_default();
    first_line(text.split(": https://").next().unwrap_or_default()).to_owned()
}

/// Below it a YAML parser draws the place, and what stands in a kubeconfig is no business of a log.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// An error and its sources on one line. kube's errors repeat their source: what was said is not said again.
pub(super) fn render_error(error: &dyn std::error::Error) -> String {
    let mut text = first_line(&error.to_string()).to_owned();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        let more = first_line(&more);
        if !text.contains(more) {
            text = format!("{text}: {more}");
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{CallError, render_error};

    #[derive(Debug, thiserror::Error)]
    #[error("client error (Connect)")]
    struct Library(#[source] io::Error);

    #[test]
    fn one_clear_sentence_and_no_library() {
        let lost = |why: &str| render_error(&CallError::Lost(Library(io::Error::other(why.to_owned())).into()));
        assert_eq!(lost("connection refused"), "the API server cannot be reached: connection refused");
        assert_eq!(lost("closed: https://docs.example/#eof"), "the API server cannot be reached: closed");
    }

    #[test]
    fn what_stands_in_a_kubeconfig_is_not_repeated() {
        let drawn = io::Error::other("line 1: unclosed bracket\n  |\n1 | token: secret\n  | ^");
        assert_eq!(render_error(&drawn), "line 1: unclosed bracket");
    }
}
