//! br-ex of OVN-Kubernetes: two nodes, a VIP bound by hand in one of them.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::lab::openvswitch::OpenVswitch;
use crate::lab::ovnk::{Gateway, OvnNode};
use crate::lab::prober::who_has;
use crate::lab::tcp::ask;
use crate::lab::{Host, Lab, Segment};

/// Outside of the nodes' subnet, as pools of such clusters often are.
const VIP: &str = "192.0.2.10";
const VIP6: &str = "2001:db8::10";
/// Every placement that answers with `arp_ignore` 0, and how it ends.
const IPV4_PLACEMENTS: [(&str, &str); 3] = [
    ("ip address add 192.0.2.10/32 dev br-ex scope host", "ip address del 192.0.2.10/32 dev br-ex"),
    ("ip address add 192.0.2.10/32 dev lo scope host", "ip address del 192.0.2.10/32 dev lo"),
    ("ip route add local 192.0.2.10 dev lo proto 118 metric 118", "ip route del local 192.0.2.10 dev lo proto 118 metric 118"),
];

struct Cluster {
    _lan: Segment,
    nodes: [OvnNode; 2],
    client: Host,
}

impl Cluster {
    fn start() -> Option<Self> {
        let (lab, tree) = (Lab::start()?, OpenVswitch::available()?);
        let lan = lab.segment("lan");
        let nodes = [3, 4].map(|number| {
            let addresses = [format!("172.18.0.{number}/24"), format!("fd00::{number}/64")];
            OvnNode::new(lab, &tree, &lan, &format!("node-{number}"), number, &[&addresses[0], &addresses[1]])
        });
        let client = lan.host(lab, "client", "eth0", &["172.18.0.100/24", "fd00::100/64"]);
        client.run("ip route add 192.0.2.0/24 dev eth0");
        client.run("ip route add 2001:db8::/64 dev eth0");
        for node in &nodes {
            // What a node of the real cluster has by its gateway: a way back for the host's own replies.
            node.host.run("ip route add default via 172.18.0.100");
        }
        Some(Self { _lan: lan, nodes, client })
    }

    fn who_has(&self, vip: &str) -> BTreeSet<hostvip::model::Mac> {
        let references = ["172.18.0.3", "172.18.0.4"].map(|node| node.parse::<IpAddr>().unwrap());
        who_has(&self.client, vip.parse().unwrap(), &references)
    }

    fn ask(&self, vip: &str) -> std::io::Result<String> {
        self.client.run("ip neighbor flush dev eth0");
        ask(self.client.netns(), SocketAddr::new(vip.parse().unwrap(), 80))
    }
}

fn one_node_answers_and_serves(gateway: Gateway) {
    let Some(mut cluster) = Cluster::start() else { return };
    let client = cluster.client.clone();
    for node in &mut cluster.nodes {
        node.serve(gateway, VIP.parse().unwrap(), VIP6.parse().unwrap(), &[&client]);
    }
    assert_eq!(cluster.who_has(VIP), BTreeSet::new(), "OVN-Kubernetes answers for no VIP by itself");
    assert_eq!(cluster.who_has(VIP6), BTreeSet::new(), "OVN-Kubernetes answers for no VIP by itself");
    assert!(cluster.ask(VIP).is_err(), "a VIP that nobody answers for is reached");

    for (owner, name) in [(0, "node-3"), (1, "node-4")] {
        let host = cluster.nodes[owner].host.clone();
        for (hold, release) in IPV4_PLACEMENTS {
            host.run(hold);
            assert_eq!(cluster.who_has(VIP), BTreeSet::from([host.mac]), "{name}: {hold}");
            assert_eq!(cluster.ask(VIP).unwrap(), name, "{hold}");
            host.run(release);
        }
        host.run(&format!("ip address add {VIP6}/128 dev br-ex nodad preferred_lft 0"));
        host.wait_solicited(VIP6.parse().unwrap());
        assert_eq!(cluster.who_has(VIP6), BTreeSet::from([host.mac]));
        if gateway == Gateway::Shared {
            assert_eq!(cluster.ask(VIP6).unwrap(), name);
        }
        host.run(&format!("ip address del {VIP6}/128 dev br-ex"));
    }
    assert_eq!(cluster.who_has(VIP), BTreeSet::new());
}

#[test]
fn in_shared_gateway_mode_one_node_answers_and_serves() {
    one_node_answers_and_serves(Gateway::Shared);
}

#[test]
fn in_local_gateway_mode_one_node_answers_and_serves() {
    one_node_answers_and_serves(Gateway::Local);
}
