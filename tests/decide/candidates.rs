//! The nodes that were considered for a VIP.

use std::collections::BTreeSet;

use hostvip::decide::{Inputs, candidates};
use hostvip::model::report::Candidate;
use hostvip::model::{Backends, Cluster, ExternalTraffic, Placement, Service};

use crate::support::{cluster, host, labels, places, service, settings, vip};

const VIP: &str = "192.0.2.100";

fn considered(cluster: Option<&Cluster>, services: &[Service], of: &str) -> Vec<Candidate> {
    let services: Vec<_> = services.iter().collect();
    let settings = settings("node-a", Placement::Uplink);
    candidates(Inputs { settings: &settings, services: &services, cluster, unread: &BTreeSet::new(), host: &host() }, vip(of))
}

#[test]
fn the_best_comes_first_and_each_other_says_why_not() {
    let mut cluster = cluster(&["a-excluded", "b-draining", "c-unready", "node-a", "z-preferred"]);
    cluster.nodes.get_mut("a-excluded").unwrap().labels = labels(&[("node.kubernetes.io/exclude-from-external-load-balancers", "")]);
    cluster.nodes.get_mut("c-unready").unwrap().ready = false;
    let mut web = Service { external_traffic: ExternalTraffic::Local, ..service("web", &[VIP]) };
    web.annotations.insert("hostvip.dev/prefer-node".into(), "z-preferred".into());
    let at = Backends { ready: places(&["a-excluded", "c-unready", "node-a", "z-preferred"]), draining: places(&["b-draining"]) };
    cluster.backends.insert(web.key.clone(), at);
    let found = considered(Some(&cluster), &[web, service("other", &["192.0.2.101"])], VIP);
    let names: Vec<_> = found.iter().map(|candidate| candidate.node.as_str()).collect();
    assert_eq!(names, ["z-preferred", "node-a", "b-draining", "c-unready", "a-excluded"]);
    assert!(found[0].preferred && !found[0].owner && found[1].owner, "a wish is shown, and the config's owner owns");
    assert!(found[2].draining && found[2].why_not.is_none() && !found[3].ready && found[3].why_not.is_none());
    assert_eq!(found[4].why_not.as_ref().map(hostvip::model::Reason::code), Some("node_excluded"));
}

#[test]
fn nobody_is_considered_for_what_nobody_asks_for() {
    let cluster = cluster(&["node-a"]);
    let web = [service("web", &[VIP, "198.51.100.1"])];
    assert_eq!(considered(Some(&cluster), &web, VIP).len(), 1);
    assert_eq!(considered(Some(&cluster), &web, "192.0.2.101"), []);
    assert_eq!(considered(Some(&cluster), &web, "198.51.100.1"), [], "outside every pool");
    assert_eq!(considered(None, &web, VIP), [], "no cluster is known");
}
