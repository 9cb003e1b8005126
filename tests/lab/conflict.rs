//! Another host claims a VIP that this node answers for.

use std::net::IpAddr;

use hostvip::codec::ndp::Nd;
use hostvip::model::report::Report;

use crate::cluster::{Cluster, EXTERNAL, Node, POOL, VIP, VIP6};
use crate::http::get;
use crate::lab::wire::Wire;
use crate::lab::{Host, wait_for};
use crate::openmetrics::Exposition;

/// The findings of the kind that name `vip`.
fn conflicts<'a>(report: &'a Report, vip: &str) -> Vec<&'a str> {
    let about = |what: &str| what.split_whitespace().next() == Some(vip);
    report
        .findings
        .iter()
        .filter(|finding| finding.code == "address_conflict" && about(&finding.what))
        .map(|finding| finding.what.as_str())
        .collect()
}

fn counted(node: &Node, name: &str) -> f64 {
    let answer = get(node, "/metrics");
    Exposition::parse(answer.split_once("\r\n\r\n").unwrap().1).unwrap().value(name, &[])
}

/// `host` speaks for `vip` as its own, once.
fn claim(host: &Host, vip: &str) {
    match vip.parse().unwrap() {
        IpAddr::V4(_) => drop(host.netns().try_run(&format!("arping -c 1 -U -I eth0 -s {vip} {vip}")).unwrap()),
        IpAddr::V6(vip) => assert!(host.enter(|| Wire::open("eth0", false).send(&Nd::unsolicited(host.mac, vip).encode()))),
    }
}

/// A host that bears `vip` by hand, as somebody's mistake.
fn squatter(cluster: &Cluster, vip: &str) -> Host {
    let squatter = cluster.lan.host(cluster.lab, "squatter", "eth0", &["192.0.2.66/24", "2001:db8::66/64"]);
    squatter.run(&format!("ip address add {vip} dev eth0 nodad"));
    squatter
}

#[test]
fn a_second_host_that_claims_the_vip_is_named() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    for vip in [VIP, VIP6] {
        let squatter = squatter(&cluster, vip);
        let expected = format!("{vip} is claimed by another host, {}, heard on eth0", squatter.mac);
        let report = node.wait_report(&expected, |report| {
            claim(&squatter, vip);
            conflicts(report, vip) == [expected.as_str()]
        });
        assert!(conflicts(&report, EXTERNAL).is_empty(), "nobody claims that one: {:?}", report.findings);
        agent.wait_log(&format!("{vip}: another host claims it, {}", squatter.mac));
        let status = node.hostvip.run(&["status"]);
        assert!(status.stdout.contains(&expected) && status.code == Some(1), "{status:?}");
    }
    assert!(counted(node, "hostvip_address_conflicts_total") > 1.5 && counted(node, "hostvip_address_conflict_frames_total") > 1.5);
    // Nothing was taken away for it: whoever is right, clients that knew this node go on reaching it.
    assert!(node.holds(&format!("{VIP}/32")) && node.holds(&format!("{VIP6}/128")));
}

#[test]
fn a_claim_to_what_another_node_owns_is_not_ours_to_report() {
    let Some(cluster) = Cluster::start(2, POOL) else { return };
    let _agents: Vec<_> = cluster.nodes.iter().map(Node::up).collect();
    let squatter = squatter(&cluster, VIP);
    let (owner, standby) = (&cluster.nodes[0], &cluster.nodes[1]);
    owner.wait_report("the owner names it", |report| {
        claim(&squatter, VIP);
        !conflicts(report, VIP).is_empty()
    });
    // What the owner heard, the standby heard: both are on one segment.
    let report = standby.report().unwrap();
    assert!(report.findings.iter().all(|finding| finding.code != "address_conflict"), "{:?}", report.findings);
    let report = owner.report().unwrap();
    assert_eq!(conflicts(&report, VIP).len(), 1, "the standby's and our own frames are no conflict: {:?}", report.findings);
}

#[test]
fn a_link_that_was_created_anew_is_listened_on_again() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    node.host.link_down();
    agent.wait_log("found ");
    node.host.link_up();
    node.host.run("ip address replace 2001:db8::10/64 dev eth0 nodad");
    cluster.wait_answered(VIP, node.host.mac);
    let squatter = squatter(&cluster, VIP);
    node.wait_report("heard after the link was down", |report| {
        claim(&squatter, VIP);
        !conflicts(report, VIP).is_empty()
    });

    node.host.run("ip link del eth0");
    wait_for("the uplink is known to be gone", || {
        node.report().is_some_and(|report| report.findings.iter().any(|finding| finding.code == "uplink_missing"))
    });
    let anew = cluster.lan.plug(node.host.netns(), "eth0", &["192.0.2.10/24", "2001:db8::10/64"]);
    cluster_answers(&cluster, &anew);
    let other = "192.0.2.101";
    squatter.run(&format!("ip address add {other} dev eth0"));
    node.wait_report("heard on the new link", |report| {
        claim(&squatter, other);
        !conflicts(report, other).is_empty()
    });
}

fn cluster_answers(cluster: &Cluster, host: &Host) {
    wait_for("the new link answers", || cluster.who_has("192.0.2.101").contains(&host.mac));
}

#[test]
fn another_uplink_is_listened_on_in_the_place_of_the_former() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let north = cluster.lab.segment("north");
    north.plug(node.host.netns(), "eth1", &["198.51.100.10/24"]);
    let stranger = north.host(cluster.lab, "stranger", "eth0", &["198.51.100.66/24"]);
    stranger.run(&format!("ip address add {VIP} dev eth0"));
    let squatter = squatter(&cluster, VIP);
    let agent = node.up();
    let config = std::fs::read_to_string(node.hostvip.path("hostvip.toml")).unwrap();
    node.hostvip.write("hostvip.toml", &config.replace("uplink = \"eth0\"", "uplink = \"eth1\""));
    agent.wait_log(&format!("bind {VIP}/32 dev eth1"));
    let expected = format!("{VIP} is claimed by another host, {}, heard on eth1", stranger.mac);
    let report = node.wait_report(&expected, |report| {
        claim(&squatter, VIP);
        claim(&stranger, VIP);
        conflicts(report, VIP).contains(&expected.as_str())
    });
    assert_eq!(conflicts(&report, VIP), [expected.as_str()], "on the former uplink nothing is announced any more");
}
