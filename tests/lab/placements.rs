//! Placements by the product: what owner and standby hold, who answers, and what is refused with its fix.

use std::collections::BTreeSet;

use hostvip::model::Severity;

use crate::cluster::{Cluster, EXTERNAL, EXTERNAL6, Node, POOL, VIP, VIP6, placed, reason_on};
use crate::lab::prober::who_has;
use crate::lab::{Lab, wait_for};

/// What `ip address` says of an owner's address.
const MARKED: &str = "scope host noprefixroute hostvip";

#[test]
fn uplink_owner_answers_and_standby_accepts_silently() {
    let Some(cluster) = Cluster::start(2, POOL) else { return };
    let _agents: Vec<_> = cluster.nodes.iter().map(Node::up).collect();
    let [owner, standby] = [&cluster.nodes[0], &cluster.nodes[1]];
    for vip in [VIP, EXTERNAL] {
        assert!(owner.addresses().contains(&format!("eth0    inet {vip}/32 {MARKED}")), "{}", owner.addresses());
    }
    for vip in [VIP6, EXTERNAL6] {
        assert!(owner.addresses().contains(&format!("eth0    inet6 {vip}/128 scope global nodad deprecated noprefixroute")));
    }
    for node in [owner, standby] {
        let routes = node.quiet_routes();
        for vip in [VIP, VIP6, EXTERNAL, EXTERNAL6] {
            assert!(routes.contains(&format!("local {vip} dev lo")) && routes.contains("metric 118"), "{vip}: {routes}");
        }
        assert_eq!((node.sysctl_of("eth0", "arp_ignore"), node.sysctl_of("eth0", "arp_announce")), ("1".into(), "2".into()));
    }
    assert!(!standby.holds(VIP) && !standby.holds(VIP6), "{}", standby.addresses());
    answered_by_the_owner(&cluster);
}

#[test]
fn lo_owner_answers_and_standby_holds_nothing_of_ipv4() {
    let Some(cluster) = Cluster::start(2, &placed("lo")) else { return };
    let _agents: Vec<_> = cluster.nodes.iter().map(Node::up).collect();
    let owner = &cluster.nodes[0];
    assert!(owner.addresses().contains(&format!("lo    inet {VIP}/32 {MARKED}")), "{}", owner.addresses());
    assert_eq!((owner.sysctl_of("eth0", "arp_ignore"), owner.sysctl_of("eth0", "arp_announce")), ("0".into(), "2".into()));
    ipv6_goes_to_the_uplink(&cluster, "lo");
    answered_by_the_owner(&cluster);
}

#[test]
fn quiet_owner_answers_without_any_address() {
    let Some(cluster) = Cluster::start(2, &placed("quiet")) else { return };
    let _agents: Vec<_> = cluster.nodes.iter().map(Node::up).collect();
    let owner = &cluster.nodes[0];
    assert!(!owner.holds(VIP), "{}", owner.addresses());
    assert!(owner.quiet_routes().contains(&format!("local {VIP} dev lo")), "{}", owner.quiet_routes());
    assert_eq!((owner.sysctl_of("eth0", "arp_ignore"), owner.sysctl_of("eth0", "arp_announce")), ("0".into(), "2".into()));
    ipv6_goes_to_the_uplink(&cluster, "quiet");
    answered_by_the_owner(&cluster);
}

#[test]
fn lo_is_refused_where_nobody_would_answer_and_bound_once_that_is_mended() {
    let Some(cluster) = Cluster::start(1, &placed("lo")) else { return };
    let node = &cluster.nodes[0];
    node.host.sysctl("ipv4/conf/all/arp_ignore", 1);
    let agent = node.up();
    let reason = reason_on(&node.wait_report("the agent reports", |_| true), VIP);
    for part in ["could not be answered", "net.ipv4.conf.all.arp_ignore is 1", "needs net.ipv4.conf.all.arp_ignore = 0", "pool edge"] {
        assert!(reason.contains(part), "{part:?} is missing in {reason:?}");
    }
    let explained = node.hostvip.run(&["explain", VIP]);
    assert!(explained.stdout.contains(&reason) && explained.code == Some(1), "{explained:?}");
    assert!(!node.holds(VIP) && !node.quiet_routes().contains(VIP), "{}{}", node.addresses(), node.quiet_routes());
    assert!(node.holds(&format!("{VIP6}/128")), "IPv6 does not depend on arp_ignore");
    assert!(!agent.log().contains(&format!("announce {VIP} ")), "{}", agent.log());

    node.host.sysctl("ipv4/conf/all/arp_ignore", 0);
    agent.wait_log(&format!("{VIP} of default/web: bound here"));
    cluster.wait_answered(VIP, node.host.mac);
    assert_eq!(node.hostvip.run(&["explain", VIP]).code, Some(0));
}

#[test]
fn an_answer_on_another_link_is_found_and_reported() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let lab = Lab::start().unwrap();
    let node = &cluster.nodes[0];
    let storage = lab.segment("storage");
    let second = storage.plug(&node.host, "eth1", &["198.51.100.10/24"]);
    let stranger = storage.host(lab, "stranger", "eth0", &["198.51.100.50/24"]);
    let on_storage = || who_has(&stranger, VIP.parse().unwrap(), &[second.address(hostvip::model::Family::Ipv4)]);
    let _agent = node.up();
    assert_eq!(on_storage(), BTreeSet::from([second.mac]), "the weak host model answers on every link");
    let found = |report: &hostvip::model::report::Report| report.findings.iter().any(|finding| finding.code == "answers_on_other_link");
    let report = node.wait_report("the finding", found);
    let finding = report.findings.iter().find(|finding| finding.code == "answers_on_other_link").unwrap();
    assert!(finding.severity == Severity::Warning && finding.what.starts_with("eth1 answers ARP"), "{finding:?}");
    assert!(finding.fix.contains("net.ipv4.conf.eth1.arp_ignore=1"), "{finding:?}");

    node.host.sysctl("ipv4/conf/eth1/arp_ignore", 1);
    node.wait_report("the finding is gone", |report| !found(report));
    assert_eq!(on_storage(), BTreeSet::new(), "the fix that is named does not help");
    cluster.wait_answered(VIP, node.host.mac);
}

fn answered_by_the_owner(cluster: &Cluster) {
    for vip in [VIP, VIP6, EXTERNAL, EXTERNAL6] {
        assert_eq!(cluster.who_has(vip), BTreeSet::from([cluster.nodes[0].host.mac]), "{vip}");
    }
}

/// In a pool of another placement: the owner has IPv6 on the uplink and says so, the standby accepts it, and holds nothing of IPv4.
fn ipv6_goes_to_the_uplink(cluster: &Cluster, placement: &str) {
    let [owner, standby] = [&cluster.nodes[0], &cluster.nodes[1]];
    assert!(owner.addresses().contains(&format!("eth0    inet6 {VIP6}/128")), "{}", owner.addresses());
    let reason = reason_on(&owner.wait_report("the owner reports", |_| true), VIP6);
    assert!(reason.contains(&format!("placement uplink, not {placement}")), "{reason}");
    wait_for("the standby accepts IPv6", || standby.quiet_routes().contains(&format!("local {VIP6} dev lo")));
    let held = standby.addresses() + &standby.quiet_routes();
    assert!(!held.contains(VIP), "a standby would answer ARP for it, because arp_ignore has to be 0: {held}");
    assert_eq!(standby.sysctl_of("eth0", "arp_announce"), "0", "the standby needs no setting and changes none");
}
