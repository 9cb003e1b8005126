//! The stream of events, and the mirror that follows it.

use hostvip::kernel::{Event, Events, GROUPS};
use hostvip::model::{Knob, Op, Sysctl};
use netlink_sys::protocols::NETLINK_ROUTE;
use nix::libc::{RTNLGRP_IPV4_IFADDR, RTNLGRP_NEXTHOP};

use crate::support::{absorb_all, accept, apply, bind, ip, key, lab, nth, refuse, unbind, vip, wait_for};

#[test]
fn own_changes_arrive_and_tell_nothing_new() {
    lab(|lab| async move {
        let mut events = Events::open().unwrap();
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[bind("up0", vip("192.0.2.100")), accept(vip("192.0.2.100"))]);
        let expected = kernel.host().clone();
        let event = wait_for(&mut events, |event| matches!(event, Event::Address(address) if address.own.is_some())).await;
        assert!(!kernel.absorb(event).unwrap());
        let event = wait_for(&mut events, |event| matches!(event, Event::Route(_))).await;
        assert!(!kernel.absorb(event).unwrap());
        assert_eq!(kernel.host(), &expected);
    });
}

#[test]
fn changes_of_others_arrive_and_show() {
    lab(|lab| async move {
        let mut events = Events::open().unwrap();
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[bind("up0", vip("192.0.2.100")), bind("up0", vip("2001:db8::64")), accept(vip("192.0.2.100"))]);
        absorb_all(&mut kernel, &mut events);
        for change in [
            "address del 192.0.2.100/32 dev up0",
            "address del 2001:db8::64/128 dev up0",
            "route del local 192.0.2.100/32 table local proto 118 metric 118",
            "address add 198.51.100.1/24 dev up0",
            "route add default via 198.51.100.254",
            "route replace default via 198.51.100.253",
            "route del default",
            "link set up0 address 02:00:00:00:00:99",
            "address del 198.51.100.1/24 dev up0",
        ] {
            ip(change);
            assert!(absorb_all(&mut kernel, &mut events), "{change}");
            assert_eq!(kernel.host(), &lab.host(), "{change}");
        }
        assert!(kernel.host().ours.addresses.is_empty());
    });
}

#[test]
fn what_others_put_in_our_place_is_ours_no_more() {
    lab(|lab| async move {
        let mut events = Events::open().unwrap();
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[bind("up0", vip("192.0.2.100")), bind("up0", vip("2001:db8::64"))]);
        apply(&mut kernel, &[accept(vip("192.0.2.101")), accept(vip("2001:db8::65"))]);
        absorb_all(&mut kernel, &mut events);
        for change in [
            "address replace 192.0.2.100/32 dev up0",
            "address replace 2001:db8::64/128 dev up0",
            "route replace local 192.0.2.101/32 dev lo table local proto static metric 118",
            "-6 route replace local 2001:db8::65/128 dev lo table local proto static metric 118",
        ] {
            ip(change);
            assert!(absorb_all(&mut kernel, &mut events), "{change}");
            assert_eq!(kernel.host(), &lab.host(), "{change}");
        }
        assert!(kernel.host().ours.addresses.is_empty() && kernel.host().ours.routes.is_empty());
        assert!(kernel.host().foreign.iter().any(|(_, net)| net.addr() == vip("192.0.2.100").0));
    });
}

