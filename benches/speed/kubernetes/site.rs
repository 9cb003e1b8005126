//! A node, a client and a control plane on one segment.

use std::net::IpAddr;
use std::ops::Deref;
use std::time::Duration;

use super::super::lab::Lab;
use super::super::lab::control_plane::kubeconfig::Credential;
use super::super::lab::control_plane::{ControlPlane, Programs};
use super::super::lab::process::Process;
use super::super::lab::wait_for;
use super::super::site::{Site, config};

/// The agent's user.
pub const USER: &str = "hostvip";

/// A site whose agent reads from the API server.
pub struct KubeSite {
    pub site: Site,
    pub control_plane: ControlPlane,
}

impl Deref for KubeSite {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl KubeSite {
    /// An empty cluster, but for the Node; no agent yet. None: no control plane was built.
    pub fn start(lab: Lab) -> Option<Self> {
        Programs::find()?;
        let site = Site::new(lab, "uplink");
        let host = site.segment.host(lab, "control-plane", "eth0", &["198.19.0.3/15", "2001:db8::3/64"]);
        let control_plane = ControlPlane::start(&host)?;
        control_plane.apply(
            "apiVersion: v1\nkind: Node\nmetadata: {name: node}\n\
             status: {addresses: [{type: InternalIP, address: 198.19.0.11}], conditions: [{type: Ready, status: \"True\"}]}\n",
        );
        // A quiet route costs the kernel nothing, however many there are: what is measured is the agent.
        let files = "files = [\"{dir}/services\"]";
        site.hostvip.configure(&config("quiet", "0s").replace(files, "kubernetes = { kubeconfig = \"{dir}/kubeconfig\" }"));
        let credential = Credential::Certificate(control_plane.authority.client(USER, "system:masters"));
        site.hostvip.write("kubeconfig", &control_plane.kubeconfig(credential).render());
        Some(Self { site, control_plane })
    }

    /// Starts the agent, and waits until it has decided once.
    pub fn agent(&self) -> Process {
        let agent = self.hostvip.start();
        let ready = "curl --silent --output /dev/null --fail http://127.0.0.1:9476/readyz";
        wait_for("the agent is ready", || self.node.try_run(ready).is_ok_and(|run| run.status.success()));
        agent
    }

    /// Starts the agent, and waits until `last` is answered. Gives the time that took.
    pub fn answering(&self, last: IpAddr) -> (Process, Duration) {
        self.site.start(last)
    }
}
