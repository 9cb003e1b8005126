//! The place of the demo: hosts, the segments they are on, and the commands that make them.

/// A host's link to a segment.
pub(super) struct Plug {
    host: &'static str,
    link: &'static str,
    segment: &'static str,
    /// From the range for documentation (RFC 7042 §2.1.2), so that a reader knows the hosts again by their MAC.
    mac: &'static str,
    addresses: [&'static str; 2],
    gateways: &'static [&'static str],
}

pub(super) const NODES: [&str; 3] = ["node-a", "node-b", "node-c"];
pub(super) const MAC_A: &str = "00:00:5e:00:53:0a";
pub(super) const MAC_B: &str = "00:00:5e:00:53:0b";
pub(super) const MAC_C: &str = "00:00:5e:00:53:0c";
pub(super) const MAC_CLIENT: &str = "00:00:5e:00:53:50";
pub(super) const MAC_STRANGER: &str = "00:00:5e:00:53:66";

const LAN_GATEWAYS: &[&str] = &["192.0.2.1", "2001:db8::1"];

#[rustfmt::skip]
const PLUGS: [Plug; 8] = [
    Plug { host: "node-a", link: "br-ex", segment: "lan", mac: MAC_A, addresses: ["192.0.2.11/24", "2001:db8::11/64"], gateways: LAN_GATEWAYS },
    Plug { host: "node-b", link: "br-ex", segment: "lan", mac: MAC_B, addresses: ["192.0.2.12/24", "2001:db8::12/64"], gateways: LAN_GATEWAYS },
    Plug { host: "node-c", link: "br-ex", segment: "lan", mac: MAC_C, addresses: ["192.0.2.13/24", "2001:db8::13/64"], gateways: LAN_GATEWAYS },
    Plug { host: "client", link: "eth0", segment: "lan", mac: MAC_CLIENT, addresses: ["192.0.2.50/24", "2001:db8::50/64"], gateways: LAN_GATEWAYS },
    Plug { host: "stranger", link: "eth0", segment: "lan", mac: MAC_STRANGER, addresses: ["192.0.2.66/24", "2001:db8::66/64"], gateways: LAN_GATEWAYS },
    Plug { host: "router", link: "eth0", segment: "lan", mac: "00:00:5e:00:53:01", addresses: ["192.0.2.1/24", "2001:db8::1/64"], gateways: &[] },
    Plug { host: "router", link: "eth1", segment: "wan", mac: "00:00:5e:00:53:02", addresses: ["198.51.100.1/24", "2001:db8:51::1/64"], gateways: &[] },
    Plug { host: "remote", link: "eth0", segment: "wan", mac: "00:00:5e:00:53:99", addresses: ["198.51.100.99/24", "2001:db8:51::99/64"], gateways: &["198.51.100.1", "2001:db8:51::1"] },
];

/// What the reader sees first.
pub(super) const DRAWING: &str = "   node-a        node-b        node-c        client        stranger
   192.0.2.11    192.0.2.12    192.0.2.13    192.0.2.50    192.0.2.66
      |             |             |             |             |
   ---+-------------+------+------+-------------+-------------+--- 192.0.2.0/24, 2001:db8::/64
                           |
                         router --- 198.51.100.0/24 --- remote 198.51.100.99
";

/// The shell script that makes it all, in the namespace of the calling process.
pub(super) fn render_script() -> String {
    // The segments' own stack has no IPv6, so that nothing but hosts speaks on them.
    let mut lines = vec!["echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6".to_owned()];
    for segment in ["lan", "wan"] {
        lines.push(format!("ip link add {segment} type bridge stp_state 0 mcast_snooping 0"));
        lines.push(format!("ip link set {segment} up"));
    }
    let mut known = Vec::new();
    for plug in &PLUGS {
        if !known.contains(&plug.host) {
            known.push(plug.host);
            lines.push(format!("ip netns add {}", plug.host));
            lines.push(format!("ip netns exec {} sh -e neutral.sh", plug.host));
            lines.push(format!("ip -n {} link set lo up", plug.host));
        }
        lines.extend(plug.commands());
    }
    lines.push(
        "ip netns exec router sh -c 'for family in ipv4 ipv6; do echo 1 >/proc/sys/net/$family/conf/all/forwarding; done'".to_owned(),
    );
    lines.join("\n")
}

impl Plug {
    fn commands(&self) -> Vec<String> {
        let Self { host, link, segment, mac, addresses, gateways } = self;
        let port = format!("{host}-{link}").replace("-br-ex", "").replace("-eth", "");
        let mut lines = vec![
            format!("ip link add {port} type veth peer name {link} address {mac} netns {host}"),
            format!("ip link set {port} master {segment} up"),
            format!("ip -n {host} link set {link} up"),
        ];
        lines.extend(addresses.iter().map(|address| format!("ip -n {host} address add {address} dev {link} nodad")));
        lines.extend(gateways.iter().map(|gateway| format!("ip -n {host} route add default via {gateway}")));
        lines
    }
}
