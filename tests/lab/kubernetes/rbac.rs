//! docs/rbac.yaml is what the agent needs: with it alone it works and tells, it uses all of it, and `check` names each verb that is missing.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::objects::service;
use super::{KubeCluster, POOL, RBAC, USER};
use crate::cluster::{EXTERNAL, VIP};
use crate::lab::{eventually, wait_for};

/// Nothing works without these; the others are for what is told, or for what not every cluster has.
const REQUIRED: [&str; 3] = ["services", "endpointslices", "nodes"];

/// The role of the manifest.
fn role() -> Value {
    let objects: Vec<Value> = serde_saphyr::from_multiple(RBAC).unwrap();
    objects.into_iter().find(|object| object["kind"] == "ClusterRole").unwrap()
}

/// Every (resource with its API group, verb) that a role allows.
fn allowed(role: &Value) -> BTreeSet<(String, String)> {
    let strings = |rule: &Value, key: &str| -> Vec<String> {
        rule[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let mut allowed = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in strings(rule, "apiGroups") {
            for resource in strings(rule, "resources") {
                let resource = if group.is_empty() { resource } else { format!("{resource}.{group}") };
                allowed.extend(strings(rule, "verbs").into_iter().map(|verb| (resource.clone(), verb)));
            }
        }
    }
    allowed
}

/// Makes it the role that is in force.
fn enforce(cluster: &KubeCluster, allowed: &BTreeSet<(String, String)>) {
    let rules: Vec<Value> = allowed
        .iter()
        .map(|(resource, verb)| {
            let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
            json!({ "apiGroups": [group], "resources": [resource], "verbs": [verb] })
        })
        .collect();
    let mut role = role();
    role["rules"] = json!(rules);
    cluster.control_plane.apply(&role.to_string());
}

#[test]
fn the_agent_tells_and_uses_what_the_manifest_allows_and_nothing_else() {
    let Some(cluster) = KubeCluster::start(1, POOL).map(KubeCluster::with_egress_ips) else { return };
    let api = &cluster.control_plane;
    api.apply(&service("web", VIP, ""));
    let versions = || {
        let of = |kind: &str, name: &str| api.kubectl(&["get", kind, name, "-o", "jsonpath={.metadata.resourceVersion}"]);
        (of("service", "web"), of("node", "node-a"))
    };
    let before = versions();
    let _agents = cluster.ready_agents();
    cluster.wait_answered(VIP, cluster.nodes[0].host.mac);
    let event = wait_event(&cluster, "Announcing", &["node-a", VIP, "eth0"], 1);
    assert_eq!((&event["type"], &event["reportingController"]), (&json!("Normal"), &json!("hostvip")), "{event}");
    assert_eq!(event["regarding"]["uid"], json!(api.kubectl(&["get", "service", "web", "-o", "jsonpath={.metadata.uid}"])));
    assert_eq!(versions(), before, "what the agent tells must not touch Service or Node");

    // What flaps is one Event with a count, not a storm of them.
    for _ in 0..3 {
        api.kubectl(&["annotate", "service", "web", "hostvip.dev/pool=other"]);
        cluster.wait_silent(VIP);
        api.kubectl(&["annotate", "service", "web", "hostvip.dev/pool-"]);
        cluster.wait_answered(VIP, cluster.nodes[0].host.mac);
    }
    wait_event(&cluster, "Announcing", &["node-a", VIP], 2);
    let event = wait_event(&cluster, "NotAnnounced", &[VIP, "hostvip.dev/pool"], 2);
    assert_eq!(event["type"], "Warning", "{event}");
    let rival = &cluster.client;
    rival.run(&format!("ip address add {VIP}/32 dev eth0"));
    rival.run(&format!("arping -c 1 -U -I eth0 -s {VIP} {VIP}"));
    wait_event(&cluster, "AddressConflict", &[VIP, &rival.mac.to_string()], 1);

    let used = || -> BTreeSet<_> { api.audit().counts(USER).into_keys().filter(|(resource, _)| !resource.starts_with('/')).collect() };
    let allowed = allowed(&role());
    wait_for("every verb of the manifest is used", || used().is_superset(&allowed));
    assert_eq!(used(), allowed, "docs/rbac.yaml allows what the agent asks for");
    assert!(api.audit().refused(USER).is_empty(), "{:?}", api.audit().refused(USER));
}

/// The Event about a Service with this reason, whose note has all of `words`, once it was told `times`.
fn wait_event(cluster: &KubeCluster, reason: &str, words: &[&str], times: u64) -> Value {
    eventually(&format!("an Event {reason} with {words:?}, {times} times"), || {
        let list: Value = serde_json::from_str(&cluster.control_plane.kubectl(&["get", "events.events.k8s.io", "-o", "json"])).unwrap();
        let events: Vec<&Value> = list["items"].as_array().unwrap().iter().filter(|event| event["reason"] == reason).collect();
        let fits = |event: &&&Value| {
            let note = event["note"].as_str().unwrap_or_default();
            words.iter().all(|word| note.contains(word)) && event["series"]["count"].as_u64().unwrap_or(1) >= times
        };
        events.iter().find(fits).map(|event| (**event).clone())
    })
}

#[test]
fn check_names_each_verb_that_is_missing() {
    let Some(cluster) = KubeCluster::start(1, POOL).map(KubeCluster::with_egress_ips) else { return };
    let (hostvip, allowed) = (&cluster.nodes[0].hostvip, allowed(&role()));
    let sound = hostvip.run(&["check"]);
    assert_eq!(sound.code, Some(0), "{sound:?}");
    for (resource, verb) in &allowed {
        let mut less = allowed.clone();
        less.remove(&(resource.clone(), verb.clone()));
        enforce(&cluster, &less);
        let plain = resource.split('.').next().unwrap();
        let named = |finding: &Value| {
            let text = finding.to_string();
            [plain, verb.as_str(), "docs/rbac.yaml"].iter().all(|word| text.contains(word))
        };
        // The API server's own caches are a moment behind.
        let (code, findings) = eventually(&format!("check names {verb} of {resource}"), || {
            let run = hostvip.run(&["check", "--quiet", "--output", "json"]);
            let diagnosis: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
            let findings: Vec<Value> = diagnosis["findings"].as_array().unwrap().iter().filter(|finding| named(finding)).cloned().collect();
            (!findings.is_empty()).then_some((run.code, findings))
        });
        let wanted = if REQUIRED.contains(&plain) { ("error", Some(1)) } else { ("warning", Some(0)) };
        assert_eq!(findings.len(), 1, "one finding for {verb} of {resource}: {findings:#?}");
        assert_eq!((findings[0]["severity"].as_str().unwrap(), code), wanted, "{verb} of {resource}: {findings:#?}");
    }
}

#[test]
fn what_a_restart_finds_bound_is_no_news() {
    let Some(cluster) = KubeCluster::start(1, POOL) else { return };
    cluster.control_plane.apply(&service("web", VIP, ""));
    let mut agents = cluster.ready_agents();
    wait_event(&cluster, "Announcing", &[VIP], 1);
    agents[0].signal(Signal::SIGQUIT);
    agents[0].wait();
    drop(agents);
    let _agents = cluster.ready_agents();
    // Told after whatever the restart had to tell.
    cluster.control_plane.apply(&service("later", EXTERNAL, ""));
    wait_event(&cluster, "Announcing", &[EXTERNAL], 1);
    let told = cluster.control_plane.kubectl(&["get", "events.events.k8s.io", "-o", "jsonpath={range .items[*]}{.note}{'\\n'}{end}"]);
    assert_eq!(told.lines().filter(|note| note.contains(VIP)).count(), 1, "{told}");
}
