//! Nodes and endpoints decide whether the owner may answer.

use super::objects::{node, service, slice};
use super::{KubeCluster, POOL};
use crate::cluster::VIP;

/// [`POOL`] for the nodes of one site.
const SITE: &str = "node_selector = \"site=north\"\n";

#[test]
fn the_owner_answers_while_its_node_may() {
    let Some(cluster) = KubeCluster::start(2, &format!("{POOL}{SITE}")) else { return };
    let (api, owner) = (&cluster.control_plane, &cluster.nodes[0].host);
    let kubectl = |words: &str| drop(api.kubectl(&words.split(' ').collect::<Vec<_>>()));
    api.apply(&service("web", VIP, ""));
    let _agents = cluster.ready_agents();
    let shut = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute";
    let exclude = "node.kubernetes.io/exclude-from-external-load-balancers";
    let (forth, back) = (format!("label node node-a {exclude}="), format!("label node node-a {exclude}-"));
    let (taint, untaint) = (format!("taint node node-a {shut}"), format!("taint node node-a {shut}-"));

    cluster.wait_code(0, VIP, "node_not_selected");
    kubectl("label node node-a site=north");
    cluster.wait_answered(VIP, owner.mac);
    for (forbids, code, allows) in [(&*forth, "node_excluded", &*back), (&taint, "node_out_of_service", &untaint)] {
        kubectl(forbids);
        cluster.wait_code(0, VIP, code);
        cluster.wait_silent(VIP);
        kubectl(allows);
        cluster.wait_answered(VIP, owner.mac);
    }
    kubectl("delete node node-a");
    cluster.wait_code(0, VIP, "node_unknown");
    cluster.wait_silent(VIP);
    api.apply(&node(owner, 0));
    kubectl("label node node-a site=north");
    cluster.wait_answered(VIP, owner.mac);
}

#[test]
fn local_services_follow_their_endpoints() {
    let Some(cluster) = KubeCluster::start(2, &format!("{POOL}without_endpoints = \"withdraw\"\n")) else { return };
    let (api, owner) = (&cluster.control_plane, &cluster.nodes[0].host);
    api.apply(&(service("web", VIP, ", externalTrafficPolicy: Local") + &slice("web", &[("10.244.0.2", "node-a")])));
    let _agents = cluster.ready_agents();
    cluster.wait_answered(VIP, owner.mac);
    api.apply(&slice("web", &[("10.244.1.2", "node-b")]));
    cluster.wait_code(0, VIP, "no_local_endpoint");
    cluster.wait_silent(VIP);
    api.apply(&slice("web", &[("10.244.1.2", "node-b"), ("10.244.0.2", "node-a")]));
    cluster.wait_answered(VIP, owner.mac);

    // Cluster: wherever they are. Without any, this pool takes it back.
    api.apply(&(service("web", VIP, ", externalTrafficPolicy: Cluster") + &slice("web", &[("10.244.1.2", "node-b")])));
    cluster.wait_answered(VIP, owner.mac);
    api.apply(&slice("web", &[]));
    cluster.wait_code(0, VIP, "no_endpoints");
    cluster.wait_silent(VIP);
}
