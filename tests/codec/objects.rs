//! Objects of the API: the meaning of what is absent, and errors that name the object and the field.

use std::net::IpAddr;

use hostvip::codec::{ObjectError, decode_egress_ip, decode_endpoint_slice, decode_node, decode_service, decode_service_cidr};
use hostvip::model::{EndpointSlice, ExternalTraffic, Node, Places, Port, Protocol};
use serde_json::{Value, json};

fn slice(endpoints: &Value) -> EndpointSlice {
    let metadata = json!({"name": "web-x7k2p", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}});
    decode_endpoint_slice(json!({"metadata": metadata, "addressType": "IPv4", "endpoints": endpoints, "ports": []})).unwrap()
}

fn places(nodes: &[&str]) -> Places {
    Places::new(nodes.iter().map(|name| Some((*name).into())))
}

#[test]
fn conditions_of_endpoints_mean_what_the_api_says() {
    for (conditions, ready, draining) in [
        (json!(null), true, false),
        (json!({}), true, false),
        (json!({"ready": null, "serving": null, "terminating": null}), true, false),
        (json!({"ready": true, "serving": true, "terminating": false}), true, false),
        (json!({"ready": true, "serving": false, "terminating": true}), true, false), // publishNotReadyAddresses
        (json!({"ready": false, "serving": true, "terminating": true}), false, true),
        (json!({"ready": false, "serving": true, "terminating": false}), false, false),
        (json!({"ready": false, "serving": true}), false, false),
        (json!({"ready": false, "serving": false, "terminating": true}), false, false),
        (json!({"ready": false, "terminating": true}), false, false), // serving is as ready
        (json!({"ready": false}), false, false),
    ] {
        let slice = slice(&json!([{"addresses": ["10.0.0.1"], "conditions": conditions, "nodeName": "node-a"}]));
        let expected = (places(if ready { &["node-a"] } else { &[] }), places(if draining { &["node-a"] } else { &[] }));
        assert_eq!((slice.backends.ready, slice.backends.draining), expected, "{conditions}");
    }
}

#[test]
fn a_slice_names_its_service_and_the_nodes() {
    let read = slice(&json!([{"nodeName": "node-b"}, {"nodeName": "node-a"}, {"nodeName": "node-b"}]));
    assert_eq!(read.service.unwrap().to_string(), "shop/web");
    assert_eq!((read.backends.ready, read.api_server), (places(&["node-a", "node-b"]), vec![]));
    let nowhere = slice(&json!([{"addresses": ["10.0.0.1"]}, {"nodeName": ""}]));
    assert!(nowhere.backends.ready.anywhere && nowhere.backends.ready.nodes().is_empty());
    assert!(slice(&json!(null)).backends.is_empty());

    let ownerless = decode_endpoint_slice(json!({"metadata": {"name": "by-hand", "namespace": "shop"}, "addressType": "IPv4"}));
    assert_eq!(ownerless.unwrap().service, None);
    let names = json!({"metadata": {"name": "n", "namespace": "shop"}, "addressType": "FQDN", "endpoints": [{"nodeName": "node-a"}]});
    assert!(decode_endpoint_slice(names).unwrap().backends.is_empty(), "no proxy forwards to a host name");
}

#[test]
fn the_addresses_of_the_api_server_are_kept() {
    let of = |namespace: &str| {
        let metadata = json!({"name": "kubernetes", "namespace": namespace, "labels": {"kubernetes.io/service-name": "kubernetes"}});
        let endpoints = json!([{"addresses": ["192.0.2.11"]}, {"addresses": ["192.0.2.12", "garbage"]}]);
        decode_endpoint_slice(json!({"metadata": metadata, "addressType": "IPv4", "endpoints": endpoints})).unwrap().api_server
    };
    assert_eq!(of("default"), ["192.0.2.11".parse::<IpAddr>().unwrap(), "192.0.2.12".parse().unwrap()]);
    assert!(of("tenant").is_empty(), "anybody may call a Service kubernetes");
}

#[test]
fn names_of_nodes_can_be_shared() {
    let mut backends = slice(&json!([{"nodeName": "node-b"}, {"nodeName": "node-a"}])).backends;
    let before = backends.clone();
    let one: std::sync::Arc<str> = "node-a".into();
    backends.share(|name| if **name == *one { one.clone() } else { name.clone() });
    assert_eq!(backends, before);
    assert_eq!(std::sync::Arc::strong_count(&one), 2);
}

fn node(annotation: &Value) -> Node {
    decode_node(json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "node-a", "labels": {"rack": "7"}, "annotations": {"k8s.ovn.org/node-subnets": annotation, "other": "x"}},
        "spec": {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24", "fd00:10:244:1::/64"],
                 "taints": [{"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}]},
        "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.11"}, {"type": "Hostname", "address": "node-a"},
                                 {"type": "ExternalIP", "address": "2001:db8::11"}],
                   "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "True"}]},
    }))
    .unwrap()
}

