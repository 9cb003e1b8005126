//! Asks a running agent.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use super::PATIENCE;
use crate::model::report::{Report, Story, Subject};

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
    #[error("ask the agent on {address}")]
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
    /// It has no such answer.
    #[error("the agent on {address} answers {status} to {path}: {body}; is it another version of hostvip?")]
    Refused {
        /// Where it listens.
        address: SocketAddr,
        /// What was asked.
        path: String,
        /// Status of the answer.
        status: StatusCode,
        /// Its first line.
        body: String,
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

/// Asks the agent that listens on `address` for its state.
///
/// # Errors
/// When none runs there, or it does not answer.
pub async fn fetch_state(address: SocketAddr) -> Result<Report, Error> {
    fetch(address, "/state".to_owned()).await
}

/// Asks the agent that listens on `address` for the whole story of `subject`.
///
/// # Errors
/// As [`fetch_state`].
pub async fn fetch_story(address: SocketAddr, subject: &Subject) -> Result<Story, Error> {
    fetch(address, format!("/explain/{subject}")).await
}

async fn fetch<T: DeserializeOwned>(address: SocketAddr, path: String) -> Result<T, Error> {
    let fetched = tokio::time::timeout(PATIENCE + Duration::from_secs(1), ask(address, &path)).await;
    let (status, body) = fetched.unwrap_or(Err(Error::Silent { address }))?;
    match status {
        StatusCode::OK => serde_json::from_slice(&body).map_err(|source| Error::Decode { address, source }),
        StatusCode::SERVICE_UNAVAILABLE => Err(Error::Silent { address }),
        _ => {
            let body = String::from_utf8_lossy(&body).lines().next().unwrap_or_default().to_owned();
            Err(Error::Refused { address, path, status, body })
        }
    }
}

async fn ask(address: SocketAddr, path: &str) -> Result<(StatusCode, Bytes), Error> {
    let stream = TcpStream::connect(address).await.map_err(|source| Error::Connect { address, source })?;
    let http = |source| Error::Http { address, source };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(http)?;
    let driver = tokio::spawn(async move { connection.await.ok() });
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = path.parse().unwrap_or(Uri::from_static("/"));
    request.headers_mut().insert(hyper::header::HOST, hyper::header::HeaderValue::from_static("hostvip"));
    let response = sender.send_request(request).await.map_err(http)?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(http)?.to_bytes();
    driver.abort();
    Ok((status, body))
}
