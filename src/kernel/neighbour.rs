//! The neighbour table: who was seen on the segment.

use std::net::IpAddr;

use netlink_packet_core::Parseable;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState};

use super::message::Message;
use crate::model::Mac;

/// A station on the segment whose hardware address the kernel knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Neighbour {
    /// Its address.
    pub address: IpAddr,
    /// Its hardware address.
    pub mac: Mac,
}

/// Asks for the neighbours of both families.
pub(super) fn dump_request() -> RouteNetlinkMessage {
    RouteNetlinkMessage::GetNeighbour(NeighbourMessage::default())
}

/// A usable neighbour of the link with this index.
pub(super) fn decode(message: Message<'_>, index: u32) -> Option<Neighbour> {
    let parsed = NeighbourMessage::parse(message.payload).ok()?;
    let usable = match parsed.header.state {
        NeighbourState::Reachable | NeighbourState::Stale | NeighbourState::Delay | NeighbourState::Probe | NeighbourState::Permanent => {
            true
        }
        // Unresolved, failed, or filled in without asking anybody (multicast, loopback).
        _ => false,
    };
    if !usable || parsed.header.ifindex != index {
        return None;
    }
    let (mut address, mut mac) = (None, None);
    for attribute in parsed.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(ip)) => address = Some(IpAddr::V4(ip)),
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(ip)) => address = Some(IpAddr::V6(ip)),
            NeighbourAttribute::LinkLayerAddress(octets) => mac = <[u8; 6]>::try_from(octets.as_slice()).ok().map(Mac),
            _ => {}
        }
    }
    let neighbour = Neighbour { address: address?, mac: mac? };
    let one_station = !neighbour.address.is_multicast() && neighbour.mac.0[0] & 1 == 0;
    one_station.then_some(neighbour)
}
