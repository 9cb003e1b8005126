//! Neighbor Solicitations and Advertisements over Ethernet (RFC 4861 §4.3, §4.4).
//!
//! Absent: router discovery, redirects, SEND options, VLAN tags.

use std::net::Ipv6Addr;

use etherparse::checksum::Sum16BitWords;
use etherparse::icmpv6::{
    Icmpv6PayloadSlice, NdpOptionSlice, NdpOptionsIterator, NeighborAdvertisementHeader, TYPE_NEIGHBOR_ADVERTISEMENT,
    TYPE_NEIGHBOR_SOLICITATION,
};
use etherparse::{EtherType, Ethernet2Header, Ethernet2Slice, Icmpv6Slice, Icmpv6Type, IpNumber, Ipv6FlowLabel, Ipv6Header, Ipv6Slice};

use crate::model::Mac;

/// RFC 4861 §7.1: proves that no router forwarded the packet.
const HOP_LIMIT: u8 = 255;
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// Type and length (in units of 8 bytes) of a link-layer address option with an Ethernet address (RFC 4861 §4.6.1).
const SOURCE_OPTION: [u8; 2] = [1, 1];
const TARGET_OPTION: [u8; 2] = [2, 1];

/// One neighbour discovery packet with its Ethernet addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nd {
    /// Ethernet source.
    pub source_mac: Mac,
    /// Ethernet destination.
    pub destination_mac: Mac,
    /// IPv6 source.
    pub source: Ipv6Addr,
    /// IPv6 destination.
    pub destination: Ipv6Addr,
    /// The address that is asked for or advertised.
    pub target: Ipv6Addr,
    /// Solicitation or advertisement.
    pub message: Message,
}

/// What a neighbour discovery packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Who has the target?
    Solicitation {
        /// Source link-layer address option: the receiver may enter the sender into its cache.
        link_layer: Option<Mac>,
    },
    /// The target is here.
    Advertisement {
        /// The sender is a router.
        router: bool,
        /// Answers a solicitation.
        solicited: bool,
        /// The receiver shall replace what it knows.
        overrides: bool,
        /// Target link-layer address option.
        link_layer: Option<Mac>,
    },
}

impl Nd {
    /// Unsolicited Advertisement of `vip` to all nodes, with Override (RFC 4861 §7.2.6).
    pub fn unsolicited(mac: Mac, vip: Ipv6Addr) -> Self {
        Self {
            source_mac: mac,
            destination_mac: multicast_mac(ALL_NODES),
            source: vip,
            destination: ALL_NODES,
            target: vip,
            message: Message::Advertisement { router: false, solicited: false, overrides: true, link_layer: Some(mac) },
        }
    }

    /// Solicitation for `target` from `source`, with its link-layer address, to the solicited-node multicast group.
    pub fn solicitation(mac: Mac, source: Ipv6Addr, target: Ipv6Addr) -> Self {
        let group = solicited_node(target);
        Self {
            source_mac: mac,
            destination_mac: multicast_mac(group),
            source,
            destination: group,
            target,
            message: Message::Solicitation { link_layer: Some(mac) },
        }
    }

    /// Solicitation as duplicate address detection sends it (RFC 4862 §5.4.2): from `::`, which fills no cache.
    pub fn probe(mac: Mac, target: Ipv6Addr) -> Self {
        // RFC 4861 §4.3: no source link-layer option where the source is unspecified.
        Self { message: Message::Solicitation { link_layer: None }, ..Self::solicitation(mac, Ipv6Addr::UNSPECIFIED, target) }
    }

    /// The same solicitation to the target alone, whose MAC is known.
    #[must_use]
    pub fn unicast(self, mac: Mac) -> Self {
        Self { destination_mac: mac, destination: self.target, ..self }
    }

    /// The frame to send on a packet socket: 86 bytes with a link-layer option, else 78.
    pub fn encode(&self) -> Vec<u8> {
        let message = self.encode_message();
        let ethernet = Ethernet2Header { source: self.source_mac.0, destination: self.destination_mac.0, ether_type: EtherType::IPV6 };
        let ip = Ipv6Header {
            traffic_class: 0,
            flow_label: Ipv6FlowLabel::ZERO,
            payload_length: self.message_len(),
            next_header: IpNumber::IPV6_ICMP,
            hop_limit: HOP_LIMIT,
            source: self.source.octets(),
            destination: self.destination.octets(),
        };
        [&ethernet.to_bytes()[..], &ip.to_bytes(), &message].concat()
    }

    /// Header and target, 24 bytes, and the link-layer option, 8 bytes.
    fn message_len(&self) -> u16 {
        let (Message::Solicitation { link_layer } | Message::Advertisement { link_layer, .. }) = self.message;
        if link_layer.is_some() { 32 } else { 24 }
    }

