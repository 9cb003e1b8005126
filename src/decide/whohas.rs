//! Who answers for a VIP on one segment: how to ask, what counts as an answer, and whether this host is one of those who do.
//!
//! Absent: sockets and clocks. The kernel never answers the frames of its own host, so this host's part is computed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr::{self, V4, V6};
use std::time::Duration;

use super::answers::{Held, answers};
use crate::codec::arp::{Arp, Operation, decode_arp};
use crate::codec::ndp::{Message, Nd, decode_nd};
use crate::model::{Family, Host, Knob, Link, LinkName, Mac, Route, RouteKey, Scope, Vip};

/// A question to one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whom it is about.
    pub vip: Vip,
    /// Hardware address of the link that asks.
    pub mac: Mac,
    /// Who asks; none: a probe from the unspecified address (RFC 5227 §1.1, RFC 4862 §5.4.2).
    pub sender: Option<IpAddr>,
}

/// One answer that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The hardware address that the answer gives: the one that clients learn.
    pub mac: Mac,
    /// The Ethernet source of its frame, which differs where a device speaks for another.
    pub source: Mac,
}

/// A hardware address that answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Station {
    /// Answers heard.
    pub answers: u32,
    /// The shortest time from a probe to an answer; none where nothing was heard (this host).
    pub round_trip: Option<Duration>,
    /// Ethernet sources of its frames, other than itself.
    pub sources: BTreeSet<Mac>,
}

/// How this host holds a VIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// Link that bears the address; none for a local route.
    pub address_on: Option<LinkName>,
    /// Bears the mark of hostvip.
    pub marked: bool,
    /// Whether the kernel answers for it on the link that was asked about.
    pub answers: bool,
    /// The effective `arp_ignore` of that link.
    pub arp_ignore: i32,
}

/// How many answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// As it should be.
    One,
    /// Clients reach now one, now another.
    Several,
    /// Clients reach nobody.
    Nobody,
}

impl Question {
    /// Asks as a client on `link` would. Without a subnet on that link it asks from the unspecified address: a sender that is not
    /// the link's own would enter a wrong hardware address into the caches of others, and a host prefix may be a VIP.
    pub fn on(host: &Host, link: &Link, vip: Vip) -> Option<Self> {
        let usable = |net: &ipnet::IpNet| Family::of(net.addr()) == vip.family() && net.prefix_len() < net.max_prefix_len();
        let nets = || host.foreign.iter().filter(|(on, net)| *on == link.name && usable(net) && net.addr() != vip.0).map(|(_, net)| net);
        let of_subnet = nets().find(|net| net.contains(&vip.0));
        Some(Self { vip, mac: link.mac?, sender: of_subnet.or_else(|| nets().next()).map(ipnet::IpNet::addr) })
    }

    /// The frame that asks everybody.
    pub fn frame(&self) -> Vec<u8> {
        match (self.vip.0, self.sender) {
            (V4(vip), Some(V4(sender))) => Arp::request(self.mac, sender, vip).encode().to_vec(),
            (V4(vip), _) => Arp::probe(self.mac, vip).encode().to_vec(),
            (V6(vip), Some(V6(sender))) => Nd::solicitation(self.mac, sender, vip).encode(),
            (V6(vip), _) => Nd::probe(self.mac, vip).encode(),
        }
    }

    /// The answer that a frame is. None: something else, an answer to somebody else, or an announcement, which nobody asked for.
    pub fn answer(&self, frame: &[u8]) -> Option<Answer> {
        match self.vip.0 {
            V4(vip) => {
                let arp = decode_arp(frame)?;
                let fits = arp.operation == Operation::Reply && arp.sender_ip == vip && arp.target_ip != vip && arp.target_mac == self.mac;
                fits.then_some(Answer { mac: arp.sender_mac, source: arp.source })
            }
            V6(vip) => {
                let nd = decode_nd(frame)?;
                let Message::Advertisement { solicited, link_layer, .. } = nd.message else { return None };
                // Nobody can be answered at `::`: the answer to a probe goes to all nodes, and is not called solicited (RFC 4861 §7.2.4).
                let to_us = if self.sender.is_some() { solicited && nd.destination_mac == self.mac } else { !solicited };
                (to_us && nd.target == vip).then(|| Answer { mac: link_layer.unwrap_or(nd.source_mac), source: nd.source_mac })
            }
        }
    }
}

