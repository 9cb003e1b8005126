//! Values that are well-formed and wrong together, or wrong on this host.

/// What is wrong, a config, and what is said of it.
const CASES: &[(&str, &str, &str)] = &[
    (
        "an uplink that is not there",
        r#"
uplink = "eth0"
"#,
        r#"
hostvip.toml:1:10: uplink: this host has no link "eth0"
  | uplink = "eth0"
  hint: links: br-ex, eth1
"#,
    ),
    (
        "lo as uplink",
        r#"
uplink = "lo"
"#,
        r#"
hostvip.toml:1:10: uplink: lo reaches no other host: nothing asks for a VIP there
  | uplink = "lo"
  hint: name the link that leads to the clients; for addresses on lo set placement = "lo" in the pool; links: br-ex, eth1
"#,
    ),
    (
        "a refresh that is a storm",
        r#"
[announce]
refresh = "10ms"
"#,
        r#"
hostvip.toml:2:11: announce.refresh: is shorter than 1s: a broadcast storm
  | refresh = "10ms"
  hint: use "1s" or more, or "0s" for never
"#,
    ),
    (
        "a file twice",
        r#"
[source]
files = ["/etc/a.yaml", "/etc/a.yaml"]
"#,
        r#"
hostvip.toml:2:25: source.files[1]: is listed twice
  | files = ["/etc/a.yaml", "/etc/a.yaml"]
  hint: list each file or directory once
"#,
    ),
    (
        "durations of zero",
        r#"
[coordination]
renew_interval = "0s"
lease_duration = "0s"
probe_interval = "0s"
[fence]
timeout = "0s"
"#,
        r#"
hostvip.toml:2:18: coordination.renew_interval: is not yet available
  | renew_interval = "0s"
  hint: remove the key, or write "5s": all that this version can do
hostvip.toml:2:18: coordination.renew_interval: must not be zero
  | renew_interval = "0s"
  hint: write a duration such as "5s", or remove the key for its default
hostvip.toml:3:18: coordination.lease_duration: is not yet available
  | lease_duration = "0s"
  hint: remove the key, or write "15s": all that this version can do
hostvip.toml:3:18: coordination.lease_duration: must not be zero
  | lease_duration = "0s"
  hint: write a duration such as "5s", or remove the key for its default
hostvip.toml:4:18: coordination.probe_interval: is not yet available
  | probe_interval = "0s"
  hint: remove the key, or write "100ms": all that this version can do
hostvip.toml:4:18: coordination.probe_interval: must not be zero
  | probe_interval = "0s"
  hint: write a duration such as "5s", or remove the key for its default
hostvip.toml:6:11: fence.timeout: is not yet available
  | timeout = "0s"
  hint: remove the key, or write "10s": all that this version can do
hostvip.toml:6:11: fence.timeout: must not be zero
  | timeout = "0s"
  hint: write a duration such as "5s", or remove the key for its default
"#,
    ),
    (
        "a lease shorter than its renewal",
        r#"
[coordination]
lease_duration = "4s"
"#,
        r#"
hostvip.toml:2:18: coordination.lease_duration: is not yet available
  | lease_duration = "4s"
  hint: remove the key, or write "15s": all that this version can do
hostvip.toml:2:18: coordination.lease_duration: a lease of 4s that is renewed every 5s runs out in between
  | lease_duration = "4s"
  hint: make lease_duration three times renew_interval, or more
"#,
    ),
    (
        "no view of the wire and no fence",
        r#"
[coordination]
detect = "lease"
"#,
        r#"
hostvip.toml:2:10: coordination.detect: is not yet available
  | detect = "lease"
  hint: remove the key, or write "wire": all that this version can do
hostvip.toml:2:10: coordination.detect: without a view of the wire an owner that lost the API cannot be told from a dead one
  | detect = "lease"
  hint: set on_api_loss = "fence" as well, or detect = "wire"
"#,
    ),
    (
        "a fence that is off",
        r#"
[coordination]
on_api_loss = "fence"
[fence]
mode = "off"
"#,
        r#"
hostvip.toml:2:15: coordination.on_api_loss: is not yet available
  | on_api_loss = "fence"
  hint: remove the key, or write "hold": all that this version can do
hostvip.toml:2:15: coordination.on_api_loss: there is no fence: fence.mode is "off"
  | on_api_loss = "fence"
  hint: set fence.mode = "nftables", or on_api_loss = "hold"
hostvip.toml:4:8: fence.mode: is not yet available
  | mode = "off"
  hint: remove the key, or write "nftables": all that this version can do
"#,
    ),
    (
        "routes",
        r#"
[router]
table = 255
next_hops = ["192.0.2.11", "192.0.2.11", "0.0.0.0"]
[[route]]
[[route]]
prefix = "198.51.100.10/32"
via = []
[[route]]
prefix = "198.51.100.10/32"
via = ["2001:db8::11"]
"#,
        r#"
hostvip.toml:2:9: router.table: is not yet available
  | table = 255
  hint: remove the key, or write 254: all that this version can do
hostvip.toml:2:9: router.table: is a table of the kernel's own
  | table = 255
  hint: 254 is the main table; 1 to 252 are free
hostvip.toml:3:13: router.next_hops: is not yet available
  | next_hops = ["192.0.2.11", "192.0.2.11", "0.0.0.0"]
  hint: remove the key, or write []: all that this version can do
hostvip.toml:3:28: router.next_hops[1]: 192.0.2.11 is listed twice
  | next_hops = ["192.0.2.11", "192.0.2.11", "0.0.0.0"]
  hint: list each next hop once
hostvip.toml:3:42: router.next_hops[2]: 0.0.0.0 is no next hop
  | next_hops = ["192.0.2.11", "192.0.2.11", "0.0.0.0"]
  hint: name the address of a node or a router on a link of this host
hostvip.toml:4:1: route[0]: is not yet available
  | [[route]]
  hint: remove it
hostvip.toml:4:1: route[0]: a route needs a prefix
  | [[route]]
  hint: prefix = "198.51.100.10/32"
hostvip.toml:5:1: route[1]: is not yet available
  | [[route]]
  hint: remove it
hostvip.toml:7:7: route[1].via: is empty
  | via = []
  hint: name at least one next hop, or remove the [[route]]
hostvip.toml:8:1: route[2]: is not yet available
  | [[route]]
  hint: remove it
hostvip.toml:9:10: route[2].prefix: 198.51.100.10/32 has a route already, in line 6
  | prefix = "198.51.100.10/32"
  hint: list all its next hops in one [[route]]: via = [ … ]
hostvip.toml:10:8: route[2].via[0]: 2001:db8::11 cannot be the next hop of an IPv4 prefix
  | via = ["2001:db8::11"]
  hint: name an IPv4 address
"#,
    ),
    (
        "what only the API could tell",
        r#"
[[pool]]
name = "edge"
addresses = ["192.0.2.96/27"]
node_selector = "a=b"
without_endpoints = "withdraw"
"#,
        r#"
hostvip.toml:4:17: pool[0].node_selector: without source.kubernetes no node has labels that are known here
  | node_selector = "a=b"
  hint: add kubernetes = { kubeconfig = "/etc/hostvip/kubeconfig" } to [source], or remove the key
hostvip.toml:5:21: pool[0].without_endpoints: without source.kubernetes no endpoints are known here
  | without_endpoints = "withdraw"
  hint: add kubernetes = { kubeconfig = "/etc/hostvip/kubeconfig" } to [source], or remove the key
"#,
    ),
    (
        "what is not yet available",
        r#"
[[pool]]
name = "edge"
addresses = ["192.0.2.96/27"]
announce = "route"
slices = 16
[coordination]
mode = "kubernetes"
namespace = "vips"
rebalance = "off"
look = "0s"
[shield]
mode = "drop"
"#,
        r#"
hostvip.toml:4:12: pool[0].announce: is not yet available
  | announce = "route"
  hint: remove the key, or write "l2": all that this version can do
hostvip.toml:5:10: pool[0].slices: is not yet available
  | slices = 16
  hint: remove the key, or write 1: all that this version can do
hostvip.toml:7:8: coordination.mode: is not yet available
  | mode = "kubernetes"
  hint: remove the key, or write "static": all that this version can do
hostvip.toml:8:13: coordination.namespace: is not yet available
  | namespace = "vips"
  hint: remove the key, or write "hostvip": all that this version can do
hostvip.toml:9:13: coordination.rebalance: is not yet available
  | rebalance = "off"
  hint: remove the key, or write "gentle": all that this version can do
hostvip.toml:10:8: coordination.look: is not yet available
  | look = "0s"
  hint: remove the key, or write "30ms": all that this version can do
hostvip.toml:12:8: shield.mode: is not yet available
  | mode = "drop"
  hint: remove the key, or write "off": all that this version can do
"#,
    ),
];

#[test]
fn contradictions_are_refused() {
    crate::support::check(CASES);
}
