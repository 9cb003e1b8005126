//! Serde projection of `networking.k8s.io/v1.ServiceCIDR` (KEP-1880): ranges that cluster IPs are taken from.

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::Value;

use super::object::{Kind, Metadata, ObjectError, null_as_default};
use crate::model::ServiceCidr;

const KIND: Kind = Kind { name: "ServiceCIDR", api_version: "networking.k8s.io/v1" };

#[derive(Default, Deserialize)]
#[serde(default)]
struct ServiceCidrObject {
    #[serde(deserialize_with = "null_as_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "null_as_default")]
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(deserialize_with = "null_as_default")]
    cidrs: Vec<IpNet>,
}

/// Reads a `ServiceCIDR`.
///
/// # Errors
/// Another version or kind, or a range that is no CIDR; the error names it.
#[allow(clippy::needless_pass_by_value, reason = "all decoders are called alike")]
pub fn decode_service_cidr(value: Value) -> Result<ServiceCidr, ObjectError> {
    let ServiceCidrObject { metadata, spec } = KIND.decode(&value)?;
    Ok(ServiceCidr { name: metadata.name, cidrs: spec.cidrs })
}
