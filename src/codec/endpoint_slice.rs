//! Serde projection of `discovery.k8s.io/v1.EndpointSlice`: on which nodes a Service has endpoints that serve.
//!
//! Absent: ports, zones and hints. Which endpoint gets a packet is for the proxy to say, not for the VIP.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::object::{Kind, Metadata, ObjectError, non_empty, null_as_default};
use crate::model::{Backends, EndpointSlice, Places, ServiceKey};

const KIND: Kind = Kind { name: "EndpointSlice", api_version: "discovery.k8s.io/v1" };
/// Label that names the Service of a slice.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SliceObject {
    #[serde(deserialize_with = "null_as_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "null_as_default")]
    address_type: String,
    #[serde(deserialize_with = "null_as_default")]
    endpoints: Vec<EndpointObject>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EndpointObject {
    #[serde(deserialize_with = "null_as_default")]
    addresses: Vec<String>,
    #[serde(deserialize_with = "null_as_default")]
    conditions: Conditions,
    node_name: Option<String>,
}

/// An absent one means: ready yes, serving as ready, terminating no (the API's own words on `EndpointConditions`).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Conditions {
    ready: Option<bool>,
    serving: Option<bool>,
    terminating: Option<bool>,
}

/// Whether an endpoint takes traffic.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Serves {
    Ready,
    Draining,
    No,
}

/// Reads an `EndpointSlice`. Slices of host names (`addressType: FQDN`) have no endpoint that a proxy forwards to, so none here.
///
/// # Errors
/// Another version or kind, or a field of the wrong type; the error names it.
#[allow(clippy::needless_pass_by_value, reason = "all decoders are called alike")]
pub fn decode_endpoint_slice(value: Value) -> Result<EndpointSlice, ObjectError> {
    let SliceObject { mut metadata, address_type, endpoints } = KIND.decode(&value)?;
    let name = metadata.labels.remove(SERVICE_NAME).filter(|name| !name.is_empty());
    let namespace = if metadata.namespace.is_empty() { "default".into() } else { metadata.namespace };
    let service = name.map(|name| ServiceKey { namespace: namespace.into(), name: name.into() });
    let endpoints = if matches!(address_type.as_str(), "IPv4" | "IPv6") { endpoints } else { Vec::new() };
    let api_server = if service.as_ref().is_some_and(is_api_server) { addresses(&endpoints) } else { Vec::new() };
    let (mut ready, mut draining) = (Vec::new(), Vec::new());
    for endpoint in endpoints {
        let node = non_empty(endpoint.node_name).map(Arc::from);
        match endpoint.conditions.serves() {
            Serves::Ready => ready.push(node),
            Serves::Draining => draining.push(node),
            Serves::No => {}
        }
    }
    Ok(EndpointSlice { service, backends: Backends { ready: Places::new(ready), draining: Places::new(draining) }, api_server })
}

impl Conditions {
    fn serves(&self) -> Serves {
        let ready = self.ready.unwrap_or(true);
        let serving = self.serving.unwrap_or(ready);
        match (ready, serving && self.terminating == Some(true)) {
            (true, _) => Serves::Ready,
            (false, true) => Serves::Draining,
            (false, false) => Serves::No,
        }
    }
}

/// The Service by which pods reach the API server; its endpoints are the API servers themselves, in every cluster.
fn is_api_server(service: &ServiceKey) -> bool {
    &*service.namespace == "default" && &*service.name == "kubernetes"
}

fn addresses(endpoints: &[EndpointObject]) -> Vec<IpAddr> {
    endpoints.iter().flat_map(|endpoint| &endpoint.addresses).filter_map(|text| text.parse().ok()).collect()
}
