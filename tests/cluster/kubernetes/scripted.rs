//! What a real API server does not do on demand.

use std::time::{Duration, Instant};

use hostvip::cluster::Kubernetes;
use serde_json::{Value, json};

use super::server::{Reply, Server};
use super::support::{names, stand, start, until, watch};
use crate::support::run;

fn web(version: &str, kind: &str) -> Value {
    json!({
        "metadata": { "name": "web", "namespace": "default", "uid": "1", "resourceVersion": version },
        "spec": { "type": kind, "externalIPs": ["192.0.2.100"], "ports": [{ "port": 80 }] },
    })
}

fn api() -> Value {
    json!({ "metadata": { "name": "api", "namespace": "default" }, "spec": { "externalIPs": ["192.0.2.101"], "ports": [{ "port": 80 }] } })
}

fn error(kubernetes: &Kubernetes, resource: &str) -> String {
    watch(kubernetes, resource).error.unwrap_or_default()
}

#[test]
fn an_object_that_cannot_be_understood_harms_no_other() {
    run(async {
        let server = Server::start().await;
        let node = |version: &str, name: &str| json!({ "apiVersion": version, "kind": "Node", "metadata": { "name": name } });
        let strange = json!({ "metadata": { "name": "strange", "namespace": "default" }, "spec": { "type": "Telepathy" } });
        server.play("list services", [Reply::list(&[strange, web("1", "ClusterIP"), api()])]);
        server.play("list nodes", [Reply::list(&[node("v7", "node-b"), json!(7), node("v1", "node-a")])]);
        let bad = web("6", "Telepathy");
        server.play("watch services", [Reply::watch(&[("MODIFIED", bad), ("DELETED", api())])]);
        let mut kubernetes = start(server.kubeconfig());
        let spoilt = |kubernetes: &Kubernetes| watch(kubernetes, "services").problems.len() == 2;
        until(&mut kubernetes, "the second bad Service", |kubernetes| stand(kubernetes) && spoilt(kubernetes)).await;
        until(&mut kubernetes, "what came after it", |kubernetes| names(kubernetes) == ["default/web"]).await;
        assert_eq!(kubernetes.services().next().unwrap().external_ips.len(), 1, "what it said before stays");
        let problems = watch(&kubernetes, "services").problems;
        assert!(problems[0].contains("default/strange") && problems[1].contains("default/web"), "{problems:?}");
        assert_eq!(kubernetes.cluster().unwrap().nodes.len(), 1);
        let problems = watch(&kubernetes, "nodes").problems;
        assert!(problems.len() == 2 && problems.iter().any(|problem| problem.contains("node-b") && problem.contains("v7")), "{problems:?}");
    });
}

#[test]
fn a_server_in_trouble_is_asked_again() {
    run(async {
        let server = Server::start().await;
        let status = |code: u16, message: &str| Reply::text(code, json!({ "kind": "Status", "code": code, "message": message }));
        server.play("list services", [status(429, "too many requests").retry_after(2), status(500, "etcd is away"), Reply::list(&[api()])]);
        server.play("list nodes", [Reply::text(200, "<html>"), Reply::text(502, "Bad\n  gateway"), Reply::list(&[])]);
        let began = Instant::now();
        let mut kubernetes = start(server.kubeconfig());
        until(&mut kubernetes, "429 is told", |kubernetes| error(kubernetes, "services").contains("429: too many requests")).await;
        assert!(kubernetes.cluster().is_none());
        until(&mut kubernetes, "500 is told", |kubernetes| error(kubernetes, "services").contains("500: etcd is away")).await;
        assert!(began.elapsed() >= Duration::from_secs(1), "the server asked for 2 s, of which each node waits half at least");
        until(&mut kubernetes, "all is well", stand).await;
        assert_eq!(names(&kubernetes), ["default/api"]);
        assert_eq!((server.asked("list services"), server.asked("list nodes")), (3, 3));
    });
}

#[test]
fn a_watch_refused_as_too_old_is_listed_anew() {
    run(async {
        let server = Server::start().await;
        let gone = json!({ "kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version" });
        server.play("list services", [Reply::list(&[web("1", "ClusterIP"), api()]), Reply::list(&[api()]), Reply::list(&[])]);
        server.play("watch services", [Reply::text(410, &gone), Reply::watch(&[("ERROR", gone)])]);
        let mut kubernetes = start(server.kubeconfig());
        until(&mut kubernetes, "the third list", |kubernetes| server.asked("list services") == 3 && names(kubernetes).is_empty()).await;
        until(&mut kubernetes, "all is well", stand).await;
    });
}

