//! Which node may serve a VIP, and what becomes of it where the configured owner may not.

use hostvip::model::report::Role;
use hostvip::model::{
    Backends, Cluster, ExternalTraffic, KernelState, Node, Placement, Reason, Service, ServiceKey, Standby, WithoutEndpoints,
};

use crate::support::{cluster, decided, decided_in, host, labels, places, port, reason, service, settings, vip};

const VIP: &str = "192.0.2.100";

fn key(name: &str) -> ServiceKey {
    ServiceKey { namespace: "default".into(), name: name.into() }
}

fn local(name: &str) -> Service {
    Service { external_traffic: ExternalTraffic::Local, ..service(name, &[VIP]) }
}

fn with(mut cluster: Cluster, service: &str, ready: &[&str], draining: &[&str]) -> Cluster {
    cluster.backends.insert(key(service), Backends { ready: places(ready), draining: places(draining) });
    cluster
}

fn change(mut cluster: Cluster, name: &str, change: impl FnOnce(&mut Node)) -> Cluster {
    change(cluster.nodes.get_mut(name).unwrap());
    cluster
}

/// The reason for the Service "web" on the owner.
fn on_owner(cluster: &Cluster, services: &[Service]) -> Reason {
    reason(&decided_in(cluster, &settings("node-a", Placement::Uplink), services, &host()), "web", Some(VIP))
}

#[test]
fn hard_criteria_of_the_node() {
    let both = || cluster(&["node-a", "node-b"]);
    let node_a = || "node-a".to_owned();
    let web = [service("web", &[VIP])];
    assert_eq!(on_owner(&both(), &web).code(), "bound");
    assert_eq!(on_owner(&cluster(&["node-b"]), &web), Reason::NodeUnknown { node: node_a() });
    let off = change(both(), "node-a", |node| node.out_of_service = true);
    assert_eq!(on_owner(&off, &web), Reason::NodeOutOfService { node: node_a() });
    for value in ["", "true", "false"] {
        let excluded = change(both(), "node-a", |node| {
            node.labels = labels(&[("node.kubernetes.io/exclude-from-external-load-balancers", value)]);
        });
        assert_eq!(on_owner(&excluded, &web), Reason::NodeExcluded { node: node_a() }, "the label counts, not its value {value:?}");
    }
    let unready = change(both(), "node-a", |node| node.ready = false);
    assert_eq!(on_owner(&unready, &web).code(), "bound", "a kubelet that is away takes no VIP from a network that is there");

    let mut settings = settings("node-a", Placement::Uplink);
    settings.pools[0].node_selector = "role=edge".parse().unwrap();
    let decision = decided_in(&both(), &settings, &web, &host());
    assert_eq!(reason(&decision, "web", Some(VIP)), Reason::NodeNotSelected { node: node_a(), pool: "edge".into() });
    let selected = change(both(), "node-a", |node| node.labels = labels(&[("role", "edge")]));
    assert_eq!(reason(&decided_in(&selected, &settings, &web, &host()), "web", Some(VIP)).code(), "bound");
    assert_eq!(reason(&decided(&settings, &web, &host()), "web", Some(VIP)).code(), "bound", "no cluster is known: all are fit");
}

#[test]
fn local_traffic_needs_an_endpoint_on_the_owner() {
    let nodes = || cluster(&["node-a", "node-b"]);
    let elsewhere = Reason::NoLocalEndpoint { node: "node-a".into(), of: key("web") };
    for (ready, draining, fit) in [
        (vec!["node-a"], vec![], true),
        (vec!["node-a", "node-b"], vec![], true),
        (vec!["node-b"], vec![], false),
        (vec![], vec!["node-a"], true),
        (vec!["node-b"], vec!["node-a"], true), // its own last endpoint drains: kube-proxy still forwards to it (KEP-1669)
        (vec![], vec!["node-b"], false),
        (vec![""], vec![], true),
        (vec!["node-b", ""], vec![], true),
        (vec!["node-b"], vec![""], true),
        (vec![], vec![], true), // nothing to prefer
    ] {
        let cluster = with(nodes(), "web", &ready, &draining);
        let found = on_owner(&cluster, &[local("web")]);
        assert_eq!(found.code() == "bound", fit, "{ready:?} {draining:?}: {found}");
        assert!(fit || found == elsewhere, "{found}");
        assert_eq!(on_owner(&cluster, &[service("web", &[VIP])]).code(), "bound", "Cluster forwards to any node");
    }
    assert_eq!(on_owner(&nodes(), &[local("web")]).code(), "bound", "no slice at all");
}

