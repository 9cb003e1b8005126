//! Serde projection of `k8s.ovn.org/v1.EgressIP`: addresses that OVN-Kubernetes gives to pods that leave the cluster.

use serde::Deserialize;
use serde_json::Value;

use super::object::{Kind, Metadata, ObjectError, null_as_default};
use crate::model::EgressIp;

const KIND: Kind = Kind { name: "EgressIP", api_version: "k8s.ovn.org/v1" };

#[derive(Default, Deserialize)]
#[serde(default)]
struct EgressIpObject {
    #[serde(deserialize_with = "null_as_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "null_as_default")]
    spec: Spec,
    #[serde(deserialize_with = "null_as_default")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(rename = "egressIPs", deserialize_with = "null_as_default")]
    egress_ips: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    #[serde(deserialize_with = "null_as_default")]
    items: Vec<Assignment>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Assignment {
    #[serde(rename = "egressIP")]
    egress_ip: String,
}

/// Reads an `EgressIP`: what it asks for, and what is assigned (still, where the two differ). A text that is no address is passed over:
/// OVN-Kubernetes assigns none either.
///
/// # Errors
/// Another version or kind, or a field of the wrong type; the error names it.
#[allow(clippy::needless_pass_by_value, reason = "all decoders are called alike")]
pub fn decode_egress_ip(value: Value) -> Result<EgressIp, ObjectError> {
    let EgressIpObject { metadata, spec, status } = KIND.decode(&value)?;
    let texts = spec.egress_ips.into_iter().chain(status.items.into_iter().map(|item| item.egress_ip));
    let mut addresses: Vec<_> = texts.filter_map(|text| text.parse().ok()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(EgressIp { name: metadata.name, addresses })
}
