//! Values that are wrong by themselves: unknown keys, wrong types, malformed texts.

/// What is wrong, a config, and what is said of it.
const CASES: &[(&str, &str, &str)] = &[
    (
        "bad TOML, with its place",
        r#"
node_name = "a"
uplink = br-ex
"#,
        r"
hostvip.toml:2:10: string values must be quoted, expected literal string
  | uplink = br-ex
  hint: this is no TOML (https://toml.io): text stands in quotes, lists in brackets, each key once
",
    ),
    (
        "a key given twice",
        r#"
listen = "[::1]:1"
listen = "[::1]:2"
"#,
        r#"
hostvip.toml:2:1: duplicate key
  | listen = "[::1]:2"
  hint: this is no TOML (https://toml.io): text stands in quotes, lists in brackets, each key once
"#,
    ),
    (
        "an unknown key, like a known one",
        r#"
[[pool]]
name = "edge"
adresses = ["192.0.2.96/27"]
"#,
        r#"
hostvip.toml:3:1: pool[0].adresses: unknown key "adresses"
  | adresses = ["192.0.2.96/27"]
  hint: did you mean addresses? keys here: name, addresses, announce, placement, standby, owner, node_selector, service_selector, namespaces, without_endpoints, slices
"#,
    ),
    (
        "an unknown key, like none",
        r#"
[shield]
colour = "red"
"#,
        r#"
hostvip.toml:2:1: shield.colour: unknown key "colour"
  | colour = "red"
  hint: keys here: mode
"#,
    ),
    (
        "an unknown table",
        r#"
[cordination]
mode = "static"
"#,
        r#"
hostvip.toml:1:2: cordination: unknown key "cordination"
  | [cordination]
  hint: did you mean coordination? keys here: node_name, uplink, state_dir, listen, on_stop, source, coordination, pool, vip, announce, fence, shield, router, route
"#,
    ),
    (
        "an unknown word",
        r#"
on_stop = "witdraw"
[[pool]]
placement = "eth0"
"#,
        r#"
hostvip.toml:1:11: on_stop: unknown value "witdraw"
  | on_stop = "witdraw"
  hint: did you mean "withdraw"? values: "withdraw", "keep"
hostvip.toml:3:13: pool[0].placement: unknown value "eth0"
  | placement = "eth0"
  hint: values: "uplink", "lo", "quiet"
"#,
    ),
    (
        "wrong types",
        r#"
vip = [3]
node_name = 3
[source]
external_ips = "yes"
files = "/etc/a.yaml"
[router]
table = "main"
"#,
        r#"
hostvip.toml:1:8: vip[0]: wrong type: integer 3, expected a table
  | vip = [3]
  hint: write its keys under a heading in single brackets
hostvip.toml:2:13: node_name: wrong type: integer 3, expected a string
  | node_name = 3
  hint: write it in quotes
hostvip.toml:4:16: source.external_ips: wrong type: string "yes", expected a boolean
  | external_ips = "yes"
  hint: write true or false, without quotes
hostvip.toml:5:9: source.files: wrong type: string "/etc/a.yaml", expected a list
  | files = "/etc/a.yaml"
  hint: write a list, [ … ]; a table of which there may be several has a heading in double brackets
hostvip.toml:7:9: router.table: wrong type: string "main", expected a number
  | table = "main"
  hint: write a whole number from 0 to 4294967295, without quotes
"#,
    ),
    (
        "a list for a table",
        r#"
source = []
[[announce]]
refresh = "5s"
"#,
        r"
hostvip.toml:1:10: source: wrong type: list, expected a table
  | source = []
  hint: write its keys under a heading in single brackets
hostvip.toml:2:1: announce: wrong type: list, expected a table
  | [[announce]]
  hint: write its keys under a heading in single brackets
",
    ),
    (
        "a table for a list, and for a word",
        r#"
on_stop = { keep = {} }
[pool]
name = "edge"
"#,
        r"
hostvip.toml:1:11: on_stop: wrong type: table, expected a string
  | on_stop = { keep = {} }
  hint: write it in quotes
hostvip.toml:2:1: pool: wrong type: table, expected a list
  | [pool]
  hint: write a list, [ … ]; a table of which there may be several has a heading in double brackets
",
    ),
    (
        "a number out of range",
        r"
[router]
table = -1
",
        r"
hostvip.toml:2:9: router.table: invalid value: integer -1, expected a number
  | table = -1
  hint: write a whole number from 0 to 4294967295, without quotes
",
    ),
    (
        "a CIDR with host bits",
        r#"
[[pool]]
name = "edge"
addresses = ["192.0.2.0/28", "192.0.2.100/27", "2001:db8::1/64"]
"#,
        r#"
hostvip.toml:3:30: pool[0].addresses[1]: "192.0.2.100/27" has host bits set
  | addresses = ["192.0.2.0/28", "192.0.2.100/27", "2001:db8::1/64"]
  hint: write "192.0.2.96/27"; for the one address "192.0.2.100/32"
hostvip.toml:3:48: pool[0].addresses[2]: "2001:db8::1/64" has host bits set
  | addresses = ["192.0.2.0/28", "192.0.2.100/27", "2001:db8::1/64"]
  hint: write "2001:db8::/64"; for the one address "2001:db8::1/128"
"#,
    ),
    (
        "addresses that are no CIDR",
        r#"
[[pool]]
addresses = ["192.0.2.100", "192.0.2.0/33", "edge", ""]
"#,
        r#"
hostvip.toml:2:14: pool[0].addresses[0]: "192.0.2.100" has no prefix length
  | addresses = ["192.0.2.100", "192.0.2.0/33", "edge", ""]
  hint: write "192.0.2.100/32" for this one address
hostvip.toml:2:29: pool[0].addresses[1]: "192.0.2.0/33" is no CIDR
  | addresses = ["192.0.2.100", "192.0.2.0/33", "edge", ""]
  hint: write an address and a prefix length, such as "192.0.2.96/27"
hostvip.toml:2:45: pool[0].addresses[2]: "edge" is no CIDR
  | addresses = ["192.0.2.100", "192.0.2.0/33", "edge", ""]
  hint: write an address and a prefix length, such as "192.0.2.96/27"
hostvip.toml:2:53: pool[0].addresses[3]: "" is no CIDR
  | addresses = ["192.0.2.100", "192.0.2.0/33", "edge", ""]
  hint: write an address and a prefix length, such as "192.0.2.96/27"
"#,
    ),
    (
        "a VIP that is no address",
        r#"
[[vip]]
address = "192.0.2.100/32"
"#,
        r#"
hostvip.toml:2:11: vip[0].address: "192.0.2.100/32" is no IP address
  | address = "192.0.2.100/32"
  hint: write one address without prefix length, such as "192.0.2.100" or "2001:db8::100"
"#,
    ),
    (
        "durations",
        r#"
[announce]
refresh = "60"
[coordination]
look = "-1s"
probe_interval = "25h"
renew_interval = "1 fortnight"
"#,
        r#"
hostvip.toml:2:11: announce.refresh: "60" is no duration
  | refresh = "60"
  hint: write numbers with their units: "5s", "100ms", "1m30s"
hostvip.toml:4:8: coordination.look: "-1s" is no duration
  | look = "-1s"
  hint: write numbers with their units: "5s", "100ms", "1m30s"
hostvip.toml:5:18: coordination.probe_interval: "25h" is longer than a day
  | probe_interval = "25h"
  hint: write "24h" or less
hostvip.toml:6:18: coordination.renew_interval: "1 fortnight" is no duration
  | renew_interval = "1 fortnight"
  hint: write numbers with their units: "5s", "100ms", "1m30s"
"#,
    ),
    (
        "a listen address without a port",
        r#"
listen = "localhost"
"#,
        r#"
hostvip.toml:1:10: listen: "localhost" is no address with a port
  | listen = "localhost"
  hint: write an IP address and a port, such as "127.0.0.1:9476" or "[::1]:9476"
"#,
    ),
    (
        "names",
        r#"
node_name = ""
uplink = "an-interface-name"
[[pool]]
name = "Edge"
owner = "node_a"
namespaces = ["default", "-x"]
"#,
        r#"
hostvip.toml:1:13: node_name: "" is no node name
  | node_name = ""
  hint: write the name that `kubectl get nodes` shows: lower-case letters, digits, "-" and "."
hostvip.toml:2:10: uplink: "an-interface-name" is no name of a link
  | uplink = "an-interface-name"
  hint: write it as `ip link` shows it, such as "br-ex"; 1 to 15 characters
hostvip.toml:4:8: pool[0].name: "Edge" is no name
  | name = "Edge"
  hint: use 1 to 63 lower-case letters, digits and "-", such as "edge-1"
hostvip.toml:5:9: pool[0].owner: "node_a" is no node name
  | owner = "node_a"
  hint: write the name that `kubectl get nodes` shows: lower-case letters, digits, "-" and "."
hostvip.toml:6:26: pool[0].namespaces[1]: "-x" is no name
  | namespaces = ["default", "-x"]
  hint: use 1 to 63 lower-case letters, digits and "-", such as "edge-1"
"#,
    ),
    (
        "relative paths",
        r#"
state_dir = "run"
[source]
files = ["services.yaml"]
kubernetes = { kubeconfig = "~/.kube/config" }
"#,
        r#"
hostvip.toml:1:13: state_dir: "run" is no absolute path
  | state_dir = "run"
  hint: write the whole path, from "/" on: a service has no directory of its own
hostvip.toml:3:10: source.files[0]: "services.yaml" is no absolute path
  | files = ["services.yaml"]
  hint: write the whole path, from "/" on: a service has no directory of its own
hostvip.toml:4:29: source.kubernetes.kubeconfig: "~/.kube/config" is no absolute path
  | kubernetes = { kubeconfig = "~/.kube/config" }
  hint: write the whole path, from "/" on: a service has no directory of its own
"#,
    ),
    (
        "a class with a space",
        r#"
[source]
load_balancer_class = "my class"
"#,
        r#"
hostvip.toml:2:23: source.load_balancer_class: "my class" is no load balancer class
  | load_balancer_class = "my class"
  hint: write it as in spec.loadBalancerClass, such as "example.com/edge"; "" = any
"#,
    ),
    (
        "routes",
        r#"
[router]
next_hops = ["node-a"]
[[route]]
prefix = "198.51.100.10/24"
via = ["192.0.2.11/32"]
"#,
        r#"
hostvip.toml:2:14: router.next_hops[0]: "node-a" is no IP address
  | next_hops = ["node-a"]
  hint: write one address without prefix length, such as "192.0.2.100" or "2001:db8::100"
hostvip.toml:4:10: route[0].prefix: "198.51.100.10/24" has host bits set
  | prefix = "198.51.100.10/24"
  hint: write "198.51.100.0/24"; for the one address "198.51.100.10/32"
hostvip.toml:5:8: route[0].via[0]: "192.0.2.11/32" is no IP address
  | via = ["192.0.2.11/32"]
  hint: write one address without prefix length, such as "192.0.2.100" or "2001:db8::100"
"#,
    ),
];

#[test]
fn ill_formed_values_are_refused() {
    crate::support::check(CASES);
}