impl Station {
    /// Counts one more answer.
    pub fn heard(&mut self, answer: Answer, round_trip: Duration) {
        self.answers += 1;
        self.round_trip = Some(self.round_trip.map_or(round_trip, |shortest| shortest.min(round_trip)));
        if answer.source != answer.mac {
            self.sources.insert(answer.source);
        }
    }
}

/// The link to ask on where none is named: one whose subnet holds the VIP, the uplink before others; else the uplink of the config,
/// else that of the default route.
pub fn default_link<'a>(host: &'a Host, uplink: Option<&'a LinkName>, vip: Vip) -> Option<&'a LinkName> {
    let holds = |name: &&LinkName| host.on_link(name, vip.0);
    let near = || host.links.values().filter(|link| link.mac.is_some()).map(|link| &link.name);
    let gateway = || host.gateways.iter().find(|gateway| gateway.family == vip.family()).map(|gateway| &gateway.link);
    uplink.filter(holds).or_else(|| near().find(holds)).or(uplink).or_else(gateway).or_else(|| host.default_link())
}

/// How this host holds `vip`, seen from `link`; none where it does not. `accepted`: the kernel delivers the VIP's packets here
/// (any local route, marked or not), which the mirror alone does not show.
pub fn here(host: &Host, link: &LinkName, vip: Vip, accepted: bool) -> Option<Here> {
    let arp_ignore = host.effective(link, Knob::ArpIgnore);
    // The mirror does not keep the scope of others' addresses; global is what everybody gives them.
    let foreign = host.foreign.iter().filter(|(_, net)| net.addr() == vip.0).map(|(on, _)| (on, Scope::Global, false));
    let ours = host.ours.addresses.iter().filter(|(key, _)| key.vip == vip).map(|(key, address)| (&key.link, address.scope, true));
    let addresses = ours.chain(foreign).map(|(on, scope, marked)| {
        let held = if on == link { Held::OnLink { scope, on_subnet: host.on_link(link, vip.0) } } else { Held::Elsewhere(scope) };
        Here { address_on: Some(on.clone()), marked, answers: answers(vip.family(), held, arp_ignore), arp_ignore }
    });
    let marked = host.ours.routes.get(&RouteKey::quiet(vip)).is_some_and(|route| matches!(route, Route::Local(_)));
    let quiet = Here { address_on: None, marked, answers: answers(vip.family(), Held::Quiet, arp_ignore), arp_ignore };
    let held: Vec<_> = addresses.chain((accepted || marked).then_some(quiet)).collect();
    held.iter().find(|here| here.answers).or(held.first()).cloned()
}

/// What a hardware address is known as on this host: its own links, the gateway, and neighbours other than the VIP itself.
pub fn names(host: &Host, neighbours: &[(IpAddr, Mac)], vip: Vip, mac: Mac) -> Vec<String> {
    let own = host.links.values().filter(|link| link.mac == Some(mac)).map(|link| format!("this node's {}", link.name));
    let gateway = |address: IpAddr| host.gateways.iter().any(|gateway| gateway.via == Some(address));
    let known = neighbours.iter().filter(|(address, of)| *of == mac && *address != vip.0);
    let known = known.map(|(address, _)| if gateway(*address) { format!("gateway {address}") } else { address.to_string() });
    own.chain(known).collect()
}

/// How many answer, by their number.
pub fn count(stations: &BTreeMap<Mac, Station>) -> Count {
    match stations.len() {
        0 => Count::Nobody,
        1 => Count::One,
        _ => Count::Several,
    }
}

impl fmt::Display for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address_on {
            Some(link) => write!(f, "address on {link}")?,
            None => f.write_str("local route")?,
        }
        f.write_str(if self.marked { " of hostvip" } else { " without the mark of hostvip" })
    }
}
