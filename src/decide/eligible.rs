//! Which nodes may serve a VIP: one rule, the same on every node, because it is made of the config and the API alone.
//!
//! Hard criteria decide who may. Soft ones only say whom to prefer among those, and take a VIP from nobody.

use crate::model::{Backends, Cluster, ExternalTraffic, Node, Pool, Reason, Service, WithoutEndpoints};

/// Label by which an administrator takes a node out of load balancing (KEP-1143); its value does not matter.
const EXCLUDED: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// What one VIP asks of a node.
pub(super) struct Eligibility<'a> {
    cluster: &'a Cluster,
    pool: &'a Pool,
    /// The Services that ask for local endpoints and have endpoints, with where these are.
    local: Vec<(&'a Service, &'a Backends)>,
    /// None of the Services has an endpoint that serves, and the pool does not keep such VIPs.
    withdrawn: bool,
}

/// How well a node that may serve a VIP does so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fitness {
    /// Some Service with local traffic has no ready endpoint there, only ones that terminate.
    pub(super) draining: bool,
}

impl<'a> Eligibility<'a> {
    /// For the Services that share a VIP; none: the config alone asks for it, and there are no endpoints to ask for.
    pub(super) fn of(cluster: &'a Cluster, pool: &'a Pool, services: impl Iterator<Item = &'a Service>) -> Self {
        let mut local = Vec::new();
        let (mut some, mut serving) = (false, false);
        for service in services {
            some = true;
            let keeps = pool.without_endpoints == WithoutEndpoints::Keep;
            if keeps && service.external_traffic == ExternalTraffic::Cluster {
                continue; // its endpoints decide nothing
            }
            // Without any endpoint there is no node to prefer.
            let Some(backends) = cluster.backends.get(&service.key).filter(|backends| !backends.is_empty()) else { continue };
            serving = true;
            if service.external_traffic == ExternalTraffic::Local {
                local.push((service, backends));
            }
        }
        let withdrawn = pool.without_endpoints == WithoutEndpoints::Withdraw && some && !serving;
        Self { cluster, pool, local, withdrawn }
    }

    /// How well the node of this name serves the VIP.
    ///
    /// # Errors
    /// The first hard criterion that it does not meet.
    pub(super) fn fitness(&self, name: &str) -> Result<Fitness, Reason> {
        let node = || name.to_owned();
        let Some(found) = self.cluster.nodes.get(name) else { return Err(Reason::NodeUnknown { node: node() }) };
        if found.out_of_service {
            return Err(Reason::NodeOutOfService { node: node() });
        }
        if found.labels.get(EXCLUDED).is_some() {
            return Err(Reason::NodeExcluded { node: node() });
        }
        if !self.pool.node_selector.matches(&found.labels) {
            return Err(Reason::NodeNotSelected { node: node(), pool: self.pool.name.to_string() });
        }
        if self.withdrawn {
            return Err(Reason::NoEndpoints);
        }
        // An endpoint that names no node may be on this one: it makes no node unfit.
        let lacking = self.local.iter().find(|(_, at)| !at.ready.may_be_on(name) && !at.draining.may_be_on(name));
        match lacking {
            Some((service, _)) => Err(Reason::NoLocalEndpoint { node: node(), of: service.key.clone() }),
            None => Ok(Fitness { draining: self.local.iter().any(|(_, at)| !at.ready.may_be_on(name)) }),
        }
    }

    /// The Nodes of the cluster, by name.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &'a Node> {
        self.cluster.nodes.values()
    }
}
