//! Addresses that are the cluster's own, indexed once for each decision.
//!
//! Only what lies in a pool can be asked for. That is next to nothing in a sound cluster, however many Nodes it has, so that the
//! index costs one comparison for each range and pool.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{Cluster, Pool, Purpose, Vip};

/// What of the cluster lies in the pools.
pub(super) struct Reserved<'a> {
    cluster: &'a Cluster,
    nodes: BTreeMap<IpAddr, &'a str>,
    /// Sorted by their first address; none holds another.
    ranges: Vec<(IpNet, &'a Purpose)>,
}

impl<'a> Reserved<'a> {
    pub(super) fn of(cluster: &'a Cluster, pools: &[Pool]) -> Self {
        let in_pool = |address: IpAddr| pools.iter().any(|pool| pool.contains(Vip(address)));
        let addresses = cluster.nodes.values().flat_map(|node| node.addresses.iter().map(|address| (*address, &*node.name)));
        let meets = |range: &IpNet| pools.iter().flat_map(|pool| &pool.addresses).any(|net| net.contains(range) || range.contains(net));
        let mut ranges: Vec<_> = cluster.ranges.iter().filter(|(net, _)| meets(net)).map(|(net, of)| (net.trunc(), of)).collect();
        // Two CIDRs are disjoint, or one holds the other: sorted so, the wider one comes first.
        ranges.sort_unstable_by_key(|(net, _)| (net.network(), net.prefix_len()));
        ranges.dedup_by(|(later, _), (kept, _)| kept.contains(&*later));
        Self { cluster, nodes: addresses.filter(|(address, _)| in_pool(*address)).collect(), ranges }
    }

    /// Whose `address` is.
    pub(super) fn whose(&self, address: IpAddr) -> Option<String> {
        if let Some(node) = self.nodes.get(&address) {
            return Some(format!("the address of {node}"));
        }
        if let Some(of) = self.cluster.addresses.get(&address) {
            return Some(of.to_string());
        }
        let before = self.ranges.partition_point(|(net, _)| net.network() <= address);
        let (_, of) = self.ranges[..before].last().filter(|(net, _)| net.contains(&address))?;
        Some(of.to_string())
    }
}
