//! Owners that the cluster keeps from serving.

use hostvip::decide::doctor::Facts;
use hostvip::model::{Backends, Cluster, ExternalTraffic, Node, Service};

use super::{error, facts, ills, warning};
use crate::support::{cluster, decided_in, labels, places, service};

fn in_cluster(cluster: &Cluster, service: Service, change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = facts();
    change(&mut facts);
    facts.decision = decided_in(cluster, &facts.settings, &[service], &facts.host);
    facts
}

fn with(change: impl FnOnce(&mut Node)) -> Cluster {
    let mut cluster = cluster(&["node-a"]);
    change(cluster.nodes.get_mut("node-a").unwrap());
    cluster
}

#[test]
fn owners_that_may_not_serve() {
    let web = || service("web", &["192.0.2.100"]);
    let of = |cluster: &Cluster, service: Service| ills(&in_cluster(cluster, service, |_| {}));
    assert_eq!(of(&cluster(&["node-a"]), web()), []);
    assert_eq!(of(&cluster(&["node-b"]), web()), [error("node_unknown")]);
    assert_eq!(of(&with(|node| node.out_of_service = true), web()), [warning("node_out_of_service")]);
    let excluded = with(|node| node.labels = labels(&[("node.kubernetes.io/exclude-from-external-load-balancers", "")]));
    assert_eq!(of(&excluded, web()), [warning("node_excluded")]);
    let selected = in_cluster(&cluster(&["node-a"]), web(), |facts| facts.settings.pools[0].node_selector = "rack=1".parse().unwrap());
    assert_eq!(ills(&selected), [error("node_not_selected")]);

    let mut away = cluster(&["node-a", "node-b"]);
    away.backends.insert(web().key, Backends { ready: places(&["node-b"]), ..Backends::default() });
    let local = Service { external_traffic: ExternalTraffic::Local, ..web() };
    assert_eq!(of(&away, local), [warning("no_local_endpoint")]);
    let mut picky = web();
    picky.annotations.insert("hostvip.dev/pool".into(), "core".into());
    assert_eq!(of(&cluster(&["node-a"]), picky), [warning("pool_differs")]);
}
