//! The ranges and addresses that are the cluster's own, so that no VIP may be of them.

use std::net::IpAddr;
use std::sync::Arc;

use super::Store;

impl Store {
    /// Takes in that one Service has other cluster IPs. Thousands of Services come at once: all is not gathered anew for each.
    pub(super) fn swap_cluster_ips(&mut self, out: &[IpAddr], new: &[IpAddr]) {
        // One that is free again may be another Service's already: while the API was away, both happened.
        self.reserved_stale |= !out.is_empty();
        let label = self.cluster_ip_label();
        for ip in new {
            self.cluster.addresses.entry(*ip).or_insert_with(|| Arc::clone(&label));
        }
    }

    /// Has everything gathered anew. True: that matters.
    pub(super) fn reserve_anew(&mut self) -> bool {
        self.reserved_stale = true;
        true
    }

    pub(super) fn gather_reserved(&mut self) {
        let cidrs = self.service_cidrs.iter();
        let cidrs = cidrs.flat_map(|(key, cidr)| cidr.cidrs.iter().map(move |net| (*net, format!("the Service CIDR {key}"))));
        let pods = self.cluster.nodes.values();
        let pods = pods.flat_map(|node| node.pod_cidrs.iter().map(|net| (*net, format!("the pod CIDR of {}", node.name))));
        self.cluster.ranges = cidrs.chain(pods).collect();
        self.cluster.addresses.clear();
        let api: Arc<str> = "the API server".into();
        let slices = self.slices.iter().flat_map(|(_, slice)| &slice.api_server);
        for ip in slices.chain(&self.api_server) {
            self.cluster.addresses.insert(*ip, Arc::clone(&api));
        }
        for (key, egress) in self.egress_ips.iter() {
            let label: Arc<str> = format!("the EgressIP {key}").into();
            self.cluster.addresses.extend(egress.addresses.iter().map(|ip| (*ip, Arc::clone(&label))));
        }
        let label = self.cluster_ip_label();
        for (_, row) in self.services.iter() {
            for ip in &row.cluster_ips {
                self.cluster.addresses.entry(*ip).or_insert_with(|| Arc::clone(&label));
            }
        }
    }

    fn cluster_ip_label(&mut self) -> Arc<str> {
        super::shared(&mut self.names, &"the cluster IP of a Service".into())
    }
}
