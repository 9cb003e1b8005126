//! What matters and what does not, and that no history of changes leaves anything behind.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::super::resource::Resource;
use super::super::table::Rows;
use super::super::watch::WatchEvent;
use super::Store;

const SERVICES: Resource = Resource::Services;
const SLICES: Resource = Resource::EndpointSlices;
const NODES: Resource = Resource::Nodes;

fn service(name: &str, policy: &str, address: Option<&str>) -> Value {
    json!({
        "metadata": { "name": name, "namespace": "default" },
        "spec": { "externalTrafficPolicy": policy, "clusterIP": "10.96.0.7", "externalIPs": address.as_slice(), "ports": [{ "port": 80 }] },
    })
}

fn slice(name: &str, service: &str, nodes: &[&str]) -> Value {
    let endpoints: Vec<_> = nodes.iter().map(|node| json!({ "addresses": ["10.244.0.1"], "nodeName": node })).collect();
    let metadata = json!({ "name": name, "namespace": "default", "labels": { "kubernetes.io/service-name": service } });
    json!({ "metadata": metadata, "addressType": "IPv4", "endpoints": endpoints })
}

fn node(name: &str, ready: &str, heartbeat: &str) -> Value {
    let condition = json!({ "type": "Ready", "status": ready, "lastHeartbeatTime": heartbeat });
    json!({ "metadata": { "name": name }, "spec": { "podCIDRs": ["10.244.1.0/24"] }, "status": { "conditions": [condition] } })
}

impl Store {
    fn seen(&mut self, resource: Resource, object: &Value) -> bool {
        let matters = self.take(resource, WatchEvent::Seen(resource.decode(&to_raw_value(object).unwrap())));
        self.settle();
        matters
    }

    fn gone(&mut self, resource: Resource, object: &Value) -> bool {
        let matters = self.take(resource, WatchEvent::Gone(resource.decode(&to_raw_value(object).unwrap())));
        self.settle();
        matters
    }

    fn listed<'a>(&mut self, resource: Resource, objects: impl IntoIterator<Item = &'a Value>) -> bool {
        self.take(resource, WatchEvent::Begun);
        let matters = objects.into_iter().fold(false, |matters, object| self.seen(resource, object) | matters);
        let matters = self.take(resource, WatchEvent::Listed) | matters;
        self.settle();
        matters
    }

    fn ready(&self, service: &str) -> Vec<String> {
        let backends = self.cluster().backends.iter().find(|(key, _)| &*key.name == service);
        backends.into_iter().flat_map(|(_, backends)| backends.ready.nodes()).map(ToString::to_string).collect()
    }
}

#[test]
fn heartbeats_do_not_matter_and_readiness_does() {
    let mut store = Store::default();
    assert!(store.seen(NODES, &node("a", "True", "1")));
    assert!(!store.seen(NODES, &node("a", "True", "2")));
    assert!(store.seen(NODES, &node("a", "False", "3")));
    assert!(store.gone(NODES, &node("a", "False", "3")));
    assert!(store.cluster().ranges.is_empty(), "{:?}", store.cluster());
}

#[test]
fn endpoints_matter_as_far_as_the_policy_looks_at_them() {
    let mut store = Store::default();
    store.seen(SERVICES, &service("any", "Cluster", Some("192.0.2.1")));
    store.seen(SERVICES, &service("own", "Local", Some("192.0.2.2")));
    store.seen(SERVICES, &service("plain", "Cluster", None));
    assert!(!store.seen(SLICES, &slice("plain-1", "plain", &["a"])), "it asks for no address");
    assert!(store.seen(SLICES, &slice("any-1", "any", &["a"])), "the first endpoint");
    assert!(!store.seen(SLICES, &slice("any-1", "any", &["b", "c"])), "any node forwards to any of them");
    assert_eq!(store.ready("any"), ["b", "c"], "but it is known");
    assert!(store.seen(SLICES, &slice("any-1", "any", &[])), "the last endpoint");
    assert!(store.seen(SLICES, &slice("own-1", "own", &["a"])));
    assert!(!store.seen(SLICES, &slice("own-1", "own", &["a", "a"])), "another endpoint on the same node");
    assert!(store.seen(SLICES, &slice("own-2", "own", &["b"])));
    assert_eq!(store.ready("own"), ["a", "b"]);
    assert!(store.gone(SLICES, &slice("own-1", "own", &[])));
    assert_eq!(store.ready("own"), ["b"]);
    assert!(store.seen(SLICES, &slice("own-2", "any", &["b"])), "a slice that changes hands");
    assert_eq!((store.ready("own"), store.ready("any")), (vec![], vec!["b".to_owned()]));
}

#[test]
fn endpoints_may_be_known_before_their_service_asks() {
    let mut store = Store::default();
    store.seen(SLICES, &slice("web-1", "web", &["a"]));
    assert!(store.cluster().backends.is_empty());
    assert!(store.seen(SERVICES, &service("web", "Cluster", Some("192.0.2.1"))));
    assert_eq!(store.ready("web"), ["a"]);
    assert!(store.seen(SERVICES, &service("web", "Cluster", None)), "it asks no more");
    assert!(store.cluster().backends.is_empty());
}

