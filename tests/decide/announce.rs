//! The schedule of announcements.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hostvip::decide::announce::{Announcer, Due, Unicast, Voice};
use hostvip::model::{Mac, Time, Vip};
use proptest::prelude::*;

use crate::support::vip;

const VOICE: Voice = Voice { index: 2, mac: Mac([2, 0, 0, 0, 0, 1]) };

fn at(millis: u64) -> Time {
    Time(Duration::from_millis(millis))
}

fn owned(vips: &[&str], voice: Voice) -> BTreeMap<Vip, Voice> {
    vips.iter().map(|text| (vip(text), voice)).collect()
}

fn none() -> BTreeSet<Vip> {
    BTreeSet::new()
}

/// Plays the schedule up to `until`: when each announcement leaves, in milliseconds, and whether it goes to neighbours too.
fn played(announcer: &mut Announcer, until: u64) -> Vec<(u64, Unicast)> {
    let mut played = Vec::new();
    while let Some(next) = announcer.next_deadline().filter(|next| *next <= at(until)) {
        let due = announcer.due(next, usize::MAX);
        assert!(!due.is_empty(), "a deadline with nothing due");
        played.extend(due.iter().map(|due| (u64::try_from(next.0.as_millis()).unwrap(), due.unicast)));
    }
    played
}

#[test]
fn burst_then_silence_without_refresh() {
    use Unicast::{Neighbours, Nobody};

    let mut announcer = Announcer::new(None, 1);
    assert_eq!(announcer.own(&owned(&["192.0.2.1"], VOICE), &none(), at(0)), [vip("192.0.2.1")]);
    assert_eq!(played(&mut announcer, 3_600_000), [(0, Neighbours), (200, Nobody), (1100, Neighbours), (2200, Nobody), (5000, Nobody)]);
    assert_eq!(announcer.history(vip("192.0.2.1")), (5, Some(at(5000))));
}

#[test]
fn refresh_is_slow_and_jittered() {
    let mut announcer = Announcer::new(Some(Duration::from_mins(1)), 1);
    announcer.own(&owned(&["192.0.2.1"], VOICE), &none(), at(0));
    let times: Vec<_> = played(&mut announcer, 600_000).into_iter().map(|(at, _)| at).skip(4).collect();
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (45_000..=75_000).contains(gap)), "{gaps:?}");
    assert!(gaps.windows(2).any(|pair| pair[0] != pair[1]), "no jitter: {gaps:?}");
}

#[test]
fn owning_still_begins_nothing_anew() {
    let mut announcer = Announcer::new(None, 1);
    announcer.own(&owned(&["192.0.2.1"], VOICE), &none(), at(0));
    announcer.due(at(0), 10);
    assert!(announcer.own(&owned(&["192.0.2.1", "192.0.2.2"], VOICE), &none(), at(50)) == [vip("192.0.2.2")]);
    assert_eq!(announcer.due(at(100), 10).iter().map(|due| due.vip).collect::<Vec<_>>(), [vip("192.0.2.2")]);
}

#[test]
fn another_hardware_address_is_announced_anew() {
    let mut announcer = Announcer::new(None, 1);
    announcer.own(&owned(&["192.0.2.1"], VOICE), &none(), at(0));
    played(&mut announcer, 10_000);
    let mac = Mac([2, 0, 0, 0, 0, 9]);
    assert_eq!(announcer.own(&owned(&["192.0.2.1"], Voice { index: 7, mac }), &none(), at(20_000)), [vip("192.0.2.1")]);
    assert_eq!(announcer.due(at(20_000), 10), [Due { vip: vip("192.0.2.1"), mac, unicast: Unicast::Neighbours }]);
    assert_eq!(announcer.history(vip("192.0.2.1")).0, 6);
}

#[test]
fn what_was_bound_again_is_announced_again() {
    let mut announcer = Announcer::new(None, 1);
    let both = owned(&["192.0.2.1", "192.0.2.2"], VOICE);
    announcer.own(&both, &none(), at(0));
    played(&mut announcer, 10_000);
    assert_eq!(announcer.own(&both, &[vip("192.0.2.2")].into(), at(20_000)), [vip("192.0.2.2")]);
}

#[test]
fn ten_thousand_are_paced() {
    let mut announcer = Announcer::new(None, 1);
    let vips: BTreeMap<_, _> = (0..10_000u32).map(|n| (vip(&format!("10.0.{}.{}", n / 250, n % 250)), VOICE)).collect();
    announcer.own(&vips, &none(), at(0));
    assert_eq!(announcer.due(at(0), 256).len(), 256);
    assert_eq!(announcer.next_deadline(), Some(at(0)), "the rest is still due");
}

#[test]
fn many_vips_do_not_flood_the_tables_of_neighbours() {
    let mut announcer = Announcer::new(Some(Duration::from_mins(1)), 1);
    let vips: BTreeMap<_, _> = (0..1000u32).map(|n| (vip(&format!("10.0.{}.{}", n / 250, n % 250)), VOICE)).collect();
    announcer.own(&vips, &none(), at(0));
    let told =
        |announcer: &mut Announcer, now| announcer.due(at(now), usize::MAX).iter().filter(|due| due.unicast != Unicast::Nobody).count();
    assert_eq!([0, 300, 1100, 1200, 2300].map(|now| told(&mut announcer, now)), [64, 0, 64, 0, 0]);
    let refreshed: usize = (6..130).map(|second| told(&mut announcer, second * 1000)).max().unwrap();
    assert!((1..=64).contains(&refreshed), "{refreshed}");
}

proptest! {
    /// Whatever comes and goes, nothing is ever said for a VIP that is not owned, and nothing owned is forgotten.
    #[test]
    fn speaks_for_what_is_owned_only(steps in prop::collection::vec((prop::collection::btree_set(0u8..5, 0..5), 0u64..3000), 1..20)) {
        let mut announcer = Announcer::new(Some(Duration::from_secs(1)), 3);
        let mut now = 0;
        for (set, wait) in steps {
            let owned: BTreeMap<_, _> = set.iter().map(|n| (vip(&format!("192.0.2.{n}")), VOICE)).collect();
            announcer.own(&owned, &none(), at(now));
            prop_assert_eq!(announcer.next_deadline().is_some(), !owned.is_empty());
            now += wait;
            for due in announcer.due(at(now), usize::MAX) {
                prop_assert!(owned.contains_key(&due.vip));
            }
        }
    }
}
