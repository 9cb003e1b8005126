//! `hostvip explain` and `/explain`: the whole story, from the agent and from the wire.

use serde_json::Value;

use crate::cluster::{Cluster, EXTERNAL, Node, POOL, VIP, VIP6};
use crate::http::get;

fn json(node: &Node, args: &[&str]) -> (Value, Option<i32>) {
    let run = node.hostvip.run(&[&["explain", "--output", "json"], args].concat());
    (serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}")), run.code)
}

#[test]
fn the_owner_tells_the_whole_story() {
    let Some(cluster) = Cluster::start(2, POOL) else { return };
    let _agents: Vec<_> = cluster.nodes.iter().map(Node::up).collect();
    let node = &cluster.nodes[0];
    for vip in [VIP, VIP6, EXTERNAL] {
        cluster.wait_answered(vip, node.host.mac);
    }
    let run = node.hostvip.run(&["explain", VIP]);
    let source = node.hostvip.path("services.yaml").display().to_string();
    let mac = node.host.mac.to_string();
    for part in [
        "192.0.2.100 of default/web: bound here: answers on eth0",
        "Service default/web (LoadBalancer)",
        &source,
        "externalTrafficPolicy Cluster",
        "80/TCP",
        "edge: 192.0.2.96/27 holds it",
        "node-a (by pool edge)",
        "node-a: owner, placement uplink, announced on eth0",
        "net.ipv4.conf.eth0.arp_ignore = 1: answers ARP for addresses on the link itself only (as wanted)",
        "192.0.2.100/32 dev eth0 (address of hostvip, scope host)",
        "192.0.2.100/32 table local metric 118 (local route of hostvip)",
        "On the wire now",
        &mac,
        "exactly one hardware address answers",
    ] {
        assert!(run.stdout.contains(part), "{part:?} is missing in\n{}", run.stdout);
    }
    assert_eq!(run.code, Some(0), "{run:?}");

    let (story, code) = json(node, &["default/web"]);
    assert_eq!((story["running"].as_bool(), code), (Some(true), Some(0)), "{story}");
    assert_eq!(story["vips"].as_array().map(Vec::len), Some(4));
    let wire = story["wire"].as_array().unwrap();
    assert!(wire.len() == 4 && wire.iter().all(|wire| wire["verdict"] == "one"), "{wire:?}");
    let (story, _) = json(node, &["default/web", "--no-probe"]);
    assert_eq!(story["wire"].as_array().map(Vec::len), Some(0));

    let standby = cluster.nodes[1].hostvip.run(&["explain", VIP]);
    for part in ["standby: node-a owns it", "node-b: standby", &mac, "exactly one hardware address answers"] {
        assert!(standby.stdout.contains(part), "{part:?} is missing in\n{}", standby.stdout);
    }
    assert_eq!(standby.code, Some(0), "{standby:?}");
}

#[test]
fn a_second_answer_on_the_wire_is_a_finding() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    cluster.client.run(&format!("ip address add {VIP} dev eth0"));
    let run = node.hostvip.run(&["explain", VIP]);
    assert!(run.stdout.contains("2 hardware addresses answer") && run.stdout.contains(&cluster.client.mac.to_string()), "{run:?}");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(node.hostvip.run(&["explain", VIP, "--no-probe"]).code, Some(0), "the agent itself is content");
}

#[test]
fn without_an_agent_it_says_so_and_what_would_be() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let run = node.hostvip.run(&["explain", "default/web", "--no-probe"]);
    assert!(run.stderr.contains("no agent answers on 127.0.0.1:9476") && run.stderr.contains("what it would decide"), "{run:?}");
    for part in ["192.0.2.100 of default/web: bound here", "edge: 192.0.2.96/27 holds it", "holds nothing for it"] {
        assert!(run.stdout.contains(part), "{part:?} is missing in\n{}", run.stdout);
    }
    assert_eq!(run.code, Some(1), "nobody does what is told");
    let (story, code) = json(node, &[VIP, "--no-probe"]);
    assert_eq!((story["running"].as_bool(), code), (Some(false), Some(1)), "{story}");
    let status = node.hostvip.run(&["status"]);
    assert!(status.stderr.contains("no agent answers on 127.0.0.1:9476") && status.code == Some(1), "{status:?}");
}

#[test]
fn without_the_privilege_to_ask_it_says_so() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    let mut command = std::process::Command::new("setpriv");
    command.args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", env!("CARGO_BIN_EXE_hostvip"), "explain", VIP, "--config"]);
    command.arg(node.hostvip.path("hostvip.toml"));
    let shown = node.host.demand(command);
    assert!(shown.contains("bound here") && shown.contains("not asked: ") && shown.contains("CAP_NET_RAW"), "{shown}");
}

#[test]
fn questions_by_http_are_strict() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    for subject in [VIP, VIP6, "default/web"] {
        let answer = get(node, &format!("/explain/{subject}"));
        let story: Value =
            serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|error| panic!("{error}: {answer}"));
        assert!(answer.starts_with("HTTP/1.1 200") && story["subject"] == *subject && story["node"] == "node-a", "{answer}");
    }
    for bad in ["", "web", "default/web/80", "192.0.2.1/24", "Default/web", "..%2f", "%00"] {
        let answer = get(node, &format!("/explain/{bad}"));
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("NAMESPACE/NAME"), "{bad}: {answer}");
    }
    assert!(get(node, "/explain").starts_with("HTTP/1.1 404"));
}
