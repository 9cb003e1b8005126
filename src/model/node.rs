//! Kubernetes Nodes, as much of them as decides which may serve a VIP.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::Labels;

/// A projection of `v1.Node`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Name; shared, because endpoints name it again.
    pub name: Arc<str>,
    /// `metadata.labels`.
    pub labels: Labels,
    /// `status.addresses` that are addresses.
    pub addresses: Vec<IpAddr>,
    /// `spec.podCIDRs`, and the subnets that OVN-Kubernetes writes into its annotation.
    pub pod_cidrs: Vec<IpNet>,
    /// Condition `Ready` is `True`.
    pub ready: bool,
    /// Has the taint `node.kubernetes.io/out-of-service`: an administrator said that it is shut down.
    pub out_of_service: bool,
}
