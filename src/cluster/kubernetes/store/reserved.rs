//! The ranges and addresses that are the cluster's own, so that no VIP may be of them.

use std::net::IpAddr;
use std::sync::Arc;

use super::Store;
use crate::model::Purpose;

impl Store {
    /// Takes in that one Service has other cluster IPs. Thousands of Services come at once: all is not gathered anew for each.
    pub(super) fn swap_cluster_ips(&mut self, out: &[IpAddr], new: &[IpAddr]) {
        // One that is free again may be another Service's already: while the API was away, both happened.
        self.reserved_stale |= !out.is_empty();
        for ip in new {
            self.cluster.addresses.entry(*ip).or_insert(Purpose::ClusterIp);
        }
    }

    /// Has everything gathered anew. True: that matters.
    pub(super) fn reserve_anew(&mut self) -> bool {
        self.reserved_stale = true;
        true
    }

    /// An address with several purposes is named by the one that is put in last.
    pub(super) fn gather_reserved(&mut self) {
        let cidrs = self.service_cidrs.iter();
        let cidrs = cidrs.flat_map(|(key, cidr)| cidr.cidrs.iter().map(|net| (*net, Purpose::ServiceCidr(Arc::clone(&key.name)))));
        let pods = self.cluster.nodes.values();
        let pods = pods.flat_map(|node| node.pod_cidrs.iter().map(|net| (*net, Purpose::PodCidr(Arc::clone(&node.name)))));
        self.cluster.ranges = cidrs.chain(pods).collect();

        let cluster_ips = self.services.iter().flat_map(|(_, row)| &row.cluster_ips).map(|ip| (*ip, Purpose::ClusterIp));
        let slices = self.slices.iter().flat_map(|(_, slice)| &slice.api_server);
        let api_server = slices.chain(&self.api_server).map(|ip| (*ip, Purpose::ApiServer));
        let egress = self.egress_ips.iter();
        let egress = egress.flat_map(|(key, egress)| egress.addresses.iter().map(|ip| (*ip, Purpose::EgressIp(Arc::clone(&key.name)))));
        self.cluster.addresses = cluster_ips.chain(api_server).chain(egress).collect();
    }
}
