//! ARP (RFC 826) and neighbour discovery (RFC 4861) frames, built and parsed by hand.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Instant;

use hostvip::model::Mac;

/// One frame heard on a link.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When it was read.
    pub at: Instant,
    /// Ethernet source.
    pub source: Mac,
    /// Ethernet destination.
    pub destination: Mac,
    /// What it says.
    pub message: Message,
}

/// The content of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// ARP; operation 1 asks, 2 answers.
    Arp {
        /// `ar$op`.
        operation: u16,
        /// Whom the frame speaks for.
        sender: (Ipv4Addr, Mac),
        /// Whom it asks for, or tells.
        target: (Ipv4Addr, Mac),
    },
    /// Neighbour solicitation (§4.3).
    Solicit {
        /// IPv6 source; `::` in duplicate address detection.
        source: Ipv6Addr,
        /// Address asked for.
        target: Ipv6Addr,
        /// Source link-layer address option.
        link: Option<Mac>,
    },
    /// Neighbour advertisement (§4.4).
    Advert {
        /// IPv6 source.
        source: Ipv6Addr,
        /// IPv6 destination.
        destination: Ipv6Addr,
        /// Address spoken for.
        target: Ipv6Addr,
        /// Target link-layer address option.
        link: Option<Mac>,
        /// An answer to a solicitation.
        solicited: bool,
        /// Replaces what a cache holds.
        overrides: bool,
    },
}

impl Frame {
    /// Parses an Ethernet frame; none where it is no ARP or ND message.
    pub fn decode(bytes: &[u8], at: Instant) -> Option<Self> {
        let (destination, source) = (mac(bytes, 0)?, mac(bytes, 6)?);
        let message = match bytes.get(12..14)? {
            [0x08, 0x06] => arp(bytes.get(14..)?)?,
            [0x86, 0xdd] => neighbour(bytes.get(14..)?)?,
            _ => return None,
        };
        Some(Self { at, source, destination, message })
    }

    /// The address and the MAC that this frame gives as its own: what it writes into the caches that believe it.
    pub fn claims(&self) -> Option<(IpAddr, Mac)> {
        match self.message {
            Message::Arp { sender: (address, mac), .. } => Some((address.into(), mac)),
            Message::Solicit { source, link, .. } => Some((source.into(), link?)),
            Message::Advert { target, link, .. } => Some((target.into(), link.unwrap_or(self.source))),
        }
    }

    /// The claim of a frame that answers a request.
    pub fn answers(&self) -> Option<(IpAddr, Mac)> {
        match self.message {
            Message::Arp { operation: 2, sender, target } if sender.0 != target.0 && self.destination != Mac::BROADCAST => self.claims(),
            Message::Advert { solicited: true, .. } => self.claims(),
            _ => None,
        }
    }

    /// The claim of a frame that nobody asked for: gratuitous ARP, unsolicited advertisement, or a request from the VIP.
    pub fn announces(&self) -> Option<(IpAddr, Mac)> {
        if self.answers().is_some() { None } else { self.claims() }
    }
}

fn mac(bytes: &[u8], offset: usize) -> Option<Mac> {
    Some(Mac(*bytes.get(offset..)?.first_chunk()?))
}

fn arp(packet: &[u8]) -> Option<Message> {
    let address = |offset: usize| packet.get(offset..)?.first_chunk::<4>().copied().map(Ipv4Addr::from);
    // Ethernet and IPv4, the only pair of this lab.
    (packet.get(..6)? == [0, 1, 8, 0, 6, 4]).then_some(())?;
    let operation = u16::from_be_bytes(*packet.get(6..)?.first_chunk()?);
    Some(Message::Arp { operation, sender: (address(14)?, mac(packet, 8)?), target: (address(24)?, mac(packet, 18)?) })
}

fn neighbour(packet: &[u8]) -> Option<Message> {
    let address = |offset: usize| packet.get(offset..)?.first_chunk::<16>().copied().map(Ipv6Addr::from);
    let icmp = packet.get(40..)?;
    // ICMPv6 straight after the header, and hop limit 255 (RFC 4861 §7.1): others are ignored by every receiver.
    (packet[6] == 58 && packet[7] == 255).then_some(())?;
    let (source, destination, target) = (address(8)?, address(24)?, address(48)?);
    let flags = *icmp.get(4)?;
    let link = |kind| icmp.get(24..)?.chunks_exact(8).find(|option| option[0] == kind).and_then(|option| mac(option, 2));
    match icmp.first()? {
        135 => Some(Message::Solicit { source, target, link: link(1) }),
        136 => {
            Some(Message::Advert { source, destination, target, link: link(2), solicited: flags & 0x40 != 0, overrides: flags & 0x20 != 0 })
        }
        _ => None,
    }
}

/// A broadcast ARP request.
pub fn arp_request(from: Mac, source: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let mut frame = [&Mac::BROADCAST.0[..], &from.0, &[0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1], &from.0].concat();
    frame.extend(source.octets());
    frame.extend(Mac::ZERO.0);
    frame.extend(target.octets());
    frame
}

/// The multicast group in which an address is asked for (RFC 4291 §2.7.1).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c]))
}

/// A neighbour solicitation to the target's solicited-node address.
pub fn solicitation(from: Mac, source: Ipv6Addr, target: Ipv6Addr) -> Vec<u8> {
    let group = solicited_node(target);
    let [.., a, b, c] = group.octets();
    let mut icmp = [&[135, 0, 0, 0, 0, 0, 0, 0], &target.octets()[..], &[1, 1], &from.0].concat();
    let pseudo = [&source.octets()[..], &group.octets(), &[0, 0, 0, 32, 0, 0, 0, 58], &icmp].concat();
    icmp[2..4].copy_from_slice(&checksum(&pseudo).to_be_bytes());
    let mut frame = [&[0x33, 0x33, 0xff, a, b, c], &from.0[..], &[0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255]].concat();
    frame.extend(source.octets());
    frame.extend(group.octets());
    frame.extend(icmp);
    frame
}

/// The Internet checksum (RFC 1071) of an even number of bytes.
fn checksum(bytes: &[u8]) -> u16 {
    let sum: u32 = bytes.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap()
}