#[test]
fn a_server_that_ends_every_watch_at_once_is_not_asked_without_end() {
    run(async {
        let server = Server::start().await;
        server.play("watch services", vec![Reply::ended_watch(&[]); 6]);
        server.play("watch services", [Reply::watch(&[("ADDED", api())])]);
        let began = Instant::now();
        let mut kubernetes = start(server.kubeconfig());
        until(&mut kubernetes, "the watch that lasts", |kubernetes| names(kubernetes) == ["default/api"]).await;
        // 0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 2.5 s, the shortest that the dice give.
        assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
        assert_eq!(server.asked("list services"), 1, "it goes on where it was");
    });
}

#[test]
fn a_list_that_never_ends_is_given_up() {
    run(async {
        let server = Server::start().await;
        server.play("list services", [Reply::watch(&[])]);
        let mut kubernetes = start(server.kubeconfig());
        until(&mut kubernetes, "the error", |kubernetes| error(kubernetes, "services").contains("did not answer within 30 s")).await;
        until(&mut kubernetes, "all is well", stand).await;
    });
}

#[test]
fn an_optional_resource_blocks_nothing() {
    run(async {
        let server = Server::start().await;
        let status = |code: u16| Reply::text(code, json!({ "kind": "Status", "code": code, "message": "no" }));
        server.play("list egressips", [status(404)]);
        server.play("list servicecidrs", vec![status(403); 50]);
        let mut kubernetes = start(server.kubeconfig());
        let told = |kubernetes: &Kubernetes| error(kubernetes, "servicecidrs").contains("403");
        until(&mut kubernetes, "the refusal is told", |kubernetes| told(kubernetes) && kubernetes.cluster().is_some()).await;
        let egress = watch(&kubernetes, "egressips");
        assert_eq!((egress.error, egress.away_seconds, egress.listed_seconds_ago), (None, None, None));
    });
}

#[test]
fn what_an_optional_resource_reserves_counts_from_the_first_moment() {
    run(async {
        let server = Server::start().await;
        let egress = json!({ "metadata": { "name": "shop" }, "spec": { "egressIPs": ["192.0.2.101"] } });
        server.play("list services", [Reply::list(&[api()])]);
        server.play("list egressips", [Reply::list(&[egress]).delayed(Duration::from_millis(500))]);
        let mut kubernetes = start(server.kubeconfig());
        until(&mut kubernetes, "something can be decided", |kubernetes| kubernetes.cluster().is_some()).await;
        let reserved = &kubernetes.cluster().unwrap().addresses;
        assert!(reserved.contains_key(&"192.0.2.101".parse().unwrap()), "it would be bound for a moment: {reserved:?}");
    });
}

#[test]
fn an_optional_resource_that_fails_is_not_waited_for() {
    run(async {
        let server = Server::start().await;
        let broken = Reply::text(500, json!({ "kind": "Status", "code": 500, "message": "the conversion webhook is away" }));
        server.play("list egressips", vec![broken; 50]);
        let mut kubernetes = start(server.kubeconfig());
        until(&mut kubernetes, "something can be decided", |kubernetes| kubernetes.cluster().is_some()).await;
        assert!(error(&kubernetes, "egressips").contains("500: the conversion webhook is away"));
    });
}

#[test]
fn a_store_that_went_back_is_listed_anew() {
    run(async {
        let server = Server::start().await;
        server.play("list services", [Reply::list(&[web("1", "ClusterIP")]), Reply::list(&[api()])]);
        // Lists say that the newest version is 5: a watch from 9 on would be silent.
        server.play("watch services", [Reply::ended_watch(&[("MODIFIED", web("9", "ClusterIP"))])]);
        let mut kubernetes = start(server.kubeconfig());
        until(&mut kubernetes, "what the store has now", |kubernetes| names(kubernetes) == ["default/api"]).await;
        assert_eq!((server.asked("list services"), server.asked("peek services")), (2, 1));
    });
}
