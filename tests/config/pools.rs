//! Pools and VIPs that are wrong together, or wrong on this host.

/// What is wrong, a config, and what is said of it.
const CASES: &[(&str, &str, &str)] = &[
    (
        "a pool without anything",
        r"
[[pool]]
",
        r#"
hostvip.toml:1:1: pool[0]: a pool needs a name
  | [[pool]]
  hint: name = "edge"
hostvip.toml:1:1: pool[0]: a pool needs addresses
  | [[pool]]
  hint: addresses = ["192.0.2.96/27"]
"#,
    ),
    (
        "no addresses",
        r#"
[[pool]]
name = "edge"
addresses = []
"#,
        r"
hostvip.toml:3:13: pool[0].addresses: is empty
  | addresses = []
  hint: list at least one CIDR, or remove the pool
",
    ),
    (
        "pools of one name",
        r#"
[[pool]]
name = "edge"
addresses = ["192.0.2.96/27"]
[[pool]]
name = "edge"
addresses = ["203.0.113.0/24"]
"#,
        r#"
hostvip.toml:5:8: pool[1].name: pool "edge" is defined already, in line 2
  | name = "edge"
  hint: give each pool a name of its own, or list all CIDRs in one
"#,
    ),
    (
        "overlapping pools",
        r#"
[[pool]]
name = "edge"
addresses = ["192.0.2.96/27"]
[[pool]]
name = "core"
addresses = ["203.0.113.0/24", "192.0.2.100/32"]
"#,
        r#"
hostvip.toml:6:32: pool[1].addresses[1]: 192.0.2.100/32 of pool "core" overlaps 192.0.2.96/27 of pool "edge", in line 3
  | addresses = ["203.0.113.0/24", "192.0.2.100/32"]
  hint: an address belongs to one pool, once: split or remove one of the two CIDRs
"#,
    ),
    (
        "a pool that overlaps itself",
        r#"
[[pool]]
name = "edge"
addresses = ["2001:db8::/64", "2001:db8::/65"]
"#,
        r#"
hostvip.toml:3:31: pool[0].addresses[1]: 2001:db8::/65 of pool "edge" overlaps 2001:db8::/64 of pool "edge", in line 3
  | addresses = ["2001:db8::/64", "2001:db8::/65"]
  hint: an address belongs to one pool, once: split or remove one of the two CIDRs
"#,
    ),
    (
        "reserved addresses",
        r#"
[[pool]]
name = "edge"
addresses = [
  "127.0.0.0/8",
  "224.0.0.0/24",
  "169.254.0.0/17",
  "0.0.0.0/32",
  "255.255.255.255/32",
  "fe80::/64",
  "::1/128",
  "::/128",
  "ff00::/8",
  "::ffff:192.0.2.0/120",
]
"#,
        r#"
hostvip.toml:4:3: pool[0].addresses[0]: 127.0.0.0/8 overlaps 127.0.0.0/8 (loopback), which no Service can have
  | "127.0.0.0/8",
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:5:3: pool[0].addresses[1]: 224.0.0.0/24 overlaps 224.0.0.0/4 (multicast), which no Service can have
  | "224.0.0.0/24",
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:6:3: pool[0].addresses[2]: 169.254.0.0/17 overlaps 169.254.0.0/16 (link-local), which no Service can have
  | "169.254.0.0/17",
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:7:3: pool[0].addresses[3]: 0.0.0.0/32 overlaps 0.0.0.0/8 ("this network"), which no Service can have
  | "0.0.0.0/32",
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:8:3: pool[0].addresses[4]: 255.255.255.255/32 overlaps 240.0.0.0/4 (reserved and broadcast), which no Service can have
  | "255.255.255.255/32",
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:9:3: pool[0].addresses[5]: fe80::/64 overlaps fe80::/10 (link-local), which no Service can have
  | "fe80::/64",
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:10:3: pool[0].addresses[6]: ::1/128 overlaps ::1/128 (loopback), which no Service can have
  | "::1/128",
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:11:3: pool[0].addresses[7]: ::/128 overlaps ::/128 (the unspecified address), which no Service can have
  | "::/128",
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:12:3: pool[0].addresses[8]: ff00::/8 overlaps ff00::/8 (multicast), which no Service can have
  | "ff00::/8",
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:13:3: pool[0].addresses[9]: ::ffff:192.0.2.0/120 overlaps ::ffff:0.0.0.0/96 (IPv4-mapped), which no Service can have
  | "::ffff:192.0.2.0/120",
  hint: list only the CIDRs that Service addresses are given out from
"#,
    ),
    (
        "everything",
        r#"
[[pool]]
name = "edge"
addresses = ["0.0.0.0/0", "::/0", "128.0.0.0/1"]
"#,
        r#"
hostvip.toml:3:14: pool[0].addresses[0]: 0.0.0.0/0 is every address there is
  | addresses = ["0.0.0.0/0", "::/0", "128.0.0.0/1"]
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:3:27: pool[0].addresses[1]: ::/0 is every address there is
  | addresses = ["0.0.0.0/0", "::/0", "128.0.0.0/1"]
  hint: list only the CIDRs that Service addresses are given out from
hostvip.toml:3:35: pool[0].addresses[2]: 128.0.0.0/1 of pool "edge" overlaps 0.0.0.0/0 of pool "edge", in line 3
  | addresses = ["0.0.0.0/0", "::/0", "128.0.0.0/1"]
  hint: an address belongs to one pool, once: split or remove one of the two CIDRs
hostvip.toml:3:35: pool[0].addresses[2]: 128.0.0.0/1 overlaps 169.254.0.0/16 (link-local), which no Service can have
  | addresses = ["0.0.0.0/0", "::/0", "128.0.0.0/1"]
  hint: list only the CIDRs that Service addresses are given out from
"#,
    ),
    (
        "the node's own address and the gateway",
        r#"
[[pool]]
name = "edge"
addresses = ["192.0.2.0/24"]
"#,
        r#"
hostvip.toml:3:14: pool[0].addresses[0]: 192.0.2.0/24 holds this node's own address: 192.0.2.11 on br-ex
  | addresses = ["192.0.2.0/24"]
  hint: take this node's own addresses out of the pool: choose a CIDR that no host has an address in
hostvip.toml:3:14: pool[0].addresses[0]: 192.0.2.0/24 holds 192.0.2.1, the gateway on br-ex
  | addresses = ["192.0.2.0/24"]
  hint: choose a CIDR without the gateway: a VIP there would cut every host of the segment off
"#,
    ),
    (
        "a VIP outside every pool",
        r#"
[[pool]]
name = "edge"
addresses = ["192.0.2.96/27"]
[[vip]]
address = "192.0.2.7"
"#,
        r#"
hostvip.toml:5:11: vip[0].address: 192.0.2.7 is in no pool
  | address = "192.0.2.7"
  hint: add "192.0.2.7/32" to the addresses of a pool: hostvip touches nothing outside pools
"#,
    ),
    (
        "a VIP twice, and one without an address",
        r#"
[[pool]]
name = "edge"
addresses = ["192.0.2.96/27"]
[[vip]]
address = "192.0.2.100"
[[vip]]
address = "192.0.2.100"
owner = "node-b"
[[vip]]
owner = "node-b"
"#,
        r#"
hostvip.toml:7:11: vip[1].address: 192.0.2.100 is listed already, in line 5
  | address = "192.0.2.100"
  hint: keep one [[vip]] for each address
hostvip.toml:9:1: vip[2]: a VIP needs an address
  | [[vip]]
  hint: address = "192.0.2.100"
"#,
    ),
    (
        "placements that exclude each other",
        r#"
[[pool]]
name = "edge"
addresses = ["192.0.2.96/27"]
[[pool]]
name = "old"
addresses = ["203.0.113.0/24"]
placement = "lo"
"#,
        r#"
hostvip.toml:7:13: pool[1].placement: pool "old" has placement "lo", which needs arp_ignore = 0, and pool "edge" has "uplink", which needs 1
  | placement = "lo"
  hint: one uplink has one arp_ignore: give all pools with IPv4 addresses "uplink", or none ("lo" and "quiet" go together)
"#,
    ),
    (
        "a standby that would answer",
        r#"
[[pool]]
name = "quiet"
addresses = ["192.0.2.96/27"]
placement = "quiet"
standby = "accept"
"#,
        r#"
hostvip.toml:5:11: pool[0].standby: with placement = "quiet" a standby that accepts an IPv4 VIP would answer ARP for it as well
  | standby = "accept"
  hint: set standby = "off", or placement = "uplink"
"#,
    ),
];

#[test]
fn wrong_pools_and_vips_are_refused() {
    crate::support::check(CASES);
}
