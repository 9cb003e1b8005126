//! Requests whose answers fail or get lost (the unit tests of `kernel::request` have the dead socket and the deadline).

use std::net::IpAddr;

use hostvip::kernel::{Error, Fault, Kernel, Limits, Message, Request, RequestSocket};
use hostvip::model::Op;
use netlink_packet_core::{DefaultNla, NLMSG_DONE, Parseable};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::LinkMessage;
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;

use crate::support::{accept, apply, bind, chain, lab, nth, requests, unbind};

#[test]
fn lost_acknowledgements_are_errors_and_the_mirror_is_right_all_the_same() {
    lab(|lab| async move {
        // Room for a few answers only; the kernel drops the others and tells so.
        let limits = Limits { receive_buffer: 1, ..Limits::default() };
        let mut kernel = Kernel::over(RequestSocket::open(limits).unwrap(), lab.state.path()).unwrap();
        let results = kernel.apply(&(0..300).map(|n| accept(nth(n))).collect::<Vec<Op>>());
        let lost = results.iter().filter(|result| matches!(result, Err(Error::Change { source: Fault::Lost, .. }))).count();
        assert!(lost > 0 && results.iter().filter(|result| result.is_ok()).count() + lost == 300, "{lost} lost");
        assert_eq!(kernel.host().ours.routes.len(), 300);
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn ten_thousand_refusals_are_all_heard_in_the_buffer_of_an_unprivileged_user() {
    lab(|_| async move {
        // net.core.rmem_max as the kernel sets it: what SO_RCVBUF gives where SO_RCVBUFFORCE is not allowed.
        let mut socket = RequestSocket::open(Limits { receive_buffer: 212_992, ..Limits::default() }).unwrap();
        let mut message = LinkMessage::default();
        message.header.index = 4_000_000;
        let request = Request { message: RouteNetlinkMessage::DelLink(message), flags: 0 };
        let outcomes = socket.submit(vec![request; 10_000]);
        assert_eq!(outcomes.len(), 10_000);
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(Fault::Refused { errno: Errno::ENODEV, .. }))));
    });
}

#[test]
fn a_dump_under_way_of_which_the_objects_change_is_never_taken_for_whole() {
    lab(|lab| async move {
        apply(&mut lab.kernel(), &(0..2000).map(|n| bind("lo", nth(n))).collect::<Vec<Op>>());
        // Removing the first of a list makes a dump in its midst pass over another.
        let state = lab.state.path().join("others");
        let others = std::thread::spawn(move || {
            let mut kernel = Kernel::open(&state).unwrap();
            for n in 0..300 {
                apply(&mut kernel, &[unbind("lo", nth(n)), bind("lo", nth(n))]);
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        });
        let all = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        let mut socket = requests();
        while !others.is_finished() {
            match socket.dump(&all, local_address) {
                Ok(found) => {
                    let steady = (300..2000).filter(|n| found.contains(&nth(*n).0)).count();
                    assert_eq!(steady, 1700);
                }
                Err(fault) => assert!(matches!(fault, Fault::Interrupted(_)), "{fault:?}"),
            }
        }
        others.join().unwrap();
    });
}

#[test]
fn an_error_at_the_end_of_a_dump_is_seen() {
    lab(|_| async move {
        let mut message = AddressMessage::default();
        message.header.family = AddressFamily::Inet;
        message.attributes = vec![AddressAttribute::Other(DefaultNla::new(63, vec![0; 4]))];
        let dump = requests().dump(&RouteNetlinkMessage::GetAddress(message), |message| Some(message.kind));
        assert!(matches!(dump, Err(Fault::Refused { errno: Errno::EINVAL, .. })), "{dump:?}");
    });
}

#[test]
fn the_error_at_the_end_of_a_dump_comes_inside_the_done_message() {
    lab(|_| async move {
        // What makes the test above worth its name: the kernel sends this error as NLMSG_DONE, not as NLMSG_ERROR.
        let mut socket = netlink_sys::Socket::new(netlink_sys::protocols::NETLINK_ROUTE).unwrap();
        socket.bind_auto().unwrap();
        socket.set_netlink_get_strict_chk(true).unwrap();
        let (rtm_getaddr, request_dump) = (22_u16, 0x301_u16);
        let mut datagram = vec![32, 0, 0, 0];
        datagram.extend([rtm_getaddr.to_ne_bytes(), request_dump.to_ne_bytes()].concat());
        datagram.extend([[0; 4], [0; 4], [2, 0, 0, 0], [0; 4], [8, 0, 63, 0], [0; 4]].concat());
        socket.send(&datagram, 0).unwrap();
        let (reply, _) = socket.recv_from_full().unwrap();
        assert_eq!(u16::from_ne_bytes([reply[4], reply[5]]), NLMSG_DONE);
        assert_eq!(i32::from_ne_bytes([reply[16], reply[17], reply[18], reply[19]]), -22);
    });
}

#[test]
fn faults_read_well() {
    let source = Fault::Refused { errno: Errno::ENODEV, reason: Some("Device does not exist".into()) };
    let error = Error::Change { op: "bind 192.0.2.1/32 dev up0".into(), source };
    assert_eq!(chain(&error), "cannot bind 192.0.2.1/32 dev up0: the kernel refused: No such device (Device does not exist)");
}

fn local_address(message: Message<'_>) -> Option<IpAddr> {
    let attributes = AddressMessage::parse(message.payload).ok()?.attributes;
    attributes.into_iter().find_map(|attribute| if let AddressAttribute::Local(address) = attribute { Some(address) } else { None })
}
