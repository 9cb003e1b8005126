//! What the host has a say in: the node's name, the uplink, the addresses that a pool must not hold.

use std::path::Path;
use std::time::Duration;

use hostvip::config::{self, Facts, OnStop};
use hostvip::model::{Family, Host, LinkName, Placement, Standby};

use crate::support::{host, refused, settings, settings_on};

fn pool(addresses: &str) -> String {
    format!("[[pool]]\nname = \"edge\"\naddresses = [{addresses:?}]\n")
}

#[test]
fn an_empty_file_is_a_config_that_touches_nothing() {
    let settings = settings("").unwrap();
    assert_eq!((settings.node_name.as_str(), settings.uplink.as_str()), ("node-a", "br-ex"));
    assert_eq!((settings.state_dir.as_path(), settings.listen.to_string()), (Path::new("/run/hostvip"), "127.0.0.1:9476".to_owned()));
    assert_eq!((settings.on_stop, settings.announce_refresh), (OnStop::Withdraw, Some(Duration::from_mins(1))));
    assert!(settings.pools.is_empty() && settings.vips.is_empty());
    assert!(settings.source.files.is_empty() && settings.source.external_ips && settings.source.load_balancer_class.is_empty());
}

#[test]
fn what_is_written_is_what_is_meant() {
    let text = r#"
node_name = "rack1.node-b"
uplink = "eth1"
state_dir = "/var/lib/hostvip"
listen = "[::1]:0"
on_stop = "keep"
source = { files = ["/etc/hostvip/services"], external_ips = false, load_balancer_class = "example.com/edge" }
announce.refresh = "1m30s"
[[pool]]
name = "edge"
addresses = ["203.0.113.0/25", "2001:db8::/64"]
placement = "quiet"
standby = "off"
owner = "node-b"
namespaces = ["web", "web"]
[[vip]]
address = "203.0.113.1"
owner = "node-c"
[[vip]]
address = "2001:db8::1"
"#;
    let settings = settings(text).unwrap();
    assert_eq!((settings.node_name.as_str(), settings.uplink.as_str()), ("rack1.node-b", "eth1"));
    assert_eq!((settings.state_dir.as_path(), settings.listen.to_string()), (Path::new("/var/lib/hostvip"), "[::1]:0".to_owned()));
    assert_eq!((settings.on_stop, settings.announce_refresh), (OnStop::Keep, Some(Duration::from_secs(90))));
    assert_eq!(settings.source.files, [Path::new("/etc/hostvip/services")]);
    assert_eq!((settings.source.external_ips, settings.source.load_balancer_class.as_str()), (false, "example.com/edge"));
    let pool = &settings.pools[0];
    assert_eq!((&*pool.name, pool.placement, pool.standby), ("edge", Placement::Quiet, Some(Standby::Off)));
    assert_eq!(pool.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(), ["203.0.113.0/25", "2001:db8::/64"]);
    assert_eq!(pool.namespaces.iter().collect::<Vec<_>>(), ["web"]);
    assert_eq!(settings.owner_of("203.0.113.1".parse().unwrap(), pool).map(|owner| &**owner), Some("node-c"));
    assert_eq!(settings.owner_of("2001:db8::1".parse().unwrap(), pool).map(|owner| &**owner), Some("node-b"));
}

#[test]
fn a_refresh_of_zero_is_never() {
    assert_eq!(settings("announce.refresh = \"0s\"").unwrap().announce_refresh, None);
}

#[test]
fn a_host_without_default_route_needs_an_uplink_key() {
    let host = Host { gateways: Vec::new(), ..host() };
    let said = "hostvip.toml: uplink: this host has no default route to take the uplink from, and the key is not given\n  \
                hint: name the link on which VIPs are announced: uplink = \"…\"; links: br-ex, eth1";
    assert_eq!(settings_on(&host, "").unwrap_err().to_string(), said);
    assert_eq!(settings_on(&host, "uplink = \"eth1\"").unwrap().uplink, LinkName::from("eth1"));
}

#[test]
fn the_default_route_of_ipv6_gives_the_uplink_where_ipv4_has_none() {
    let mut host = host();
    host.gateways[0].family = Family::Ipv6;
    host.gateways[0].link = "eth1".into();
    assert_eq!(settings_on(&host, "").unwrap().uplink, LinkName::from("eth1"));
}

#[test]
fn the_host_name_counts_as_the_kubelet_counts_it() {
    let (host, config) = (host(), config::parse(Path::new("hostvip.toml"), "").unwrap());
    let name = |host_name| config.settings(&Facts { host_name, host: &host }).map(|settings| settings.node_name);
    assert_eq!(name("Node-A.example.com").unwrap(), "node-a.example.com");
    let said = "hostvip.toml: node_name: the host name \"node_a\" is no node name, and the key is not given\n  \
                hint: give the name that `kubectl get nodes` shows: node_name = \"node-a\"";
    assert_eq!(name("node_a").unwrap_err().to_string(), said);
}

