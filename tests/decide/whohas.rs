//! Who answers: how to ask, what counts as an answer, and this host's own part.

use std::collections::BTreeSet;
use std::time::Duration;

use hostvip::codec::arp::Arp;
use hostvip::codec::ndp::{Message, Nd};
use hostvip::decide::whohas::{Answer, Question, Station, default_link, here, names};
use hostvip::model::{Address, AddressKey, Family, Gateway, Host, Knob, Link, LinkName, Mac, Route, RouteKey, Vip};
use proptest::prelude::*;

use crate::support::{host, ip, set, vip};

const OWN: Mac = Mac([2, 0, 0, 0, 0, 1]);
const OTHER: Mac = Mac([2, 0, 0, 0, 0, 9]);

fn question(text: &str) -> Question {
    Question::on(&host(), &host().links[&"br-ex".into()], vip(text)).unwrap()
}

fn second_link(host: &mut Host, name: &str, net: &str) {
    let link = Link { index: 3, name: name.into(), mac: Some(Mac([2, 0, 0, 0, 0, 3])), up: true, carrier: true };
    host.links.insert(name.into(), link);
    host.foreign.insert((name.into(), net.parse().unwrap()));
}

#[test]
fn it_asks_from_an_address_of_the_subnet() {
    assert_eq!(question("192.0.2.100").sender, Some(ip("192.0.2.11")));
    assert_eq!(question("2001:db8::100").sender, Some(ip("2001:db8::11")));
    assert_eq!(question("198.51.100.1").sender, Some(ip("192.0.2.11")), "as a router on the link would");
}

#[test]
fn it_never_asks_from_the_vip_or_from_a_host_prefix() {
    let mut host = host();
    host.foreign =
        BTreeSet::from([("br-ex".into(), "192.0.2.100/24".parse().unwrap()), ("br-ex".into(), "192.0.2.99/32".parse().unwrap())]);
    let asked = Question::on(&host, &host.links[&"br-ex".into()], vip("192.0.2.100")).unwrap();
    assert_eq!(asked.sender, None, "a request from a VIP is an announcement");
    assert_eq!(asked.frame(), Arp::probe(OWN, "192.0.2.100".parse().unwrap()).encode());
}

#[test]
fn only_answers_to_the_question_count() {
    let asked = question("192.0.2.100");
    let (target, own) = ("192.0.2.100".parse().unwrap(), "192.0.2.11".parse().unwrap());
    let reply = Arp { operation: hostvip::codec::arp::Operation::Reply, target_mac: OWN, ..Arp::request(OTHER, target, own).unicast(OWN) };
    assert_eq!(asked.answer(&reply.encode()), Some(Answer { mac: OTHER, source: OTHER }));
    let device = Arp { source: Mac([2, 0, 0, 0, 0, 8]), ..reply };
    assert_eq!(asked.answer(&device.encode()), Some(Answer { mac: OTHER, source: device.source }), "clients learn what ARP says");
    for other in [
        Arp::gratuitous_reply(OTHER, target),
        Arp::gratuitous_request(OTHER, target),
        Arp { sender_ip: "192.0.2.101".parse().unwrap(), ..reply },
        Arp { target_mac: Mac([2, 0, 0, 0, 0, 7]), ..reply },
    ] {
        assert_eq!(asked.answer(&other.encode()), None, "{other:?}");
    }
}

#[test]
fn advertisements_count_as_they_answer_a_solicitation_or_a_probe() {
    let asked = question("2001:db8::100");
    let (target, own) = ("2001:db8::100".parse().unwrap(), "2001:db8::11".parse().unwrap());
    let to_all = Nd::unsolicited(OTHER, target);
    let advert = Message::Advertisement { router: false, solicited: true, overrides: true, link_layer: Some(OTHER) };
    let to_us = Nd { destination_mac: OWN, destination: own, message: advert, ..to_all };
    let heard = Some(Answer { mac: OTHER, source: OTHER });
    assert_eq!((asked.answer(&to_us.encode()), asked.answer(&to_all.encode())), (heard, None));
    let probe = Question { sender: None, ..asked };
    assert_eq!((probe.answer(&to_us.encode()), probe.answer(&to_all.encode())), (None, heard), "RFC 4861 §7.2.4");
    let without_option = Message::Advertisement { router: false, solicited: true, overrides: true, link_layer: None };
    assert_eq!(asked.answer(&Nd { message: without_option, ..to_us }.encode()), heard, "the frame's source stands for the option");
}

