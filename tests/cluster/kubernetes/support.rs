//! A control plane of one's own, and waiting for what the watches make of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hostvip::cluster::Kubernetes;
use hostvip::config;
use hostvip::model::report::WatchReport;

use crate::lab::control_plane::ControlPlane;
use crate::lab::control_plane::kubeconfig::Kubeconfig;
use crate::lab::{Lab, Segment};

/// No test measures time: this only keeps a failing one from hanging.
const LIMIT: Duration = Duration::from_mins(2);

/// A control plane on its segment.
pub(crate) struct Plane {
    pub(crate) control: ControlPlane,
    _lan: Segment,
}

impl Plane {
    pub(crate) fn start() -> Option<Self> {
        let lab = Lab::start()?;
        let lan = lab.segment("lan");
        let host = lan.host(lab, "control-plane", "eth0", &["192.0.2.2/24"]);
        Some(Self { control: ControlPlane::start(&host)?, _lan: lan })
    }

    /// Writes a kubeconfig beside the control plane's own files.
    pub(crate) fn write(&self, name: &str, kubeconfig: &Kubeconfig) -> PathBuf {
        let path = self.control.path(name);
        replace(&path, &kubeconfig.render());
        path
    }

    /// Runs a test on a current-thread runtime, as the agent does, where the API server can be reached.
    pub(crate) fn run(&mut self, test: impl AsyncFnOnce(&mut Self) + Send) {
        let host = self.control.host().clone();
        host.enter(move || crate::support::run(test(self)));
    }
}

/// Replaces a file in one step.
pub(crate) fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, path)).unwrap();
}

/// Begins to watch.
pub(crate) fn start(kubeconfig: PathBuf) -> Kubernetes {
    Kubernetes::start(&config::Kubernetes { kubeconfig: Some(kubeconfig) }, "node-a")
}

/// Waits until it is so.
pub(crate) async fn until(kubernetes: &mut Kubernetes, what: &str, reached: impl Fn(&Kubernetes) -> bool) {
    let waiting = async {
        while !reached(kubernetes) {
            kubernetes.changed().await;
        }
    };
    let reached = tokio::time::timeout(LIMIT, waiting).await.is_ok();
    assert!(reached, "{what} not reached: {:?}\n{:#?}\n{:#?}", names(kubernetes), kubernetes.cluster(), kubernetes.watches());
}

/// Goes on watching, as an agent's loop does, beside `work`.
pub(crate) async fn beside<T>(kubernetes: &mut Kubernetes, work: impl Future<Output = T>) -> T {
    let watching = async {
        loop {
            kubernetes.changed().await;
        }
    };
    tokio::select! {
        done = work => done,
        () = watching => unreachable!("it watches for ever"),
    }
}

/// Names of the Services that ask for an address.
pub(crate) fn names(kubernetes: &Kubernetes) -> Vec<String> {
    kubernetes.services().map(|service| service.key.to_string()).collect()
}

pub(crate) fn watch(kubernetes: &Kubernetes, resource: &str) -> WatchReport {
    kubernetes.watches().into_iter().find(|report| report.resource == resource).unwrap()
}

/// The required watches stand.
pub(crate) fn stand(kubernetes: &Kubernetes) -> bool {
    kubernetes.cluster().is_some() && kubernetes.watches().iter().all(|report| report.away_seconds.is_none())
}

/// No required watch stands, and each says why.
pub(crate) fn away(kubernetes: &Kubernetes) -> bool {
    kubernetes.watches().iter().filter(|report| report.required).all(|report| report.away_seconds.is_some() && report.error.is_some())
}

/// A Service with a load balancer's address.
pub(crate) fn service(name: &str, address: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: default}}\n\
         spec: {{type: LoadBalancer, ports: [{{port: 80}}]}}\nstatus: {{loadBalancer: {{ingress: [{{ip: {address}}}]}}}}\n"
    )
}

/// A slice of a Service's endpoints, all of them ready.
pub(crate) fn slice(name: &str, service: &str, nodes: &[&str]) -> String {
    let endpoint = |(number, node): (usize, &&str)| format!("{{addresses: [10.244.0.{}], nodeName: {node}}}", number + 1);
    let endpoints: Vec<_> = nodes.iter().enumerate().map(endpoint).collect();
    format!(
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: {name}, namespace: default, labels: \
         {{kubernetes.io/service-name: {service}}}}}\naddressType: IPv4\nports: [{{port: 80}}]\nendpoints: [{}]\n",
        endpoints.join(", ")
    )
}

pub(crate) fn node(name: &str, pods: &str) -> String {
    format!("---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nspec: {{podCIDR: {pods}, podCIDRs: [{pods}]}}\n")
}
