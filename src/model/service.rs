//! Kubernetes Services, as much of them as decides about VIPs.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Namespace and name; shared, because every decision and every verdict names the Services again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceKey {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
}

/// A projection of `v1.Service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Namespace and name.
    pub key: ServiceKey,
    /// `metadata.uid`; none in a manifest written by hand.
    pub uid: Option<Box<str>>,
    /// `metadata.creationTimestamp`: the elder of two claimants wins.
    pub created: Option<jiff::Timestamp>,
    /// `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// `metadata.labels`.
    pub labels: Labels,
    /// `metadata.annotations` of the domain `hostvip.dev` only.
    pub annotations: BTreeMap<String, String>,
    /// `spec.type`.
    pub kind: ServiceType,
    /// `spec.clusterIP` is `None`.
    pub headless: bool,
    /// `spec.clusterIPs`; no VIP may be one of them.
    pub cluster_ips: Vec<IpAddr>,
    /// `spec.externalTrafficPolicy`.
    pub external_traffic: ExternalTraffic,
    /// `spec.loadBalancerClass`.
    pub load_balancer_class: Option<String>,
    /// `spec.ports`.
    pub ports: Vec<Port>,
    /// `spec.externalIPs` that are addresses.
    pub external_ips: Vec<IpAddr>,
    /// `status.loadBalancer.ingress`.
    pub ingress: Vec<Ingress>,
    /// Values that are no addresses: field and text. One bad value does not hide the others.
    pub malformed: Vec<(String, String)>,
}

/// `spec.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceType {
    /// `ClusterIP`, and what names no type.
    ClusterIp,
    /// `NodePort`.
    NodePort,
    /// `LoadBalancer`.
    LoadBalancer,
    /// `ExternalName`.
    ExternalName,
}

/// `spec.externalTrafficPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalTraffic {
    /// Any node forwards to any endpoint.
    Cluster,
    /// A node forwards to its own endpoints only.
    Local,
}

/// Labels by key. Not a map: that takes half a kilobyte for the first one, of each of thousands of Services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Box<[(Box<str>, Box<str>)]>);

/// One port of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Port {
    /// Transport protocol.
    pub protocol: Protocol,
    /// Port number.
    pub port: u16,
}

/// Transport protocol of a Service port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// One entry of `status.loadBalancer.ingress`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingress {
    /// `ip`.
    pub ip: Option<IpAddr>,
    /// `ipMode` (KEP-1860); absent means VIP.
    pub ip_mode: IpMode,
    /// `hostname`.
    pub hostname: Option<String>,
}

/// How packets for an ingress IP arrive (KEP-1860).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpMode {
    /// With the VIP as destination.
    Vip,
    /// By way of a proxy, with the node's address as destination: nothing to bind.
    Proxy,
}

impl Service {
    /// Whether it asks for an address, be it wrongly: it names one, or is of a type that is given one.
    pub fn asks(&self) -> bool {
        self.names_some() || self.kind == ServiceType::LoadBalancer
    }

    /// Whether it names an address, a host, or what is neither.
    pub fn names_some(&self) -> bool {
        !(self.ingress.is_empty() && self.external_ips.is_empty() && self.malformed.is_empty())
    }

    /// Order by age: the elder first, one without a creation time last, then by name.
    pub fn age_order(&self) -> (bool, Option<jiff::Timestamp>, &ServiceKey) {
        (self.created.is_none(), self.created, &self.key)
    }
}

impl Labels {
    /// The value of the label `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(own, _)| (**own).cmp(key)).ok()?;
        Some(&self.0[at].1)
    }
}

impl From<BTreeMap<String, String>> for Labels {
    fn from(labels: BTreeMap<String, String>) -> Self {
        Self(labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for ServiceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClusterIp => "ClusterIP",
            Self::NodePort => "NodePort",
            Self::LoadBalancer => "LoadBalancer",
            Self::ExternalName => "ExternalName",
        })
    }
}

impl fmt::Display for ExternalTraffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cluster => "Cluster",
            Self::Local => "Local",
        })
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
        };
        write!(f, "{}/{protocol}", self.port)
    }
}
