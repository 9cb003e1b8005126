//! Announcements on the wire: when they begin and end, their forms, and whom they reach.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use hostvip::model::Mac;

use crate::cluster::{Cluster, EXTERNAL, POOL, VIP, VIP6, owned_by, service};
use crate::lab::capture::Capture;
use crate::lab::frame::{Frame, Message};
use crate::lab::{Prober, wait_for};

/// Announcements of one acquisition (DESIGN §4): at once, then at 0.2, 1.1, 2.2 and 5 s.
const BURST: usize = 5;

/// Frames that speak for `vip` unasked.
fn spoken(heard: &Capture, vip: &str) -> Vec<Frame> {
    let vip: IpAddr = vip.parse().unwrap();
    let speaks = |frame: &Frame| frame.announces().is_some_and(|(address, _)| address == vip);
    heard.frames().into_iter().filter(speaks).collect()
}

/// Those of them that everyone hears: gratuitous ARP, unsolicited NA.
fn gratuitous(heard: &Capture, vip: &str) -> Vec<Frame> {
    spoken(heard, vip)
        .into_iter()
        .filter(|frame| {
            !matches!(frame.message, Message::Arp { sender, target, .. } if sender.0 != target.0)
                && !matches!(frame.message, Message::Solicit { .. })
        })
        .collect()
}

#[test]
fn the_kernel_answers_before_the_first_announcement() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let prober = Prober::start(&cluster.client, VIP.parse().unwrap());
    let _agent = cluster.nodes[0].up();
    wait_for("an announcement and 20 answers", || prober.so_far().answered() >= 20 && !prober.so_far().announcements.is_empty());
    let found = prober.stop();
    let first = found.announcements[0].at;
    let next = found.probes.iter().find(|probe| probe.at > first).unwrap();
    assert!(!next.answers.is_empty(), "announced, and the next probe was not answered: {found}");
}

#[test]
fn a_burst_has_the_forms_that_devices_honour() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let mac = node.host.mac;
    let heard = Capture::start(&cluster.client, "eth0");
    let _agent = node.up();
    wait_for("the whole burst", || gratuitous(&heard, VIP).len() >= 2 * BURST && gratuitous(&heard, VIP6).len() >= BURST);

    let vip = VIP.parse().unwrap();
    for (pair, number) in gratuitous(&heard, VIP)[..2 * BURST].chunks(2).zip(1..) {
        let sender = (vip, mac);
        // Request form: the target hardware address is not looked at (RFC 5227 §1.1). Reply form: that of the sender.
        let forms: Vec<_> = pair.iter().map(|frame| (frame.source, frame.destination, frame.message)).collect();
        assert!(
            matches!(forms[0], (from, Mac::BROADCAST, Message::Arp { operation: 1, sender: s, target: (t, _) }) if from == mac && s == sender && t == vip),
            "announcement {number}: {forms:?}"
        );
        assert_eq!(forms[1], (mac, Mac::BROADCAST, Message::Arp { operation: 2, sender, target: sender }), "announcement {number}");
    }
    let (vip6, all_nodes): (Ipv6Addr, Ipv6Addr) = (VIP6.parse().unwrap(), "ff02::1".parse().unwrap());
    for frame in &gratuitous(&heard, VIP6)[..BURST] {
        let Message::Advert { destination, target, link, solicited, overrides, .. } = frame.message else { panic!("{frame:?}") };
        assert_eq!((destination, target, link, solicited, overrides), (all_nodes, vip6, Some(mac), false, true));
        assert_eq!((frame.source, frame.destination), (mac, Mac([0x33, 0x33, 0, 0, 0, 1])));
    }
}

