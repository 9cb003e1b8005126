//! Trouble of one VIP is its own: the others are served, status says what is wrong, and what is mended is taken up without a restart.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;

use crate::cluster::{Cluster, EXTERNAL, POOL, VIP, VIP6, reason_on, service};
use crate::lab::wait_for;

#[test]
fn an_operation_that_fails_neither_hides_nor_blocks_another() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    node.host.sysctl("ipv6/conf/eth0/disable_ipv6", 1);
    let agent = node.up();
    cluster.wait_answered(VIP, node.host.mac);
    let report = node.wait_report("the failure", |report| report.failing.iter().any(|failing| failing.op.contains(VIP6)));
    let reason = reason_on(&report, VIP6);
    assert!(
        reason.starts_with(&format!("not bound yet: cannot bind {VIP6}/128 dev eth0")) && reason.contains("IPv6 is disabled"),
        "{reason}"
    );
    assert!(reason_on(&report, VIP).starts_with("bound here"), "{report:?}");
    assert_eq!(node.hostvip.run(&["status"]).code, Some(1));
    assert!(!agent.log().contains(&format!("announce {VIP6} ")), "announced and not bound: {}", agent.log());

    node.host.sysctl("ipv6/conf/eth0/disable_ipv6", 0);
    wait_for("it is tried again", || node.holds(&format!("{VIP6}/128")));
    agent.wait_log(&format!("announce {VIP6} on eth0"));
    node.wait_report("nothing fails any more", |report| report.failing.is_empty());
}

#[test]
fn an_address_held_by_hand_is_left_alone_until_it_is_gone() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    node.host.run(&format!("ip address add {VIP}/32 dev eth0"));
    let agent = node.up();
    agent.wait_log(&format!("{VIP} of default/web: eth0 already bears it without our mark: left alone"));
    assert!(node.addresses().contains(&format!("eth0    inet {VIP}/32 scope global eth0")), "{}", node.addresses());
    assert!(!agent.log().contains(&format!("announce {VIP} ")), "it speaks for an address that is not its own: {}", agent.log());
    cluster.wait_answered(EXTERNAL, node.host.mac);
    node.host.run(&format!("ip address del {VIP}/32 dev eth0"));
    wait_for("it is bound, with the mark", || {
        node.addresses().contains(&format!("eth0    inet {VIP}/32 scope host noprefixroute hostvip"))
    });
    agent.wait_log(&format!("announce {VIP} on eth0"));
}

#[test]
fn what_happened_while_the_agent_was_stopped_is_made_up_for() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    agent.signal(Signal::SIGSTOP);
    node.host.run(&format!("ip address del {VIP}/32 dev eth0"));
    node.host.run(&format!("ip -6 route del local {VIP6} dev lo table local proto 118 metric 118"));
    node.host.sysctl("ipv4/conf/eth0/arp_ignore", 0);
    node.hostvip.write("services.yaml", &service("web", &[VIP, VIP6, "192.0.2.110"], &[]));
    agent.signal(Signal::SIGCONT);
    wait_for("all is as the manifest says", || {
        let (addresses, routes) = (node.addresses(), node.quiet_routes());
        let there = |vip: &str| addresses.contains(&format!(" {vip}/")) && routes.contains(&format!("local {vip} dev lo"));
        [VIP, VIP6, "192.0.2.110"].into_iter().all(there) && !there(EXTERNAL)
    });
    wait_for("arp_ignore is set again", || node.sysctl_of("eth0", "arp_ignore") == "1");
    assert_eq!(cluster.who_has(VIP), BTreeSet::from([node.host.mac]));
}

#[test]
fn an_uplink_created_anew_keeps_its_own_settings_when_the_agent_ends() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let mut agent = node.up();
    node.host.run("ip link del eth0");
    agent.wait_log("the uplink eth0 is not there");
    // The new link starts with a value of its own, which is what has to be given back.
    node.host.sysctl("ipv4/conf/default/arp_announce", 1);
    cluster.lan.plug(node.host.netns(), "eth0", &["192.0.2.10/24", "2001:db8::10/64"]);
    wait_for("the settings are made again", || {
        (node.sysctl_of("eth0", "arp_ignore"), node.sysctl_of("eth0", "arp_announce")) == ("1".into(), "2".into())
    });
    agent.signal(Signal::SIGTERM);
    assert!(agent.wait().success());
    assert_eq!((node.sysctl_of("eth0", "arp_ignore"), node.sysctl_of("eth0", "arp_announce")), ("0".into(), "1".into()));
    assert!(!node.addresses().contains(VIP) && !node.quiet_routes().contains(VIP6));
}
