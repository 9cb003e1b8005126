//! The cluster as the API shows it, beside its Services.

use std::collections::BTreeMap;
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
    /// Ranges that no VIP may be of, with what they are: "the Service CIDR kubernetes", "the pod CIDR of node-a".
    pub ranges: Vec<(IpNet, String)>,
    /// Single addresses of the same kind: "the `EgressIP` shop", "the API server", "the cluster IP of a Service".
    pub addresses: BTreeMap<IpAddr, Arc<str>>,
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
