//! ARP frames byte by byte (RFC 826, RFC 5227, RFC 5944 §4.6).

use std::net::Ipv4Addr;

use hostvip::codec::arp::{Arp, Operation, decode_arp};
use hostvip::model::Mac;
use proptest::prelude::*;

const MAC: Mac = Mac([2, 0, 0, 0, 0, 0x0a]);
const PEER: Mac = Mac([2, 0, 0, 0, 0, 0x0b]);
const VIP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);
const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// destination, source, type | hardware, protocol, lengths, operation | sha spa | tha tpa
fn assert_golden(arp: Arp, expected: &str) {
    assert_eq!(arp.encode().to_vec(), hex(expected));
    assert_eq!(decode_arp(&arp.encode()), Some(arp));
}

#[test]
fn gratuitous_request() {
    assert_golden(
        Arp::gratuitous_request(MAC, VIP),
        "ffffffffffff 02000000000a 0806 | 0001 0800 06 04 0001 | 02000000000a c0000264 | 000000000000 c0000264".replace('|', "").as_str(),
    );
}

#[test]
fn gratuitous_reply_names_the_sender_as_target() {
    assert_golden(
        Arp::gratuitous_reply(MAC, VIP),
        "ffffffffffff 02000000000a 0806  0001 0800 06 04 0002  02000000000a c0000264  02000000000a c0000264",
    );
}

#[test]
fn broadcast_request() {
    assert_golden(
        Arp::request(MAC, CLIENT, VIP),
        "ffffffffffff 02000000000a 0806  0001 0800 06 04 0001  02000000000a c0000207  000000000000 c0000264",
    );
}

#[test]
fn unicast_request_from_the_vip_refreshes_one_neighbour() {
    assert_golden(
        Arp::request(MAC, VIP, CLIENT).unicast(PEER),
        "02000000000b 02000000000a 0806  0001 0800 06 04 0001  02000000000a c0000264  000000000000 c0000207",
    );
}

#[test]
fn probe_has_no_sender_address() {
    assert_golden(
        Arp::probe(MAC, VIP),
        "ffffffffffff 02000000000a 0806  0001 0800 06 04 0001  02000000000a 00000000  000000000000 c0000264",
    );
}

#[test]
fn what_is_no_arp_for_ipv4_over_ethernet_is_none() {
    let good = Arp::probe(MAC, VIP).encode();
    for (offset, value, why) in [
        (13, 0x00, "ethertype IPv4"),
        (15, 0x06, "hardware type IEEE 802"),
        (17, 0x01, "protocol type"),
        (18, 8, "hardware address length"),
        (19, 16, "protocol address length"),
        (21, 3, "reverse ARP"),
        (21, 0, "no operation"),
    ] {
        let mut bad = good;
        bad[offset] = value;
        assert_eq!(decode_arp(&bad), None, "{why}");
    }
}

#[test]
fn padding_to_the_minimum_frame_is_ignored() {
    let arp = Arp::gratuitous_reply(MAC, VIP);
    let mut frame = arp.encode().to_vec();
    frame.resize(60, 0xa5);
    assert_eq!(decode_arp(&frame), Some(arp));
}

fn any_arp() -> impl Strategy<Value = Arp> {
    (any::<[[u8; 6]; 4]>(), any::<[u32; 2]>(), any::<bool>()).prop_map(|(macs, ips, request)| Arp {
        source: Mac(macs[0]),
        destination: Mac(macs[1]),
        operation: if request { Operation::Request } else { Operation::Reply },
        sender_mac: Mac(macs[2]),
        sender_ip: ips[0].into(),
        target_mac: Mac(macs[3]),
        target_ip: ips[1].into(),
    })
}

proptest! {
    #[test]
    fn every_packet_survives_the_round_trip_and_no_prefix_decodes(arp in any_arp(), cut in 0..42_usize) {
        let frame = arp.encode();
        prop_assert_eq!(decode_arp(&frame), Some(arp));
        prop_assert_eq!(decode_arp(&frame[..cut]), None);
    }

    #[test]
    fn arbitrary_bytes_decode_to_what_they_say_or_nothing(mut frame in proptest::collection::vec(any::<u8>(), 0..80), arp in any::<bool>()) {
        if arp && frame.len() > 22 {
            frame[12..22].copy_from_slice(&[8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
        }
        match decode_arp(&frame) {
            Some(packet) => prop_assert_eq!(&packet.encode()[..], &frame[..42]),
            None => prop_assert!(!arp || frame.len() < 42),
        }
    }
}
