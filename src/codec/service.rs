//! Serde projection of `v1.Service`: the fields that decide about VIPs, from a manifest or from a Kubernetes watch.
//!
//! Wrong types and unknown enum values fail in serde, where the parser knows the position; a value that is no address
//! fails nothing, it is kept as text in [`Service::malformed`].

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::de::{Deserializer, IgnoredAny};
use serde::{Deserialize, de};
use serde_json::Value;

use super::object::{Kind, ObjectError, non_empty, null_as_default};
use crate::model::{ExternalTraffic, Ingress, IpMode, Port, Protocol, Service, ServiceKey, ServiceType};

mod annotations;
mod unknown;

const KIND: Kind = Kind { name: "Service", api_version: "v1" };

/// A `v1.Service` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceObject {
    /// `apiVersion`; absent in the items of a list from the API.
    pub api_version: Option<String>,
    /// `kind`; absent in the items of a list from the API.
    pub kind: Option<String>,
    #[serde(deserialize_with = "null_as_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "null_as_default")]
    spec: Spec,
    #[serde(deserialize_with = "null_as_default")]
    status: Status,
}

/// What keeps an object from being a Service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// No name.
    #[error("metadata.name is missing")]
    NoName,
    /// The name breaks Kubernetes' rule.
    #[error("{field}: {text:?} is no name: lower case letters, digits and '-', at most 63, with a letter or digit first and last")]
    Name {
        /// `metadata.name` or `metadata.namespace`.
        field: &'static str,
        /// The name.
        text: String,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    creation_timestamp: Option<jiff::Timestamp>,
    deletion_timestamp: Option<IgnoredAny>,
    #[serde(deserialize_with = "null_as_default")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "annotations::own")]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    #[serde(rename = "type")]
    kind: Option<ServiceTypeObject>,
    #[serde(rename = "clusterIP")]
    cluster_ip: Option<String>,
    #[serde(rename = "clusterIPs", deserialize_with = "null_as_default")]
    cluster_ips: Vec<String>,
    external_traffic_policy: Option<ExternalTrafficObject>,
    load_balancer_class: Option<String>,
    #[serde(deserialize_with = "null_as_default")]
    ports: Vec<PortObject>,
    #[serde(rename = "externalIPs", deserialize_with = "null_as_default")]
    external_ips: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct PortObject {
    #[serde(deserialize_with = "port_number")]
    port: u16,
    protocol: Option<Protocol>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    #[serde(deserialize_with = "null_as_default")]
    load_balancer: LoadBalancer,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LoadBalancer {
    #[serde(deserialize_with = "null_as_default")]
    ingress: Vec<IngressObject>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct IngressObject {
    ip: Option<String>,
    ip_mode: Option<IpModeObject>,
    hostname: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum IpModeObject {
    #[serde(rename = "VIP")]
    Vip,
    Proxy,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum ServiceTypeObject {
    #[serde(rename = "ClusterIP")]
    ClusterIp,
    NodePort,
    LoadBalancer,
    ExternalName,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum ExternalTrafficObject {
    Cluster,
    Local,
}

/// Reads a Service of the API. What a later version of Kubernetes may bring does not take a VIP down where it says nothing about it: a
/// port of an unknown protocol is left out, and an ingress entry of an unknown `ipMode` alone is malformed. An unknown type or
/// traffic policy is an error: it is about every address. A manifest is read more strictly, because there it is a typing error.
///
/// # Errors
/// Another version or kind, no or a forbidden name, or a field of the wrong type or with an unknown value; the error names it.
pub fn decode_service(mut value: Value) -> Result<Service, ObjectError> {
    let mut malformed = unknown::leave_out(&mut value);
    let object: ServiceObject = KIND.decode(&value)?;
    let mut service = Service::try_from(object).map_err(|error| KIND.error(&value, "", error.to_string()))?;
    service.malformed.append(&mut malformed);
    Ok(service)
}

impl TryFrom<ServiceObject> for Service {
    type Error = ServiceError;

    fn try_from(object: ServiceObject) -> Result<Self, Self::Error> {
        let ServiceObject { metadata, spec, status, .. } = object;
        let mut malformed = Vec::new();
        let cluster_ips = cluster_ips(&spec);
        let external_ips = spec.external_ips.into_iter().enumerate();
        let mut external_ips: Vec<_> =
            external_ips.filter_map(|(at, text)| decode_ip(text, || format!("spec.externalIPs[{at}]"), &mut malformed)).collect();
        let ingress = status.load_balancer.ingress.into_iter().enumerate();
        let mut ingress: Vec<_> = ingress.filter_map(|(at, entry)| entry.into_model(at, &mut malformed)).collect();
        let mut ports: Vec<_> = spec.ports.into_iter().map(PortObject::into_model).collect();
        // These stay as long as the Service: a Vec that grew has room for four, and most Services have one.
        external_ips.shrink_to_fit();
        ingress.shrink_to_fit();
        ports.shrink_to_fit();
        Ok(Self {
            key: ServiceKey {
                namespace: checked("metadata.namespace", non_empty(metadata.namespace).unwrap_or_else(|| "default".to_owned()))?.into(),
                name: checked("metadata.name", non_empty(metadata.name).ok_or(ServiceError::NoName)?)?.into(),
            },
            uid: non_empty(metadata.uid).map(Into::into),
            created: metadata.creation_timestamp,
            deleting: metadata.deletion_timestamp.is_some(),
            labels: metadata.labels.into(),
            annotations: metadata.annotations,
            kind: spec.kind.map_or(ServiceType::ClusterIp, ServiceTypeObject::into_model),
            cluster_ips,
            headless: spec.cluster_ip.as_deref() == Some("None"),
            external_traffic: spec.external_traffic_policy.map_or(ExternalTraffic::Cluster, ExternalTrafficObject::into_model),
            load_balancer_class: non_empty(spec.load_balancer_class),
            ports,
            external_ips,
            ingress,
            malformed,
        })
    }
}

impl ServiceTypeObject {
    fn into_model(self) -> ServiceType {
        match self {
            Self::ClusterIp => ServiceType::ClusterIp,
            Self::NodePort => ServiceType::NodePort,
            Self::LoadBalancer => ServiceType::LoadBalancer,
            Self::ExternalName => ServiceType::ExternalName,
        }
    }
}

impl ExternalTrafficObject {
    fn into_model(self) -> ExternalTraffic {
        match self {
            Self::Cluster => ExternalTraffic::Cluster,
            Self::Local => ExternalTraffic::Local,
        }
    }
}

impl PortObject {
    fn into_model(self) -> Port {
        Port { protocol: self.protocol.unwrap_or(Protocol::Tcp), port: self.port }
    }
}

impl IngressObject {
    /// None where the only thing it says is no address.
    fn into_model(self, at: usize, malformed: &mut Vec<(String, String)>) -> Option<Ingress> {
        let ip_mode = match self.ip_mode {
            Some(IpModeObject::Proxy) => IpMode::Proxy,
            Some(IpModeObject::Vip) | None => IpMode::Vip,
        };
        let said = non_empty(self.ip);
        let wrong = said.is_some();
        let ip = said.and_then(|text| decode_ip(text, || format!("status.loadBalancer.ingress[{at}].ip"), malformed));
        let hostname = non_empty(self.hostname);
        (ip.is_some() || hostname.is_some() || !wrong).then_some(Ingress { ip, ip_mode, hostname })
    }
}

/// The cluster IPs, of which an elder API has only one. The API server gives them out: what is no address is "None".
fn cluster_ips(spec: &Spec) -> Vec<IpAddr> {
    let texts = if spec.cluster_ips.is_empty() { spec.cluster_ip.as_slice() } else { &spec.cluster_ips };
    let mut addresses: Vec<_> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    addresses.shrink_to_fit();
    addresses
}

fn decode_ip(text: String, field: impl FnOnce() -> String, malformed: &mut Vec<(String, String)>) -> Option<IpAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        malformed.push((field(), text));
    }
    address
}

/// RFC 1123 §2.1 label. Names stand in logs, paths and Lease names, so nothing else may enter.
fn checked(field: &'static str, text: String) -> Result<String, ServiceError> {
    let fits = text.len() <= 63 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits && !text.starts_with('-') && !text.ends_with('-') { Ok(text) } else { Err(ServiceError::Name { field, text }) }
}

fn port_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let number = i64::deserialize(deserializer)?;
    u16::try_from(number).ok().filter(|port| *port != 0).ok_or_else(|| de::Error::custom(format_args!("{number} is no port: 1 to 65535")))
}
