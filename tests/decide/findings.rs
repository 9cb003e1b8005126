//! What is wrong or risky on a host.

use hostvip::model::{Family, Gateway, Host, Knob, Link, Mac, Placement, Severity};

use crate::support::{decided, host, service, set, settings};

fn with_second_link(mut host: Host) -> Host {
    host.links.insert("stor0".into(), Link { index: 3, name: "stor0".into(), mac: Some(Mac([2, 0, 0, 0, 0, 3])), up: true, carrier: true });
    host
}

fn codes(node: &str, placement: Placement, host: &Host) -> Vec<String> {
    let decision = decided(&settings(node, placement), &[service("web", &["192.0.2.100"])], host);
    decision.findings.iter().map(|finding| finding.code.clone()).collect()
}

#[test]
fn a_sound_host_has_none() {
    assert!(codes("node-a", Placement::Uplink, &host()).is_empty());
}

#[test]
fn answers_on_other_links_are_found() {
    let mut host = with_second_link(host());
    assert_eq!(codes("node-a", Placement::Uplink, &host), ["answers_on_other_link"]);
    assert_eq!(codes("node-b", Placement::Uplink, &host), ["answers_on_other_link"]);
    set(&mut host, "stor0", Knob::ArpIgnore, 1);
    assert!(codes("node-a", Placement::Uplink, &host).is_empty());
}

#[test]
fn proxy_arp_and_strict_reverse_path_are_found() {
    let mut host = with_second_link(host());
    set(&mut host, "stor0", Knob::ArpIgnore, 1);
    set(&mut host, "br-ex", Knob::ProxyArp, 1);
    assert_eq!(codes("node-a", Placement::Uplink, &host), ["proxy_arp"]);
    set(&mut host, "br-ex", Knob::ProxyArp, 0);
    set(&mut host, "br-ex", Knob::RpFilter, 1);
    assert!(codes("node-a", Placement::Uplink, &host).is_empty(), "the default route leaves by the uplink");
    host.gateways = vec![Gateway { metric: 0, family: Family::Ipv4, link: "stor0".into(), via: None }];
    assert_eq!(codes("node-a", Placement::Uplink, &host), ["rp_filter"]);
}

#[test]
fn an_address_put_there_by_hand_is_an_error_where_it_answers_for_another_node() {
    let mut host = host();
    host.foreign.insert(("br-ex".into(), "192.0.2.100/32".parse().unwrap()));
    let severity = |node: &str| {
        let decision = decided(&settings(node, Placement::Uplink), &[service("web", &["192.0.2.100"])], &host);
        decision.findings.iter().find(|finding| finding.code == "foreign_address").map(|finding| finding.severity)
    };
    assert_eq!(severity("node-b"), Some(Severity::Error));
}

#[test]
fn uplink_states() {
    let state = |change: fn(&mut Link)| {
        let mut host = host();
        change(host.links.get_mut(&"br-ex".into()).unwrap());
        codes("node-a", Placement::Uplink, &host)
    };
    assert_eq!(state(|link| link.up = false), ["uplink_down"]);
    assert_eq!(state(|link| link.carrier = false), ["uplink_no_carrier"]);
}
