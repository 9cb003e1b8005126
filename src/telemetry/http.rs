//! `/livez`, `/readyz`, `/metrics`, `/state` and `/explain/…`. Every answer is the loop's own, so a loop that hangs answers nothing.

mod client;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
pub use client::{Error, fetch_state, fetch_story};
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::metrics;
use crate::model::report::{Guard, Report, Story, Subject};

/// What is answered, for whoever asks for something else.
const PATHS: &str = "/livez /readyz /metrics /state /explain/VIP /explain/NAMESPACE/NAME\n";

/// How long the loop may take to answer, and a client to ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections at a time: file descriptors are for the kernel's settings and sockets first.
const MOST_CONNECTIONS: usize = 32;

/// How long a connection may stay open.
const LONGEST_CONNECTION: Duration = Duration::from_mins(1);

/// A question to the loop.
#[derive(Debug)]
pub enum Ask {
    /// Does it turn?
    Live(oneshot::Sender<()>),
    /// Does it do what its sources say? Every guard.
    Ready(oneshot::Sender<Vec<Guard>>),
    /// All that it knows.
    State(oneshot::Sender<Report>),
    /// All that it counts, in the `OpenMetrics` text format.
    Metrics(oneshot::Sender<String>),
    /// All that it knows about one VIP or Service.
    Explain(Subject, oneshot::Sender<Story>),
}

/// Opens the socket.
///
/// # Errors
/// When the address is in use or not this host's.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Answers until the task is aborted.
pub async fn serve(listener: TcpListener, asks: mpsc::Sender<Ask>) {
    let seats = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: leave the others time to end.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let asks = asks.clone();
        let service = service_fn(move |request| answer(asks.clone(), request));
        let connection =
            http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(PATIENCE).serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // A client that goes away in the middle is no concern of ours; one that stays is shown out.
            let _ended = tokio::time::timeout(LONGEST_CONNECTION, connection).await;
            drop(seat);
        });
    }
}

async fn answer<B>(asks: mpsc::Sender<Ask>, request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::GET {
        return Ok(text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n"));
    }
    let path = request.uri().path();
    let response = match path {
        "/livez" => ask(&asks, Ask::Live).await.map(|()| text(StatusCode::OK, "ok\n")),
        "/readyz" => ask(&asks, Ask::Ready).await.map(|guards| readiness(&guards)),
        "/metrics" => ask(&asks, Ask::Metrics).await.map(|metrics| with_type(metrics::CONTENT_TYPE, metrics)),
        "/state" => ask(&asks, Ask::State).await.map(|report| json(&report)),
        _ => match path.strip_prefix("/explain/").map(str::parse) {
            Some(Ok(subject)) => ask(&asks, |reply| Ask::Explain(subject, reply)).await.map(|story| json(&story)),
            Some(Err(error)) => Some(text(StatusCode::BAD_REQUEST, format!("{error}\n"))),
            None => Some(text(StatusCode::NOT_FOUND, PATHS)),
        },
    };
    Ok(response.unwrap_or_else(|| text(StatusCode::SERVICE_UNAVAILABLE, "the loop does not turn\n")))
}

/// One guard a line. 200 where none that is required is shut.
fn readiness(guards: &[Guard]) -> Response<Full<Bytes>> {
    let shut = guards.iter().any(Guard::is_shut);
    let (status, verdict) = if shut { (StatusCode::SERVICE_UNAVAILABLE, "not ready") } else { (StatusCode::OK, "ready") };
    let lines = guards.iter().map(ToString::to_string).chain([format!("{verdict}\n")]);
    text(status, lines.collect::<Vec<_>>().join("\n"))
}

async fn ask<T>(asks: &mpsc::Sender<Ask>, question: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
    let (reply, answer) = oneshot::channel();
    let asked = async {
        asks.send(question(reply)).await.ok()?;
        answer.await.ok()
    };
    tokio::time::timeout(PATIENCE, asked).await.ok().flatten()
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
}

fn json(value: &impl Serialize) -> Response<Full<Bytes>> {
    match serde_json::to_vec(value) {
        Ok(bytes) => with_type("application/json", bytes),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

fn with_type(kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::OK, body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
