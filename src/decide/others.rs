//! What belongs to others on this host, indexed once for each decision.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::{Host, LinkName};

/// Addresses that are somebody's already.
pub(super) struct Others<'a> {
    reserved: BTreeMap<IpAddr, String>,
    holders: BTreeMap<IpAddr, Vec<&'a LinkName>>,
}

impl<'a> Others<'a> {
    pub(super) fn of(host: &'a Host) -> Self {
        let mut others = Self { reserved: BTreeMap::new(), holders: BTreeMap::new() };
        for gateway in &host.gateways {
            if let Some(via) = gateway.via {
                others.reserved.insert(via, format!("the gateway on {}", gateway.link));
            }
        }
        for (link, net) in &host.foreign {
            others.holders.entry(net.addr()).or_default().push(link);
            if net.prefix_len() == net.max_prefix_len() {
                continue;
            }
            others.reserved.insert(net.addr(), format!("this node's own address on {link}"));
            // RFC 3021: a /31 has neither a network nor a broadcast address.
            if net.addr().is_ipv4() && net.prefix_len() < 31 {
                for end in [net.network(), net.broadcast()] {
                    let of = || format!("the network or broadcast address of {} on {link}", net.trunc());
                    others.reserved.entry(end).or_insert_with(of);
                }
            }
        }
        others
    }

    /// Whose `address` is, where it is a node's, the gateway's or a subnet's own.
    pub(super) fn reserved(&self, address: IpAddr) -> Option<&str> {
        self.reserved.get(&address).map(String::as_str)
    }

    /// Links that bear `address` without our mark.
    pub(super) fn holders(&self, address: IpAddr) -> &[&'a LinkName] {
        self.holders.get(&address).map_or(&[], Vec::as_slice)
    }
}
