//! ARP for IPv4 over Ethernet (RFC 826), in the forms of RFC 5227 and RFC 5944 §4.6.
//!
//! Absent: VLAN tags (the kernel strips them before a packet socket sees the frame) and other hardware than Ethernet.

use std::net::Ipv4Addr;

use etherparse::{ArpEthIpv4Packet, ArpOperation, ArpPacketSlice, EtherType, Ethernet2Header, Ethernet2Slice};

use crate::model::Mac;

/// Length of an encoded frame in bytes, without the padding that the driver appends.
pub const FRAME_LEN: usize = Ethernet2Header::LEN + ArpEthIpv4Packet::LEN;

/// One ARP packet with its Ethernet addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// Ethernet source. May differ from [`Self::sender_mac`] where a device speaks for another.
    pub source: Mac,
    /// Ethernet destination.
    pub destination: Mac,
    /// Request or reply.
    pub operation: Operation,
    /// Sender hardware address (`sha`).
    pub sender_mac: Mac,
    /// Sender protocol address (`spa`).
    pub sender_ip: Ipv4Addr,
    /// Target hardware address (`tha`).
    pub target_mac: Mac,
    /// Target protocol address (`tpa`).
    pub target_ip: Ipv4Addr,
}

/// What an ARP packet does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Who has the target?
    Request,
    /// The sender is here.
    Reply,
}

impl Arp {
    /// Gratuitous ARP in request form, an announcement (RFC 5227 §2.3): broadcast, sender and target are `vip`, `tha` zero.
    pub fn gratuitous_request(mac: Mac, vip: Ipv4Addr) -> Self {
        Self::request(mac, vip, vip)
    }

    /// Gratuitous ARP in reply form (RFC 5944 §4.6): broadcast, `tha` = sender. With another `tha` Linux ignores it for an entry younger than 1 s.
    pub fn gratuitous_reply(mac: Mac, vip: Ipv4Addr) -> Self {
        Self { operation: Operation::Reply, target_mac: mac, ..Self::request(mac, vip, vip) }
    }

    /// Broadcast request for `target` from `sender`.
    pub fn request(mac: Mac, sender: Ipv4Addr, target: Ipv4Addr) -> Self {
        Self {
            source: mac,
            destination: Mac::BROADCAST,
            operation: Operation::Request,
            sender_mac: mac,
            sender_ip: sender,
            target_mac: Mac::ZERO,
            target_ip: target,
        }
    }

    /// ARP probe (RFC 5227 §1.1): broadcast request from 0.0.0.0, which fills no cache.
    pub fn probe(mac: Mac, target: Ipv4Addr) -> Self {
        Self::request(mac, Ipv4Addr::UNSPECIFIED, target)
    }

    /// The same packet to one station only. A request from a VIP to a neighbour's known MAC updates or creates that neighbour's entry.
    #[must_use]
    pub fn unicast(self, destination: Mac) -> Self {
        Self { destination, ..self }
    }

    /// The frame to send on a packet socket.
    pub fn encode(&self) -> [u8; FRAME_LEN] {
        let ethernet = Ethernet2Header { source: self.source.0, destination: self.destination.0, ether_type: EtherType::ARP };
        let packet = ArpEthIpv4Packet {
            operation: match self.operation {
                Operation::Request => ArpOperation::REQUEST,
                Operation::Reply => ArpOperation::REPLY,
            },
            sender_mac: self.sender_mac.0,
            sender_ipv4: self.sender_ip.octets(),
            target_mac: self.target_mac.0,
            target_ipv4: self.target_ip.octets(),
        };
        let mut frame = [0; FRAME_LEN];
        let (head, body) = frame.split_at_mut(Ethernet2Header::LEN);
        head.copy_from_slice(&ethernet.to_bytes());
        body.copy_from_slice(&packet.to_bytes());
        frame
    }
}

/// Reads an Ethernet frame. None: truncated, not ARP for IPv4 over Ethernet, or neither request nor reply. Trailing padding is allowed.
pub fn decode_arp(frame: &[u8]) -> Option<Arp> {
    let ethernet = Ethernet2Slice::from_slice_without_fcs(frame).ok()?;
    if ethernet.ether_type() != EtherType::ARP {
        return None;
    }
    let packet = ArpPacketSlice::from_slice(ethernet.payload_slice()).ok()?.to_packet().try_eth_ipv4().ok()?;
    let operation = match packet.operation {
        ArpOperation::REQUEST => Operation::Request,
        ArpOperation::REPLY => Operation::Reply,
        _ => return None,
    };
    Some(Arp {
        source: Mac(ethernet.source()),
        destination: Mac(ethernet.destination()),
        operation,
        sender_mac: Mac(packet.sender_mac),
        sender_ip: packet.sender_ipv4_addr(),
        target_mac: Mac(packet.target_mac),
        target_ip: packet.target_ipv4_addr(),
    })
}
