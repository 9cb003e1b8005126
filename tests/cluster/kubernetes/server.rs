//! A scripted server, for what a real one cannot be made to play: each request is answered by the next reply of its script, and as a
//! server with empty lists and silent watches does when there is none.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use http::{Request, Response};
use http_body_util::StreamBody;
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

type Chunks = BoxStream<'static, Result<Frame<Bytes>, Infallible>>;

/// One reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    text: String,
    /// Seconds after which to ask again.
    retry_after: Option<u32>,
    /// Nothing comes after the text, and no end either.
    hangs: bool,
    /// Until it comes.
    delay: Duration,
}

/// The server, and how often it was asked for what: `list services`, `watch nodes`, `peek services` (a list of one).
pub(crate) struct Server {
    script: Arc<Mutex<Script>>,
    directory: TempDir,
    url: String,
}

#[derive(Default)]
struct Script {
    replies: BTreeMap<String, VecDeque<Reply>>,
    asked: BTreeMap<String, usize>,
}

impl Reply {
    /// A list, or a refusal by another status.
    #[allow(clippy::needless_pass_by_value, reason = "scripts read better")]
    pub(crate) fn text(status: u16, text: impl ToString) -> Self {
        Self { status, text: text.to_string(), retry_after: None, hangs: false, delay: Duration::ZERO }
    }

    /// A whole list.
    pub(crate) fn list(items: &[Value]) -> Self {
        Self::text(200, json!({ "kind": "List", "metadata": { "resourceVersion": "5" }, "items": items }))
    }

    /// The events of a watch that then stays open.
    pub(crate) fn watch(events: &[(&str, Value)]) -> Self {
        Self { hangs: true, ..Self::ended_watch(events) }
    }

    /// The events of a watch that then ends.
    pub(crate) fn ended_watch(events: &[(&str, Value)]) -> Self {
        let lines: Vec<_> = events.iter().map(|(kind, object)| format!("{}\n", json!({ "type": kind, "object": object }))).collect();
        Self::text(200, lines.concat())
    }

    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    pub(crate) fn delayed(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    fn send(self) -> Response<StreamBody<Chunks>> {
        let first = (!self.text.is_empty()).then(|| Ok(Frame::data(Bytes::from(self.text))));
        let chunks = stream::iter(first);
        let chunks = if self.hangs { chunks.chain(stream::pending()).boxed() } else { chunks.boxed() };
        let mut reply = Response::builder().status(self.status);
        if let Some(seconds) = self.retry_after {
            reply = reply.header("retry-after", seconds);
        }
        reply.body(StreamBody::new(chunks)).unwrap()
    }
}

impl Server {
    /// Serves on loopback for as long as the runtime lives.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::<Mutex<Script>>::default();
        tokio::spawn(serve(listener, Arc::clone(&script)));
        Self { script, directory: TempDir::new().unwrap(), url }
    }

    /// Has requests answered by these, one after the other.
    pub(crate) fn play(&self, request: &str, replies: impl IntoIterator<Item = Reply>) {
        self.script.lock().unwrap().replies.entry(request.to_owned()).or_default().extend(replies);
    }

    pub(crate) fn asked(&self, request: &str) -> usize {
        self.script.lock().unwrap().asked.get(request).copied().unwrap_or(0)
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        let path = self.directory.path().join("kubeconfig");
        let text = json!({
            "clusters": [{ "name": "x", "cluster": { "server": self.url } }],
            "users": [{ "name": "x", "user": { "token": "secret" } }],
            "contexts": [{ "name": "x", "context": { "cluster": "x", "user": "x" } }],
            "current-context": "x",
        });
        std::fs::write(&path, text.to_string()).unwrap();
        path
    }
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let script = Arc::clone(&script);
        let answer = service_fn(move |request: Request<Incoming>| {
            let reply = next(&script, &request);
            async move {
                tokio::time::sleep(reply.delay).await;
                Ok::<_, Infallible>(reply.send())
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

fn next(script: &Mutex<Script>, request: &Request<Incoming>) -> Reply {
    let has = |part: &str| request.uri().query().is_some_and(|query| query.split('&').any(|own| own == part));
    let resource = request.uri().path().rsplit('/').next().unwrap_or_default();
    let watches = has("watch=true");
    let verb = match (watches, has("limit=1")) {
        (true, _) => "watch",
        (_, true) => "peek",
        _ => "list",
    };
    let request = format!("{verb} {resource}");
    let mut script = script.lock().unwrap();
    *script.asked.entry(request.clone()).or_default() += 1;
    let played = script.replies.get_mut(&request).and_then(VecDeque::pop_front);
    played.unwrap_or_else(|| if watches { Reply::watch(&[]) } else { Reply::list(&[]) })
}
