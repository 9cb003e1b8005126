//! Back-off: each failed operation waits for itself alone.

use std::time::Duration;

use hostvip::decide::retry::Retries;
use hostvip::model::{Address, AddressKey, Op, Plan, Time};

use crate::support::vip;

fn bind(address: &str) -> Op {
    let vip = vip(address);
    Op::Bind { key: AddressKey { link: "br-ex".into(), vip }, address: Address::of(vip) }
}

fn at(millis: u64) -> Time {
    Time(Duration::from_millis(millis))
}

#[test]
fn one_failure_neither_hides_nor_blocks_another() {
    let (a, b) = (bind("192.0.2.1"), bind("192.0.2.2"));
    let plan = || Plan(vec![a.clone(), b.clone()]);
    let mut retries = Retries::default();
    retries.failed(&a, "no buffer space".into(), at(0));
    assert_eq!(retries.due(plan(), at(99)), (Plan(vec![b.clone()]), Plan(vec![a.clone()])));
    assert_eq!(retries.next_deadline(), Some(at(100)));
    assert_eq!(retries.due(plan(), at(100)), (plan(), Plan::default()));
    assert_eq!(retries.errors()[&vip("192.0.2.1")], "no buffer space");
    retries.succeeded(&a);
    assert_eq!(retries.next_deadline(), None);
}

#[test]
fn waits_double_up_to_half_a_minute() {
    let op = bind("192.0.2.1");
    let mut retries = Retries::default();
    let mut waits = Vec::new();
    for _ in 0..12 {
        retries.failed(&op, "busy".into(), at(0));
        waits.push((retries.next_deadline().unwrap() - at(0)).as_millis());
    }
    assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000]);
    assert_eq!(retries.failures().next().unwrap().1.attempts, 12);
}

#[test]
fn what_left_the_plan_is_forgotten() {
    let mut retries = Retries::default();
    retries.failed(&bind("192.0.2.1"), "busy".into(), at(0));
    assert!(retries.due(Plan::default(), at(1)).0.is_empty());
    assert_eq!(retries.next_deadline(), None);
}

#[test]
fn what_is_undone_again_and_again_is_repaired_at_once_but_not_for_ever() {
    let (op, other) = (bind("192.0.2.1"), bind("192.0.2.2"));
    let mut retries = Retries::default();
    for _ in 0..5 {
        retries.repair(&op, at(0)).unwrap();
    }
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..7 {
        assert!(retries.repair(&op, now).unwrap_err().contains("somebody else undid it"));
        assert_eq!(retries.due(Plan(vec![op.clone()]), now).0, Plan::default());
        let next = retries.next_deadline().unwrap();
        waits.push((next - now).as_secs());
        now = next;
        retries.repair(&op, now).unwrap();
        retries.succeeded(&op);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
    retries.repair(&other, now).unwrap();

    // It stayed intact for a while: the next repair is an ordinary one.
    let later = now + Duration::from_mins(1);
    retries.due(Plan::default(), later);
    retries.repair(&op, later).unwrap();
}

#[test]
fn what_an_uplink_lost_by_itself_is_forgiven() {
    let (op, failing) = (bind("192.0.2.1"), bind("192.0.2.2"));
    let mut retries = Retries::default();
    retries.failed(&failing, "busy".into(), at(0));
    for _ in 0..5 {
        retries.repair(&op, at(0)).unwrap();
    }
    retries.repair(&op, at(0)).unwrap_err();
    retries.forgive();
    retries.repair(&op, at(0)).unwrap();
    assert_eq!(retries.failures().map(|(op, _)| op).collect::<Vec<_>>(), [failing.to_string()], "a failure is none the less");
}

#[test]
fn the_same_failure_again_is_no_news() {
    let op = bind("192.0.2.1");
    let mut retries = Retries::default();
    let mut failed = |error: &str| retries.failed(&op, error.into(), at(0));
    assert_eq!(["busy", "busy", "no space", "busy"].map(&mut failed), [true, false, true, true]);
    retries.succeeded(&op);
    assert!(retries.failed(&op, "busy".into(), at(0)));
}

#[test]
fn a_failure_is_no_repair() {
    let op = bind("192.0.2.1");
    let mut retries = Retries::default();
    for _ in 0..20 {
        retries.failed(&op, "busy".into(), at(0));
        retries.repair(&op, at(0)).unwrap();
    }
    assert_eq!(retries.errors()[&vip("192.0.2.1")], "busy");
}
