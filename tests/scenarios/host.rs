//! The host of the node that decides.

use hostvip::model::{Family, Gateway, Host, Knob, Link, LinkName, Mac, Sysctl, SysctlState};

use super::format::HostChange;

/// `br-ex` with 192.0.2.11/24 and `2001:db8::11/64` (node-a; .12 is node-b, and so on), and the gateways at .1.
pub fn sound(node: &str) -> Host {
    let number = node.bytes().last().map_or(0, |letter| letter.wrapping_sub(b'a')) + 11;
    let link = |index, name: &str, mac| Link { index, name: name.into(), mac, up: true, carrier: true };
    let mut host = Host::default();
    host.links.insert("lo".into(), link(1, "lo", None));
    host.links.insert("br-ex".into(), link(2, "br-ex", Some(Mac([2, 0, 0, 0, 0, number]))));
    for net in [format!("192.0.2.{number}/24"), format!("2001:db8::{number}/64")] {
        host.foreign.insert(("br-ex".into(), net.parse().unwrap()));
    }
    for (family, via) in [(Family::Ipv4, "192.0.2.1"), (Family::Ipv6, "2001:db8::1")] {
        host.gateways.push(Gateway { metric: 0, family, link: "br-ex".into(), via: Some(via.parse().unwrap()) });
    }
    for link in ["all", "lo", "br-ex"] {
        for knob in Knob::ALL {
            set(&mut host, link, knob, 0);
        }
    }
    host
}

/// What became of it.
pub fn changed(mut host: Host, change: &HostChange) -> Host {
    for text in &change.addresses {
        let (link, net) = text.split_once(' ').expect("a link and an address");
        host.foreign.insert((link.into(), net.parse().unwrap()));
    }
    set(&mut host, "all", Knob::ArpIgnore, change.all_arp_ignore);
    if change.uplink_missing {
        host.links.remove(&"br-ex".into());
    }
    host
}

fn set(host: &mut Host, link: &str, knob: Knob, value: i32) {
    host.ours.sysctls.insert(Sysctl { link: LinkName::from(link), knob }, SysctlState { value, before: None });
}
