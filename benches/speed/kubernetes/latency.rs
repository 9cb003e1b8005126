//! From the create request of a Service to the first answer for its VIP, beside a watch that does nothing else.

use std::ops::Range;
use std::pin::pin;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use k8s_openapi::api::core::v1::Service;
use kube::api::{Api, ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Client, ResourceExt};

use super::super::lab::LIMIT;
use super::super::probe::Probe;
use super::super::site::vip;
use super::load::service;
use super::site::KubeSite;

/// Between two samples: what one left behind must not slow down the next.
const PAUSE: Duration = Duration::from_millis(50);

/// Times of each sample, all since its request was sent.
#[derive(Default)]
pub struct Latency {
    /// The client had its first answer.
    pub answered: Vec<Duration>,
    /// A bare watch in this process had the object.
    pub watched: Vec<Duration>,
    /// The request was answered.
    pub created: Vec<Duration>,
}

impl Latency {
    /// Creates Services one by one, while the client asks for the VIP of the next one.
    pub fn measure(site: &KubeSite, numbers: Range<u32>) -> Self {
        let (order, orders) = tokio::sync::mpsc::unbounded_channel();
        let (sent, times) = mpsc::channel();
        let (seen, watched) = mpsc::channel();
        let creator = site.control_plane.background_with_client(async move |client| create(client, orders, sent).await);
        // Ends with the channel that it tells.
        drop(site.control_plane.background_with_client(async move |client| watch(client, seen).await));
        let has_listed: (String, Instant) = watched.recv_timeout(LIMIT).unwrap();
        assert_eq!(has_listed.0, "", "the watch begins before it tells what comes");
        // The channels move in there: the end of `order` ends the creator.
        let latency = site.client.enter(move || {
            let mut latency = Self::default();
            for number in numbers {
                let probe = Probe::open(&site.client, vip(number));
                order.send(number).unwrap();
                let answered = probe.answered();
                let (began, created): (Instant, Instant) = times.recv_timeout(LIMIT).unwrap();
                let name = format!("web-{number}");
                let seen = std::iter::repeat_with(|| watched.recv_timeout(LIMIT).unwrap()).find(|(seen, _)| *seen == name).unwrap().1;
                latency.answered.push(answered - began);
                latency.watched.push(seen - began);
                latency.created.push(created - began);
                thread::sleep(PAUSE);
            }
            latency
        });
        creator.join().unwrap();
        latency
    }
}

/// Creates each Service that is ordered; tells when its request was sent, and when it was answered.
async fn create(client: Client, mut orders: tokio::sync::mpsc::UnboundedReceiver<u32>, sent: mpsc::Sender<(Instant, Instant)>) {
    let services: Api<Service> = Api::namespaced(client, "default");
    while let Some(number) = orders.recv().await {
        let service = service(number);
        let began = Instant::now();
        services.create(&PostParams::default(), &service).await.unwrap();
        sent.send((began, Instant::now())).unwrap();
    }
}

/// Tells when each new Service was seen; an empty name: the watch is about to begin, behind what is there already.
async fn watch(client: Client, seen: mpsc::Sender<(String, Instant)>) {
    let services: Api<Service> = Api::all(client);
    let listed = services.list_metadata(&ListParams::default().limit(1)).await.unwrap();
    seen.send((String::new(), Instant::now())).unwrap();
    let version = listed.metadata.resource_version.unwrap();
    let mut events = pin!(services.watch(&WatchParams::default(), &version).await.unwrap());
    while let Some(event) = events.try_next().await.unwrap() {
        let WatchEvent::Added(service) = event else { continue };
        if seen.send((service.name_any(), Instant::now())).is_err() {
            return;
        }
    }
}