#[test]
fn the_link_is_the_one_whose_subnet_holds_the_vip() {
    let mut host = host();
    second_link(&mut host, "stor0", "198.51.100.1/24");
    let chosen = |uplink: Option<&str>, address: &str| {
        let uplink = uplink.map(LinkName::from);
        default_link(&host, uplink.as_ref(), vip(address)).map(|name| name.as_str().to_owned())
    };
    assert_eq!(chosen(None, "198.51.100.7").as_deref(), Some("stor0"));
    assert_eq!(chosen(Some("br-ex"), "198.51.100.7").as_deref(), Some("stor0"));
    assert_eq!(chosen(Some("stor0"), "203.0.113.7").as_deref(), Some("stor0"), "the uplink of the config before the default route");
    assert_eq!(chosen(None, "203.0.113.7").as_deref(), Some("br-ex"));
    assert_eq!(chosen(None, "2001:db8:f::1").as_deref(), Some("br-ex"), "any default route rather than none");

    let mut twins = self::host();
    second_link(&mut twins, "a-twin", "192.0.2.13/24");
    let uplink = LinkName::from("br-ex");
    assert_eq!(default_link(&twins, Some(&uplink), vip("192.0.2.100")), Some(&uplink));
}

#[test]
fn this_host_answers_as_placement_and_arp_ignore_say() {
    let uplink = LinkName::from("br-ex");
    let (vip, vip6) = (vip("192.0.2.100"), vip("2001:db8::100"));
    let bound = |link: &str, vip: Vip| {
        let mut host = host();
        host.ours.addresses.insert(AddressKey { link: link.into(), vip }, Address::of(vip));
        host
    };
    let quiet = |vip| {
        let mut host = host();
        host.ours.routes.insert(RouteKey::quiet(vip), Route::quiet());
        host
    };
    let rows = [
        (bound("br-ex", vip), vip, [true, true], "address on br-ex of hostvip"),
        (bound("lo", vip), vip, [true, false], "address on lo of hostvip"),
        (quiet(vip), vip, [true, false], "local route of hostvip"),
        (bound("br-ex", vip6), vip6, [true, true], "address on br-ex of hostvip"),
        (bound("lo", vip6), vip6, [false, false], "address on lo of hostvip"),
        (quiet(vip6), vip6, [false, false], "local route of hostvip"),
    ];
    for (mut host, vip, expected, text) in rows {
        for (arp_ignore, expected) in [(0, expected[0]), (1, expected[1])] {
            set(&mut host, "br-ex", Knob::ArpIgnore, arp_ignore);
            let here = here(&host, &uplink, vip, true).unwrap();
            assert_eq!((here.answers, here.to_string().as_str()), (expected, text), "arp_ignore {arp_ignore}");
        }
    }
    assert_eq!(here(&host(), &uplink, vip, false), None);
    assert_eq!(here(&host(), &uplink, vip, true).unwrap().to_string(), "local route without the mark of hostvip");
}

#[test]
fn an_owner_with_the_standbys_route_too_shows_what_answers() {
    let (uplink, vip) = (LinkName::from("br-ex"), vip("192.0.2.100"));
    let mut host = host();
    set(&mut host, "br-ex", Knob::ArpIgnore, 1);
    host.ours.routes.insert(RouteKey::quiet(vip), Route::quiet());
    host.foreign.insert(("lo".into(), "192.0.2.100/32".parse().unwrap()));
    assert!(!here(&host, &uplink, vip, true).unwrap().answers);
    host.ours.addresses.insert(AddressKey { link: uplink.clone(), vip }, Address::of(vip));
    assert_eq!(here(&host, &uplink, vip, true).unwrap().to_string(), "address on br-ex of hostvip");
}

#[test]
fn stations_are_named_by_what_this_host_knows() {
    let mut host = host();
    host.gateways.push(Gateway { metric: 9, family: Family::Ipv6, link: "br-ex".into(), via: Some(ip("fe80::1")) });
    let neighbours = [(ip("192.0.2.1"), OTHER), (ip("192.0.2.100"), OTHER), (ip("fe80::9"), OTHER), (ip("192.0.2.12"), Mac([2; 6]))];
    assert_eq!(names(&host, &neighbours, vip("192.0.2.100"), OTHER), ["gateway 192.0.2.1", "fe80::9"]);
    assert_eq!(names(&host, &neighbours, vip("192.0.2.100"), OWN), ["this node's br-ex"]);
}

#[test]
fn answers_of_one_station_are_counted_once_each() {
    let mut station = Station::default();
    for (source, millis) in [(OTHER, 7), (OTHER, 2), (OWN, 5)] {
        station.heard(Answer { mac: OTHER, source }, Duration::from_millis(millis));
    }
    let expected = Station { answers: 3, round_trip: Some(Duration::from_millis(2)), sources: BTreeSet::from([OWN]) };
    assert_eq!(station, expected);
}

proptest! {
    #[test]
    fn arbitrary_frames_never_panic(frame in prop::collection::vec(any::<u8>(), 0..128)) {
        question("192.0.2.100").answer(&frame);
        question("2001:db8::100").answer(&frame);
    }
}
