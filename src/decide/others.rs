//! What belongs to others on this host and in the cluster, indexed once for each decision.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Inputs;
use super::reserved::Reserved;
use crate::model::{Host, LinkName};

/// Addresses that are somebody's already.
pub(super) struct Others<'a> {
    own: BTreeMap<IpAddr, String>,
    cluster: Option<Reserved<'a>>,
    holders: BTreeMap<IpAddr, Vec<&'a LinkName>>,
}

impl<'a> Others<'a> {
    pub(super) fn of(inputs: Inputs<'a>) -> Self {
        let cluster = inputs.cluster.map(|cluster| Reserved::of(cluster, &inputs.settings.pools));
        let mut others = Self { own: BTreeMap::new(), cluster, holders: BTreeMap::new() };
        others.add(inputs.host);
        others
    }

    fn add(&mut self, host: &'a Host) {
        for gateway in &host.gateways {
            if let Some(via) = gateway.via {
                self.own.insert(via, format!("the gateway on {}", gateway.link));
            }
        }
        for (link, net) in &host.foreign {
            self.holders.entry(net.addr()).or_default().push(link);
            if net.prefix_len() == net.max_prefix_len() {
                continue;
            }
            self.own.insert(net.addr(), format!("this node's own address on {link}"));
            // RFC 3021: a /31 has neither a network nor a broadcast address.
            if net.addr().is_ipv4() && net.prefix_len() < 31 {
                for end in [net.network(), net.broadcast()] {
                    let of = || format!("the network or broadcast address of {} on {link}", net.trunc());
                    self.own.entry(end).or_insert_with(of);
                }
            }
        }
    }

    /// Whose `address` is, where it is a node's, the gateway's, a subnet's own or the cluster's.
    pub(super) fn reserved(&self, address: IpAddr) -> Option<String> {
        let of_cluster = || self.cluster.as_ref()?.whose(address);
        self.own.get(&address).cloned().or_else(of_cluster)
    }

    /// Links that bear `address` without our mark.
    pub(super) fn holders(&self, address: IpAddr) -> &[&'a LinkName] {
        self.holders.get(&address).map_or(&[], Vec::as_slice)
    }
}
