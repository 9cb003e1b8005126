//! The uplink, its settings, and whether clients on its segment ask for the pools' addresses at all.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Facts, finding, ok};
use crate::model::{Finding, Knob, Link, Severity};

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let uplink = &facts.settings.uplink;
    // That it is missing, down or without carrier, the decision finds.
    let Some(link) = facts.host.links.get(uplink) else { return Vec::new() };
    let mut findings = vec![ethernet(link), settings(facts)];
    if !facts.decision.findings.iter().any(|finding| finding.code == "answers_on_other_link") {
        let others = facts.host.links.values().filter(|link| link.mac.is_some() && link.name != *uplink).count();
        findings.push(ok("other_links", format!("none of {others} other links answers for a VIP of this node")));
    }
    if facts.settings.pools.is_empty() {
        findings.push(finding(
            Severity::Warning,
            "no_pool",
            "the config has no pool",
            "hostvip touches addresses of pools only: as it is, it does nothing",
            "add a [[pool]] with the CIDRs that Service addresses are given out from",
        ));
    }
    let nets = facts.settings.pools.iter().flat_map(|pool| pool.addresses.iter().map(move |net| (&*pool.name, net)));
    findings.extend(nets.map(|(pool, net)| on_link(facts, pool, net)));
    findings
}

fn ethernet(link: &Link) -> Finding {
    match link.mac {
        Some(mac) if link.up && link.carrier => {
            ok("uplink", format!("the uplink {} is up, has carrier and the hardware address {mac}", link.name))
        }
        Some(mac) => ok("uplink", format!("the uplink {} has the hardware address {mac}", link.name)),
        None => finding(
            Severity::Error,
            "uplink_no_ethernet",
            format!("the uplink {} has no Ethernet address", link.name),
            "nobody asks for addresses by ARP or NDP on such a link, so no VIP can be announced there",
            "set uplink to the Ethernet link that leads to the clients",
        ),
    }
}

/// Effective values: what the kernel applies, `all` and the link together.
fn settings(facts: &Facts) -> Finding {
    let uplink = &facts.settings.uplink;
    let knobs = [
        ("arp_ignore", Knob::ArpIgnore),
        ("arp_announce", Knob::ArpAnnounce),
        ("rp_filter", Knob::RpFilter),
        ("proxy_arp", Knob::ProxyArp),
        ("forwarding", Knob::Forwarding),
    ];
    let values: Vec<_> = knobs.iter().map(|(name, knob)| format!("{name} {}", facts.host.effective(uplink, *knob))).collect();
    ok("settings", format!("effective settings of {uplink}: {}", values.join(", ")))
}

fn on_link(facts: &Facts, pool: &str, net: &IpNet) -> Finding {
    let uplink = &facts.settings.uplink;
    let subnets = || facts.host.foreign.iter().filter(|(on, subnet)| on == uplink && subnet.prefix_len() < subnet.max_prefix_len());
    if let Some((_, subnet)) = subnets().find(|(_, subnet)| subnet.contains(net)) {
        return ok("pool_on_link", format!("{net} of pool {pool} is in {} on {uplink}", subnet.trunc()));
    }
    let own =
        subnets().map(|(_, subnet)| subnet.addr()).find(|address| address.is_ipv4() == net.addr().is_ipv4() && !is_link_local(*address));
    finding(
        Severity::Warning,
        "pool_off_link",
        format!("{net} of pool {pool} is in no subnet of {uplink}"),
        "hosts of the segment do not ask for such an address by ARP or NDP, they send to their router; and the router asks only if a route \
         says that the address is on the segment",
        format!(
            "where that is meant, on the router: ip route add {net} dev <its link to this segment>, without a next hop (a next hop{} would \
             pin the VIPs to one node); on hosts of the segment that shall reach them directly, the same",
            own.map(|own| format!(" such as {own}")).unwrap_or_default()
        ),
    )
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}
