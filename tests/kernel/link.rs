//! Links that come, go, change their name or come again as another.

use hostvip::kernel::{Events, Neighbour};
use hostvip::model::{Knob, LinkName, Mac, Sysctl};

use crate::support::{absorb_all, accept, apply, bind, ip, lab, vip};

#[test]
fn links_show_mac_state_and_carrier() {
    lab(|lab| async move {
        let links = lab.host().links;
        let up0 = &links[&LinkName::from("up0")];
        assert_eq!((up0.mac, up0.up, up0.carrier), (Some(Mac([2, 0, 0, 0, 0, 1])), true, true));
        assert_eq!(links[&LinkName::loopback()].mac, None);
        ip("link set peer down");
        let up0 = &lab.host().links[&LinkName::from("up0")];
        assert_eq!((up0.up, up0.carrier), (true, false));
    });
}

#[test]
fn a_link_deleted_and_created_again_with_a_new_mac_is_followed() {
    lab(|lab| async move {
        let mut events = Events::open().unwrap();
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[bind("up0", vip("192.0.2.100")), bind("up0", vip("2001:db8::64")), accept(vip("192.0.2.100"))]);
        let old = kernel.host().links[&LinkName::from("up0")].clone();
        ip("link del up0");
        ip("link add up0 address 02:00:00:00:00:77 type veth peer name peer");
        ip("link set up0 up");
        assert!(absorb_all(&mut kernel, &mut events));
        let new = &kernel.host().links[&LinkName::from("up0")];
        assert_ne!(new.index, old.index);
        assert_eq!(new.mac, Some(Mac([2, 0, 0, 0, 0, 0x77])));
        assert!(kernel.host().ours.addresses.is_empty());
        assert_eq!(kernel.host(), &lab.host());
        apply(&mut kernel, &[bind("up0", vip("192.0.2.100"))]);
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn a_renamed_link_keeps_what_it_bears() {
    lab(|lab| async move {
        ip("address add 198.51.100.1/24 dev up0");
        let mut events = Events::open().unwrap();
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[bind("up0", vip("192.0.2.100"))]);
        absorb_all(&mut kernel, &mut events);
        ip("link set up0 down");
        ip("link set up0 name br.ex");
        ip("link set br.ex up");
        assert!(absorb_all(&mut kernel, &mut events));
        assert_eq!(kernel.host(), &lab.host());
        assert!(kernel.host().ours.addresses.keys().all(|key| key.link.as_str() == "br.ex"));
        assert!(kernel.host().sysctl(&"br.ex".into(), Knob::ArpIgnore).is_some());
    });
}

#[test]
fn links_come_and_go_with_their_settings() {
    lab(|lab| async move {
        let mut events = Events::open().unwrap();
        let mut kernel = lab.kernel();
        for n in 0..20 {
            ip(&format!("link add pod{n} type veth peer name ovn{n}"));
        }
        assert!(absorb_all(&mut kernel, &mut events));
        assert_eq!(kernel.host(), &lab.host());
        assert!(kernel.host().ours.sysctls.contains_key(&Sysctl::new("pod7", Knob::RpFilter)));
        for n in 0..20 {
            ip(&format!("link del pod{n}"));
        }
        assert!(absorb_all(&mut kernel, &mut events));
        assert_eq!(kernel.host(), &lab.host());
        assert_eq!(kernel.host().links.len(), 3);
    });
}

#[test]
fn a_bridge_port_that_leaves_its_bridge_is_not_gone() {
    lab(|lab| async move {
        ip("link add br0 type bridge");
        ip("address add 198.51.100.1/24 dev up0");
        let mut events = Events::open().unwrap();
        let mut kernel = lab.kernel();
        ip("link set up0 master br0");
        ip("link set up0 nomaster"); // an RTM_DELLINK of family AF_BRIDGE
        absorb_all(&mut kernel, &mut events);
        assert!(kernel.host().links.contains_key(&"up0".into()));
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn usable_neighbours_of_one_link_are_listed() {
    lab(|lab| async move {
        ip("address add 192.0.2.1/24 dev up0");
        ip("neigh add 192.0.2.7 lladdr 02:00:00:00:00:07 dev up0 nud stale");
        ip("neigh add 2001:db8::7 lladdr 02:00:00:00:00:08 dev up0 nud reachable");
        ip("neigh add 192.0.2.8 lladdr 02:00:00:00:00:09 dev up0 nud noarp");
        ip("neigh add 192.0.2.9 lladdr 02:00:00:00:00:0a dev peer nud permanent");
        ip("neigh add 192.0.2.10 dev up0 nud failed");
        let mut neighbours = lab.kernel().neighbours(&"up0".into()).unwrap();
        neighbours.sort();
        let neighbour = |address: &str, last| Neighbour { address: address.parse().unwrap(), mac: Mac([2, 0, 0, 0, 0, last]) };
        assert_eq!(neighbours, vec![neighbour("192.0.2.7", 7), neighbour("2001:db8::7", 8)]);
        assert_eq!(lab.kernel().neighbours(&"absent".into()).unwrap(), vec![]);
    });
}
