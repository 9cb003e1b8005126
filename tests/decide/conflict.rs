//! Conflicts: which frames claim an address, whose claims count, and what is remembered of them.

use std::time::Duration;

use hostvip::codec::arp::Arp;
use hostvip::codec::ndp::{Message, Nd};
use hostvip::decide::conflict::{Claim, Conflicts, Heard, claim};
use hostvip::model::{Mac, Severity, Time, Vip};
use proptest::prelude::{any, proptest};

use crate::support::{host, vip};

const OTHER: Mac = Mac([2, 0, 0, 0, 0, 0x99]);
const ANOTHER: Mac = Mac([2, 0, 0, 0, 0, 0x98]);

fn at(seconds: u64) -> Time {
    Time(Duration::from_secs(1000 + seconds))
}

fn claim_of(address: &str, mac: Mac) -> Claim {
    Claim { vip: vip(address), mac }
}

fn numbered(number: u16) -> Claim {
    let [high, low] = number.to_be_bytes();
    Claim { vip: vip("192.0.2.100"), mac: Mac([2, 0, 0, 1, high, low]) }
}

fn hear(conflicts: &mut Conflicts, claim: Claim, now: Time) -> Heard {
    conflicts.hear(claim, &"br-ex".into(), now)
}

#[test]
fn a_frame_claims_what_it_writes_into_caches() {
    let [v4, peer] = ["192.0.2.100", "192.0.2.50"].map(|text| text.parse().unwrap());
    let [v6, peer6] = ["2001:db8:0:1::100", "2001:db8::50"].map(|text| text.parse().unwrap());
    let ours = Some(claim_of("192.0.2.100", OTHER));
    let ours6 = Some(claim_of("2001:db8:0:1::100", OTHER));
    let relayed = Arp { source: ANOTHER, ..Arp::gratuitous_reply(OTHER, v4) };
    let bare = Message::Advertisement { router: false, solicited: false, overrides: true, link_layer: None };
    let answer = Nd { source: v6, destination: peer6, ..Nd::unsolicited(OTHER, v6) };
    for (what, frame, expected) in [
        ("a gratuitous request", Arp::gratuitous_request(OTHER, v4).encode().to_vec(), ours),
        ("a gratuitous reply", Arp::gratuitous_reply(OTHER, v4).encode().to_vec(), ours),
        ("a request from the VIP", Arp::request(OTHER, v4, peer).encode().to_vec(), ours),
        ("a reply in another's frame names its sender", relayed.encode().to_vec(), ours),
        (
            "a request for the VIP claims the asker's own",
            Arp::request(OTHER, peer, v4).encode().to_vec(),
            Some(claim_of("192.0.2.50", OTHER)),
        ),
        ("a probe claims nothing", Arp::probe(OTHER, v4).encode().to_vec(), None),
        ("an unsolicited advertisement", Nd::unsolicited(OTHER, v6).encode(), ours6),
        ("an advertisement to one host", answer.encode(), ours6),
        ("an advertisement without option names its frame's source", Nd { message: bare, ..Nd::unsolicited(OTHER, v6) }.encode(), ours6),
        ("a solicitation from the VIP", Nd::solicitation(OTHER, v6, peer6).encode(), ours6),
        ("duplicate address detection claims nothing", Nd::probe(OTHER, v6).encode(), None),
        ("garbage", vec![0xff; 60], None),
        ("nothing", vec![], None),
    ] {
        assert_eq!(claim(&frame), expected, "{what}");
    }
}

#[test]
fn a_reflection_of_our_own_frame_is_no_conflict() {
    let mut host = host();
    assert!(!claim_of("192.0.2.100", Mac([2, 0, 0, 0, 0, 1])).is_foreign(&host), "the uplink's own");
    assert!(claim_of("192.0.2.100", OTHER).is_foreign(&host));
    host.links.get_mut(&"lo".into()).unwrap().mac = Some(OTHER);
    assert!(!claim_of("192.0.2.100", OTHER).is_foreign(&host), "any link of this host counts");
}

#[test]
fn one_pair_is_counted_always_and_reported_once_a_minute() {
    let mut conflicts = Conflicts::default();
    let pair = claim_of("192.0.2.100", OTHER);
    assert_eq!(hear(&mut conflicts, pair, at(0)), Heard { new: true, report: true });
    assert_eq!(hear(&mut conflicts, pair, at(1)), Heard { new: false, report: false });
    assert_eq!(hear(&mut conflicts, pair, at(59)), Heard { new: false, report: false });
    assert_eq!(hear(&mut conflicts, pair, at(60)), Heard { new: false, report: true });
    let (_, conflict) = conflicts.of_late(at(61)).next().unwrap();
    assert_eq!((conflict.first, conflict.last, conflict.frames), (at(0), at(60), 4));
    // Another host, or another VIP, is news of its own.
    assert_eq!(hear(&mut conflicts, claim_of("192.0.2.100", ANOTHER), at(61)), Heard { new: true, report: true });
    assert_eq!(hear(&mut conflicts, claim_of("192.0.2.101", OTHER), at(61)), Heard { new: true, report: true });
}

