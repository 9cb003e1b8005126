//! Services of the API: they come, change and go; whose address is refused, and what their owners may ask for.

use super::objects::{service, slice};
use super::{KubeCluster, POOL};
use crate::cluster::{EXTERNAL, VIP, VIP6, verdict_on};

/// More addresses of the pool.
const CLUSTER_IPS: &str = "192.0.2.113";
const PODS: &str = "192.0.2.117";
const NODE: &str = "192.0.2.120";
const EGRESS: &str = "192.0.2.124";

/// Ranges and addresses of the cluster's own that lie inside of the pool.
const OWN: &str = "---\napiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: more}\nspec: {cidrs: [192.0.2.112/30]}\n\
    ---\napiVersion: v1\nkind: Node\nmetadata: {name: node-x}\nspec: {podCIDR: 192.0.2.116/30, podCIDRs: [192.0.2.116/30]}\n\
    status: {addresses: [{type: InternalIP, address: 192.0.2.120}]}\n\
    ---\napiVersion: k8s.ovn.org/v1\nkind: EgressIP\nmetadata: {name: shop}\n\
    spec: {egressIPs: [192.0.2.124], namespaceSelector: {matchLabels: {name: shop}}}\n";

#[test]
fn services_are_answered_as_they_come_change_and_go() {
    let Some(cluster) = KubeCluster::start(2, POOL) else { return };
    let (api, owner) = (&cluster.control_plane, cluster.nodes[0].host.mac);
    let _agents = cluster.ready_agents();
    assert!(cluster.who_has(VIP).is_empty(), "nothing asks for {VIP} yet");

    api.apply(&service("web", VIP, ""));
    cluster.wait_answered(VIP, owner);
    cluster.wait_code(1, VIP, "standby");
    api.apply(&service("web", VIP6, ""));
    cluster.wait_answered(VIP6, owner);
    cluster.wait_silent(VIP);
    api.apply(&service("web", VIP6, &format!(", externalIPs: [{EXTERNAL}]")));
    cluster.wait_answered(EXTERNAL, owner);
    api.kubectl(&["delete", "service", "web"]);
    cluster.wait_silent(EXTERNAL);
    cluster.wait_silent(VIP6);
}

#[test]
fn addresses_of_the_cluster_are_refused_and_annotations_are_heard() {
    let Some(cluster) = KubeCluster::start(1, POOL).map(KubeCluster::with_egress_ips) else { return };
    let (api, owner) = (&cluster.control_plane, cluster.nodes[0].host.mac);
    let _agents = cluster.ready_agents();
    let own = [("cluster-ips", CLUSTER_IPS), ("pods", PODS), ("node", NODE), ("egress", EGRESS)];
    for (name, vip) in own {
        api.apply(&service(name, vip, ""));
        cluster.wait_answered(vip, owner);
    }
    // Reserved from the moment on at which the cluster claims them, and free again afterwards.
    api.apply(OWN);
    for (_, vip) in own {
        cluster.wait_code(0, vip, "reserved");
        cluster.wait_silent(vip);
    }
    api.kubectl(&["delete", "node", "node-x"]);
    api.kubectl(&["delete", "egressips.k8s.ovn.org", "shop"]);
    for vip in [PODS, NODE, EGRESS] {
        cluster.wait_answered(vip, owner);
    }
    cluster.wait_code(0, CLUSTER_IPS, "reserved");

    api.apply(&(service("web", VIP, "") + &slice("web", &[])));
    cluster.wait_answered(VIP, owner);
    let annotate = |annotation: &str| drop(api.kubectl(&["annotate", "--overwrite", "service", "web", annotation]));
    annotate("hostvip.dev/pool=other");
    cluster.wait_code(0, VIP, "pool_differs");
    cluster.wait_silent(VIP);
    annotate("hostvip.dev/pool=edge");
    cluster.wait_answered(VIP, owner);
    annotate("hostvip.dev/ignore=true");
    cluster.wait_code(0, VIP, "ignored");
    cluster.wait_silent(VIP);
    annotate("hostvip.dev/ignore-");
    cluster.wait_answered(VIP, owner);
}

#[test]
fn a_file_counts_before_its_namesake_of_the_cluster() {
    let both = POOL.replace("[source]\n", "[source]\nfiles = [\"{dir}/services.yaml\"]\n");
    let Some(cluster) = KubeCluster::start(1, &both) else { return };
    let (node, theirs, other) = (&cluster.nodes[0], "192.0.2.110", "192.0.2.111");
    cluster.control_plane.apply(&(service("web", theirs, "") + &service("other", other, "")));
    let _agents = cluster.ready_agents();
    // The file's default/web asks for VIP, port 80, as the cluster's does at its own address.
    for vip in [VIP, other] {
        cluster.wait_answered(vip, node.host.mac);
    }
    let report = node.wait_report("the double is told", |report| {
        report
            .watches
            .iter()
            .any(|watch| watch.problems.iter().any(|problem| problem.contains("Service default/web is also named in a file")))
    });
    assert!(verdict_on(&report, theirs).is_none() && !node.holds(theirs), "{:?}", report.verdicts);
    node.hostvip.write("services.yaml", "");
    cluster.wait_answered(theirs, node.host.mac);
    cluster.wait_silent(VIP);
}
