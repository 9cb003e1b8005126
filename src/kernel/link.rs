//! Links, as rtnetlink shows them.
//!
//! Only the attributes that are used are decoded, by hand: the typed decoder reads all of them, and one that it does not
//! know, of some driver or of a newer kernel, would hide the whole link.

use netlink_packet_core::NlasIterator;
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkFlags, LinkHeader, LinkLayerType, LinkMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::message::Message;
use crate::model::{Link, LinkName, Mac};

const HEADER: usize = 16;
/// `IFLA_ADDRESS`
const ADDRESS: u16 = 1;
/// `IFLA_IFNAME`
const NAME: u16 = 3;

/// Asks for all links, without their counters.
pub(super) fn dump_request() -> RouteNetlinkMessage {
    let mut message = LinkMessage::default();
    message.attributes = vec![LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats])];
    RouteNetlinkMessage::GetLink(message)
}

/// The link that a message is about. None for bridge ports and the like, which share the message type.
pub(super) fn decode(message: Message<'_>) -> Option<Link> {
    let header = LinkHeader::parse(message.payload).ok()?;
    if header.interface_family != AddressFamily::Unspec {
        return None;
    }
    let (mut name, mut mac) = (None, None);
    for attribute in NlasIterator::new(message.payload.get(HEADER..)?).flatten() {
        match attribute.kind() {
            NAME => name = std::str::from_utf8(attribute.value()).ok().map(|text| LinkName::from(text.trim_end_matches('\0'))),
            ADDRESS if header.link_layer_type == LinkLayerType::Ether => mac = attribute.value().try_into().ok().map(Mac),
            _ => {}
        }
    }
    Some(Link {
        index: header.index,
        name: name?,
        mac,
        up: header.flags.contains(LinkFlags::Up),
        carrier: header.flags.contains(LinkFlags::LowerUp),
    })
}
