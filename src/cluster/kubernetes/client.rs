//! The HTTP client: HTTP/2 with keep-alive PINGs, as client-go has it, so that a server that hangs is noticed.
//!
//! kube's own stack speaks HTTP/1.1 only, waits for ever for a reply, and retries and logs out of our sight: its credentials and
//! addresses are taken over here, the rest is not.

use std::time::Duration;

use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::{Client, Config};
use tower::{BoxError, ServiceExt};

/// Until a TCP connection stands.
pub(super) const CONNECT: Duration = Duration::from_secs(3);
/// From one PING to the next, also while nothing is asked. client-go has 30 s, and 15 s for the answer; a VIP cannot wait as long.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// Until a PING is answered; then the connection is given up and every watch on it fails.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection of HTTP/1.1, which knows no PING, has those of TCP.
const TCP_KEEPALIVE: Duration = Duration::from_secs(10);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(super) enum BuildError {
    /// Certificates, keys or tokens are unusable.
    #[error("the credentials are unusable")]
    Credentials(#[source] Box<kube::Error>),
    /// `tls-server-name` is no name.
    #[error("tls-server-name {0:?} is no DNS name and no address")]
    ServerName(String),
    /// `proxy-url` is set.
    #[error("proxy-url {0} is not supported: name an address of the API server that this node reaches itself")]
    Proxy(http::Uri),
}

/// Builds a client; nothing is connected yet. May run a program that the kubeconfig names for its credentials, and wait for it.
pub(super) fn build(config: &Config) -> Result<Client, BuildError> {
    if let Some(proxy) = &config.proxy_url {
        return Err(BuildError::Proxy(proxy.clone()));
    }
    let credentials = |error| BuildError::Credentials(Box::new(error));
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT));
    tcp.set_keepalive(Some(TCP_KEEPALIVE));
    tcp.set_nodelay(true);
    let mut tls = HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config().map_err(credentials)?).https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = name.clone().try_into().map_err(|_| BuildError::ServerName(name.clone()))?;
        tls = tls.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let http: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true)
        .build(tls.enable_all_versions().wrap_connector(tcp));
    let headers = config.extra_headers_layer().map_err(credentials)?;
    // The layer that adds a token knows errors of this type only.
    let http = http.map_err(BoxError::from);
    let base = ClientBuilder::new(http, config.default_namespace.clone()).with_layer(&headers);
    let uri = config.base_uri_layer();
    Ok(match config.auth_layer().map_err(credentials)? {
        Some(auth) => base.with_layer(&auth).with_layer(&uri).build(),
        None => base.with_layer(&uri).build(),
    })
}
