//! Where a value is just good, and one step further is not.

use hostvip::model::{Link, LinkName};

use crate::support::{host, settings, settings_on};

/// `good` is accepted, `bad` is refused with a message that holds `said`.
fn edge(good: &str, bad: &str, said: &str) {
    settings(good).expect(good);
    let errors = settings(bad).expect_err(bad).to_string();
    assert!(errors.contains(said), "{bad}\n{errors}");
}

#[test]
fn of_durations() {
    edge("announce.refresh = '1s'", "announce.refresh = '999ms'", "shorter than 1s");
    edge("announce.refresh = '24h'", "announce.refresh = '24h1ns'", "longer than a day");
}

#[test]
fn of_a_lease() {
    let said = |renew: &str| settings(&format!("coordination.renew_interval = '{renew}'\n")).unwrap_err().to_string();
    assert!(said("15s").contains("a lease of 15s that is renewed every 15s runs out in between"));
    assert!(!said("14s").contains("runs out"));
}

#[test]
fn of_names() {
    let pool = |name: &str| format!("[[pool]]\naddresses = ['203.0.113.0/24']\nname = '{name}'\n");
    edge(&pool(&"a".repeat(63)), &pool(&"a".repeat(64)), "is no name");
    let node = |name: &str| format!("node_name = '{name}'");
    let longest = ["a".repeat(63).as_str(); 4].join(".");
    edge(&node(&longest[..253]), &node(&longest[..254]), "is no node name");
    for bad in ["a..b", ".a", "a.", "-a", "a-", "A"] {
        edge(&node("a-1.b"), &node(bad), "is no node name");
    }
}

#[test]
fn of_names_of_links() {
    let mut host = host();
    for length in [15, 16] {
        let name = LinkName::from("x".repeat(length));
        host.links.insert(name.clone(), Link { index: 9, name, mac: None, up: true, carrier: true });
    }
    let uplink = |length: usize| settings_on(&host, &format!("uplink = '{}'", "x".repeat(length)));
    assert!(uplink(15).is_ok());
    assert!(uplink(16).unwrap_err().to_string().contains("is no name of a link"));
}