#[test]
fn gateway_and_neighbours_are_asked_in_the_name_of_the_vip() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let (node, client) = (&cluster.nodes[0], &cluster.client);
    let gateway = cluster.lan.host(cluster.lab, "gateway", "eth0", &["192.0.2.1/24", "2001:db8::1/64"]);
    node.host.run("ip route add default via 192.0.2.1");
    node.host.run("ip -6 route add default via 2001:db8::1");
    for address in ["192.0.2.50", "2001:db8::50"] {
        // The node knows the client, as if they had talked; the gateway it does not know.
        node.host.run(&format!("ip neighbor replace {address} lladdr {} dev eth0 nud stale", client.mac));
    }
    let heard = Capture::start(&gateway, "eth0");
    let heard_by_client = Capture::start(client, "eth0");
    let _agent = node.up();
    let asks = |vip: &str, whom: &str| {
        let (vip, whom): (IpAddr, IpAddr) = (vip.parse().unwrap(), whom.parse().unwrap());
        move |frame: &Frame| {
            let asked: Option<IpAddr> = match frame.message {
                Message::Arp { operation: 1, target, .. } => Some(target.0.into()),
                Message::Solicit { target, .. } => Some(target.into()),
                _ => None,
            };
            asked == Some(whom) && frame.claims() == Some((vip, node.host.mac))
        }
    };
    for (vip, via, neighbour) in [(VIP, "192.0.2.1", "192.0.2.50"), (VIP6, "2001:db8::1", "2001:db8::50")] {
        heard.wait(&format!("the gateway is asked by {vip}"), asks(vip, via));
        let frame = heard_by_client.wait(&format!("the client is asked by {vip}"), asks(vip, neighbour));
        assert_eq!(frame.destination, client.mac, "{vip} asks a known neighbour by unicast: {frame:?}");
    }
}

#[test]
fn a_client_that_drops_gratuitous_arp_learns_the_new_owner() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let (node, client) = (&cluster.nodes[0], &cluster.client);
    client.sysctl("ipv4/conf/eth0/drop_gratuitous_arp", 1);
    client.run(&format!("ip neighbor replace {VIP} lladdr 02:00:00:00:00:99 dev eth0 nud reachable"));
    node.host.run(&format!("ip neighbor replace 192.0.2.50 lladdr {} dev eth0 nud stale", client.mac));
    let _agent = node.up();
    let mac = node.host.mac.to_string();
    wait_for("the client learns the new owner", || client.run(&format!("ip neighbor show {VIP}")).contains(&mac));
}

#[test]
fn announcements_are_repeated_while_the_vip_is_owned_and_no_longer() {
    let refreshed = format!("{POOL}\n[announce]\nrefresh = \"1s\"\n");
    let Some(cluster) = Cluster::start(1, &refreshed) else { return };
    let node = &cluster.nodes[0];
    let heard = Capture::start(&cluster.client, "eth0");
    let agent = node.up();
    wait_for("the announcement is repeated after the burst", || gratuitous(&heard, VIP).len() >= 2 * (BURST + 2));
    node.hostvip.write("services.yaml", &service("web", &[], &[EXTERNAL]));
    agent.wait_log(&format!("unbind {VIP}/32 dev eth0"));
    wait_for("the kernel is silent", || cluster.who_has(VIP).is_empty());
    let (before, others) = (spoken(&heard, VIP).len(), spoken(&heard, EXTERNAL).len());
    // No wait for silence: that of another VIP, which goes on, tells that the time for this one has come and gone.
    wait_for("another VIP is announced again and again", || spoken(&heard, EXTERNAL).len() >= others + 8);
    assert_eq!(spoken(&heard, VIP).len(), before, "something was sent for a VIP that is not owned any more");
}

#[test]
fn a_vip_moves_by_config_and_never_has_two_owners() {
    let Some(cluster) = Cluster::start(2, POOL) else { return };
    let [a, b] = [&cluster.nodes[0], &cluster.nodes[1]];
    let (agent_a, agent_b) = (a.up(), b.up());
    let heard = Capture::start(&cluster.client, "eth0");
    let probers = [VIP, VIP6].map(|vip| Prober::start(&cluster.client, vip.parse().unwrap()));
    wait_for("the first owner answers", || probers.iter().all(|prober| prober.so_far().answered() >= 20));
    a.hostvip.configure(&owned_by("node-b"));
    for vip in [VIP, VIP6] {
        agent_a.wait_log(&format!("{vip} of default/web: standby: node-b owns it"));
    }
    b.hostvip.configure(&owned_by("node-b"));
    for vip in [VIP, VIP6] {
        agent_b.wait_log(&format!("{vip} of default/web: bound here"));
    }
    for (vip, prober) in [VIP, VIP6].into_iter().zip(probers) {
        wait_for("the new owner answers", || prober.so_far().latest() == BTreeSet::from([b.host.mac]));
        let found = prober.stop();
        assert_eq!(found.doubles(), 0, "{found}");
        let owners: Vec<_> = found.handovers().into_iter().map(|(_, mac)| mac).collect();
        assert_eq!(owners, [a.host.mac, b.host.mac], "{found}");
        let speakers: Vec<_> = spoken(&heard, vip).iter().map(|frame| frame.source).collect();
        assert!(speakers.is_sorted_by_key(|mac| *mac == b.host.mac), "{vip}: the old owner speaks after the new one: {speakers:?}");
    }
}
