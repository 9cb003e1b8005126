//! The CIDRs of pools: what they must not hold, and that no two overlap.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops;

use ipnet::IpNet;

use super::document::Problems;
use crate::model::Host;

/// One CIDR of a pool.
pub(super) struct Range<'a> {
    pub(super) net: IpNet,
    pub(super) span: ops::Range<usize>,
    pub(super) pool: &'a str,
}

/// Addresses that are never a Service's (IANA special-purpose registries, RFC 6890).
const RESERVED: [(IpNet, &str); 10] = [
    (v4([0, 0, 0, 0], 8), "\"this network\""),
    (v4([127, 0, 0, 0], 8), "loopback"),
    (v4([169, 254, 0, 0], 16), "link-local"),
    (v4([224, 0, 0, 0], 4), "multicast"),
    (v4([240, 0, 0, 0], 4), "reserved and broadcast"),
    (v6(0, 128), "the unspecified address"),
    (v6(1, 128), "loopback"),
    (v6(0xffff << 32, 96), "IPv4-mapped"),
    (v6(0xfe80 << 112, 10), "link-local"),
    (v6(0xff00 << 112, 8), "multicast"),
];

const LIST_ONLY: &str = "list only the CIDRs that Service addresses are given out from";

/// Own addresses that one message names; a pool over a pod network holds hundreds.
const MOST_NAMED: usize = 3;

const fn v4(octets: [u8; 4], length: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::from_octets(octets)), length)
}

const fn v6(bits: u128, length: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::from_bits(bits)), length)
}

fn overlap(one: &IpNet, other: &IpNet) -> bool {
    one.contains(other) || other.contains(one)
}

pub(super) fn check(ranges: &[Range<'_>], host: &Host, problems: &mut Problems<'_>) {
    for (position, range) in ranges.iter().enumerate() {
        if let Some(first) = ranges.iter().take(position).find(|first| overlap(&first.net, &range.net)) {
            report_overlap(first, range, problems);
        }
        if range.net.prefix_len() == 0 {
            problems.at(range.span.clone(), format!("{} is every address there is", range.net), LIST_ONLY);
            continue;
        }
        if let Some((reserved, name)) = RESERVED.iter().find(|(reserved, _)| overlap(reserved, &range.net)) {
            let message = format!("{} overlaps {reserved} ({name}), which no Service can have", range.net);
            problems.at(range.span.clone(), message, LIST_ONLY);
            continue;
        }
        check_own(range, host, problems);
        check_gateways(range, host, problems);
    }
}

fn report_overlap(first: &Range<'_>, second: &Range<'_>, problems: &mut Problems<'_>) {
    let line = problems.line(&first.span);
    let message = format!("{} of pool {:?} overlaps {} of pool {:?}, in line {line}", second.net, second.pool, first.net, first.pool);
    problems.at(second.span.clone(), message, "an address belongs to one pool, once: split or remove one of the two CIDRs");
}

/// An address with a subnet is the node's own. One with a host prefix may be a VIP that someone bound by hand: the decision reports it.
fn check_own(range: &Range<'_>, host: &Host, problems: &mut Problems<'_>) {
    let own: Vec<_> = host
        .foreign
        .iter()
        .filter(|(_, address)| address.prefix_len() < address.max_prefix_len() && range.net.contains(&address.addr()))
        .map(|(link, address)| format!("{} on {link}", address.addr()))
        .collect();
    if own.is_empty() {
        return;
    }
    let more = own.len().saturating_sub(MOST_NAMED);
    let named = own.into_iter().take(MOST_NAMED).collect::<Vec<_>>().join(", ");
    let named = if more > 0 { format!("{named} and {more} more") } else { named };
    let hint = "take this node's own addresses out of the pool: choose a CIDR that no host has an address in";
    problems.at(range.span.clone(), format!("{} holds this node's own address: {named}", range.net), hint);
}

/// Whoever answers for the gateway takes the whole segment off the network.
fn check_gateways(range: &Range<'_>, host: &Host, problems: &mut Problems<'_>) {
    let mut gateways: Vec<_> = host.gateways.iter().filter_map(|gateway| gateway.via.map(|via| (via, &gateway.link))).collect();
    gateways.sort();
    gateways.dedup();
    for (via, link) in gateways.into_iter().filter(|(via, _)| range.net.contains(via)) {
        let message = format!("{} holds {via}, the gateway on {link}", range.net);
        problems.at(range.span.clone(), message, "choose a CIDR without the gateway: a VIP there would cut every host of the segment off");
    }
}
