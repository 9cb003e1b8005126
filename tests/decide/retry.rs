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
    assert_eq!(retries.due(plan(), at(99)).0, [b.clone()]);
    assert_eq!(retries.next_deadline(), Some(at(100)));
    assert_eq!(retries.due(plan(), at(100)).0, [a.clone(), b.clone()]);
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
    assert!(retries.due(Plan::default(), at(1)).is_empty());
    assert_eq!(retries.next_deadline(), None);
}
