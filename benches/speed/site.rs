//! What is measured on: a node and a client on one segment, Services by the thousand, and the agent that serves them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::{Duration, Instant};

use super::lab::hostvip::Hostvip;
use super::lab::process::Process;
use super::lab::{Host, Lab, Segment};
use super::probe::Probe;

/// After the last announcement of a burst (5 s) an agent has nothing more to do.
pub const SETTLED: Duration = Duration::from_secs(8);

/// A node that runs hostvip, and a client.
pub struct Site {
    pub node: Host,
    pub client: Host,
    pub hostvip: Hostvip,
    pub segment: Segment,
}

/// VIP number `number` of 198.18.0.0/16 (RFC 2544: benchmarks), from 0.
pub fn vip(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 0, 1).to_bits() + number).into()
}

/// The same of `2001:db8:0:0:0:1::/96`.
pub fn vip6(number: u32) -> IpAddr {
    Ipv6Addr::from_bits(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 1, 0, 1).to_bits() + u128::from(number)).into()
}

/// The config, but for what a host says of itself. Without the slow repetition an agent that has settled does nothing.
pub fn config(placement: &str, refresh: &str) -> String {
    format!(
        "on_stop = \"keep\"\n[source]\nfiles = [\"{{dir}}/services\"]\n[[pool]]\nname = \"bench\"\nowner = \"node\"\nplacement = \"{placement}\"\n\
         addresses = [\"198.18.0.0/16\", \"2001:db8:0:0:0:1::/96\"]\n[announce]\nrefresh = \"{refresh}\"\n"
    )
}

/// One Service with one VIP, as `kubectl get -o yaml` prints it without its managed fields.
pub fn manifest(name: &str, vip: IpAddr) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: shop\n  uid: 0b1e2c3d-4f50-4617-8293-a4b5c6d7e8f9\n  \
         creationTimestamp: \"2026-03-01T10:00:00Z\"\n  resourceVersion: \"123456\"\n  labels:\n    app.kubernetes.io/name: {name}\n    \
         app.kubernetes.io/part-of: shop\nspec:\n  type: LoadBalancer\n  clusterIP: 10.96.14.7\n  clusterIPs:\n  - 10.96.14.7\n  \
         externalTrafficPolicy: Cluster\n  ipFamilies:\n  - IPv4\n  ipFamilyPolicy: SingleStack\n  ports:\n  - name: http\n    port: 80\n    \
         protocol: TCP\n    targetPort: 8080\n    nodePort: 31080\n  - name: https\n    port: 443\n    protocol: TCP\n    targetPort: 8443\n    \
         nodePort: 31443\n  selector:\n    app.kubernetes.io/name: {name}\nstatus:\n  loadBalancer:\n    ingress:\n    - ip: {vip}\n      ipMode: VIP\n"
    )
}

/// The first `count` Services in one text.
pub fn manifests(count: u32) -> String {
    (0..count).map(|number| manifest(&format!("web-{number}"), vip(number))).collect()
}

impl Site {
    /// A node with a client on its segment; no Service yet, no agent.
    pub fn new(lab: Lab, placement: &str) -> Self {
        let segment = lab.segment("segment");
        let node = segment.host(lab, "node", "uplink", &["198.19.0.11/15", "2001:db8::11/64"]);
        let client = segment.host(lab, "client", "eth0", &["198.19.0.2/15", "2001:db8::2/64"]);
        let hostvip = Hostvip::install(&node, &config(placement, "0s"));
        fs::create_dir(hostvip.path("services")).unwrap();
        Self { node, client, hostvip, segment }
    }

    /// Puts a file into the directory of Services in one step, as a careful tool does.
    pub fn write(&self, name: &str, text: &str) {
        self.prepare(text);
        self.publish(name);
    }

    /// The slow half of [`Self::write`].
    pub fn prepare(&self, text: &str) {
        fs::write(self.hostvip.path("prepared"), text).unwrap();
    }

    /// The half that the agent notices.
    pub fn publish(&self, name: &str) {
        fs::rename(self.hostvip.path("prepared"), self.hostvip.path("services").join(name)).unwrap();
    }

    /// Starts the agent, and waits until `last` is answered. Gives the time that took.
    pub fn start(&self, last: IpAddr) -> (Process, Duration) {
        let mut agent = None;
        let took = self.client.enter(|| {
            let probe = Probe::open(&self.client, last);
            let began = Instant::now();
            agent = Some(self.hostvip.start());
            probe.answered() - began
        });
        (agent.unwrap(), took)
    }
}

/// Time that a process has had on a processor so far, all its threads together.
pub fn cpu_time(process: &Process) -> Duration {
    let tasks = fs::read_dir(Path::new("/proc").join(process.pid().to_string()).join("task")).unwrap();
    let of = |task: fs::DirEntry| {
        // A thread may end in between.
        let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0)
    };
    Duration::from_nanos(tasks.flatten().map(of).sum())
}