#[test]
fn a_conflict_is_forgotten_after_five_minutes_of_silence() {
    let mut conflicts = Conflicts::default();
    let pair = claim_of("192.0.2.100", OTHER);
    hear(&mut conflicts, pair, at(0));
    hear(&mut conflicts, pair, at(200));
    assert_eq!(conflicts.of_late(at(499)).count(), 1, "counted from the last frame");
    assert_eq!(conflicts.of_late(at(500)).count(), 0);
    assert_eq!(hear(&mut conflicts, pair, at(500)), Heard { new: true, report: true }, "it begins anew");
}

#[test]
fn invented_senders_fill_neither_memory_nor_log() {
    let mut conflicts = Conflicts::default();
    let heard: Vec<_> = (0..1000).map(|number| hear(&mut conflicts, numbered(number), at(u64::from(number) / 100))).collect();
    assert!(heard.iter().all(|heard| heard.new));
    assert_eq!(heard.iter().filter(|heard| heard.report).count(), 10);
    assert_eq!(conflicts.of_late(at(10)).count(), 256);
    assert!(conflicts.of_late(at(10)).any(|(claim, _)| claim == numbered(999)), "the latest are kept");
    // The one that was not told for want of room is told when there is some.
    assert_eq!(hear(&mut conflicts, numbered(999), at(61)), Heard { new: false, report: true });
}

#[test]
fn a_finding_names_the_vip_the_other_host_and_what_to_do() {
    let mut conflicts = Conflicts::default();
    hear(&mut conflicts, claim_of("192.0.2.100", OTHER), at(0));
    hear(&mut conflicts, claim_of("192.0.2.101", OTHER), at(0));
    let findings = conflicts.findings(at(12), |own| own == vip("192.0.2.100"));
    assert_eq!(findings.len(), 1, "only of what is answered here: {findings:?}");
    assert_eq!((findings[0].code.as_str(), findings[0].severity), ("address_conflict", Severity::Error));
    for (text, part) in [
        (&findings[0].what, "heard on br-ex"),
        (&findings[0].what, "192.0.2.100"),
        (&findings[0].what, "02:00:00:00:00:99"),
        (&findings[0].why, "12 s ago"),
    ] {
        assert!(text.contains(part), "{part:?} is missing in {text:?}");
    }
    assert!(findings[0].fix.contains("hostvip whohas 192.0.2.100"));
}

proptest! {
    #[test]
    fn no_bytes_of_a_segment_make_it_panic(frame: Vec<u8>, cut in 0_usize..90, mac in any::<[u8; 6]>(), flip in 0_usize..90, to: u8) {
        claim(&frame);
        let mut sound = Nd::unsolicited(Mac(mac), "2001:db8::1".parse().unwrap()).encode();
        sound.truncate(cut);
        if let Some(byte) = sound.get_mut(flip) {
            *byte = to;
        }
        claim(&sound);
    }

    #[test]
    fn memory_and_reports_are_bounded(steps in proptest::collection::vec((0_u16..400, 0_u64..30), 0..600)) {
        let (mut conflicts, mut now, mut told) = (Conflicts::default(), 0, Vec::new());
        for (number, pause) in steps {
            now += pause;
            if hear(&mut conflicts, numbered(number), at(now)).report {
                told.push((number, now));
            }
            proptest::prop_assert!(conflicts.of_late(at(now)).count() <= 256);
        }
        for (number, when) in &told {
            let again = told.iter().any(|(other, then)| other == number && then > when && then - when < 60);
            proptest::prop_assert!(!again, "{number} was told twice within a minute");
        }
    }
}

/// Ordering by VIP is what findings promise.
#[test]
fn findings_are_ordered_by_vip() {
    let mut conflicts = Conflicts::default();
    for address in ["192.0.2.103", "192.0.2.101", "192.0.2.102"] {
        hear(&mut conflicts, claim_of(address, OTHER), at(0));
    }
    let order: Vec<Vip> = conflicts.of_late(at(0)).map(|(claim, _)| claim.vip).collect();
    assert_eq!(order, ["192.0.2.101", "192.0.2.102", "192.0.2.103"].map(vip));
}
