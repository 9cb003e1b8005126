//! The API server goes away in every way it can: VIPs stay answered throughout, and what changed meanwhile counts afterwards.

use std::time::{Duration, Instant};

use super::objects::service;
use super::{KubeCluster, POOL, USER};
use crate::cluster::{EXTERNAL, VIP};
use crate::lab::Prober;
use crate::lab::control_plane::kubeconfig::{Credential, Kubeconfig};
use crate::lab::fault_proxy::FaultProxy;

/// More addresses of the pool.
const MORE: [&str; 3] = ["192.0.2.102", "192.0.2.103", "192.0.2.104"];
/// A connection that is cut off in silence is found dead by keep-alives, then its back-off follows: longer than other conditions take.
const NOTICED: Duration = Duration::from_secs(90);

impl KubeCluster {
    /// Waits until the watches of node-a are away, or are all there, and says so wherever one asks.
    fn wait_watches(&self, there: bool) {
        let (node, end) = (&self.nodes[0], Instant::now() + NOTICED);
        loop {
            let watches = node.report().map(|report| report.watches).unwrap_or_default();
            // What is not in this cluster is neither there nor away.
            let mut known = watches.iter().filter(|watch| watch.required || watch.listed_seconds_ago.is_some()).peekable();
            if known.peek().is_some() && known.all(|watch| watch.away().is_none() == there) {
                break;
            }
            assert!(Instant::now() < end, "there: {there}, but after {NOTICED:?}: {watches:#?}");
            std::thread::sleep(Duration::from_millis(100));
        }
        let ready = node.host.run("curl --silent --show-error http://127.0.0.1:9476/readyz?verbose");
        let status = node.hostvip.run(&["status"]).stdout;
        for said in [ready, status] {
            assert_eq!(said.contains("away since"), !there, "there: {there}\n{said}");
        }
    }

    /// Cuts the nodes off from the API server without a word, or lets them through again.
    fn cut(&self, off: bool) {
        // Both ways: what the API server says is heard until somebody misses the acknowledgements.
        let rules = if off {
            "chain input {\ntype filter hook input priority 0\ntcp dport 6443 iifname eth0 drop\n}\n\
             chain output {\ntype filter hook output priority 0\ntcp sport 6443 oifname eth0 drop\n}\n"
        } else {
            ""
        };
        self.control_plane.host().feed("nft -f -", &format!("table inet cut\ndelete table inet cut\ntable inet cut {{\n{rules}}}\n"));
    }

    /// Gives a Service this VIP and waits until it is answered.
    fn serve(&self, name: &str, vip: &str) {
        self.control_plane.apply(&service(name, vip, ""));
        self.wait_answered(vip, self.nodes[0].host.mac);
    }
}

#[test]
fn vips_outlive_an_api_server_that_ends_restarts_and_is_cut_off() {
    let Some(mut cluster) = KubeCluster::start(1, POOL) else { return };
    cluster.control_plane.apply(&service("web", VIP, ""));
    let mut agents = cluster.ready_agents();
    cluster.wait_answered(VIP, cluster.nodes[0].host.mac);
    let prober = Prober::start(&cluster.client, VIP.parse().unwrap());

    cluster.control_plane.stop();
    cluster.wait_watches(false);
    cluster.control_plane.rotate_server_certificate();
    cluster.control_plane.restart();
    cluster.wait_watches(true);
    cluster.serve("after-restart", EXTERNAL);

    // Much changes while nothing gets through, and the history of it is gone when the agent is back: it has to list again.
    cluster.cut(true);
    cluster.control_plane.apply(&(service("meanwhile", MORE[0], "") + &service("web", VIP, ", externalTrafficPolicy: Cluster")));
    cluster.control_plane.kubectl(&["delete", "service", "after-restart"]);
    cluster.wait_watches(false);
    cluster.control_plane.compact();
    cluster.control_plane.restart();
    let before = cluster.control_plane.audit().len();
    cluster.cut(false);
    cluster.wait_watches(true);
    cluster.wait_answered(MORE[0], cluster.nodes[0].host.mac);
    cluster.wait_silent(EXTERNAL);
    let asked = cluster.control_plane.audit().since(before).counts(USER);
    // A list of one looks how old the store is.
    assert!(asked.get(&("services".to_owned(), "list".to_owned())) >= Some(&2), "it had to list again: {asked:?}");

    let found = prober.stop();
    assert_eq!((found.unanswered(), found.doubles()), (0, 0), "{found}");
    assert!(agents[0].exited().is_none(), "it was the same agent all the time");
}

#[test]
fn vips_outlive_an_api_server_that_hangs_or_refuses() {
    let Some(cluster) = KubeCluster::start(1, POOL) else { return };
    let faults = FaultProxy::start(&cluster.control_plane);
    cluster.control_plane.apply(&service("web", VIP, ""));
    let mut agents = cluster.ready_agents();
    cluster.wait_answered(VIP, cluster.nodes[0].host.mac);
    let prober = Prober::start(&cluster.client, VIP.parse().unwrap());

    cluster.control_plane.pause();
    cluster.wait_watches(false);
    cluster.control_plane.resume();
    cluster.wait_watches(true);
    cluster.serve("after-the-hang", MORE[0]);

    // The same agent by another way: its kubeconfig names the proxy now.
    let by_proxy = Kubeconfig { server: faults.url.clone(), authority: None, credential: Credential::Anonymous };
    cluster.nodes[0].hostvip.write("kubeconfig", &by_proxy.render());
    for (status, vip) in [(429, MORE[1]), (500, MORE[2])] {
        let asked = faults.requests();
        faults.fail(status);
        crate::lab::wait_for("the agent comes by the proxy", || faults.requests() > asked);
        cluster.wait_watches(false);
        cluster.control_plane.apply(&service(&format!("meanwhile-{status}"), vip, ""));
        faults.heal();
        cluster.wait_watches(true);
        cluster.wait_answered(vip, cluster.nodes[0].host.mac);
    }

    let found = prober.stop();
    assert_eq!((found.unanswered(), found.doubles()), (0, 0), "{found}");
    assert!(agents[0].exited().is_none(), "it was the same agent all the time");
}
