//! What the watches have shown, as much of it as decides; pure and synchronous.
//!
//! It tells what matters from what does not: of a hundred changes a second, nearly all are endpoints that move within what was known
//! before, and no decision needs to be made for them. Absent: the state of the watches themselves (`health.rs`).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::names::Names;
use super::resource::{Object, Projection, Resource};
use super::table::{Change, Key, Rows, Table};
use super::watch::WatchEvent;
use crate::model::cluster::{EgressIp, ServiceCidr};
use crate::model::{Backends, Cluster, EndpointSlice, ExternalTraffic, Node, Service, ServiceKey};

mod reserved;
#[cfg(test)]
mod tests;

/// Everything known of a cluster.
#[derive(Debug, Default)]
pub(super) struct Store {
    services: Table<ServiceRow>,
    slices: Table<EndpointSlice>,
    /// Themselves, they are in `cluster`.
    nodes: Table<()>,
    service_cidrs: Table<ServiceCidr>,
    egress_ips: Table<EgressIp>,
    /// Which slices a Service has.
    parts: BTreeSet<(ServiceKey, Key)>,
    /// Addresses of the API server, as this node reaches it.
    api_server: Vec<IpAddr>,
    names: Names,
    cluster: Cluster,
    /// Ranges and addresses that are reserved have to be gathered anew.
    reserved_stale: bool,
}

/// What is kept of a Service: thousands ask for no address, and only their cluster IPs count.
#[derive(Debug, PartialEq, Eq)]
struct ServiceRow {
    asks: Option<Box<Service>>,
    cluster_ips: Box<[IpAddr]>,
}