#[test]
fn a_pool_may_hold_vips_that_are_bound_but_no_address_of_the_node() {
    // By hand, as a host prefix; and ours.
    assert!(settings(&pool("198.51.100.0/24")).is_ok());
    assert!(settings(&pool("203.0.113.0/24")).is_ok());
    let mut host = host();
    for n in 1..=5 {
        host.foreign.insert(("eth1".into(), format!("2001:db8::{n}/64").parse().unwrap()));
    }
    let said = "hostvip.toml:3:14: pool[0].addresses[0]: 2001:db8::/32 holds this node's own address: \
                2001:db8::1 on eth1, 2001:db8::2 on eth1, 2001:db8::3 on eth1 and 2 more\n  \
                | addresses = [\"2001:db8::/32\"]\n  \
                hint: take this node's own addresses out of the pool: choose a CIDR that no host has an address in";
    assert_eq!(settings_on(&host, &pool("2001:db8::/32")).unwrap_err().to_string(), said);
}

#[test]
fn a_gateway_of_several_default_routes_is_named_once() {
    let mut host = host();
    let second = hostvip::model::Gateway { metric: 100, ..host.gateways[0].clone() };
    host.gateways.push(second);
    let said = "hostvip.toml:3:14: pool[0].addresses[0]: 192.0.2.0/29 holds 192.0.2.1, the gateway on br-ex\n  \
                | addresses = [\"192.0.2.0/29\"]\n  \
                hint: choose a CIDR without the gateway: a VIP there would cut every host of the segment off";
    assert_eq!(settings_on(&host, &pool("192.0.2.0/29")).unwrap_err().to_string(), said);
}

#[test]
fn placements_exclude_each_other_for_ipv4_only() {
    let lo = |addresses: &str, rest: &str| format!("[[pool]]\nname = \"lo\"\naddresses = [{addresses:?}]\nplacement = \"lo\"\n{rest}");
    let uplink = pool("192.0.2.96/27");
    assert!(refused(&(uplink.clone() + &lo("203.0.113.0/24", ""))).contains("which needs arp_ignore = 0"));
    assert!(refused(&(lo("203.0.113.0/24", "") + &uplink)).contains("which needs arp_ignore = 0"));
    assert!(settings(&(uplink.clone() + &lo("2001:db8::/64", "standby = \"accept\""))).is_ok());
    assert!(settings(&(lo("203.0.113.0/24", "") + &uplink + "placement = \"quiet\"")).is_ok());
}

#[test]
fn a_malformed_selector_is_refused_where_it_stands() {
    let said = refused(&(pool("192.0.2.96/27") + "service_selector = \"app in ((\"\n"));
    assert!(said.starts_with("hostvip.toml:4:20: pool[0].service_selector: \"app in ((\" is no label selector: "), "{said}");
}

#[test]
fn as_json_an_error_keeps_its_parts() {
    let errors = settings("uplink = \"eth0\"").unwrap_err();
    let json = serde_json::to_value(&errors).unwrap();
    let expected = serde_json::json!([{
        "file": "hostvip.toml",
        "position": { "line": 1, "column": 10, "text": "uplink = \"eth0\"" },
        "key": "uplink",
        "message": "this host has no link \"eth0\"",
        "hint": "links: br-ex, eth1",
    }]);
    assert_eq!(json, expected);
}

#[test]
fn errors_come_in_the_order_of_lines() {
    let errors = settings("uplink = \"eth0\"\n[[route]]\n[[vip]]\n[[pool]]\n[announce]\nrefresh = \"1ms\"\n").unwrap_err();
    let lines: Vec<_> = errors.iter().map(|error| error.position.as_ref().unwrap().line).collect();
    assert!(lines.is_sorted() && lines.len() >= 5, "{lines:?}");
}

#[test]
fn a_cluster_is_watched_by_a_kubeconfig_or_from_within() {
    let kubeconfig = |text| settings(text).unwrap().source.kubernetes.map(|kubernetes| kubernetes.kubeconfig);
    assert_eq!(kubeconfig(""), None);
    assert_eq!(kubeconfig("source.kubernetes = {}"), Some(None));
    let path = "/etc/hostvip/kubeconfig";
    assert_eq!(kubeconfig(&format!("source.kubernetes = {{ kubeconfig = {path:?} }}")), Some(Some(path.into())));
}

#[test]
fn what_the_cluster_tells_may_be_asked_for_beside_it() {
    let chosen = "node_selector = \"edge=yes\"\nwithout_endpoints = \"withdraw\"\n[source.kubernetes]\n";
    let pool = &settings(&(pool("192.0.2.96/27") + chosen)).unwrap().pools[0];
    assert_eq!(pool.node_selector, "edge=yes".parse().unwrap());
    assert_eq!(pool.without_endpoints, hostvip::model::WithoutEndpoints::Withdraw);
}
