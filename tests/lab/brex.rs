//! hostvip on nodes of OVN-Kubernetes: the VIP on br-ex, on lo or quiet, in both gateway modes.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use hostvip::model::{Mac, Severity};
use nix::sys::signal::Signal;

use crate::cluster::{Node, service};
use crate::lab::hostvip::Hostvip;
use crate::lab::openvswitch::OpenVswitch;
use crate::lab::ovnk::{Gateway, OvnNode};
use crate::lab::prober::who_has;
use crate::lab::process::Process;
use crate::lab::tcp::ask;
use crate::lab::{Host, Lab, Segment, wait_for};

/// Outside of the nodes' subnet, as pools of such clusters often are.
const VIP: &str = "192.0.2.10";
const VIP6: &str = "2001:db8::10";

struct Cluster {
    _lan: Segment,
    ovn: [OvnNode; 2],
    nodes: [Node; 2],
    client: Host,
}

/// A pool owned by node-3.
fn config(placement: &str) -> String {
    format!(
        "[source]\nfiles = [\"{{dir}}/services.yaml\"]\n[[pool]]\nname = \"edge\"\n\
         addresses = [\"192.0.2.0/27\", \"2001:db8::/112\"]\nplacement = {placement:?}\nowner = \"node-3\"\n"
    )
}

impl Cluster {
    fn start(gateway: Gateway) -> Option<Self> {
        let (lab, tree) = (Lab::start()?, OpenVswitch::available()?);
        let lan = lab.segment("lan");
        let client = lan.host(lab, "client", "eth0", &["172.18.0.100/24", "fd00::100/64"]);
        client.run("ip route add 192.0.2.0/24 dev eth0");
        client.run("ip route add 2001:db8::/64 dev eth0");
        let ovn = [3, 4].map(|number| {
            let addresses = [format!("172.18.0.{number}/24"), format!("fd00::{number}/64")];
            let mut node = OvnNode::new(lab, &tree, &lan, &format!("node-{number}"), number, &[&addresses[0], &addresses[1]]);
            node.host.run("ip route add default via 172.18.0.100");
            node.serve(gateway, VIP.parse().unwrap(), VIP6.parse().unwrap(), &[&client]);
            node
        });
        let nodes = [&ovn[0], &ovn[1]].map(|node| {
            let hostvip = Hostvip::install(&node.host, &config("uplink"));
            hostvip.write("services.yaml", &service("web", &[VIP, VIP6], &[]));
            Node { host: node.host.clone(), hostvip }
        });
        Some(Self { _lan: lan, ovn, nodes, client })
    }

    /// Starts both agents with this placement, and waits for their verdicts.
    fn up(&self, placement: &str) -> Vec<Process> {
        let start = |node: &Node| {
            node.hostvip.configure(&config(placement));
            node.hostvip.start()
        };
        let agents: Vec<_> = self.nodes.iter().map(start).collect();
        for vip in [VIP, VIP6] {
            agents[0].wait_log(&format!("{vip} of default/web: bound here"));
            agents[1].wait_log(&format!("{vip} of default/web: standby"));
        }
        self.nodes[0].host.wait_solicited(VIP6.parse().unwrap());
        agents
    }

    fn who_has(&self, vip: &str) -> BTreeSet<Mac> {
        let references = ["172.18.0.3", "172.18.0.4"].map(|node| node.parse::<IpAddr>().unwrap());
        who_has(&self.client, vip.parse().unwrap(), &references)
    }

    fn ask(&self, vip: &str) -> std::io::Result<String> {
        self.client.run("ip neighbor flush dev eth0");
        ask(self.client.netns(), SocketAddr::new(vip.parse().unwrap(), 80))
    }
}

fn one_node_answers_and_serves(gateway: Gateway) {
    let Some(cluster) = Cluster::start(gateway) else { return };
    let owner = BTreeSet::from([cluster.ovn[0].host.mac]);
    for placement in ["uplink", "lo", "quiet"] {
        let before = cluster.nodes.each_ref().map(Node::snapshot);
        let agents = cluster.up(placement);
        for vip in [VIP, VIP6] {
            assert_eq!(cluster.who_has(vip), owner, "{vip}, placement {placement}");
        }
        assert_eq!(cluster.ask(VIP).unwrap(), "node-3", "{placement}");
        if gateway == Gateway::Shared {
            assert_eq!(cluster.ask(VIP6).unwrap(), "node-3", "{placement}");
        }
        for mut agent in agents {
            agent.signal(Signal::SIGTERM);
            assert!(agent.wait().success());
        }
        assert_eq!(cluster.nodes.each_ref().map(Node::snapshot), before, "{placement}");
        assert_eq!(cluster.who_has(VIP), BTreeSet::new());
    }
}

#[test]
fn in_shared_gateway_mode_the_owner_answers_and_serves() {
    one_node_answers_and_serves(Gateway::Shared);
}

#[test]
fn in_local_gateway_mode_the_owner_answers_and_serves() {
    one_node_answers_and_serves(Gateway::Local);
}

#[test]
fn an_address_put_there_by_hand_is_reported_and_left_alone() {
    let Some(cluster) = Cluster::start(Gateway::Shared) else { return };
    let standby = &cluster.nodes[1];
    let by_hand = format!("lo    inet {VIP}/32 scope global lo");
    // What OVN-Kubernetes tells administrators to do, on the wrong node.
    standby.host.run(&format!("ip address add {VIP}/32 dev lo"));
    let mut agents = cluster.up("lo");
    let macs = cluster.nodes.each_ref().map(|node| node.host.mac);
    assert_eq!(cluster.who_has(VIP), BTreeSet::from(macs), "with arp_ignore 0 both answer: that is the harm");
    let report = standby.wait_report("the finding", |report| report.findings.iter().any(|finding| finding.code == "foreign_address"));
    let finding = report.findings.iter().find(|finding| finding.code == "foreign_address").unwrap();
    assert_eq!(finding.severity, Severity::Error, "{finding:?}");
    assert!(finding.what.contains(&format!("{VIP} stands on lo without the mark")), "{finding:?}");
    assert_eq!(finding.fix, format!("ip address del {VIP}/32 dev lo"));
    assert_eq!(standby.hostvip.run(&["status"]).code, Some(1));
    assert!(standby.holds(&by_hand), "{}", standby.addresses());

    standby.host.run(&finding.fix);
    standby.wait_report("the finding is gone", |report| report.findings.iter().all(|finding| finding.code != "foreign_address"));
    wait_for("the owner alone answers", || cluster.who_has(VIP) == BTreeSet::from([macs[0]]));

    // Once more, now that an agent runs; it outlives the agent as well.
    standby.host.run(&format!("ip address add {VIP}/32 dev lo"));
    agents[1].wait_log(&format!("{VIP} stands on lo without the mark of hostvip"));
    agents[1].signal(Signal::SIGTERM);
    assert!(agents[1].wait().success());
    assert!(standby.holds(&by_hand), "{}", standby.addresses());
}
