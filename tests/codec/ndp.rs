//! Neighbour discovery frames byte by byte (RFC 4861). The checksums were computed apart from the code under test.

use std::net::Ipv6Addr;

use hostvip::codec::ndp::{Message, Nd, decode_nd, solicited_node};
use hostvip::model::Mac;
use proptest::prelude::*;

const MAC: Mac = Mac([2, 0, 0, 0, 0, 0x0a]);
const PEER: Mac = Mac([2, 0, 0, 0, 0, 0x0b]);
const VIP: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0x64);
const CLIENT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 7);

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The sum over pseudo header and message (RFC 4443 §2.3, RFC 1071), in the plainest way there is.
fn mend_checksum(frame: &mut [u8]) {
    frame[56..58].copy_from_slice(&[0, 0]);
    let length = u32::try_from(frame.len() - 54).unwrap();
    let words = [&frame[22..54], &length.to_be_bytes(), &[0, 0, 0, 58], &frame[54..]].concat();
    let mut sum: u32 = words.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0))).sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    frame[56..58].copy_from_slice(&u16::try_from(!sum & 0xffff).unwrap().to_be_bytes());
}

/// Ethernet | version, class, label, payload length, next header, hop limit, source, destination | message without checksum.
fn assert_golden(nd: Nd, expected: &str) {
    let mut golden = hex(expected);
    mend_checksum(&mut golden);
    assert_eq!(nd.encode(), golden);
    assert_eq!(decode_nd(&golden), Some(nd));
}

#[test]
fn unsolicited_advertisement_overrides_at_all_nodes() {
    assert_golden(
        Nd::unsolicited(MAC, VIP),
        "333300000001 02000000000a 86dd
         60000000 0020 3a ff 20010db8000000010000000000000064 ff020000000000000000000000000001
         88 00 0000 20000000 20010db8000000010000000000000064 02 01 02000000000a",
    );
}

#[test]
fn solicitation_from_the_vip_to_the_solicited_node_group() {
    assert_golden(
        Nd::solicitation(MAC, VIP, CLIENT),
        "3333ff000007 02000000000a 86dd
         60000000 0020 3a ff 20010db8000000010000000000000064 ff0200000000000000000001ff000007
         87 00 0000 00000000 20010db8000000010000000000000007 01 01 02000000000a",
    );
}

#[test]
fn unicast_solicitation_refreshes_one_neighbour() {
    assert_golden(
        Nd::solicitation(MAC, VIP, CLIENT).unicast(PEER),
        "02000000000b 02000000000a 86dd
         60000000 0020 3a ff 20010db8000000010000000000000064 20010db8000000010000000000000007
         87 00 0000 00000000 20010db8000000010000000000000007 01 01 02000000000a",
    );
}

#[test]
fn probe_has_no_source_and_no_option() {
    assert_golden(
        Nd::probe(MAC, VIP),
        "3333ff000064 02000000000a 86dd
         60000000 0018 3a ff 00000000000000000000000000000000 ff0200000000000000000001ff000064
         87 00 0000 00000000 20010db8000000010000000000000064",
    );
}

#[test]
fn a_whole_frame_with_its_checksum() {
    // tcpdump -vv of these 86 bytes: "[icmp6 sum ok] ICMP6, neighbor advertisement, length 32, tgt is 2001:db8:0:1::64, Flags [override]".
    let frame = Nd::unsolicited(MAC, VIP).encode();
    assert_eq!(frame.len(), 86);
    assert_eq!(frame[56..58], [0xf8, 0x59]);
}

