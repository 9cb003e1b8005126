//! Addresses, as rtnetlink shows and takes them.

use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_core::Parseable;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeader, AddressMessage, AddressProtocol, AddressScope, CacheInfo,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::message::Message;
use crate::model::provenance::{ADDRESS_LABEL, ADDRESS_PROTOCOL};
use crate::model::{Address, Scope};

/// Lifetime that never ends (`INFINITY_LIFE_TIME`).
const FOREVER: u32 = u32::MAX;

/// One address of one link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkAddress {
    /// Interface index.
    pub index: u32,
    /// The address with its prefix length.
    pub net: IpNet,
    /// How it is bound, where it bears our mark.
    pub own: Option<Address>,
}

/// Asks for all addresses of both families.
pub(super) fn dump_request() -> RouteNetlinkMessage {
    RouteNetlinkMessage::GetAddress(AddressMessage::default())
}

/// The address that a message is about. None for families other than IPv4 and IPv6.
pub(super) fn decode(message: Message<'_>) -> Option<LinkAddress> {
    let family = message.payload.first().copied().map(AddressFamily::from);
    if !matches!(family, Some(AddressFamily::Inet | AddressFamily::Inet6)) {
        return None;
    }
    let parsed = AddressMessage::parse(message.payload);
    let parsed =
        parsed.inspect_err(|error| tracing::warn!(%error, "an address was left out that the kernel shows in an unknown form")).ok()?;
    let (mut local, mut peer, mut flags, mut label, mut protocol) = (None, None, AddressFlags::empty(), None, None);
    for attribute in parsed.attributes {
        match attribute {
            AddressAttribute::Local(address) => local = Some(address),
            AddressAttribute::Address(address) => peer = Some(address),
            AddressAttribute::Flags(bits) => flags = bits,
            AddressAttribute::Label(text) => label = Some(text),
            AddressAttribute::Protocol(number) => protocol = Some(u8::from(number)),
            _ => {}
        }
    }
    // IFA_ADDRESS is the other end of a point-to-point link wherever IFA_LOCAL is there (if_addr.h).
    let net = IpNet::new(local.or(peer)?, parsed.header.prefix_len).ok()?;
    let own = (protocol == Some(ADDRESS_PROTOCOL)).then(|| Address {
        scope: match parsed.header.scope {
            AddressScope::Universe => Scope::Global,
            AddressScope::Host => Scope::Host,
            _ => Scope::Other,
        },
        labelled: label.as_deref() == Some(ADDRESS_LABEL),
        deprecated: flags.contains(AddressFlags::Deprecated),
    });
    Some(LinkAddress { index: parsed.header.index, net, own })
}

/// Binds `net` to a link, with our mark (`IFA_PROTO`: Linux 5.18).
pub(super) fn encode_bind(index: u32, net: IpNet, address: Address) -> RouteNetlinkMessage {
    let mut message = message(index, net);
    message.header.scope = match address.scope {
        Scope::Host => AddressScope::Host,
        Scope::Global | Scope::Other => AddressScope::Universe,
    };
    let mut flags = AddressFlags::Noprefixroute;
    if net.addr().is_ipv6() {
        // The claim says whose the address is; duplicate address detection would only keep it silent for a second.
        flags |= AddressFlags::Nodad;
    }
    let attributes = &mut message.attributes;
    attributes.extend([AddressAttribute::Protocol(AddressProtocol::Other(ADDRESS_PROTOCOL)), AddressAttribute::Flags(flags)]);
    if address.labelled {
        attributes.push(AddressAttribute::Label(ADDRESS_LABEL.to_owned()));
    }
    if address.deprecated {
        let mut lifetime = CacheInfo::default();
        lifetime.ifa_valid = FOREVER;
        attributes.push(AddressAttribute::CacheInfo(lifetime));
    }
    RouteNetlinkMessage::NewAddress(message)
}

/// Takes `net` off a link; where `labelled`, only if it bears our label.
pub(super) fn encode_unbind(index: u32, net: IpNet, labelled: bool) -> RouteNetlinkMessage {
    let mut message = message(index, net);
    if labelled {
        message.attributes.push(AddressAttribute::Label(ADDRESS_LABEL.to_owned()));
    }
    RouteNetlinkMessage::DelAddress(message)
}

fn message(index: u32, net: IpNet) -> AddressMessage {
    let family = match net.addr() {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    let mut message = AddressMessage::default();
    message.header = AddressHeader { family, prefix_len: net.prefix_len(), index, ..AddressHeader::default() };
    message.attributes = vec![AddressAttribute::Local(net.addr()), AddressAttribute::Address(net.addr())];
    message
}
