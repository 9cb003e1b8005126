//! Routes, as rtnetlink shows and takes them: ours, and the default routes of the main table.
//!
//! All others are passed over by their fixed header alone: a router may hold a million, some of a form unknown here.

use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_core::{NLM_F_REPLACE, Parseable};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteNextHop, RouteProtocol, RouteScope, RouteType, RouteVia,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::libc::{RT_TABLE_LOCAL, RT_TABLE_MAIN, RTM_NEWROUTE, RTN_LOCAL, RTN_UNICAST};

use super::message::Message;
use crate::model::provenance::ROUTE_PROTOCOL;
use crate::model::{Family, RouteKey};

/// One route, with links by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRoute {
    /// Destination, table and metric.
    pub key: RouteKey,
    /// What is done with the packets.
    pub kind: Kind,
    /// `rtm_protocol`: who made it.
    pub protocol: u8,
    /// Link and gateway of each next hop.
    pub hops: Vec<(Option<u32>, Option<IpAddr>)>,
}

/// What is done with the packets of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Delivered on this host.
    Local,
    /// Sent on.
    Unicast,
    /// Anything else.
    Other,
}

impl LinkRoute {
    /// Bears our mark.
    pub(super) fn is_own(&self) -> bool {
        self.protocol == ROUTE_PROTOCOL
    }
}

/// Asks for all routes of one family, of every table.
pub(super) fn dump_request(family: Family) -> RouteNetlinkMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = address_family(family);
    RouteNetlinkMessage::GetRoute(message)
}

/// A route that we look at: ours, a default one, or one that may have taken the place of ours.
pub(super) fn decode(message: Message<'_>) -> Option<LinkRoute> {
    // struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type
    let [_, length, _, _, table, protocol, _, kind] = *message.payload.first_chunk()?;
    let default = length == 0 && table == RT_TABLE_MAIN && kind == RTN_UNICAST;
    let replaces = message.kind == RTM_NEWROUTE && message.flags & NLM_F_REPLACE != 0;
    (default || replaces || protocol == ROUTE_PROTOCOL).then(|| decode_any(message)).flatten()
}

/// A route of the local table for delivery on this host, whoever made it.
pub(super) fn decode_local(message: Message<'_>) -> Option<LinkRoute> {
    let [_, _, _, _, table, _, _, kind] = *message.payload.first_chunk()?;
    (table == RT_TABLE_LOCAL && kind == RTN_LOCAL).then(|| decode_any(message)).flatten()
}

/// Any IPv4 or IPv6 route.
pub(super) fn decode_any(message: Message<'_>) -> Option<LinkRoute> {
    let family = message.payload.first().copied().map(AddressFamily::from)?;
    let any = match family {
        AddressFamily::Inet => IpAddr::from([0; 4]),
        AddressFamily::Inet6 => IpAddr::from([0; 16]),
        _ => return None,
    };
    let parsed = RouteMessage::parse(message.payload);
    let parsed =
        parsed.inspect_err(|error| tracing::debug!(%error, "a route was left out that the kernel shows in an unknown form")).ok()?;
    let header = parsed.header;
    let mut route = LinkRoute {
        key: RouteKey { table: header.table.into(), prefix: IpNet::new(any, header.destination_prefix_length).ok()?, metric: 0 },
        kind: match header.kind {
            RouteType::Local => Kind::Local,
            RouteType::Unicast => Kind::Unicast,
            _ => Kind::Other,
        },
        protocol: header.protocol.into(),
        hops: Vec::new(),
    };
    let single = hop(None, &parsed.attributes);
    for attribute in parsed.attributes {
        match attribute {
            RouteAttribute::Destination(to) => route.key.prefix = IpNet::new(ip(&to)?, header.destination_prefix_length).ok()?,
            RouteAttribute::Table(table) => route.key.table = table,
            RouteAttribute::Priority(metric) => route.key.metric = metric,
            RouteAttribute::MultiPath(hops) => route.hops = hops.iter().map(next_hop).collect(),
            _ => {}
        }
    }
    if route.hops.is_empty() {
        route.hops = vec![single];
    }
    Some(route)
}

/// Adds a route for delivery on this host; refused where one of the same key exists, whoever made it.
pub(super) fn encode_local(key: &RouteKey, index: u32) -> RouteNetlinkMessage {
    let mut message = message(key);
    message.header.scope = RouteScope::Host;
    message.header.kind = RouteType::Local;
    message.attributes.push(RouteAttribute::Oif(index));
    RouteNetlinkMessage::NewRoute(message)
}

/// Removes a route of ours, wherever it leads. Protocol and metric are always named: without them the kernel would remove its own
/// route for an address.
pub(super) fn encode_delete(key: &RouteKey) -> RouteNetlinkMessage {
    let mut message = message(key);
    message.header.scope = RouteScope::NoWhere;
    RouteNetlinkMessage::DelRoute(message)
}

fn message(key: &RouteKey) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header = RouteHeader {
        address_family: address_family(Family::of(key.prefix.addr())),
        destination_prefix_length: key.prefix.prefix_len(),
        // RTA_TABLE decides; the header's field holds eight bits only (rtnetlink(7)).
        table: u8::try_from(key.table).unwrap_or(RouteHeader::RT_TABLE_UNSPEC),
        protocol: RouteProtocol::Other(ROUTE_PROTOCOL),
        ..RouteHeader::default()
    };
    message.attributes = vec![
        RouteAttribute::Destination(key.prefix.network().into()),
        RouteAttribute::Table(key.table),
        RouteAttribute::Priority(key.metric),
    ];
    message
}

fn next_hop(next: &RouteNextHop) -> (Option<u32>, Option<IpAddr>) {
    hop(Some(next.interface_index), &next.attributes)
}

fn hop(index: Option<u32>, attributes: &[RouteAttribute]) -> (Option<u32>, Option<IpAddr>) {
    let (mut index, mut via) = (index, None);
    for attribute in attributes {
        match attribute {
            RouteAttribute::Oif(number) => index = Some(*number),
            RouteAttribute::Gateway(address) => via = ip(address),
            RouteAttribute::Via(RouteVia::Inet(address)) => via = Some(IpAddr::V4(*address)),
            RouteAttribute::Via(RouteVia::Inet6(address)) => via = Some(IpAddr::V6(*address)),
            _ => {}
        }
    }
    (index, via)
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some(IpAddr::V4(*address)),
        RouteAddress::Inet6(address) => Some(IpAddr::V6(*address)),
        _ => None,
    }
}

fn address_family(family: Family) -> AddressFamily {
    match family {
        Family::Ipv4 => AddressFamily::Inet,
        Family::Ipv6 => AddressFamily::Inet6,
    }
}
