//! The cluster as the API shows it, beside its Services.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::{Backends, Node, ServiceKey};

/// Nodes, endpoints, and the addresses that are the cluster's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Nodes by name.
    pub nodes: BTreeMap<Arc<str>, Node>,
    /// Where the endpoints of each Service are. A Service without endpoints may be absent.
    pub backends: BTreeMap<ServiceKey, Backends>,
    /// Ranges that no VIP may be of.
    pub ranges: Vec<(IpNet, Purpose)>,
    /// Single addresses that no VIP may be.
    pub addresses: BTreeMap<IpAddr, Purpose>,
}

/// What the cluster needs an address or a range for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Cluster IPs are taken from the `ServiceCIDR` of this name.
    ServiceCidr(Arc<str>),
    /// The pods of the Node of this name have their addresses from it.
    PodCidr(Arc<str>),
    /// The API server is reached by it.
    ApiServer,
    /// Pods leave the cluster by the `EgressIP` of this name.
    EgressIp(Arc<str>),
    /// A Service has it as its cluster IP.
    ClusterIp,
}

impl fmt::Display for Purpose {
    /// As a verdict names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceCidr(name) => write!(f, "the Service CIDR {name}"),
            Self::PodCidr(node) => write!(f, "the pod CIDR of {node}"),
            Self::ApiServer => f.write_str("the API server"),
            Self::EgressIp(name) => write!(f, "the EgressIP {name}"),
            Self::ClusterIp => f.write_str("the cluster IP of a Service"),
        }
    }
}

/// A projection of `networking.k8s.io/v1.ServiceCIDR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCidr {
    /// Name.
    pub name: String,
    /// `spec.cidrs`.
    pub cidrs: Vec<IpNet>,
}

/// A projection of `k8s.ovn.org/v1.EgressIP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressIp {
    /// Name.
    pub name: String,
    /// `spec.egressIPs` and `status.items[].egressIP`, each once.
    pub addresses: Vec<IpAddr>,
}
