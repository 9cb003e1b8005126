//! What is wrong or risky on this host: answers from other links, settings of others, addresses put there by hand.

use std::collections::BTreeMap;

use super::answers::{Held, answers};
use super::others::Others;
use super::placing::{holds, settled_arp_ignore};
use super::{Inputs, VipDecision};
use crate::model::report::Role;
use crate::model::{Family, Finding, Host, Knob, Link, LinkName, Placement, Scope, Severity, Sysctl, Vip};

/// kube-proxy's own link in IPVS mode. It bears every Service address on every node, and what is taken off comes back.
pub const IPVS_LINK: &str = "kube-ipvs0";

/// Everything that the host's own settings make doubtful for these VIPs, sorted.
pub(super) fn findings(inputs: Inputs<'_>, others: &Others<'_>, vips: &BTreeMap<Vip, VipDecision>) -> Vec<Finding> {
    let host = inputs.host;
    let mut findings: Vec<_> = uplink(host, &inputs.settings.uplink).into_iter().collect();
    let holds_ipv4 = vips.iter().any(|(vip, part)| vip.family() == Family::Ipv4 && holds(part));
    if holds_ipv4 {
        findings.extend(other_links(host, &inputs.settings.uplink).filter_map(|link| flux(host, link, vips)));
        findings.extend(proxy_arp(host, &inputs.settings.uplink));
        findings.extend(reverse_path(host, &inputs.settings.uplink));
    }
    findings.extend(vips.iter().flat_map(|(vip, part)| foreign(host, others, *vip, part)));
    findings.sort();
    findings.dedup();
    findings
}

/// The uplink's own state.
fn uplink(host: &Host, name: &LinkName) -> Option<Finding> {
    let error = |code: &str, what: String, fix: String| Finding {
        severity: Severity::Error,
        code: code.to_owned(),
        what,
        why: "no VIP of this node can be answered".to_owned(),
        fix,
    };
    match host.links.get(name) {
        None => Some(error("uplink_missing", format!("the uplink {name} is not there"), "create it, or set another uplink".to_owned())),
        Some(link) if !link.up => Some(error("uplink_down", format!("the uplink {name} is down"), format!("ip link set {name} up"))),
        Some(link) if !link.carrier => Some(error(
            "uplink_no_carrier",
            format!("the uplink {name} has no carrier"),
            "look at the cable, the switch port or the bond".to_owned(),
        )),
        Some(_) => None,
    }
}

/// Links besides the uplink on which requests may arrive.
fn other_links<'a>(host: &'a Host, uplink: &'a LinkName) -> impl Iterator<Item = &'a Link> {
    host.links.values().filter(move |link| link.up && link.mac.is_some() && link.name != *uplink && link.name.as_str() != "lo")
}

/// The weak host model answers on every link (RFC 1122 §3.3.4.2), unless `arp_ignore` of that link says otherwise.
fn flux(host: &Host, link: &Link, vips: &BTreeMap<Vip, VipDecision>) -> Option<Finding> {
    let effective = host.effective(&link.name, Knob::ArpIgnore);
    if [Held::Elsewhere(Scope::Host), Held::Quiet].iter().all(|held| !answers(Family::Ipv4, *held, effective)) {
        return None;
    }
    let held = |part: &VipDecision| match (part.role, part.placement) {
        (Role::Owner, Placement::Uplink | Placement::Lo) => Held::Elsewhere(Scope::Host),
        (Role::Owner, Placement::Quiet) | (Role::Standby, _) => Held::Quiet,
    };
    let answering = |(vip, part): &(&Vip, &VipDecision)| holds(part) && answers(vip.family(), held(part), effective);
    let (vip, _) = vips.iter().find(answering)?;
    let sysctl = Sysctl { link: link.name.clone(), knob: Knob::ArpIgnore };
    Some(Finding {
        severity: Severity::Warning,
        code: "answers_on_other_link".to_owned(),
        what: format!("{} answers ARP for VIPs such as {vip} as well ({sysctl} = {effective})", link.name),
        why: "the weak host model answers on every link: a client on that segment would learn a second hardware address".to_owned(),
        fix: format!("sysctl -w {sysctl}=1, if a segment with clients or other nodes is behind it"),
    })
}

fn proxy_arp<'a>(host: &'a Host, uplink: &'a LinkName) -> impl Iterator<Item = Finding> + 'a {
    let on = |link: &&Link| link.name.as_str() != "lo" && host.effective(&link.name, Knob::ProxyArp) > 0;
    host.links.values().filter(on).filter(|link| link.mac.is_some()).map(move |link| Finding {
        severity: Severity::Warning,
        code: "proxy_arp".to_owned(),
        what: format!("{} has proxy_arp switched on", link.name),
        why: format!(
            "it answers ARP for addresses that are routed by another link{}",
            if link.name == *uplink { ", a VIP of another node among them" } else { "" }
        ),
        fix: format!("sysctl -w {}=0 (and {}=0)", Sysctl { link: link.name.clone(), knob: Knob::ProxyArp }, Sysctl::all(Knob::ProxyArp)),
    })
}

fn reverse_path(host: &Host, uplink: &LinkName) -> Option<Finding> {
    let strict = host.effective(uplink, Knob::RpFilter) == 1;
    let default_elsewhere =
        host.gateways.iter().find(|gateway| gateway.family == Family::Ipv4).is_some_and(|gateway| gateway.link != *uplink);
    (strict && default_elsewhere).then(|| Finding {
        severity: Severity::Warning,
        code: "rp_filter".to_owned(),
        what: format!("{uplink} has a strict rp_filter, and the default route leaves by another link"),
        why: "requests of clients behind a router are dropped, because the way back is not the way they came (RFC 3704)".to_owned(),
        fix: format!("sysctl -w {}=2", Sysctl { link: uplink.clone(), knob: Knob::RpFilter }),
    })
}

/// A VIP that stands on a link without our mark: put there by an administrator or another tool, never touched.
fn foreign(host: &Host, others: &Others<'_>, vip: Vip, part: &VipDecision) -> Vec<Finding> {
    let finding = |link: &LinkName| {
        let on_subnet = host.on_link(&part.link, vip.0);
        let held = if *link == part.link { Held::OnLink { scope: Scope::Global, on_subnet } } else { Held::Elsewhere(Scope::Global) };
        let answers_too = part.role == Role::Standby && answers(vip.family(), held, settled_arp_ignore(host, part));
        let ipvs = link.as_str() == IPVS_LINK;
        let found = Finding {
            severity: if answers_too { Severity::Error } else { Severity::Warning },
            code: "foreign_address".to_owned(),
            what: format!("{vip} stands on {link} without the mark of hostvip"),
            why: if answers_too {
                format!("this node answers for it although {} owns it: two hardware addresses for one VIP", part.owner)
            } else {
                "it was put there by hand or by another tool, and stays when hostvip withdraws".to_owned()
            },
            fix: if ipvs {
                "set strictARP: true in kube-proxy's config".to_owned()
            } else {
                format!("ip address del {} dev {link}", vip.prefix())
            },
        };
        (answers_too || !ipvs).then_some(found)
    };
    others.holders(vip.0).iter().filter_map(|link| finding(link)).collect()
}