#[test]
fn a_route_that_the_kernel_drops_without_a_word_is_missed() {
    lab(|lab| async move {
        ip("address add 198.51.100.1/24 dev up0");
        ip("route add default via 198.51.100.254");
        let mut events = Events::open().unwrap();
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[accept(vip("192.0.2.100"))]);
        absorb_all(&mut kernel, &mut events);
        assert_eq!(kernel.host().gateways.len(), 1);
        ip("link set up0 down");
        assert!(absorb_all(&mut kernel, &mut events));
        assert!(kernel.host().gateways.is_empty());
        ip("link set up0 up");
        ip("route add default via 198.51.100.254");
        assert!(absorb_all(&mut kernel, &mut events));
        assert_eq!(kernel.host().gateways.len(), 1);
        ip("address del 198.51.100.1/24 dev up0"); // the last IPv4 address of the link: its routes go
        assert!(absorb_all(&mut kernel, &mut events));
        assert!(kernel.host().gateways.is_empty());
        ip("address del 127.0.0.1/8 dev lo"); // and so do the quiet ones with the last of lo
        assert!(absorb_all(&mut kernel, &mut events));
        assert!(kernel.host().ours.routes.is_empty());
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn the_settings_of_a_link_are_forgotten_with_the_event_of_its_end() {
    lab(|lab| async move {
        let mut events = Events::open().unwrap();
        let mut kernel = lab.kernel();
        let sysctl = Sysctl::new("up0", Knob::ArpIgnore);
        apply(&mut kernel, &[Op::SetSysctl { sysctl, value: 1, was: None }]);
        assert_eq!(std::fs::read_dir(lab.state.path()).unwrap().count(), 1);
        ip("link del up0");
        absorb_all(&mut kernel, &mut events);
        assert_eq!(std::fs::read_dir(lab.state.path()).unwrap().count(), 0);
    });
}

#[test]
fn events_of_unknown_kinds_are_passed_over() {
    lab(|_| async move {
        // That the kernel sends them at all is seen by a bare socket.
        let mut bare = netlink_sys::Socket::new(NETLINK_ROUTE).unwrap();
        bare.bind_auto().unwrap();
        bare.add_membership(RTNLGRP_NEXTHOP).unwrap();
        let mut events = Events::open_groups(&[RTNLGRP_NEXTHOP, RTNLGRP_IPV4_IFADDR]).unwrap();
        ip("nexthop add id 1 blackhole");
        let (datagram, _) = bare.recv_from_full().unwrap();
        assert_eq!(u16::from_ne_bytes([datagram[4], datagram[5]]), 104, "RTM_NEWNEXTHOP");
        ip("address add 198.51.100.1/24 dev up0");
        assert!(matches!(wait_for(&mut events, |_| true).await, Event::Address(_)));
        assert_eq!(events.try_next(), None);
    });
}

#[test]
fn messages_of_other_processes_are_not_believed() {
    lab(|_| async move {
        let mut events = Events::open_groups(&GROUPS).unwrap();
        let mut forger = netlink_sys::Socket::new(NETLINK_ROUTE).unwrap();
        forger.bind_auto().unwrap();
        // RTM_DELLINK for lo, to everybody who listens to links (group mask 1).
        let mut datagram = vec![40, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        datagram.extend([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 3, 0, b'l', b'o', 0, 0]);
        let mut bare = netlink_sys::Socket::new(NETLINK_ROUTE).unwrap();
        bare.bind(&netlink_sys::SocketAddr::new(0, 1)).unwrap();
        forger.send_to(&datagram, &netlink_sys::SocketAddr::new(0, 1), 0).unwrap();
        // It does reach a socket that does not look at the sender.
        while bare.recv_from_full().unwrap().0 != datagram {}
        ip("address add 198.51.100.1/24 dev up0");
        let event = wait_for(&mut events, |event| matches!(event, Event::Address(_) | Event::LinkGone(_))).await;
        assert!(matches!(event, Event::Address(_)), "{event:?}");
    });
}

#[test]
fn an_overrun_is_told_and_leads_to_the_right_mirror() {
    lab(|lab| async move {
        let mut events = Events::open().unwrap();
        let (mut kernel, mut others) = (lab.kernel(), lab.kernel());
        apply(&mut kernel, &[bind("up0", vip("192.0.2.100"))]);
        // 50 000 changes of which nobody reads; the last ones contradict the first.
        for _ in 0..2 {
            apply(&mut others, &(0..10_000).map(|n| accept(nth(n))).collect::<Vec<Op>>());
            apply(&mut others, &(0..10_000).map(|n| refuse(nth(n))).collect::<Vec<Op>>());
        }
        apply(&mut others, &(0..10_000).map(|n| accept(nth(n))).collect::<Vec<Op>>());
        apply(&mut others, &[unbind("up0", vip("192.0.2.101"))]);
        ip("address del 192.0.2.100/32 dev up0");
        let event = wait_for(&mut events, |event| *event == Event::Overrun).await;
        assert!(kernel.absorb(event).unwrap());
        assert_eq!(kernel.host(), &lab.host());
        assert_eq!(kernel.host().ours.routes.len(), 10_000);
        // Nothing from before the fresh look comes after it.
        assert_eq!(events.try_next(), None);
        ip("address add 198.51.100.1/24 dev up0");
        let event = wait_for(&mut events, |_| true).await;
        assert!(kernel.absorb(event).unwrap());
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn draining_without_waiting_tells_of_an_overrun_too() {
    lab(|lab| async move {
        let mut events = Events::open().unwrap();
        let mut kernel = lab.kernel();
        apply(&mut kernel, &(0..50_000).map(|n| accept(nth(n))).collect::<Vec<Op>>());
        assert_eq!(events.try_next(), Some(Event::Overrun));
        assert_eq!(events.try_next(), None);
        assert!(!kernel.host().ours.addresses.contains_key(&key("up0", "192.0.2.100")));
    });
}
