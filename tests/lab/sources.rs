//! Sources: every way in which manifests change on disk ends in the kernel.

use std::fs;
use std::os::unix::fs::symlink;

use crate::cluster::{Cluster, EXTERNAL, EXTERNAL6, Node, POOL, VIP, VIP6, service, web};
use crate::lab::wait_for;

const OTHER: &str = "192.0.2.110";

/// [`POOL`] that reads the directory `services` instead of one file.
fn directory() -> String {
    POOL.replace("services.yaml", "services")
}

fn wait_bound(node: &Node, vip: &str) {
    wait_for(&format!("{vip} is bound"), || node.holds(&format!("{vip}/")));
}

fn wait_gone(node: &Node, vip: &str) {
    wait_for(&format!("{vip} is withdrawn"), || !node.holds(&format!("{vip}/")) && !node.quiet_routes().contains(&format!("{vip} ")));
}

#[test]
fn a_file_written_in_place_counts() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    fs::write(node.hostvip.path("services.yaml"), web() + "---\n" + &service("other", &[OTHER], &[])).unwrap();
    wait_bound(node, OTHER);
    cluster.wait_answered(OTHER, node.host.mac);
}

#[test]
fn a_changed_ingress_address_moves_the_binding() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    node.hostvip.write("services.yaml", &service("web", &[OTHER, VIP6], &[EXTERNAL, EXTERNAL6]));
    wait_bound(node, OTHER);
    wait_gone(node, VIP);
    cluster.wait_answered(OTHER, node.host.mac);
    assert!(cluster.who_has(VIP).is_empty());
}

#[test]
fn a_deleted_service_is_withdrawn() {
    let Some(cluster) = Cluster::start(2, POOL) else { return };
    let agents: Vec<_> = cluster.nodes.iter().map(Node::up).collect();
    for node in &cluster.nodes {
        node.hostvip.write("services.yaml", "");
    }
    for (node, agent) in cluster.nodes.iter().zip(&agents) {
        for vip in [VIP, VIP6, EXTERNAL, EXTERNAL6] {
            wait_gone(node, vip);
        }
        agent.wait_log("restore net.ipv4.conf.eth0.arp_ignore = 0");
        assert_eq!(node.sysctl_of("eth0", "arp_ignore"), "0", "nothing is held, so nothing stays changed");
    }
}

#[test]
fn a_config_map_that_is_swapped_counts() {
    let Some(cluster) = Cluster::start(1, &directory()) else { return };
    let node = &cluster.nodes[0];
    // As the kubelet mounts it: file → ..data/file, ..data → a directory that is swapped by rename.
    let mount = node.hostvip.path("services");
    let publish = |generation: &str, text: &str| {
        fs::create_dir(mount.join(generation)).unwrap();
        fs::write(mount.join(generation).join("services.yaml"), text).unwrap();
        symlink(generation, mount.join("..data_tmp")).unwrap();
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    };
    fs::create_dir(&mount).unwrap();
    publish("..2026_1", &web());
    symlink("..data/services.yaml", mount.join("services.yaml")).unwrap();
    let _agent = node.up();
    publish("..2026_2", &service("web", &[OTHER, VIP6], &[EXTERNAL, EXTERNAL6]));
    fs::remove_dir_all(mount.join("..2026_1")).unwrap();
    wait_bound(node, OTHER);
    wait_gone(node, VIP);
    assert!(node.holds(VIP6), "{}", node.addresses());
}

#[test]
fn files_of_a_directory_come_and_go() {
    let Some(cluster) = Cluster::start(1, &directory()) else { return };
    let node = &cluster.nodes[0];
    let files = node.hostvip.path("services");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("web.yaml"), web()).unwrap();
    let _agent = node.up();
    fs::write(files.join("other.yml"), service("other", &[OTHER], &[])).unwrap();
    wait_bound(node, OTHER);
    fs::remove_file(files.join("other.yml")).unwrap();
    wait_gone(node, OTHER);
    assert!(node.holds(VIP), "{}", node.addresses());
}

#[test]
fn a_malformed_document_is_named_and_the_others_count() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let text = format!("{}---\nkind: Service\nmetadata: [no mapping]\n---\n{}", web(), service("other", &[OTHER], &[]));
    node.hostvip.write("services.yaml", &text);
    let _agent = node.up();
    wait_bound(node, OTHER);
    let report = node.wait_report("the problem", |report| !report.sources[0].problems.is_empty());
    // The separator, the kind, and then the line at fault.
    let line = web().lines().count() + 3;
    let problem = &report.sources[0].problems[0];
    assert!(problem.contains(&format!("services.yaml: line {line}")) && problem.contains("document 2"), "{problem}");
    let status = node.hostvip.run(&["status"]);
    assert!(status.stdout.contains(problem.as_str()), "{}", status.stdout);
}

#[test]
fn a_file_that_becomes_unreadable_keeps_its_last_good_state() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    let before = node.snapshot();
    // No text: bytes that an interrupted copy may leave.
    fs::write(node.hostvip.path("services.yaml"), b"apiVersion: v1\n\xff\xfe\n").unwrap();
    let report = node.wait_report("the problem", |report| !report.sources[0].problems.is_empty());
    assert!(report.sources[0].problems[0].contains("the Services that it named stay in force"), "{report:?}");
    assert_eq!(node.snapshot(), before);
    node.hostvip.write("services.yaml", &service("web", &[VIP], &[]));
    wait_gone(node, EXTERNAL);
    assert!(node.holds(VIP), "{}", node.addresses());
}