impl Store {
    /// The Services that ask for an address, by key.
    pub(super) fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter_map(|(_, row)| row.asks.as_deref())
    }

    /// The rest of what is known.
    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// How many objects of a resource there are, and those that cannot be understood.
    pub(super) fn tally(&self, resource: Resource) -> (usize, Vec<String>) {
        let table = self.table(resource);
        (table.len(), table.problems().values().cloned().collect())
    }

    /// Takes the addresses by which this node reaches the API server. True where they matter.
    pub(super) fn take_api_server(&mut self, addresses: Vec<IpAddr>) -> bool {
        let differs = self.api_server != addresses;
        self.api_server = addresses;
        self.reserved_stale |= differs;
        differs
    }

    /// Takes in what a watch says. True where a decision may differ for it, or a report does.
    pub(super) fn take(&mut self, resource: Resource, event: WatchEvent) -> bool {
        match event {
            WatchEvent::Begun => {
                self.table_mut(resource).begin();
                false
            }
            WatchEvent::Seen(Object { key, says: Ok(says), .. }) => {
                let key = self.shared_key(key);
                self.put(key, says)
            }
            WatchEvent::Seen(Object { key, says: Err(why), .. }) => self.table_mut(resource).spoil(key, why),
            WatchEvent::Gone(Object { key, .. }) => self.remove(resource, &key),
            WatchEvent::Listed => self.table(resource).unseen().iter().fold(false, |matters, key| self.remove(resource, key) | matters),
            WatchEvent::Absent => self.table(resource).keys().iter().fold(false, |matters, key| self.remove(resource, key) | matters),
            WatchEvent::Stands | WatchEvent::Away { .. } => false,
        }
    }

    /// Gathers anew what is reserved, where that is due: once for any number of changes.
    pub(super) fn settle(&mut self) {
        if std::mem::take(&mut self.reserved_stale) {
            self.gather_reserved();
        }
    }

    fn put(&mut self, key: Key, says: Projection) -> bool {
        match says {
            Projection::Service(service) => self.put_service(&key, service),
            Projection::Slice(slice) => self.put_slice(&key, slice),
            Projection::Node(node) => self.put_node(key, *node),
            Projection::ServiceCidr(cidr) => {
                let differs = self.service_cidrs.put(key, cidr) != Change::Same;
                self.reserved_stale |= differs;
                differs
            }
            Projection::EgressIp(egress) => {
                let differs = self.egress_ips.put(key, egress) != Change::Same;
                self.reserved_stale |= differs;
                differs
            }
        }
    }

    fn put_service(&mut self, key: &Key, mut service: Box<Service>) -> bool {
        service.key = service_key(key);
        let row = ServiceRow { cluster_ips: service.cluster_ips.clone().into(), asks: service.asks().then_some(service) };
        let (asks, cluster_ips) = (row.asks.is_some(), row.cluster_ips.clone());
        let Change::From(before) = self.services.put(key.clone(), row) else { return false };
        let (asked, former) = before.map_or((false, Box::default()), |row| (row.asks.is_some(), row.cluster_ips));
        if former != cluster_ips {
            self.swap_cluster_ips(&former, &cluster_ips);
        }
        self.refresh_backends(&service_key(key));
        asks || asked || former != cluster_ips
    }

    fn put_slice(&mut self, key: &Key, mut slice: EndpointSlice) -> bool {
        slice.backends.share(|name| self.names.share(name));
        slice.service = slice.service.map(|service| self.shared_service(&service));
        let (service, api_server) = (slice.service.clone(), slice.api_server.clone());
        let Change::From(before) = self.slices.put(key.clone(), slice) else { return false };
        let (former, api_server_before) = before.map_or((None, Vec::new()), |slice| (slice.service, slice.api_server));
        if former != service {
            self.move_part(key, former.as_ref(), service.as_ref());
        }
        let reserved = api_server != api_server_before;
        self.reserved_stale |= reserved;
        // A slice that changes hands is two changes.
        let left = former.filter(|former| service.as_ref() != Some(former)).is_some_and(|former| self.refresh_backends(&former));
        service.is_some_and(|service| self.refresh_backends(&service)) | left | reserved
    }

    fn put_node(&mut self, key: Key, mut node: Node) -> bool {
        node.name = Arc::clone(&key.name);
        self.nodes.put(key.clone(), ());
        let before = self.cluster.nodes.get(&key.name);
        if before == Some(&node) {
            return false;
        }
        self.reserved_stale |= before.is_none_or(|before| before.pod_cidrs != node.pod_cidrs);
        self.cluster.nodes.insert(key.name, node);
        true
    }

    fn remove(&mut self, resource: Resource, key: &Key) -> bool {
        // A report lists each object that cannot be understood.
        let problems = |store: &Self| store.table(resource).problems().len();
        let before = problems(self);
        let matters = match resource {
            Resource::Services => self.services.remove(key).is_some_and(|row| {
                self.swap_cluster_ips(&row.cluster_ips, &[]);
                self.refresh_backends(&service_key(key));
                row.asks.is_some() || !row.cluster_ips.is_empty()
            }),
            Resource::EndpointSlices => self.slices.remove(key).is_some_and(|slice| {
                self.move_part(key, slice.service.as_ref(), None);
                self.reserved_stale |= !slice.api_server.is_empty();
                slice.service.is_some_and(|service| self.refresh_backends(&service)) || !slice.api_server.is_empty()
            }),
            Resource::Nodes => {
                self.nodes.remove(key);
                let node = self.cluster.nodes.remove(&key.name);
                self.reserved_stale |= node.is_some();
                node.is_some()
            }
            Resource::ServiceCidrs => self.service_cidrs.remove(key).is_some_and(|_| self.reserve_anew()),
            Resource::EgressIps => self.egress_ips.remove(key).is_some_and(|_| self.reserve_anew()),
        };
        matters || before != problems(self)
    }

    fn move_part(&mut self, slice: &Key, from: Option<&ServiceKey>, to: Option<&ServiceKey>) {
        if let Some(from) = from {
            self.parts.remove(&(from.clone(), slice.clone()));
        }
        if let Some(to) = to {
            self.parts.insert((to.clone(), slice.clone()));
        }
    }

    /// Merges the slices of a Service anew. True where a decision may differ for it: with the policy `Cluster` all that counts is
    /// whether any endpoint serves.
    fn refresh_backends(&mut self, key: &ServiceKey) -> bool {
        let row = self.services.get(&Key { namespace: Arc::clone(&key.namespace), name: Arc::clone(&key.name) });
        let Some(policy) = row.and_then(|row| Some(row.asks.as_ref()?.external_traffic)) else {
            return self.cluster.backends.remove(key).is_some();
        };
        let merged = self.merged(key);
        let before = if merged.is_empty() { self.cluster.backends.remove(key) } else { self.cluster.backends.insert(key.clone(), merged) };
        let after = self.cluster.backends.get(key);
        match policy {
            ExternalTraffic::Local => before.as_ref() != after,
            ExternalTraffic::Cluster => before.is_none() != after.is_none(),
        }
    }

    fn merged(&self, service: &ServiceKey) -> Backends {
        let first = (service.clone(), Key::new("", ""));
        let mut all = Backends::default();
        for (_, part) in self.parts.range(first..).take_while(|(owner, _)| owner == service) {
            if let Some(slice) = self.slices.get(part) {
                all.extend(&slice.backends);
            }
        }
        all
    }

    fn table(&self, resource: Resource) -> &dyn Rows {
        match resource {
            Resource::Services => &self.services,
            Resource::EndpointSlices => &self.slices,
            Resource::Nodes => &self.nodes,
            Resource::ServiceCidrs => &self.service_cidrs,
            Resource::EgressIps => &self.egress_ips,
        }
    }

    fn table_mut(&mut self, resource: Resource) -> &mut dyn Rows {
        match resource {
            Resource::Services => &mut self.services,
            Resource::EndpointSlices => &mut self.slices,
            Resource::Nodes => &mut self.nodes,
            Resource::ServiceCidrs => &mut self.service_cidrs,
            Resource::EgressIps => &mut self.egress_ips,
        }
    }

    fn shared_key(&mut self, key: Key) -> Key {
        Key { namespace: self.names.share(&key.namespace), name: key.name }
    }

    fn shared_service(&mut self, key: &ServiceKey) -> ServiceKey {
        ServiceKey { namespace: self.names.share(&key.namespace), name: self.names.share(&key.name) }
    }
}

fn service_key(key: &Key) -> ServiceKey {
    ServiceKey { namespace: Arc::clone(&key.namespace), name: Arc::clone(&key.name) }
}
