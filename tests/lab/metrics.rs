//! `/metrics` of a real agent: what it did and what it found, in figures.

use crate::cluster::{Cluster, Node, POOL};
use crate::http::get;
use crate::lab::{eventually, wait_for};
use crate::openmetrics::Exposition;

/// What the agent tells now.
fn told(node: &Node) -> Exposition {
    let answer = get(node, "/metrics");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
    Exposition::parse(body).unwrap_or_else(|complaint| panic!("{complaint}\n{body}"))
}

fn wait(node: &Node, name: &str, labels: &[(&str, &str)], wanted: impl Fn(f64) -> bool) -> Exposition {
    eventually(&format!("{name} {labels:?}"), || Some(told(node)).filter(|told| told.get(name, labels).is_some_and(&wanted)))
}

#[test]
fn an_agent_counts_what_it_does() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    let first = told(node);
    for (name, labels, at_least) in [
        ("hostvip_vips", &[("pool", "edge"), ("state", "bound")][..], 4.0),
        ("hostvip_verdicts", &[("reason", "bound")], 4.0),
        ("hostvip_operations_total", &[("kind", "bind"), ("result", "ok")], 4.0),
        ("hostvip_operations_total", &[("kind", "add_route"), ("result", "ok")], 4.0),
        ("hostvip_reconciles_total", &[("result", "applied")], 1.0),
        ("hostvip_reconcile_duration_seconds_count", &[], 1.0),
        ("hostvip_announcements_total", &[("family", "ipv4")], 2.0),
        ("hostvip_announcements_total", &[("family", "ipv6")], 2.0),
        ("process_resident_memory_bytes", &[], 1e6),
    ] {
        let value = first.value(name, labels);
        assert!(value >= at_least, "{name} {labels:?} is {value}");
    }
    assert!(first.value("hostvip_operations_total", &[("kind", "bind"), ("result", "failed")]) < 0.5);
    wait(node, "hostvip_observe_duration_seconds_count", &[("what", "sysctls")], |count| count >= 1.0);

    // The state is that of the moment.
    node.hostvip.configure(&POOL.replace("owner = \"node-a\"", "owner = \"node-b\""));
    let after = wait(node, "hostvip_vips", &[("pool", "edge"), ("state", "standby")], |number| number > 3.5);
    assert!(after.value("hostvip_vips", &[("pool", "edge"), ("state", "bound")]) < 0.5);
    assert_eq!(after.get("hostvip_verdicts", &[("reason", "bound")]), None);
    assert!(after.value("hostvip_operations_total", &[("kind", "unbind"), ("result", "ok")]) >= 4.0);

    std::fs::write(node.hostvip.path("services.yaml"), "kind: Service\nmetadata: 7\n").unwrap();
    wait(node, "hostvip_source_problems", &[("source", "files")], |number| number > 0.5);
    node.hostvip.configure("nonsense = 1\n");
    wait(node, "hostvip_config_refused", &[], |refused| refused > 0.5);
}

#[test]
fn what_fails_is_counted_while_it_fails() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    // Without IPv6 on the link no IPv6 address can be bound to it.
    node.host.sysctl("ipv6/conf/eth0/disable_ipv6", 1);
    let told = wait(node, "hostvip_failing_operations", &[], |failing| failing > 0.5);
    assert!(told.value("hostvip_operations_total", &[("kind", "bind"), ("result", "failed")]) >= 1.0);
    wait(node, "hostvip_vips", &[("pool", "edge"), ("state", "not_bound")], |number| number > 1.5);
    node.host.sysctl("ipv6/conf/eth0/disable_ipv6", 0);
    node.host.run("ip address add 2001:db8::10/64 dev eth0 nodad");
    wait_for("nothing fails any more", || told_nothing_fails(node));
}

fn told_nothing_fails(node: &Node) -> bool {
    told(node).value("hostvip_failing_operations", &[]) < 0.5
}
