//! What a real API server cannot be made to do at will: 429, 500. Plain HTTP in front, the real one behind.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::control_plane::ControlPlane;

/// Where it listens, on the host of the control plane.
const PORT: u16 = 8001;

/// A proxy that hands everything to the API server, as the administrator, or answers by itself with an error. It ends when dropped.
pub struct FaultProxy {
    /// URL for a kubeconfig.
    pub url: String,
    fault: watch::Sender<Option<u16>>,
    requests: Arc<AtomicUsize>,
}

/// What every connection needs.
#[derive(Clone)]
struct Behind {
    client: Client,
    faults: watch::Receiver<Option<u16>>,
    requests: Arc<AtomicUsize>,
}

impl FaultProxy {
    /// Starts it on the host of the control plane.
    pub fn start(control_plane: &ControlPlane) -> Self {
        let (fault, faults) = watch::channel(None);
        let listener = control_plane.host().enter(|| StdListener::bind(SocketAddr::from(([0, 0, 0, 0], PORT)))).unwrap();
        listener.set_nonblocking(true).unwrap();
        let requests = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&requests);
        control_plane.background_with_client(async move |client| serve(listener, Behind { client, faults, requests: counted }).await);
        Self { url: format!("http://{}:{PORT}", control_plane.address()), fault, requests }
    }

    /// How many requests it took so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// From now on each request is answered with this status; what is under way is cut off.
    pub fn fail(&self, status: u16) {
        self.fault.send_replace(Some(status));
    }

    /// Undoes [`FaultProxy::fail`].
    pub fn heal(&self) {
        self.fault.send_replace(None);
    }
}

async fn serve(listener: StdListener, mut behind: Behind) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        tokio::select! {
            accepted = listener.accept() => drop(tokio::spawn(connection(accepted.unwrap().0, behind.clone()))),
            changed = behind.faults.changed() => if changed.is_err() { return },
        }
    }
}

async fn connection(stream: TcpStream, mut behind: Behind) {
    let fault = *behind.faults.borrow_and_update();
    let Behind { client, requests, mut faults } = behind;
    let answer = service_fn(|request| {
        requests.fetch_add(1, Ordering::Relaxed);
        let client = client.clone();
        async move { Ok::<_, Infallible>(answer(&client, fault, request).await) }
    });
    tokio::select! {
        // A client that goes away ends its own connection only.
        _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), answer) => {}
        _changed = faults.changed() => {}
    }
}

async fn answer(client: &Client, fault: Option<u16>, request: Request<Incoming>) -> Response<Body> {
    match fault {
        Some(status) => failure(status, "as the test wants it"),
        None => forward(client, request).await.unwrap_or_else(|error| failure(502, &error)),
    }
}

async fn forward(client: &Client, request: Request<Incoming>) -> Result<Response<Body>, String> {
    let (mut head, body) = request.into_parts();
    // It names the proxy.
    head.headers.remove(header::HOST);
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    client.send(Request::from_parts(head, Body::from(body))).await.map_err(|error| error.to_string())
}

/// As the API server words it (`metav1.Status`).
fn failure(status: u16, why: &str) -> Response<Body> {
    let text = serde_json::json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": why, "code": status });
    let mut response = Response::new(Body::from(text.to_string().into_bytes()));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == 429 {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
