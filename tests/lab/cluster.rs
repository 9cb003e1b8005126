//! Nodes with hostvip installed, and a client, on one segment: what most labs of the agent begin with.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hostvip::model::report::Report;
use hostvip::model::{Family, Mac, Verdict};

use crate::lab::hostvip::Hostvip;
use crate::lab::prober::who_has;
use crate::lab::process::Process;
use crate::lab::{Host, Lab, Segment, eventually, wait_for};

/// Inside of the nodes' subnets, as the pool of [`POOL`].
pub const VIP: &str = "192.0.2.100";
pub const VIP6: &str = "2001:db8::1:100";
/// Two more, which [`web`] asks for as externalIPs.
pub const EXTERNAL: &str = "192.0.2.101";
pub const EXTERNAL6: &str = "2001:db8::1:101";
pub const VIPS: [&str; 4] = [VIP, VIP6, EXTERNAL, EXTERNAL6];

/// A source and one pool, owned by node-a.
pub const POOL: &str = r#"
[source]
files = ["{dir}/services.yaml"]
[[pool]]
name = "edge"
addresses = ["192.0.2.96/27", "2001:db8::1:0/112"]
placement = "uplink"
owner = "node-a"
"#;

/// [`POOL`] with another placement.
pub fn placed(placement: &str) -> String {
    POOL.replace("placement = \"uplink\"", &format!("placement = {placement:?}"))
}

/// [`POOL`] with another owner.
pub fn owned_by(node: &str) -> String {
    POOL.replace("owner = \"node-a\"", &format!("owner = {node:?}"))
}

/// Several nodes and a client on one segment.
pub struct Cluster {
    pub lab: Lab,
    pub lan: Segment,
    pub nodes: Vec<Node>,
    pub client: Host,
}

/// A host with hostvip.
pub struct Node {
    pub host: Host,
    pub hostvip: Hostvip,
}

impl Cluster {
    /// `count` nodes: node-a, node-b, … with `config`, and the manifest of [`web`] as services.yaml.
    pub fn start(count: u8, config: &str) -> Option<Self> {
        Self::on("eth0", count, config)
    }

    /// The same with another name for the nodes' uplink.
    pub fn on(link: &str, count: u8, config: &str) -> Option<Self> {
        let lab = Lab::start()?;
        let lan = lab.segment("lan");
        let node = |number: u8| {
            let name = format!("node-{}", char::from(b'a' + number));
            let addresses = [format!("192.0.2.1{number}/24"), format!("2001:db8::1{number}/64")];
            let host = lan.host(lab, &name, link, &[&addresses[0], &addresses[1]]);
            let hostvip = Hostvip::install(&host, config);
            hostvip.write("services.yaml", &web());
            Node { host, hostvip }
        };
        let nodes = (0..count).map(node).collect();
        let client = lan.host(lab, "client", "eth0", &["192.0.2.50/24", "2001:db8::50/64"]);
        Some(Self { lab, lan, nodes, client })
    }

    /// Every MAC that answers the client for `vip`; every node's own address is a reference.
    pub fn who_has(&self, vip: &str) -> BTreeSet<Mac> {
        let vip: IpAddr = vip.parse().unwrap();
        let references: Vec<_> = self.nodes.iter().map(|node| node.host.address(Family::of(vip))).collect();
        who_has(&self.client, vip, &references)
    }

    /// Waits until one MAC answers for `vip`, and it is `mac`.
    pub fn wait_answered(&self, vip: &str, mac: Mac) {
        wait_for(&format!("{mac} alone answers for {vip}"), || self.who_has(vip) == BTreeSet::from([mac]));
    }

    /// Makes the client believe that `vip` is at `mac`.
    pub fn believe(&self, vip: &str, mac: Mac) {
        self.client.run(&format!("ip neighbor replace {vip} lladdr {mac} dev {} nud permanent", self.client.link));
    }
}

impl Node {
    /// Starts the agent and waits until it has bound, or is standby for, all that [`web`] asks for.
    pub fn up(&self) -> Process {
        let agent = self.hostvip.start();
        for vip in VIPS {
            agent.wait_log(&format!("{vip} of default/web: "));
        }
        for vip in VIPS.iter().filter(|vip| self.holds(&format!("{vip}/128 "))) {
            self.host.wait_solicited(vip.parse().unwrap());
        }
        agent
    }

    /// Whether `ip address` shows `text`.
    pub fn holds(&self, text: &str) -> bool {
        self.addresses().contains(text)
    }

    pub fn addresses(&self) -> String {
        self.host.run("ip -oneline address show")
    }

    /// The local routes that bear the mark, of both families.
    pub fn quiet_routes(&self) -> String {
        ["-4", "-6"].map(|family| self.host.run(&format!("ip {family} route show table local proto 118"))).concat()
    }

    /// A setting of the IPv4 stack: `sysctl_of("eth0", "arp_ignore")`.
    pub fn sysctl_of(&self, link: &str, knob: &str) -> String {
        self.host.run(&format!("cat /proc/sys/net/ipv4/conf/{link}/{knob}")).trim().to_owned()
    }

    /// What the agent says of itself; none while it does not answer.
    pub fn report(&self) -> Option<Report> {
        serde_json::from_str(&self.hostvip.run(&["status", "--output", "json"]).stdout).ok()
    }

    /// Waits for a report that fulfils `wanted`.
    pub fn wait_report(&self, what: &str, wanted: impl Fn(&Report) -> bool) -> Report {
        eventually(what, || {
            // Each look is a process of its own: leave the others some of the machine.
            std::thread::sleep(Duration::from_millis(30));
            self.report().filter(&wanted)
        })
    }

    /// Everything that hostvip might change on a host: addresses, routes of every table, ARP settings of every link.
    pub fn snapshot(&self) -> String {
        let mut shown = self.addresses();
        for family in ["-4", "-6"] {
            shown += &self.host.run(&format!("ip {family} route show table all"));
        }
        let knobs = ["arp_ignore", "arp_announce", "arp_accept", "arp_filter", "proxy_arp", "rp_filter", "forwarding"];
        for link in ["all", "default", "lo", &self.host.link] {
            for knob in knobs {
                writeln!(shown, "{link}.{knob} = {}", self.sysctl_of(link, knob)).unwrap();
            }
        }
        shown
    }
}

/// The verdict on `address`.
pub fn verdict_on<'a>(report: &'a Report, address: &str) -> Option<&'a Verdict> {
    report.verdicts.iter().find(|verdict| verdict.address.is_some_and(|is| is.to_string() == address))
}

/// The reason on `address`, as log, status and explain spell it; empty where there is none.
pub fn reason_on(report: &Report, address: &str) -> String {
    verdict_on(report, address).map(|verdict| verdict.reason.to_string()).unwrap_or_default()
}

/// A dual stack Service with ingress and external addresses.
pub fn web() -> String {
    service("web", &[VIP, VIP6], &[EXTERNAL, EXTERNAL6])
}

/// A Service as the API server shows it.
pub fn service(name: &str, ingress: &[&str], external: &[&str]) -> String {
    let mut text = format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: default\nspec:\n  type: LoadBalancer\n  ports:\n  \
         - port: 80\n    protocol: TCP\n"
    );
    if !external.is_empty() {
        text += "  externalIPs:\n";
        for address in external {
            writeln!(text, "  - {address}").unwrap();
        }
    }
    text += "status:\n  loadBalancer:\n    ingress:\n";
    for address in ingress {
        writeln!(text, "    - ip: {address}").unwrap();
    }
    text
}

/// TCP port 80 of an address.
pub fn port80(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), 80)
}
