//! Serde projection of `v1.Node`: what decides whether it may serve a VIP, and the addresses that are its own.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::Value;

use super::object::{Kind, Metadata, ObjectError, null_as_default};
use crate::model::Node;

const KIND: Kind = Kind { name: "Node", api_version: "v1" };
/// Taint by which an administrator says that a node is shut down (KEP-2268).
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

#[derive(Default, Deserialize)]
#[serde(default)]
struct NodeObject {
    #[serde(deserialize_with = "null_as_default")]
    metadata: Metadata<Annotations>,
    #[serde(deserialize_with = "null_as_default")]
    spec: Spec,
    #[serde(deserialize_with = "null_as_default")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Annotations {
    /// JSON of OVN-Kubernetes: subnets by network.
    #[serde(rename = "k8s.ovn.org/node-subnets")]
    subnets: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(rename = "podCIDR")]
    pod_cidr: Option<String>,
    #[serde(rename = "podCIDRs", deserialize_with = "null_as_default")]
    pod_cidrs: Vec<String>,
    #[serde(deserialize_with = "null_as_default")]
    taints: Vec<Taint>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Taint {
    key: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    #[serde(deserialize_with = "null_as_default")]
    addresses: Vec<Address>,
    #[serde(deserialize_with = "null_as_default")]
    conditions: Vec<Condition>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Address {
    address: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

/// Subnets of one network in OVN-Kubernetes' annotation, which had one text before it had a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Subnets {
    One(String),
    Several(Vec<String>),
}

/// Reads a Node. What in its addresses, pod CIDRs and OVN-Kubernetes' annotation is no address or CIDR is passed over: other
/// programs write them, and the Node counts all the same.
///
/// # Errors
/// Another version or kind, no name, or a field of the wrong type; the error names it.
#[allow(clippy::needless_pass_by_value, reason = "all decoders are called alike")]
pub fn decode_node(value: Value) -> Result<Node, ObjectError> {
    let NodeObject { metadata, spec, status } = KIND.decode(&value)?;
    if metadata.name.is_empty() {
        return Err(KIND.error(&value, "metadata.name", "is missing".to_owned()));
    }
    let written = spec.pod_cidrs.into_iter().chain(spec.pod_cidr);
    let mut pod_cidrs: Vec<_> =
        written.chain(ovn_subnets(metadata.annotations.subnets)).filter_map(|text| text.parse::<IpNet>().ok()).collect();
    pod_cidrs.sort_unstable();
    pod_cidrs.dedup();
    Ok(Node {
        name: metadata.name.into(),
        labels: metadata.labels.into(),
        // Host names stand in the same list.
        addresses: status.addresses.iter().filter_map(|entry| entry.address.parse().ok()).collect(),
        pod_cidrs,
        ready: status.conditions.iter().any(|condition| condition.kind == "Ready" && condition.status == "True"),
        out_of_service: spec.taints.iter().any(|taint| taint.key == OUT_OF_SERVICE),
    })
}

/// The subnets of the cluster's default network only: those of a user-defined network are chosen by a tenant and seen by nobody
/// else, so that they may well be those of the segment.
fn ovn_subnets(annotation: Option<String>) -> Vec<String> {
    let networks = annotation.and_then(|text| serde_json::from_str::<BTreeMap<String, Subnets>>(&text).ok());
    match networks.and_then(|mut networks| networks.remove("default")) {
        Some(Subnets::One(subnet)) => vec![subnet],
        Some(Subnets::Several(subnets)) => subnets,
        None => Vec::new(),
    }
}
