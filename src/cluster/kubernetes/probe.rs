//! The way to the API server for `check`, step by step, so that it can be told which one fails. Nothing here hangs.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use http::Request;
use kube::config::AuthInfo;
use kube::{Client, Config};
use serde::Deserialize;
use serde_json::json;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::call::{CallError, call, open_reply, render_error};
use super::client::CONNECT;
use super::credentials::{connect, observe_config, render_source};
use super::resource::Resource;
use crate::config;
use crate::decide::doctor::api::{Answers, ApiFacts, Grant, Need, Reached};

mod tls;

/// How long each step may take.
const STEP: Duration = Duration::from_secs(5);

/// What came before an end.
type Step<T> = Result<T, Reached>;

/// Tries the way to the API server as far as it goes.
pub async fn probe(source: &config::Kubernetes) -> ApiFacts {
    let mut facts = ApiFacts {
        source: render_source(source),
        server: String::new(),
        credential: "no credential",
        reached: Reached::Silent(String::new()),
    };
    facts.reached = walk(source, &mut facts).await.map_or_else(|end| end, Reached::Answers);
    facts
}

async fn walk(source: &config::Kubernetes, facts: &mut ApiFacts) -> Step<Answers> {
    let (config, client) = read(source, facts).await?;
    let host = config.cluster_url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let is_tls = config.cluster_url.scheme_str() == Some("https");
    let port = config.cluster_url.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let addresses = resolve(&host, port).await?;
    let (stream, unconnected) = reach(addresses).await?;
    if is_tls {
        tls::shake_hands(&config, &host, stream).await?;
    }
    ask(&client, unconnected).await
}

async fn read(source: &config::Kubernetes, facts: &mut ApiFacts) -> Step<(Config, Client)> {
    let owned = source.clone();
    let reading = spawn_blocking(move || {
        let config = observe_config(&owned)?;
        // The program that it may name is run here.
        let client = connect(&owned, &config);
        Ok((config, client))
    });
    let late = || Reached::Unreadable(format!("{}: not read within {} s", render_source(source), STEP.as_secs()));
    let read = timeout(STEP, reading).await.map_err(|_| late())?.map_err(|error| Reached::Unreadable(render_error(&error)))?;
    let (config, client) = read.map_err(|error: super::credentials::CredentialError| Reached::Unreadable(render_error(&error)))?;
    config.cluster_url.to_string().trim_end_matches('/').clone_into(&mut facts.server);
    facts.credential = credential(&config.auth_info);
    Ok((config, client.map_err(|error| Reached::Unreadable(render_error(&error)))?))
}

fn credential(auth: &AuthInfo) -> &'static str {
    if auth.token.is_some() {
        "the token"
    } else if auth.token_file.is_some() {
        "the token file"
    } else if auth.exec.is_some() || auth.auth_provider.is_some() {
        "what a program gives"
    } else if auth.client_certificate.is_some() || auth.client_certificate_data.is_some() {
        "a client certificate"
    } else if auth.username.is_some() {
        "the password"
    } else {
        "no credential"
    }
}

async fn resolve(host: &str, port: u16) -> Step<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![(address, port).into()]);
    }
    let unresolved = |error: String| Reached::Unresolved { host: host.to_owned(), error };
    let found = timeout(STEP, lookup_host((host, port))).await;
    let found = found.map_err(|_| unresolved(format!("no answer within {} s", STEP.as_secs())))?;
    let addresses: Vec<_> = found.map_err(|error| unresolved(error.to_string()))?.collect();
    if addresses.is_empty() { Err(unresolved("none is known".to_owned())) } else { Ok(addresses) }
}

/// Tries all addresses at once: gives a connection to one that takes it, and those that do not.
async fn reach(addresses: Vec<SocketAddr>) -> Step<(TcpStream, Vec<(SocketAddr, String)>)> {
    let tries = join_all(addresses.into_iter().map(async |address| {
        let tried = timeout(CONNECT, TcpStream::connect(address)).await;
        let tried = tried.unwrap_or_else(|_| Err(std::io::Error::other(format!("no answer within {} s", CONNECT.as_secs()))));
        (address, tried)
    }));
    let (mut reached, mut refused) = (None, Vec::new());
    for (address, tried) in tries.await {
        match tried {
            Ok(stream) => reached = reached.or(Some(stream)),
            Err(error) => refused.push((address, error.to_string())),
        }
    }
    match reached {
        Some(stream) => Ok((stream, refused)),
        None => Err(Reached::Unconnected(refused)),
    }
}