#[test]
fn a_list_drops_what_it_does_not_show_and_nothing_before_its_end() {
    let mut store = Store::default();
    let (web, api) = (service("web", "Cluster", Some("192.0.2.1")), service("api", "Cluster", Some("192.0.2.2")));
    store.listed(SERVICES, [&web, &api]);
    assert!(!store.listed(SERVICES, [&web, &api]), "nothing is new");
    store.take(SERVICES, WatchEvent::Begun);
    store.seen(SERVICES, &api);
    assert_eq!(store.services().count(), 2);
    assert!(store.take(SERVICES, WatchEvent::Listed));
    assert_eq!(store.services().map(|service| &*service.key.name).collect::<Vec<_>>(), ["api"]);
}

#[test]
fn what_cannot_be_understood_stays_as_it_was_until_it_is_deleted() {
    let mut store = Store::default();
    let web = service("web", "Cluster", Some("192.0.2.1"));
    let bad = service("web", "Somewhere", Some("192.0.2.9"));
    store.listed(SERVICES, [&web]);
    assert!(store.seen(SERVICES, &bad), "that is reported");
    assert!(!store.seen(SERVICES, &bad), "once");
    assert!(!store.listed(SERVICES, [&bad]));
    assert_eq!((store.services().count(), store.tally(SERVICES).1.len()), (1, 1));
    store.gone(SERVICES, &bad);
    assert_eq!((store.services().count(), store.tally(SERVICES)), (0, (0, vec![])));
}

#[test]
fn what_is_reserved_is_free_again_afterwards() {
    let mut store = Store::default();
    let of = |store: &Store, ip: &str| store.cluster().addresses.get(&ip.parse().unwrap()).map(ToString::to_string);
    let plain = service("plain", "Cluster", None);
    assert!(store.seen(SERVICES, &plain), "its cluster IP is reserved");
    let egress = json!({ "metadata": { "name": "shop" }, "spec": { "egressIPs": ["192.0.2.50", "10.96.0.7"] } });
    store.seen(Resource::EgressIps, &egress);
    assert_eq!(of(&store, "192.0.2.50").as_deref(), Some("the EgressIP shop"));
    assert!(of(&store, "10.96.0.7").is_some());
    assert!(store.take(Resource::EgressIps, WatchEvent::Absent));
    store.settle();
    assert_eq!(of(&store, "192.0.2.50"), None);
    assert_eq!(of(&store, "10.96.0.7").as_deref(), Some("the cluster IP of a Service"));
    store.gone(SERVICES, &plain);
    assert!(store.cluster().addresses.is_empty());
    assert!(store.take_api_server(vec!["192.0.2.2".parse().unwrap()]));
    store.settle();
    assert_eq!(of(&store, "192.0.2.2").as_deref(), Some("the API server"));
}

/// Any object of a small world.
fn object() -> impl Strategy<Value = (Resource, Value)> {
    let name = prop::sample::select(vec!["x", "y"]);
    let policy = prop::sample::select(vec!["Local", "Cluster", "Somewhere"]);
    let address = prop::option::of(prop::sample::select(vec!["192.0.2.1", "192.0.2.2"]));
    let nodes = prop::collection::vec(prop::sample::select(vec!["a", "b"]), 0..3);
    prop_oneof![
        (name.clone(), policy, address).prop_map(|(name, policy, address)| (SERVICES, service(name, policy, address))),
        (name.clone(), name.clone(), nodes).prop_map(|(name, of, nodes)| (SLICES, slice(name, of, &nodes))),
        (name, prop::sample::select(vec!["True", "False"])).prop_map(|(name, ready)| (NODES, node(name, ready, "1"))),
    ]
}

proptest! {
    /// Whatever was seen before, a list leaves what a store that saw nothing else has; and a change that does not matter changes nothing
    /// but endpoints.
    #[test]
    fn no_history_leaves_anything_behind(
        history in prop::collection::vec((object(), any::<bool>()), 0..30),
        last in prop::collection::vec(object(), 0..8),
    ) {
        let sound = |(resource, object): &(Resource, Value)| resource.decode(&to_raw_value(object).unwrap()).says.is_ok();
        let last: Vec<_> = last.into_iter().filter(sound).collect();
        let mut old = Store::default();
        for ((resource, object), gone) in &history {
            let before: Vec<_> = old.services().cloned().collect();
            let nodes = old.cluster().nodes.clone();
            let matters = if *gone { old.gone(*resource, object) } else { old.seen(*resource, object) };
            let same = before.iter().eq(old.services()) && nodes == old.cluster().nodes;
            prop_assert!(matters || same, "{object} made a difference unnoticed");
        }
        let mut new = Store::default();
        for resource in [SERVICES, SLICES, NODES] {
            let objects = || last.iter().filter(|(of, _)| *of == resource).map(|(_, object)| object);
            old.listed(resource, objects());
            new.listed(resource, objects());
        }
        prop_assert!(old.services().eq(new.services()));
        prop_assert_eq!(old.cluster(), new.cluster());
        prop_assert_eq!(old.parts.len(), old.slices.len());
    }
}
