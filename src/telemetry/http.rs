//! `/livez`, `/readyz` and `/state`. Every answer is the loop's own, so a loop that hangs answers nothing.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::model::report::Report;

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
    /// What is it still waiting for? Empty: nothing.
    Ready(oneshot::Sender<Vec<String>>),
    /// All that it knows.
    State(oneshot::Sender<Report>),
}

/// Why a running agent could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens.
    #[error("no agent answers on {address}")]
    Connect {
        /// Where it should listen.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The answer did not come, or was cut short.
    #[error("ask the agent on {address} for its state")]
    Http {
        /// Where it listens.
        address: SocketAddr,
        /// Why.
        source: hyper::Error,
    },
    /// The agent listens, and does not answer.
    #[error("the agent on {address} did not answer within {PATIENCE:?}: its loop hangs")]
    Silent {
        /// Where it listens.
        address: SocketAddr,
    },
    /// What answers is no hostvip of this version.
    #[error("understand the answer of {address}; is another program listening there?")]
    Decode {
        /// Where it listens.
        address: SocketAddr,
        /// Why.
        source: serde_json::Error,
    },
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
    let response = match request.uri().path() {
        "/livez" => ask(&asks, Ask::Live).await.map(|()| text(StatusCode::OK, "ok\n")),
        "/readyz" => ask(&asks, Ask::Ready).await.map(|waits| match waits.as_slice() {
            [] => text(StatusCode::OK, "ok\n"),
            waits => text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", waits.join(", "))),
        }),
        "/state" => ask(&asks, Ask::State).await.map(|report| match serde_json::to_vec(&report) {
            Ok(json) => json_response(json),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }),
        _ => Some(text(StatusCode::NOT_FOUND, "/livez /readyz /state\n")),
    };
    Ok(response.unwrap_or_else(|| text(StatusCode::SERVICE_UNAVAILABLE, "the loop does not turn\n")))
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

fn json_response(body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::OK, body);
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}

/// Asks the agent that listens on `address` for its state.
///
/// # Errors
/// When none runs there, or it does not answer.
pub async fn fetch_state(address: SocketAddr) -> Result<Report, Error> {
    let fetched = tokio::time::timeout(PATIENCE + Duration::from_secs(1), fetch(address)).await;
    fetched.unwrap_or(Err(Error::Silent { address }))
}

async fn fetch(address: SocketAddr) -> Result<Report, Error> {
    let stream = TcpStream::connect(address).await.map_err(|source| Error::Connect { address, source })?;
    let http = |source| Error::Http { address, source };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(http)?;
    let driver = tokio::spawn(async move { connection.await.ok() });
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = hyper::Uri::from_static("/state");
    request.headers_mut().insert(hyper::header::HOST, hyper::header::HeaderValue::from_static("hostvip"));
    let response = sender.send_request(request).await.map_err(http)?;
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        return Err(Error::Silent { address });
    }
    let body = response.into_body().collect().await.map_err(http)?.to_bytes();
    driver.abort();
    serde_json::from_slice(&body).map_err(|source| Error::Decode { address, source })
}
