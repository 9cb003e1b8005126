//! Where the endpoints of Services are, as much of it as decides which node may serve a VIP.

use std::net::IpAddr;
use std::sync::Arc;

use super::ServiceKey;

/// A projection of `discovery.k8s.io/v1.EndpointSlice`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSlice {
    /// The Service that it belongs to (label `kubernetes.io/service-name`); none where it names none.
    pub service: Option<ServiceKey>,
    /// Where its endpoints are.
    pub backends: Backends,
    /// The endpoints' addresses where they are the API servers themselves (Service `default/kubernetes`); else empty.
    pub api_server: Vec<IpAddr>,
}

/// Where the endpoints of one slice, or of all slices of one Service, are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backends {
    /// Ready ones.
    pub ready: Places,
    /// Ones that terminate and still serve: they count on a node that has no ready one (KEP-1669).
    pub draining: Places,
}

/// The nodes that endpoints are on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Their names, sorted, each once. Not a set: that takes 200 bytes for the first one, of each of thousands of slices.
    nodes: Box<[Arc<str>]>,
    /// Some endpoint names no node: it may be anywhere.
    pub anywhere: bool,
}

impl Backends {
    /// Whether there is no endpoint that serves.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.draining.is_empty()
    }

    /// Replaces each node name by what `shared` makes of it, which must be equal: thousands of slices can so share one text for each node.
    pub fn share(&mut self, mut shared: impl FnMut(&Arc<str>) -> Arc<str>) {
        for name in self.ready.nodes.iter_mut().chain(&mut self.draining.nodes) {
            *name = shared(name);
        }
    }

    /// Adds those of another slice.
    pub fn extend(&mut self, other: &Self) {
        self.ready.extend(&other.ready);
        self.draining.extend(&other.draining);
    }
}

impl Places {
    /// Where these endpoints are; none: one that names no node.
    pub fn new(endpoints: impl IntoIterator<Item = Option<Arc<str>>>) -> Self {
        let mut anywhere = false;
        let mut nodes: Vec<_> = endpoints.into_iter().inspect(|node| anywhere |= node.is_none()).flatten().collect();
        nodes.sort_unstable();
        nodes.dedup();
        Self { nodes: nodes.into(), anywhere }
    }

    /// The nodes, sorted.
    pub fn nodes(&self) -> &[Arc<str>] {
        &self.nodes
    }

    /// Whether there is no endpoint.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && !self.anywhere
    }

    /// Whether an endpoint is on `node`, or may be.
    pub fn may_be_on(&self, node: &str) -> bool {
        self.anywhere || self.nodes.binary_search_by(|own| (**own).cmp(node)).is_ok()
    }

    fn extend(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        let both = self.nodes.iter().chain(&other.nodes).cloned().map(Some);
        *self = Self { anywhere: self.anywhere || other.anywhere, ..Self::new(both) };
    }
}