#[test]
fn a_node_as_the_api_shows_it() {
    let read = node(&json!(null));
    assert_eq!((&*read.name, read.labels.get("rack"), read.ready, read.out_of_service), ("node-a", Some("7"), true, true));
    assert_eq!(read.addresses, ["192.0.2.11".parse::<IpAddr>().unwrap(), "2001:db8::11".parse().unwrap()]);
    assert_eq!(read.pod_cidrs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.244.1.0/24", "fd00:10:244:1::/64"]);

    let bare = decode_node(json!({"metadata": {"name": "node-b"}})).unwrap();
    assert!(!bare.ready && !bare.out_of_service && bare.addresses.is_empty() && bare.pod_cidrs.is_empty());
    for status in ["False", "Unknown"] {
        let conditions = json!([{"type": "Ready", "status": status}]);
        assert!(!decode_node(json!({"metadata": {"name": "n"}, "status": {"conditions": conditions}})).unwrap().ready);
    }
}

#[test]
fn subnets_of_ovn_kubernetes() {
    let count = |annotation: &str| node(&json!(annotation)).pod_cidrs.len() - 2;
    assert_eq!(count(r#"{"default":["10.128.0.0/23","fd01:0:0:1::/64"]}"#), 2);
    assert_eq!(count(r#"{"default":"10.128.0.0/23"}"#), 1);
    assert_eq!(count(r#"{"default":["10.128.0.0/23"],"tenant":["192.0.2.0/24"]}"#), 1, "a tenant's network is nobody else's");
    assert_eq!(count(r#"{"default":["10.128.0.0/23"#), 0);
    assert_eq!(count(r#"{"default":["garbage"]}"#), 0);
}

#[test]
fn reserved_ranges() {
    let cidr = decode_service_cidr(json!({"metadata": {"name": "kubernetes"}, "spec": {"cidrs": ["10.96.0.0/16", "fd00:96::/112"]}}));
    assert_eq!(cidr.unwrap().cidrs.len(), 2);
    let egress = json!({"metadata": {"name": "shop"}, "spec": {"egressIPs": ["192.0.2.50", "192.0.2.51"]},
                        "status": {"items": [{"node": "node-a", "egressIP": "192.0.2.50"}, {"egressIP": "192.0.2.52"}]}});
    assert_eq!(decode_egress_ip(egress).unwrap().addresses.len(), 3, "what is given up is still assigned");
}

#[test]
fn a_value_of_a_later_version_costs_no_vip_that_it_says_nothing_about() {
    let service = decode_service(json!({
        "metadata": {"name": "web", "namespace": "shop", "uid": "5f6e"},
        "spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7", "fd00:96::7"],
                 "ports": [{"port": 443, "protocol": "TCP"}, {"port": 443, "protocol": "QUIC"}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.100"}, {"ip": "192.0.2.101", "ipMode": "Tunnel"}]}},
    }))
    .unwrap();
    assert_eq!(service.ports, [Port { protocol: Protocol::Tcp, port: 443 }]);
    assert_eq!((service.ingress.len(), service.cluster_ips.len(), service.uid.as_deref()), (1, 2, Some("5f6e")));
    assert_eq!(service.malformed, [("status.loadBalancer.ingress[1].ipMode".to_owned(), "Tunnel".to_owned())]);
    assert_eq!(service.external_traffic, ExternalTraffic::Cluster);
    let headless = decode_service(json!({"metadata": {"name": "db"}, "spec": {"clusterIP": "None", "clusterIPs": ["None"]}})).unwrap();
    assert!(headless.headless && headless.cluster_ips.is_empty());
}

#[test]
fn errors_name_object_and_field() {
    let text = |error: ObjectError| error.to_string();
    let beta = json!({"apiVersion": "discovery.k8s.io/v1beta1", "kind": "EndpointSlice", "metadata": {"name": "web", "namespace": "shop"}});
    assert_eq!(
        text(decode_endpoint_slice(beta).unwrap_err()),
        "EndpointSlice shop/web: apiVersion: \"discovery.k8s.io/v1beta1\" is not understood: only discovery.k8s.io/v1 is"
    );
    let wrong = json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"ports": [{"port": 80}, {"port": 70000}]}});
    assert_eq!(text(decode_service(wrong).unwrap_err()), "Service shop/web: spec.ports[1].port: 70000 is no port: 1 to 65535");
    let policy = json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"externalTrafficPolicy": "Zone"}});
    let policy = text(decode_service(policy).unwrap_err());
    assert!(policy.starts_with("Service shop/web: spec.externalTrafficPolicy: unknown variant `Zone`, expected"), "{policy}");
    let cidr = json!({"metadata": {"name": "extra"}, "spec": {"cidrs": ["10.96.0.0/16", "10.97/16"]}});
    assert!(text(decode_service_cidr(cidr).unwrap_err()).starts_with("ServiceCIDR extra: spec.cidrs[1]: "));
    assert_eq!(text(decode_node(json!({"kind": "Node"})).unwrap_err()), "Node without a name: metadata.name: is missing");
    assert!(text(decode_node(json!({"kind": "Pod", "metadata": {"name": "p"}})).unwrap_err()).contains("kind: \"Pod\""));
    assert!(decode_egress_ip(json!([1])).is_err() && decode_service(json!(null)).is_err() && decode_node(json!("node")).is_err());
}
