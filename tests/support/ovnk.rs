//! A node as OVN-Kubernetes makes it: br-ex by Open vSwitch with OVN-Kubernetes' own flows, in either gateway mode.
//!
//! OVN itself is a stand-in: a namespace on the patch port with the bridge's MAC, which holds VIP and cluster IP and answers no ARP or
//! NDP for them, as the gateway router does (`neighbor_responder=none`).

use std::net::IpAddr;

use hostvip::model::Family;

use super::openvswitch::OpenVswitch;
use super::tcp::Server;
use super::tree::Tree;
use super::{Host, Lab, Netns, Segment};

const FLOWS: &str = include_str!("../lab/data/ovnk-flows.txt");
/// Cluster IP of the Service.
const CLUSTER_IP: &str = "10.96.0.10";

/// How traffic for a Service from outside enters OVN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// Straight from br-ex.
    Shared,
    /// By way of the host's stack: DNAT to the cluster IP, then br-ex (IPv4 only in this lab).
    Local,
}

/// A node of an OVN-Kubernetes cluster.
pub struct OvnNode {
    /// The host by br-ex.
    pub host: Host,
    ovn: Netns,
    switch: OpenVswitch,
    tree: Tree,
    server: Option<Server>,
}

impl OvnNode {
    /// A node on `lan`. `addresses` (IPv4 first) are those of br-ex; `number` tells its MAC from the other nodes'.
    pub fn new(lab: Lab, tree: &Tree, lan: &Segment, name: &str, number: u8, addresses: &[&str]) -> Self {
        let mac = format!("02:42:ac:12:00:{number:02x}");
        let nic = lan.host(lab, name, "ph0", &[]);
        let ovn = lab.netns(&format!("{name}-ovn"));
        nic.run(&format!("ip link add ov0 type veth peer name gr0 netns {}", ovn.path()));
        nic.run("ip link set ov0 up");
        isolate(nic.netns(), &["ph0", "ov0"]);

        let switch = OpenVswitch::start(tree, nic.netns());
        let bridge = format!("set bridge br-ex datapath_type=netdev fail-mode=secure other-config:hwaddr=\"{mac}\"");
        let ports =
            [("ph0", 1), ("ov0", 2)].map(|(port, number)| format!("add-port br-ex {port} -- set interface {port} ofport_request={number}"));
        switch.configure(&format!("add-br br-ex -- {bridge} -- {}", ports.join(" -- ")));
        nic.run(&format!("ip link set br-ex address {mac}"));
        let host = nic.behind("br-ex", addresses);
        let bridge_flows = section("bridge").replace("{NODE}", &host.address(Family::Ipv4).to_string());
        switch.add_flows("br-ex", &bridge_flows.replace("{MAC}", &mac));

        ovn.run(&format!("ip link set gr0 address {mac} up"));
        ovn.sysctl("ipv4/conf/all/arp_ignore", 8);
        tree.offload_off(&host, &["br-ex", "ph0", "ov0"]);
        tree.offload_off(&ovn, &["gr0"]);
        Self { host, ovn, switch, tree: tree.clone(), server: None }
    }

    /// What ovnkube-node and OVN do for a Service with these VIPs and TCP port 80, whose backend says the node's name. `clients` can
    /// reach it.
    pub fn serve(&mut self, gateway: Gateway, vip: IpAddr, vip6: IpAddr, clients: &[&Host]) {
        self.unserve();
        let flows = match gateway {
            Gateway::Shared => section("service") + &section("service shared"),
            Gateway::Local => section("service"),
        };
        let flows = flows.replace("{VIP}", &vip.to_string()).replace("{VIP6}", &vip6.to_string());
        self.switch.add_flows("br-ex", &flows.replace("{MAC}", &self.host.mac.to_string()));
        // On lo: reachable, and silent to neighbour solicitations.
        for address in [&vip.to_string(), &vip6.to_string(), CLUSTER_IP] {
            self.ovn.run(&format!("ip address replace {address} dev lo"));
        }
        for client in clients {
            self.tree.offload_off(client, &[&client.link]);
            for address in client.addresses.iter().map(ipnet::IpNet::addr) {
                self.ovn.run(&format!("ip route replace {address} dev gr0"));
                self.ovn.run(&format!("ip neighbor replace {address} lladdr {} dev gr0", client.mac));
            }
        }
        if gateway == Gateway::Local {
            self.translate(vip);
        }
        self.server = Some(Server::start(&self.ovn, "[::]:80".parse().unwrap(), self.host.name()));
    }

    /// Undoes [`OvnNode::serve`].
    pub fn unserve(&mut self) {
        self.server = None;
        self.switch.del_flows("br-ex", "cookie=0x5001/-1");
        self.host.feed("nft -f -", "table inet ovn-kubernetes\ndelete table inet ovn-kubernetes");
    }

    /// Local gateway: the host's own DNAT, and its way to the cluster IP by the masquerade subnet.
    fn translate(&self, vip: IpAddr) {
        self.host.sysctl("ipv4/conf/all/forwarding", 1);
        self.host.run("ip address replace 169.254.169.2/29 dev br-ex");
        self.host.run("ip route replace 10.96.0.0/16 via 169.254.169.4 dev br-ex");
        self.host.run("ip neighbor replace 169.254.169.4 lladdr 0a:58:a9:fe:a9:04 dev br-ex");
        self.ovn.run("ip route replace 169.254.169.0/29 dev gr0");
        self.ovn.run(&format!("ip neighbor replace 169.254.169.2 lladdr {} dev gr0", self.host.mac));
        self.host.feed(
            "nft -f -",
            &format!(
                "table inet ovn-kubernetes {{
              map external-ips-v4 {{
                type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
                elements = {{ {vip} . tcp . 80 : {CLUSTER_IP} . 80 }}
              }}
              chain services {{ dnat ip to ip daddr . meta l4proto . th dport map @external-ips-v4
              }}
              chain services-prerouting {{ type nat hook prerouting priority dstnat; jump services; }}
              chain services-output {{ type nat hook output priority -100; jump services; }}
            }}"
            ),
        );
    }
}

/// Open vSwitch reads a veth by a packet socket, which copies: without this the host's own stack would see each frame a second time, and
/// answer ARP with the MAC of the port.
fn isolate(netns: &Netns, ports: &[&str]) {
    let chains =
        ports.iter().map(|port| format!("chain {port} {{ type filter hook ingress device \"{port}\" priority 0; policy drop; }}\n"));
    netns.feed("nft -f -", &format!("table netdev isolation {{\n{}}}", chains.collect::<String>()));
}

/// The flows of one section of the data file.
fn section(name: &str) -> String {
    let title = format!("[{name}]");
    let lines = FLOWS.lines().skip_while(|line| *line != title).skip(1).take_while(|line| !line.starts_with('['));
    let flows = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect::<Vec<_>>().join("\n") + "\n";
    assert!(flows.len() > 1, "no flows in section {title}");
    flows
}
