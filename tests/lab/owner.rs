//! One owner, static: it alone answers, standbys accept silently, and nobody speaks as the VIP.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};

use crate::cluster::{Cluster, POOL, VIP, VIP6, VIPS, port80};
use crate::lab::capture::Capture;
use crate::lab::frame::{Frame, Message};
use crate::lab::tcp::{Server, ask};
use crate::lab::{Prober, wait_for};

#[test]
fn exactly_one_mac_answers() {
    let Some(cluster) = Cluster::start(3, POOL) else { return };
    let probers: Vec<_> = VIPS.iter().map(|vip| Prober::start(&cluster.client, vip.parse().unwrap())).collect();
    let agents: Vec<_> = cluster.nodes.iter().map(crate::cluster::Node::up).collect();
    let owner = cluster.nodes[0].host.mac;
    for (vip, prober) in VIPS.iter().zip(probers) {
        wait_for(&format!("{vip} is answered 50 times"), || prober.so_far().answered() >= 50);
        let found = prober.stop();
        assert_eq!(found.doubles(), 0, "{vip}: {found}");
        assert_eq!(found.macs(), BTreeSet::from([owner]), "{vip}: {found}");
    }
    for agent in &agents[1..] {
        assert!(!agent.log().contains("op=\"announce\""), "a standby announced: {}", agent.log());
    }
}

#[test]
fn the_owner_serves_and_standbys_accept_stale_clients() {
    let Some(cluster) = Cluster::start(2, POOL) else { return };
    let _servers: Vec<_> =
        cluster.nodes.iter().map(|node| Server::start(&node.host, "[::]:80".parse().unwrap(), node.host.name())).collect();
    let _agents: Vec<_> = cluster.nodes.iter().map(crate::cluster::Node::up).collect();
    for vip in VIPS {
        assert_eq!(ask(&cluster.client, port80(vip)).unwrap(), "node-a", "{vip}");
    }
    let standby = &cluster.nodes[1].host;
    let heard = Capture::start(&cluster.client, "eth0");
    for vip in VIPS {
        cluster.believe(vip, standby.mac);
        // The standby has to ask for the client now, which it must not do in the name of the VIP.
        standby.run("ip neighbor flush dev eth0");
        assert_eq!(ask(&cluster.client, port80(vip)).unwrap(), "node-b", "{vip}: the standby drops packets of a stale client");
    }
    let vips = VIPS.map(|vip| vip.parse::<IpAddr>().unwrap());
    let claims = |frame: &Frame| frame.source == standby.mac && frame.claims().is_some_and(|(address, _)| vips.contains(&address));
    let claimed: Vec<_> = heard.frames().into_iter().filter(claims).collect();
    assert!(heard.frames().iter().any(|frame| frame.source == standby.mac), "the capture heard nothing of the standby");
    assert!(claimed.is_empty(), "the standby speaks as the VIP: {claimed:#?}");
    for vip in VIPS {
        assert_eq!(cluster.who_has(vip), BTreeSet::from([cluster.nodes[0].host.mac]), "{vip}");
    }
}

#[test]
fn the_nodes_own_traffic_never_has_the_vip_as_source() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    let _server = Server::start(&cluster.client, "[::]:80".parse().unwrap(), "client");
    let own: Vec<IpAddr> = node.host.addresses.iter().map(ipnet::IpNet::addr).collect();
    for (client, own) in ["192.0.2.50", "2001:db8::50"].into_iter().zip(&own) {
        let source = node.host.enter(|| TcpStream::connect(port80(client)).and_then(|stream| stream.local_addr()));
        assert_eq!(source.unwrap().ip(), *own, "source towards {client}");
    }

    // Traffic that must be from the VIP, towards a station that is not there: who asks for it?
    let heard = Capture::start(&cluster.client, "eth0");
    let absent: [IpAddr; 2] = ["192.0.2.77".parse().unwrap(), "2001:db8::77".parse().unwrap()];
    node.host.enter(|| {
        let socket = UdpSocket::bind(SocketAddr::new(VIP.parse().unwrap(), 0)).unwrap();
        socket.send_to(b"from the VIP", SocketAddr::new(absent[0], 9)).unwrap();
        let socket = UdpSocket::bind("[::]:0").unwrap();
        socket.send_to(b"from the node", SocketAddr::new(absent[1], 9)).unwrap();
    });
    let asked = heard.wait(
        "the node asks for 192.0.2.77",
        |frame| matches!(frame.message, Message::Arp { operation: 1, target, .. } if target.0 == absent[0]),
    );
    assert_eq!(asked.claims().map(|(address, _)| address), Some(own[0]), "an ARP request says \"tell {VIP}\" (arp_announce)");
    let asked = heard
        .wait("the node asks for 2001:db8::77", |frame| matches!(frame.message, Message::Solicit { target, .. } if target == absent[1]));
    assert_ne!(asked.claims().map(|(address, _)| address), Some(VIP6.parse().unwrap()), "a solicitation comes from {VIP6}");
}
