//! Labs with a real control plane: the agents read Services, endpoints and Nodes from it.

mod credentials;
mod diagnosis;
mod meaning;
mod nodes;
pub mod objects;
mod proxy;
mod rbac;
mod resilience;
mod start;

use std::collections::BTreeSet;
use std::ops::Deref;

use crate::cluster::{Cluster, Node, verdict_on};
use crate::lab::control_plane::kubeconfig::Credential;
use crate::lab::control_plane::{ControlPlane, Programs};
use crate::lab::process::Process;
use crate::lab::wait_for;

/// Addresses of the control plane's host, outside of every pool.
const CONTROL_PLANE: [&str; 2] = ["192.0.2.2/24", "2001:db8::2/64"];

/// The API server as the source, and one pool, owned by node-a.
pub const POOL: &str = r#"
[source]
kubernetes = { kubeconfig = "{dir}/kubeconfig" }
[[pool]]
name = "edge"
addresses = ["192.0.2.96/27", "2001:db8::1:0/112"]
placement = "uplink"
owner = "node-a"
"#;

/// What the agents may do.
pub const RBAC: &str = include_str!("../../docs/rbac.yaml");

/// The user of the agents, who is bound to it.
pub const USER: &str = "hostvip";

/// A cluster of real parts: its control plane, nodes with hostvip and a Node object each, and a client.
pub struct KubeCluster {
    pub cluster: Cluster,
    pub control_plane: ControlPlane,
}

impl Deref for KubeCluster {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl KubeCluster {
    /// `count` nodes with `config`, whose agents may do what docs/rbac.yaml says.
    pub fn start(count: u8, config: &str) -> Option<Self> {
        Programs::find()?;
        let cluster = Cluster::start(count, config)?;
        let host = cluster.lan.host(cluster.lab, "control-plane", "eth0", &CONTROL_PLANE);
        let control_plane = ControlPlane::start(&host)?;
        let nodes: String = cluster.nodes.iter().zip(0..).map(|(node, number)| objects::node(&node.host, number)).collect();
        control_plane.apply(&nodes);
        control_plane.apply(RBAC);
        let started = Self { cluster, control_plane };
        for node in &started.nodes {
            started.admit(node, started.certificate());
        }
        Some(started)
    }

    /// Gives the cluster what OVN-Kubernetes brings with it.
    #[must_use]
    pub fn with_egress_ips(self) -> Self {
        self.control_plane.apply(objects::EGRESS_IPS);
        self.control_plane.kubectl(&["wait", "--for=condition=Established", "crd/egressips.k8s.ovn.org", "--timeout=60s"]);
        self
    }

    /// Gives a node's agent another credential.
    pub fn admit(&self, node: &Node, credential: Credential) {
        node.hostvip.write("kubeconfig", &self.control_plane.kubeconfig(credential).render());
    }

    /// A certificate of the agents' user.
    pub fn certificate(&self) -> Credential {
        Credential::Certificate(self.control_plane.authority.client(USER, "hostvip"))
    }

    /// Starts the agent of every node.
    pub fn agents(&self) -> Vec<Process> {
        self.nodes.iter().map(|node| node.hostvip.start()).collect()
    }

    /// Starts the agent of every node, and waits until each has listed everything once.
    pub fn ready_agents(&self) -> Vec<Process> {
        let agents = self.agents();
        for node in &self.nodes {
            node.wait_report("every watch has listed", |report| {
                let mut required = report.watches.iter().filter(|watch| watch.required).peekable();
                required.peek().is_some() && required.all(|watch| watch.listed_seconds_ago.is_some())
            });
        }
        agents
    }

    /// Waits until node number `number` has a verdict with this reason on `vip`.
    pub fn wait_code(&self, number: usize, vip: &str, code: &str) {
        let is = |report: &_| verdict_on(report, vip).is_some_and(|verdict| verdict.reason.code() == code);
        self.nodes[number].wait_report(&format!("{vip}: {code}"), is);
    }

    /// Waits until nobody answers for `vip`.
    pub fn wait_silent(&self, vip: &str) {
        wait_for(&format!("nobody answers for {vip}"), || self.who_has(vip) == BTreeSet::new());
    }
}
