//! Repair: what somebody else undoes is found, said and done again; what is theirs is left alone.

use crate::cluster::{Cluster, Node, POOL, VIP, VIP6, placed};
use crate::lab::process::Process;
use crate::lab::segment::Segment;
use crate::lab::{Host, wait_for};

/// How often the agent has begun to announce `vip`.
fn announced(agent: &Process, vip: &str) -> usize {
    agent.log().matches(&format!("announce {vip} on ")).count()
}

#[test]
fn a_deleted_address_is_bound_and_announced_again() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    for (vip, prefix) in [(VIP, "192.0.2.100/32"), (VIP6, "2001:db8::1:100/128")] {
        wait_for("the first announcement", || announced(&agent, vip) == 1);
        node.host.run(&format!("ip address del {prefix} dev eth0"));
        agent.wait_log(&format!("found {prefix} dev eth0 gone: binding it again"));
        wait_for(&format!("{prefix} is back"), || node.holds(prefix));
        wait_for(&format!("{vip} is announced again"), || announced(&agent, vip) == 2);
        cluster.wait_answered(vip, node.host.mac);
    }
}

#[test]
fn a_deleted_quiet_route_is_added_again() {
    for config in [POOL.to_owned(), placed("quiet")] {
        let Some(cluster) = Cluster::start(1, &config) else { return };
        let node = &cluster.nodes[0];
        let agent = node.up();
        let present = || node.quiet_routes().contains(&format!("local {VIP} dev lo"));
        assert!(present(), "{}", node.quiet_routes());
        node.host.run(&format!("ip route del local {VIP} dev lo table local proto 118 metric 118"));
        agent.wait_log(&format!("found {VIP}/32 table local metric 118 gone: adding it again"));
        wait_for("the route is back", present);
        cluster.wait_answered(VIP, node.host.mac);
    }
}

#[test]
fn settings_that_somebody_flips_are_set_again() {
    let Some(cluster) = Cluster::start(2, POOL) else { return };
    let agents: Vec<_> = cluster.nodes.iter().map(Node::up).collect();
    for (node, agent) in cluster.nodes.iter().zip(&agents) {
        for (knob, wanted) in [("arp_ignore", "1"), ("arp_announce", "2")] {
            node.host.sysctl(&format!("ipv4/conf/eth0/{knob}"), 0);
            agent.wait_log(&format!("found net.ipv4.conf.eth0.{knob} changed to 0: setting it again"));
            wait_for(&format!("{knob} is set again"), || node.sysctl_of("eth0", knob) == wanted);
        }
    }
    // Meanwhile the standby answered for the VIP; no longer.
    cluster.wait_answered(VIP, cluster.nodes[0].host.mac);
}

#[test]
fn an_uplink_that_comes_back_has_its_vips_again() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    wait_for("the first announcements", || [VIP, VIP6].iter().all(|vip| announced(&agent, vip) == 1));
    node.host.link_down();
    agent.wait_log("the uplink eth0 is down");
    node.host.link_up();
    // Its own IPv6 address went with the link, and serves here as the reference.
    node.host.run("ip address replace 2001:db8::10/64 dev eth0");
    for vip in [VIP, VIP6] {
        wait_for(&format!("{vip} is announced again"), || announced(&agent, vip) >= 2);
        cluster.wait_answered(vip, node.host.mac);
    }
}

#[test]
fn an_uplink_that_flaps_is_no_fight() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    for _ in 0..8 {
        node.host.link_down();
        wait_for("the IPv6 address is bound while the link is down", || node.holds("2001:db8::1:100/128"));
        node.host.link_up();
        node.host.run("ip address replace 2001:db8::10/64 dev eth0");
        cluster.wait_answered(VIP6, node.host.mac);
    }
    assert!(!agent.log().contains("somebody else undid it"), "{}", agent.log());
}

#[test]
fn an_uplink_without_carrier_is_said_and_announced_on_again() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    cluster.lan.port_down(&node.host);
    let without = node.wait_report("the finding", |report| report.findings.iter().any(|finding| finding.code == "uplink_no_carrier"));
    assert_eq!(node.hostvip.run(&["status"]).code, Some(1), "{without:?}");
    let before = announced(&agent, VIP);
    cluster.lan.port_up(&node.host);
    wait_for("the VIP is announced again", || announced(&agent, VIP) > before);
    cluster.wait_answered(VIP, node.host.mac);
    node.wait_report("the finding is gone", |report| report.findings.is_empty());
}

#[test]
fn an_uplink_created_anew_gets_the_vips_and_its_new_mac_is_announced() {
    let Some(mut cluster) = Cluster::start(1, POOL) else { return };
    let agent = cluster.nodes[0].up();
    let former = cluster.nodes[0].host.clone();
    former.run("ip link del eth0");
    agent.wait_log("the uplink eth0 is not there");
    cluster.nodes[0].host = plug_again(&cluster.lan, &former);
    let node = &cluster.nodes[0];
    assert_ne!(node.host.mac, former.mac);
    for vip in [VIP, VIP6] {
        wait_for(&format!("{vip} is bound again"), || node.holds(&format!("{vip}/")));
        node.host.wait_solicited(vip.parse().unwrap());
        cluster.wait_answered(vip, node.host.mac);
        let learnt = || cluster.client.run(&format!("ip neighbor show {vip}"));
        cluster.client.run(&format!("ip neighbor replace {vip} lladdr {} dev eth0 nud stale", former.mac));
        wait_for(&format!("the client learns the new hardware address of {vip}"), || learnt().contains(&node.host.mac.to_string()));
    }
    wait_for("the settings are those of the new link", || node.sysctl_of("eth0", "arp_ignore") == "1");
}

#[test]
fn what_an_administrator_put_there_survives_repair_and_withdrawal() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    // In the pool, outside of it, beside ours, marked by other programs, and the like of ours but for the mark.
    for line in [
        "ip address add 192.0.2.120/32 dev lo",
        "ip address add 2001:db8::1:120/128 dev eth0",
        "ip address add 10.9.9.9/32 dev eth0 scope host label eth0:vip",
        "ip address add 192.0.2.200/24 dev eth0",
        "ip route add 198.51.100.0/24 via 192.0.2.50 proto static",
        "ip route add local 192.0.2.121 dev lo proto static metric 118",
        "ip -6 route add local 2001:db8::1:121 dev lo proto static metric 118",
    ] {
        node.host.run(line);
    }
    let before = node.snapshot();
    let mut agent = node.up();
    node.host.run(&format!("ip address del {VIP}/32 dev eth0"));
    agent.wait_log("gone: binding it again");
    wait_for("it is bound again", || node.holds(&format!("{VIP}/32")));
    agent.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(agent.wait().success());
    assert_eq!(node.snapshot(), before);
}

/// Gives the host a link of the same name again.
fn plug_again(lan: &Segment, host: &Host) -> Host {
    let addresses: Vec<_> = host.addresses.iter().map(ToString::to_string).collect();
    lan.plug(host.netns(), &host.link, &addresses.iter().map(String::as_str).collect::<Vec<_>>())
}
