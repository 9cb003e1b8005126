//! Builders: a config, Services and a host in a line each.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use hostvip::config::{OnStop, Settings, Source};
use hostvip::decide::{Decision, Inputs, decide};
use hostvip::model::{
    Cluster, ExternalTraffic, Family, Gateway, Host, Ingress, IpMode, Knob, Labels, Link, LinkName, Mac, Node, Placement, Places, Pool,
    Port, Protocol, Reason, Selector, Service, ServiceKey, ServiceType, Sysctl, SysctlState, Vip, WithoutEndpoints,
};

pub fn vip(text: &str) -> Vip {
    text.parse().unwrap()
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Pool "edge": 192.0.2.96/27 and `2001:db8:0:1::/64`, owned by node-a, placement as given.
pub fn pool(placement: Placement) -> Pool {
    Pool {
        name: "edge".into(),
        addresses: vec!["192.0.2.96/27".parse().unwrap(), "2001:db8:0:1::/64".parse().unwrap()],
        placement,
        standby: None,
        owner: Some("node-a".into()),
        service_selector: Selector::default(),
        node_selector: Selector::default(),
        namespaces: BTreeSet::new(),
        without_endpoints: WithoutEndpoints::Keep,
    }
}

/// The config of `node` with one pool.
pub fn settings(node: &str, placement: Placement) -> Settings {
    Settings {
        node_name: node.into(),
        uplink: "br-ex".into(),
        state_dir: "/run/hostvip".into(),
        listen: "127.0.0.1:9476".parse().unwrap(),
        on_stop: OnStop::Withdraw,
        source: Source { files: vec![], kubernetes: None, external_ips: true, load_balancer_class: String::new() },
        pools: vec![pool(placement)],
        vips: BTreeMap::new(),
        announce_refresh: None,
    }
}

/// A host with `lo`, `br-ex` (192.0.2.11/24, `2001:db8::11/64`) and the gateway 192.0.2.1.
pub fn host() -> Host {
    let link = |index, name: &str, mac: Option<Mac>| Link { index, name: name.into(), mac, up: true, carrier: true };
    let mut host = Host::default();
    host.links.insert("lo".into(), link(1, "lo", None));
    host.links.insert("br-ex".into(), link(2, "br-ex", Some(Mac([2, 0, 0, 0, 0, 1]))));
    host.foreign.insert(("br-ex".into(), "192.0.2.11/24".parse().unwrap()));
    host.foreign.insert(("br-ex".into(), "2001:db8::11/64".parse().unwrap()));
    host.gateways.push(Gateway { metric: 0, family: Family::Ipv4, link: "br-ex".into(), via: Some(ip("192.0.2.1")) });
    for link in ["all", "lo", "br-ex"] {
        for knob in Knob::ALL {
            set(&mut host, link, knob, 0);
        }
    }
    host
}

pub fn set(host: &mut Host, link: &str, knob: Knob, value: i32) {
    host.ours.sysctls.insert(Sysctl { link: LinkName::from(link), knob }, SysctlState { value, before: None });
}

/// A Service of type `LoadBalancer` with these ingress addresses and port 80/TCP.
pub fn service(name: &str, addresses: &[&str]) -> Service {
    Service {
        key: ServiceKey { namespace: "default".into(), name: name.into() },
        created: None,
        deleting: false,
        labels: Labels::default(),
        annotations: BTreeMap::new(),
        uid: None,
        kind: ServiceType::LoadBalancer,
        headless: false,
        cluster_ips: vec![],
        external_traffic: ExternalTraffic::Cluster,
        load_balancer_class: None,
        ports: vec![port(80)],
        external_ips: vec![],
        ingress: addresses.iter().map(|text| Ingress { ip: Some(ip(text)), ip_mode: IpMode::Vip, hostname: None }).collect(),
        malformed: vec![],
    }
}

pub fn port(port: u16) -> Port {
    Port { protocol: Protocol::Tcp, port }
}

/// A Ready Node without labels.
pub fn node(name: &str) -> Node {
    Node { name: name.into(), labels: Labels::default(), addresses: vec![], pod_cidrs: vec![], ready: true, out_of_service: false }
}

/// A cluster of these Nodes.
pub fn cluster(nodes: &[&str]) -> Cluster {
    Cluster { nodes: nodes.iter().map(|name| ((*name).into(), node(name))).collect(), ..Cluster::default() }
}

/// Labels by key.
pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>().into()
}

/// Endpoints on these nodes; "" is one that names no node.
pub fn places(nodes: &[&str]) -> Places {
    Places::new(nodes.iter().map(|name| Some(*name).filter(|name| !name.is_empty()).map(Into::into)))
}

pub fn decided_in(cluster: &Cluster, settings: &Settings, services: &[Service], host: &Host) -> Decision {
    let services: Vec<_> = services.iter().collect();
    decide(Inputs { settings, services: &services, cluster: Some(cluster), unread: &BTreeSet::new(), host })
}

pub fn decided(settings: &Settings, services: &[Service], host: &Host) -> Decision {
    let services: Vec<_> = services.iter().collect();
    decide(Inputs { settings, services: &services, cluster: None, unread: &BTreeSet::new(), host })
}

/// The reason of the only verdict of `service` on `address`.
pub fn reason(decision: &Decision, service: &str, address: Option<&str>) -> Reason {
    let about = |verdict: &&hostvip::model::Verdict| {
        verdict.service.as_ref().is_some_and(|key| &*key.name == service) && verdict.address == address.map(ip)
    };
    let found: Vec<_> = decision.verdicts.iter().filter(about).collect();
    assert_eq!(found.len(), 1, "exactly one verdict for {service} {address:?}: {:?}", decision.verdicts);
    found[0].reason.clone()
}
