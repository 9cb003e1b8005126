//! Services and `EndpointSlices` by the thousand, written as fast as the API server takes them.

use std::ops::Range;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::super::lab::control_plane::ControlPlane;
use super::super::site::vip;

/// Requests under way at a time.
const AT_ONCE: usize = 32;

/// Service number `number`, with its VIP as an external address: one request makes the whole of it.
pub fn service(number: u32) -> Service {
    let name = format!("web-{number}");
    serde_json::from_value(json!({
        "metadata": { "name": name, "namespace": "default", "labels": { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop" } },
        "spec": {
            "externalIPs": [vip(number)],
            "selector": { "app.kubernetes.io/name": name },
            "ports": [{ "name": "http", "port": 80, "targetPort": 8080 }, { "name": "https", "port": 443, "targetPort": 8443 }],
        },
    }))
    .unwrap()
}

/// Its `EndpointSlice`; `turn` moves an endpoint to other nodes.
fn slice(number: u32, turn: u32) -> Value {
    let endpoint = |position: u32| {
        json!({
            "addresses": [format!("10.244.{}.{}", position % 200, 1 + number % 250)],
            "nodeName": format!("node-{}", position % 100),
            "conditions": { "ready": true, "serving": true, "terminating": false },
        })
    };
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": { "name": format!("web-{number}-1"), "namespace": "default", "labels": { "kubernetes.io/service-name": format!("web-{number}") } },
        "addressType": "IPv4",
        "ports": [{ "name": "http", "port": 8080, "protocol": "TCP" }, { "name": "https", "port": 8443, "protocol": "TCP" }],
        "endpoints": [endpoint(number), endpoint(number + 1 + turn)],
    })
}

/// Creates Services, each with an `EndpointSlice` of two endpoints.
pub fn create(control_plane: &ControlPlane, numbers: Range<u32>) {
    control_plane.with_client(async |client| {
        let (services, slices) = apis(&client);
        let create = async |number| {
            services.create(&PostParams::default(), &service(number)).await.unwrap();
            let slice = serde_json::from_value(slice(number, 0)).unwrap();
            slices.create(&PostParams::default(), &slice).await.unwrap();
        };
        stream::iter(numbers.map(create)).buffer_unordered(AT_ONCE).collect::<()>().await;
    });
}

/// Changes `rate` `EndpointSlices` of the first `count` in each second, for `time`: how many, and in what time.
pub fn change_slices(control_plane: &ControlPlane, count: u32, rate: u32, time: Duration) -> (u32, Duration) {
    control_plane.with_client(async |client| {
        let (_, slices) = apis(&client);
        let began = Instant::now();
        let due = |turn: u32| began + Duration::from_secs(1) * turn / rate;
        let changes = u32::try_from(time.as_secs()).unwrap() * rate;
        let change = async |turn: u32| {
            tokio::time::sleep_until(due(turn).into()).await;
            // Spread over all of them.
            let number = turn.wrapping_mul(7_919) % count;
            let endpoints = json!({ "endpoints": slice(number, 1 + turn)["endpoints"] });
            slices.patch(&format!("web-{number}-1"), &PatchParams::default(), &Patch::Merge(endpoints)).await.unwrap();
        };
        stream::iter((0..changes).map(change)).buffered(AT_ONCE).collect::<()>().await;
        (changes, began.elapsed())
    })
}

fn apis(client: &Client) -> (Api<Service>, Api<EndpointSlice>) {
    (Api::namespaced(client.clone(), "default"), Api::namespaced(client.clone(), "default"))
}