async fn ask(client: &Client, unconnected: Vec<(SocketAddr, String)>) -> Step<Answers> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Version {
        git_version: String,
    }
    let reply = bounded(open_reply(client, get("/version")?)).await.map_err(ended)?;
    let date = reply.headers().get(http::header::DATE).and_then(|date| httpdate(date.to_str().ok()?));
    let skew = date.and_then(|date| date.checked_sub(now()));
    // A cluster may hide its version from most; that is no fault.
    let version = bounded(call(client, get("/version")?)).await.ok().and_then(|text| serde_json::from_slice::<Version>(&text).ok());
    let mut grants = Vec::new();
    for (verb, resource, group, need) in wanted(client).await? {
        let granted = bounded(review(client, verb, resource, group)).await;
        if let Err(CallError::Refused { code: 401, message, .. }) = granted {
            return Err(Reached::Unauthorized(message));
        }
        let resource = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        grants.push(Grant { verb, resource, need, granted: granted.map_err(|error| render_error(&error)) });
    }
    Ok(Answers { version: version.unwrap_or_default().git_version, unconnected, skew, grants })
}

/// Every right that the agent uses, as docs/rbac.yaml grants them; none of resources that the cluster does not have.
async fn wanted(client: &Client) -> Step<Vec<(&'static str, &'static str, &'static str, Need)>> {
    let mut rights = Vec::new();
    for resource in Resource::ALL {
        let there = resource.is_required() || bounded(is_there(client, resource)).await.unwrap_or(true);
        let need = if resource.is_required() { Need::Decide } else { Need::Reserve };
        if there {
            rights.extend(["list", "watch"].map(|verb| (verb, resource.name(), resource.group(), need)));
        }
    }
    rights.extend(["create", "patch"].map(|verb| (verb, "events", "events.k8s.io", Need::Tell)));
    Ok(rights)
}

async fn is_there(client: &Client, resource: Resource) -> Result<bool, CallError> {
    #[derive(Deserialize)]
    struct Served {
        #[serde(default)]
        resources: Vec<Named>,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let request = Request::get(format!("/apis/{}/v1", resource.group())).body(Vec::new()).map_err(CallError::from)?;
    match call(client, request).await {
        Err(CallError::Refused { code: 404, .. }) => Ok(false),
        reply => {
            let served: Served = serde_json::from_slice(&reply?).map_err(CallError::Garbage)?;
            Ok(served.resources.iter().any(|named| named.name == resource.name()))
        }
    }
}

/// A `SelfSubjectAccessReview`, which every authenticated user may ask for.
async fn review(client: &Client, verb: &str, resource: &str, group: &str) -> Result<bool, CallError> {
    #[derive(Deserialize)]
    struct Review {
        status: Status,
    }
    #[derive(Deserialize)]
    struct Status {
        allowed: bool,
    }
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": { "verb": verb, "resource": resource, "group": group } },
    });
    let request =
        Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews").header(http::header::CONTENT_TYPE, "application/json");
    let reply = call(client, request.body(body.to_string().into_bytes())?).await?;
    Ok(serde_json::from_slice::<Review>(&reply).map_err(CallError::Garbage)?.status.allowed)
}

async fn bounded<T>(call: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
    timeout(STEP, call).await.unwrap_or(Err(CallError::Late(STEP)))
}

fn get(path: &str) -> Step<Request<Vec<u8>>> {
    Request::get(path).body(Vec::new()).map_err(|error| Reached::Silent(error.to_string()))
}

fn ended(error: CallError) -> Reached {
    match error {
        CallError::Refused { code: 401, message, .. } => Reached::Unauthorized(message),
        error => Reached::Silent(render_error(&error)),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default()
}

/// Seconds since 1970 of an HTTP date (RFC 9110 §5.6.7).
fn httpdate(text: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp().as_second())
}