#[test]
fn every_service_of_a_shared_vip_needs_its_endpoint() {
    let other = Service { ports: vec![port(443)], ..local("other") };
    let services = [local("web"), other];
    let nodes = || with(cluster(&["node-a", "node-b"]), "web", &["node-a"], &[]);
    assert_eq!(on_owner(&with(nodes(), "other", &["node-a", "node-b"], &[]), &services).code(), "bound");
    let apart = with(nodes(), "other", &["node-b"], &[]);
    assert_eq!(on_owner(&apart, &services), Reason::NoLocalEndpoint { node: "node-a".into(), of: key("other") });
    assert_eq!(on_owner(&nodes(), &services).code(), "bound", "the other has no endpoint anywhere");
    let cluster_policy = [local("web"), Service { ports: vec![port(443)], ..service("other", &[VIP]) }];
    assert_eq!(on_owner(&apart, &cluster_policy).code(), "bound");
}

#[test]
fn without_endpoints_the_pool_decides() {
    let mut settings = settings("node-a", Placement::Uplink);
    settings.pools[0].without_endpoints = WithoutEndpoints::Withdraw;
    let judge = |cluster: &Cluster, services: &[Service]| reason(&decided_in(cluster, &settings, services, &host()), "web", Some(VIP));
    let nodes = || cluster(&["node-a", "node-b"]);
    for web in [service("web", &[VIP]), local("web")] {
        let services = [web];
        assert_eq!(judge(&nodes(), &services), Reason::NoEndpoints);
        assert_eq!(judge(&with(nodes(), "web", &[], &[]), &services), Reason::NoEndpoints);
        assert_eq!(judge(&with(nodes(), "web", &["node-a"], &[]), &services).code(), "bound");
        assert_eq!(judge(&with(nodes(), "web", &[], &["node-a"]), &services).code(), "bound");
        assert_eq!(judge(&with(nodes(), "web", &[""], &[]), &services).code(), "bound");
    }
    let shared = [local("web"), Service { ports: vec![port(443)], ..service("other", &[VIP]) }];
    assert_eq!(judge(&with(nodes(), "other", &["node-b"], &[]), &shared).code(), "bound", "one of them serves");
    let mut by_config = settings.clone();
    by_config.vips.insert(vip(VIP), None);
    let decision = decided_in(&nodes(), &by_config, &[], &host());
    assert_eq!(decision.verdicts[0].reason.code(), "bound", "a [[vip]] has no endpoints to wait for");
}

#[test]
fn where_the_owner_may_not_serve_nobody_holds_anything() {
    let away = with(cluster(&["node-a", "node-b"]), "web", &["node-b"], &[]);
    for name in ["node-a", "node-b"] {
        let decision = decided_in(&away, &settings(name, Placement::Uplink), &[local("web")], &host());
        assert_eq!(reason(&decision, "web", Some(VIP)), Reason::NoLocalEndpoint { node: "node-a".into(), of: key("web") });
        assert_eq!((&decision.desired, decision.vips.len()), (&KernelState::default(), 0), "{name}");
    }
}

#[test]
fn a_standby_that_may_not_serve_holds_nothing() {
    let standby = |cluster: &Cluster| {
        let decision = decided_in(cluster, &settings("node-b", Placement::Uplink), &[local("web")], &host());
        let Reason::Standby { standby, .. } = reason(&decision, "web", Some(VIP)) else { panic!("{:?}", decision.verdicts) };
        assert_eq!(decision.vips[&vip(VIP)].role, Role::Standby);
        assert_eq!(decision.desired.routes.is_empty(), standby == Standby::Off);
        standby
    };
    let only_a = with(cluster(&["node-a", "node-b"]), "web", &["node-a"], &[]);
    let on_both = with(cluster(&["node-a", "node-b"]), "web", &["node-a", "node-b"], &[]);
    assert_eq!(standby(&only_a), Standby::Off);
    assert_eq!(standby(&on_both), Standby::Accept);
    assert_eq!(standby(&change(on_both.clone(), "node-b", |node| node.out_of_service = true)), Standby::Off);
    assert_eq!(standby(&with(cluster(&["node-a"]), "web", &["node-a", "node-b"], &[])), Standby::Off, "it is no Node");
    assert_eq!(standby(&change(on_both, "node-b", |node| node.ready = false)), Standby::Accept);
}
