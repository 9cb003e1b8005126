//! Questions over HTTP: what is answered, and that askers can do no harm.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::cluster::{Cluster, Node, POOL, VIP, reason_on, web};
use crate::lab::{LIMIT, wait_for};

const LISTEN: &str = "127.0.0.1:9476";

/// What comes back for `request`, up to the end of the connection.
fn ask(node: &Node, request: &str) -> String {
    node.host.enter(|| {
        let mut stream = TcpStream::connect(LISTEN).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // Bytes that are no HTTP may be answered by a reset.
        let _end = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    })
}

/// What is answered to `GET path`, head and body.
pub(crate) fn get(node: &Node, path: &str) -> String {
    ask(node, &format!("GET {path} HTTP/1.1\r\nHost: hostvip\r\nConnection: close\r\n\r\n"))
}

#[test]
fn what_is_asked_is_answered() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    assert!(get(node, "/livez").starts_with("HTTP/1.1 200"));
    let ready = get(node, "/readyz");
    let source = node.hostvip.path("services.yaml").display().to_string();
    for line in ["[+]config\n", &format!("[+]source {source}: 1 Services\n"), "[+]decision\n", "[+]loop\n", "\nready\n"] {
        assert!(ready.starts_with("HTTP/1.1 200") && ready.contains(line), "{line:?} is missing in {ready}");
    }
    let state = get(node, "/state");
    let report: serde_json::Value = serde_json::from_str(state.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert!(state.starts_with("HTTP/1.1 200") && report["vips"][VIP]["role"] == "owner", "{state}");
    let unknown = get(node, "/");
    assert!(unknown.starts_with("HTTP/1.1 404") && unknown.contains("/metrics") && unknown.contains("/explain/"), "{unknown}");
    assert!(
        ask(node, "POST /state HTTP/1.1\r\nHost: hostvip\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 405")
    );

    std::fs::write(node.hostvip.path("services.yaml"), "kind: Service\nmetadata: 7\n").unwrap();
    wait_for("it is not ready while a source cannot be read whole", || get(node, "/readyz").starts_with("HTTP/1.1 503"));
    let shut = get(node, "/readyz");
    assert!(shut.contains(&format!("[-]source {source}: ")) && shut.ends_with("\nnot ready\n"), "{shut}");
    node.hostvip.write("services.yaml", &web());
    wait_for("it is ready again", || get(node, "/readyz").starts_with("HTTP/1.1 200"));
    node.hostvip.configure("nonsense = 1\n");
    wait_for("a refused config is shown", || get(node, "/readyz").contains("[!]config: refused, the former one stays in force: "));
    assert!(get(node, "/readyz").starts_with("HTTP/1.1 200"), "the former config is in force, and carried out");
}

#[test]
fn askers_do_no_harm() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let _agent = node.up();
    for garbage in ["\0\u{1}\u{2}\r\n\r\n", "GET", "GET /state HTTP/9.9\r\n\r\n", &"x".repeat(100_000)] {
        ask(node, garbage);
    }
    let idle: Vec<_> = node.host.enter(|| {
        let connect = |_| TcpStream::connect_timeout(&LISTEN.parse().unwrap(), Duration::from_secs(1));
        (0..40).filter_map(|position| connect(position).ok()).collect()
    });
    assert!(idle.len() > 32, "{} connections", idle.len());
    wait_for("questions have their turn beside many that say nothing", || get(node, "/livez").starts_with("HTTP/1.1 200"));
    drop(idle);
    node.wait_report("the VIP", |report| reason_on(report, VIP).starts_with("bound here"));
}
