//! An Ethernet segment: a bridge in a namespace of its own with one veth port for each host.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use hostvip::model::{Family, Mac};
use ipnet::IpNet;

use super::frame::solicited_node;
use super::{Lab, Netns, wait_for};

/// A segment. Its own stack has no IPv6, so that nothing but hosts speaks on it.
pub struct Segment {
    netns: Netns,
    ports: AtomicU32,
}

/// A namespace by its link to one segment. It is the namespace: `host.run("ip address")`.
#[derive(Clone)]
pub struct Host {
    netns: Netns,
    /// Name of the link inside the namespace.
    pub link: String,
    /// Hardware address of the link.
    pub mac: Mac,
    /// Addresses of the link, as given when it was plugged in.
    pub addresses: Vec<IpNet>,
    port: String,
}

impl Segment {
    /// A bridge inside `netns`, which forwards at once and floods multicast.
    pub fn new(netns: Netns) -> Self {
        netns.sysctl("ipv6/conf/default/disable_ipv6", 1);
        netns.run("ip link add br0 type bridge stp_state 0 mcast_snooping 0");
        netns.run("ip link set br0 up");
        Self { netns, ports: AtomicU32::new(0) }
    }

    /// A new host on the segment: `segment.host(lab, "node-a", "br-ex", &["192.0.2.11/24", "2001:db8::11/64"])`.
    pub fn host(&self, lab: Lab, name: &str, link: &str, addresses: &[&str]) -> Host {
        self.plug(&lab.netns(name), link, addresses)
    }

    /// Gives a namespace a link to the segment; a router has one to each of several.
    pub fn plug(&self, netns: &Netns, link: &str, addresses: &[&str]) -> Host {
        let port = format!("port{}", self.ports.fetch_add(1, Ordering::Relaxed));
        self.netns.run(&format!("ip link add {port} type veth peer name {link} netns {}", netns.path()));
        self.netns.run(&format!("ip link set {port} master br0 up"));
        Host::on(netns, link, addresses, &port)
    }

    /// Cuts a host off, so that its link loses carrier.
    pub fn port_down(&self, host: &Host) {
        self.netns.run(&format!("ip link set {} down", host.port));
    }

    /// Undoes [`Segment::port_down`].
    pub fn port_up(&self, host: &Host) {
        self.netns.run(&format!("ip link set {} up", host.port));
    }
}

impl Host {
    /// Brings `link` up and gives it its addresses.
    fn on(netns: &Netns, link: &str, addresses: &[&str], port: &str) -> Self {
        netns.run(&format!("ip link set {link} up"));
        let parse = |text: &&str| text.parse().unwrap_or_else(|error| panic!("address {text}: {error}"));
        let addresses: Vec<IpNet> = addresses.iter().map(parse).collect();
        for address in &addresses {
            netns.run(&format!("ip address add {address} dev {link}"));
        }
        Self { mac: mac_of(netns, link), netns: netns.clone(), link: link.to_owned(), addresses, port: port.to_owned() }
    }

    /// The same host by the link that its stack uses instead, where the one that was plugged in is a port of a switch inside of it.
    #[must_use]
    pub fn behind(&self, link: &str, addresses: &[&str]) -> Self {
        Self::on(&self.netns, link, addresses, &self.port)
    }

    /// The first address of a family; panics where the host has none.
    pub fn address(&self, family: Family) -> IpAddr {
        let found = self.addresses.iter().map(IpNet::addr).find(|address| Family::of(*address) == family);
        found.unwrap_or_else(|| panic!("{} has no {family} address on {}", self.name(), self.link))
    }

    /// Waits until the link hears solicitations of `address`. The kernel joins the solicited-node group after `ip address add` has
    /// returned, from a work queue (`addrconf_dad_begin`), `nodad` or not: on a busy machine an NS at once goes unanswered.
    pub fn wait_solicited(&self, address: IpAddr) {
        let IpAddr::V6(address) = address else { return };
        let group = solicited_node(address).to_string();
        let joined = || self.run(&format!("ip -6 maddress show dev {}", self.link)).split_whitespace().any(|word| word == group);
        wait_for(&format!("{} joins {group}", self.name()), joined);
    }

    /// Its namespace.
    pub fn netns(&self) -> &Netns {
        &self.netns
    }

    /// Makes it a router.
    pub fn forward(&self) {
        for family in ["ipv4", "ipv6"] {
            self.sysctl(&format!("{family}/conf/all/forwarding"), 1);
        }
    }

    /// Takes the link down: IPv6 addresses and routes vanish with it.
    pub fn link_down(&self) {
        self.run(&format!("ip link set {} down", self.link));
    }

    /// Undoes [`Host::link_down`].
    pub fn link_up(&self) {
        self.run(&format!("ip link set {} up", self.link));
    }
}

impl Deref for Host {
    type Target = Netns;

    fn deref(&self) -> &Netns {
        &self.netns
    }
}

/// Hardware address of a link, as it is now.
pub fn mac_of(netns: &Netns, link: &str) -> Mac {
    let shown = netns.run(&format!("ip -oneline link show dev {link}"));
    let mac = shown.split_whitespace().skip_while(|word| *word != "link/ether").nth(1);
    mac.and_then(|mac| mac.parse().ok()).unwrap_or_else(|| panic!("{}: no hardware address: {shown}", netns.name()))
}