    /// Type, code, checksum, flags, target and one option.
    fn encode_message(&self) -> Vec<u8> {
        let (kind, flags, option) = match self.message {
            Message::Solicitation { link_layer } => (TYPE_NEIGHBOR_SOLICITATION, [0; 4], link_layer.map(|mac| (SOURCE_OPTION, mac))),
            Message::Advertisement { router, solicited, overrides, link_layer } => {
                let flags = NeighborAdvertisementHeader { router, solicited, r#override: overrides }.to_bytes();
                (TYPE_NEIGHBOR_ADVERTISEMENT, flags, link_layer.map(|mac| (TARGET_OPTION, mac)))
            }
        };
        let mut message = [&[kind, 0, 0, 0], &flags[..], &self.target.octets()].concat();
        if let Some((head, mac)) = option {
            message.extend_from_slice(&head);
            message.extend_from_slice(&mac.0);
        }
        let checksum = Sum16BitWords::new()
            .add_16bytes(self.source.octets())
            .add_16bytes(self.destination.octets())
            .add_4bytes(u32::from(self.message_len()).to_be_bytes())
            .add_2bytes([0, IpNumber::IPV6_ICMP.0])
            .add_slice(&message)
            .ones_complement();
        // etherparse sums in native order.
        message[2..4].copy_from_slice(&checksum.to_ne_bytes());
        message
    }
}

/// Reads an Ethernet frame and validates it as RFC 4861 §7.1.1 and §7.1.2 demand. None: truncated, something else, or
/// invalid (hop limit, checksum, code, options). Trailing padding is allowed.
pub fn decode_nd(frame: &[u8]) -> Option<Nd> {
    let ethernet = Ethernet2Slice::from_slice_without_fcs(frame).ok()?;
    if ethernet.ether_type() != EtherType::IPV6 {
        return None;
    }
    let ip = Ipv6Slice::from_slice(ethernet.payload_slice()).ok()?;
    let (header, payload) = (ip.header(), ip.payload());
    if header.hop_limit() != HOP_LIMIT || payload.ip_number != IpNumber::IPV6_ICMP || payload.fragmented {
        return None;
    }
    let icmp = Icmpv6Slice::from_slice(payload.payload).ok()?;
    if !icmp.is_checksum_valid(header.source(), header.destination()) {
        return None;
    }
    let (target, message) = match (icmp.icmp_type(), icmp.payload_slice().ok()?) {
        (Icmpv6Type::NeighborSolicitation, Icmpv6PayloadSlice::NeighborSolicitation(body)) => {
            let link_layer = link_layer_of(body.options_iterator(), SOURCE_OPTION).ok()?;
            (body.target_address(), Message::Solicitation { link_layer })
        }
        (Icmpv6Type::NeighborAdvertisement(flags), Icmpv6PayloadSlice::NeighborAdvertisement(body)) => {
            let link_layer = link_layer_of(body.options_iterator(), TARGET_OPTION).ok()?;
            let NeighborAdvertisementHeader { router, solicited, r#override: overrides } = flags;
            (body.target_address(), Message::Advertisement { router, solicited, overrides, link_layer })
        }
        _ => return None,
    };
    let nd = Nd {
        source_mac: Mac(ethernet.source()),
        destination_mac: Mac(ethernet.destination()),
        source: header.source_addr(),
        destination: header.destination_addr(),
        target,
        message,
    };
    is_valid(&nd).then_some(nd)
}

/// An option is truncated, has no length, or bears an address that is no Ethernet one.
struct MalformedOption;

/// The link-layer address of the wanted option, where there is one.
fn link_layer_of(options: NdpOptionsIterator<'_>, [wanted, _]: [u8; 2]) -> Result<Option<Mac>, MalformedOption> {
    let mut found = None;
    for option in options {
        let address = match option.map_err(|_| MalformedOption)? {
            NdpOptionSlice::SourceLinkLayerAddress(option) if wanted == SOURCE_OPTION[0] => option.link_layer_address(),
            NdpOptionSlice::TargetLinkLayerAddress(option) if wanted == TARGET_OPTION[0] => option.link_layer_address(),
            _ => continue,
        };
        found = Some(Mac(address.try_into().map_err(|_| MalformedOption)?));
    }
    Ok(found)
}

fn is_valid(nd: &Nd) -> bool {
    if nd.target.is_multicast() {
        return false;
    }
    match nd.message {
        Message::Solicitation { link_layer } => {
            !nd.source.is_unspecified() || (link_layer.is_none() && nd.destination == solicited_node(nd.target))
        }
        Message::Advertisement { solicited, .. } => !(nd.destination.is_multicast() && solicited),
    }
}

/// The solicited-node multicast group of an address (RFC 4291 §2.7.1).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

/// The Ethernet address of an IPv6 multicast group (RFC 2464 §7).
fn multicast_mac(group: Ipv6Addr) -> Mac {
    let [.., a, b, c, d] = group.octets();
    Mac([0x33, 0x33, a, b, c, d])
}
