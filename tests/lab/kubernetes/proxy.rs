//! Real traffic: kube-proxy carries it from the VIP to listeners in pods, by way of the owner and of a standby.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::objects::{service, slice};
use super::{KubeCluster, POOL};
use crate::cluster::{VIP, port80};
use crate::lab::process::Process;
use crate::lab::tcp::{Server, ask};
use crate::lab::{Netns, wait_for};

/// What a client is told when the pod sees the client itself, and not the node that took its packets.
const SEEN: &str = " 192.0.2.50";

/// A pod with a listener on a node, and the node's kube-proxy.
struct Workload {
    /// Address of the pod.
    pod: String,
    _proxy: Process,
    _server: Server,
    _netns: Netns,
}

impl Workload {
    /// Gives node number `number` what makes it one of a cluster: forwarding, a pod, a way to the other nodes' pods, kube-proxy.
    fn start(cluster: &KubeCluster, number: usize, mode: &str) -> Option<Self> {
        let host = &cluster.nodes[number].host;
        let (name, pod) = (format!("{}-pod", host.name()), format!("10.244.{number}.2"));
        let netns = cluster.lab.netns(&name);
        host.forward();
        host.run(&format!("ip link add pods type veth peer name eth0 netns {}", netns.path()));
        host.run(&format!("ip address add 10.244.{number}.1/24 dev pods"));
        host.run("ip link set pods up");
        netns.run(&format!("ip address add {pod}/24 dev eth0"));
        netns.run("ip link set eth0 up");
        netns.run(&format!("ip route add default via 10.244.{number}.1"));
        for (other, node) in cluster.nodes.iter().enumerate().filter(|(other, _)| *other != number) {
            host.run(&format!("ip route add 10.244.{other}.0/24 via {}", node.host.addresses[0].addr()));
        }
        let listen = SocketAddr::from(([0, 0, 0, 0], 8080));
        let server = Server::greeting(&netns, listen, move |peer| format!("{name} {}", peer.ip()));
        Some(Self { pod, _proxy: proxy(cluster, number, mode)?, _server: server, _netns: netns })
    }
}

/// Starts kube-proxy on a node.
fn proxy(cluster: &KubeCluster, number: usize, mode: &str) -> Option<Process> {
    let mut command = cluster.control_plane.programs.optional("kube-proxy")?;
    let node = &cluster.nodes[number];
    node.hostvip.write("kube-proxy.kubeconfig", &cluster.control_plane.admin().render());
    command.arg("--kubeconfig").arg(node.hostvip.path("kube-proxy.kubeconfig"));
    command.args(["--proxy-mode", mode, "--hostname-override", node.host.name(), "--cluster-cidr", "10.244.0.0/16"]);
    // Those would be limits of the whole machine, not of this namespace.
    command.args(["--conntrack-max-per-core=0", "--oom-score-adj=0"]);
    Some(node.host.spawn(command))
}

fn traffic(mode: &str) {
    let Some(cluster) = KubeCluster::start(2, POOL) else { return };
    let [a, b] = [0, 1].map(|number| &cluster.nodes[number].host);
    let Some(workloads) = (0..2).map(|number| Workload::start(&cluster, number, mode)).collect::<Option<Vec<_>>>() else { return };
    let on = |number: usize| (&*workloads[number].pod, cluster.nodes[number].host.name());
    let apply =
        |more: &str, endpoints: &[(&str, &str)]| cluster.control_plane.apply(&(service("web", VIP, more) + &slice("web", endpoints)));
    let asked = || ask(&cluster.client, port80(VIP));

    apply("", &[on(0), on(1)]);
    let _agents = cluster.agents();
    cluster.wait_answered(VIP, a.mac);
    for way in [a, b] {
        cluster.believe(VIP, way.mac);
        wait_for(&format!("{} carries it", way.name()), || asked().is_ok());
        let mut pods = BTreeSet::new();
        wait_for(&format!("both pods serve by way of {}", way.name()), || {
            let said = asked().unwrap();
            assert!(!said.ends_with(SEEN), "{said}: the node that took the packets is to take the answers, too");
            pods.insert(said.split(' ').next().unwrap_or_default().to_owned());
            pods.len() == 2
        });
    }

    // Local: a node hands it to its own pods only, which see the client itself; a node without one drops it.
    apply(", externalTrafficPolicy: Local", &[on(0)]);
    cluster.believe(VIP, a.mac);
    wait_for("the owner's own pod sees the client", || asked().is_ok_and(|said| said == format!("{}-pod{SEEN}", a.name())));
    assert_eq!(cluster.who_has(VIP), BTreeSet::from([a.mac]));
    cluster.believe(VIP, b.mac);
    wait_for("a node without a pod drops it", || asked().is_err());

    // Its owner is static and has no endpoint: nobody may answer, for clients would only be dropped.
    apply(", externalTrafficPolicy: Local", &[on(1)]);
    cluster.wait_silent(VIP);
    cluster.wait_code(0, VIP, "no_local_endpoint");
    apply(", externalTrafficPolicy: Local", &[on(0), on(1)]);
    cluster.wait_answered(VIP, a.mac);
    for way in [a, b] {
        cluster.believe(VIP, way.mac);
        wait_for(&format!("{}'s own pod sees the client", way.name()), || {
            asked().is_ok_and(|said| said == format!("{}-pod{SEEN}", way.name()))
        });
    }
}

#[test]
fn iptables_mode_carries_what_owner_and_standby_take() {
    traffic("iptables");
}

#[test]
fn nftables_mode_carries_what_owner_and_standby_take() {
    traffic("nftables");
}