#[test]
fn an_answer_as_linux_sends_it() {
    let mut frame = hex("02000000000a 02000000000b 86dd
         60000000 0020 3a ff 20010db8000000010000000000000007 20010db8000000010000000000000064
         88 00 0000 60000000 20010db8000000010000000000000007 02 01 02000000000b");
    mend_checksum(&mut frame);
    let answer = decode_nd(&frame).unwrap();
    assert_eq!((answer.source, answer.target, answer.source_mac), (CLIENT, CLIENT, PEER));
    assert_eq!(answer.message, Message::Advertisement { router: false, solicited: true, overrides: true, link_layer: Some(PEER) });
    // The same with padding, as a switch hands on short frames.
    assert_eq!(decode_nd(&[&frame[..], &[0xa5; 10]].concat()), Some(answer));
}

#[test]
fn what_rfc_4861_forbids_is_none() {
    let change = |nd: Nd, offset: usize, value: u8| {
        let mut frame = nd.encode();
        frame[offset] = value;
        mend_checksum(&mut frame);
        decode_nd(&frame)
    };
    let (solicitation, advertisement) = (Nd::solicitation(MAC, VIP, CLIENT), Nd::unsolicited(MAC, VIP));
    assert_eq!(change(solicitation, 21, 255), Some(solicitation), "the change itself does no harm");
    assert_eq!(change(solicitation, 21, 254), None, "hop limit: came through a router");
    assert_eq!(change(solicitation, 55, 1), None, "code");
    assert_eq!(change(solicitation, 54, 128), None, "echo request");
    assert_eq!(change(solicitation, 12, 0x08), None, "ethertype");
    assert_eq!(change(solicitation, 20, 17), None, "next header UDP");
    assert_eq!(change(solicitation, 62, 0xff), None, "multicast target");
    assert_eq!(change(solicitation, 79, 0), None, "option of length 0");
    assert_eq!(change(solicitation, 79, 2), None, "option longer than the packet");
    assert_eq!(change(advertisement, 58, 0x60), None, "solicited, and to a multicast group");
    assert_eq!(decode_nd(&Nd { source: Ipv6Addr::UNSPECIFIED, ..solicitation }.encode()), None, "no source, but a source option");
    assert_eq!(decode_nd(&Nd { destination: CLIENT, ..Nd::probe(MAC, CLIENT) }.encode()), None, "no source, and not to the group");
    let mut wrong = solicitation.encode();
    wrong[85] ^= 1;
    assert_eq!(decode_nd(&wrong), None, "checksum");
}

#[test]
fn unknown_options_are_passed_over() {
    // A nonce option (RFC 3971, type 14), as Linux adds it to duplicate address detection (RFC 7527), before the link-layer address.
    let mut frame = Nd::solicitation(MAC, VIP, CLIENT).encode();
    frame.splice(78..78, [14, 1, 1, 2, 3, 4, 5, 6]);
    frame[19] += 8;
    mend_checksum(&mut frame);
    assert_eq!(decode_nd(&frame), Some(Nd::solicitation(MAC, VIP, CLIENT)));
}

#[test]
fn groups() {
    assert_eq!(solicited_node("2001:db8::1:2ab:cdef".parse().unwrap()), "ff02::1:ffab:cdef".parse::<Ipv6Addr>().unwrap());
}

fn any_nd() -> impl Strategy<Value = Nd> {
    let message =
        (any::<[bool; 4]>(), proptest::option::of(any::<[u8; 6]>())).prop_map(|([advertisement, router, solicited, overrides], mac)| {
            let link_layer = mac.map(Mac);
            match advertisement {
                true => Message::Advertisement { router, solicited, overrides, link_layer },
                false => Message::Solicitation { link_layer },
            }
        });
    (any::<[[u8; 6]; 2]>(), 1..u128::MAX, any::<u128>(), 0..(0xff_u128 << 120), message).prop_map(
        |(macs, source, destination, target, message)| Nd {
            source_mac: Mac(macs[0]),
            destination_mac: Mac(macs[1]),
            source: source.into(),
            // Multicast destinations of solicited advertisements are invalid, tested above.
            destination: (destination & !(0x80 << 120)).into(),
            target: target.into(),
            message,
        },
    )
}

proptest! {
    #[test]
    fn every_packet_survives_the_round_trip_and_no_prefix_decodes(nd in any_nd(), cut in 0..78_usize) {
        let frame = nd.encode();
        prop_assert_eq!(decode_nd(&frame), Some(nd));
        prop_assert_eq!(decode_nd(&frame[..frame.len() - 1]), None);
        prop_assert_eq!(decode_nd(&frame[..cut]), None);
    }

    #[test]
    fn a_changed_byte_is_seen(nd in any_nd(), at in 14..78_usize, flip in 1..=255_u8) {
        let mut frame = nd.encode();
        frame[at] ^= flip;
        // Traffic class, flow label and version are not summed; the decoder may still refuse them.
        if at >= 22 {
            prop_assert_eq!(decode_nd(&frame), None);
        } else {
            let _ = decode_nd(&frame);
        }
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(frame in proptest::collection::vec(any::<u8>(), 0..120), tail in proptest::collection::vec(any::<u8>(), 0..60), advertisement in any::<bool>()) {
        let _ = decode_nd(&frame);
        // Behind a valid head, with a mended checksum: arbitrary flags, target and options.
        let mut valid = Nd::solicitation(MAC, VIP, CLIENT).encode();
        valid.truncate(54);
        valid.extend_from_slice(&[135 + u8::from(advertisement), 0, 0, 0]);
        valid.extend_from_slice(&tail);
        valid[19] = u8::try_from(tail.len() + 4).unwrap();
        mend_checksum(&mut valid);
        if let Some(nd) = decode_nd(&valid) {
            prop_assert_eq!(nd.target.octets(), <[u8; 16]>::try_from(&valid[62..78]).unwrap());
        }
    }
}
