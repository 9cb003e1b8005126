//! What belongs to others survives everything, and is named where it is in the way.

use hostvip::kernel::Error;
use hostvip::model::{Op, RouteKey};
use netlink_packet_route::address::AddressScope;

use crate::support::{accept, add_marked, apply, bind, ip, key, lab, refuse, unbind, vip};

#[test]
fn addresses_of_others_survive_bind_and_unbind() {
    lab(|lab| async move {
        ip("address add 192.0.2.1/24 dev up0");
        ip("address add 192.0.2.100/32 dev lo"); // the administrator's recipe, for the same VIP
        ip("address add 2001:db8::1/64 dev up0 nodad");
        let mut kernel = lab.kernel();
        let before = kernel.host().foreign.clone();
        assert!(before.contains(&("lo".into(), "192.0.2.100/32".parse().unwrap())));
        let vips = [vip("192.0.2.100"), vip("2001:db8::64")];
        apply(&mut kernel, &vips.map(|vip| bind("up0", vip)));
        apply(&mut kernel, &vips.map(|vip| unbind("up0", vip)));
        assert_eq!(lab.host().foreign, before);
        assert!(lab.host().ours.addresses.is_empty());
    });
}

#[test]
fn an_address_of_others_in_the_way_is_named() {
    lab(|lab| async move {
        for (net, address) in [("192.0.2.100/32", "192.0.2.100"), ("2001:db8::64/64", "2001:db8::64")] {
            ip(&format!("address add {net} dev up0"));
            let mut kernel = lab.kernel();
            let results = kernel.apply(&[bind("up0", vip(address))]);
            let error = results[0].as_ref().unwrap_err();
            assert!(matches!(error, Error::AddressTaken { .. }), "{error:?}");
            assert!(error.to_string().contains(&format!("up0 bears {net} without our mark")), "{error}");
            assert_eq!(kernel.host(), &lab.host());
        }
    });
}

#[test]
fn unbind_leaves_the_same_address_of_others_alone() {
    lab(|lab| async move {
        ip("address add 192.0.2.100/32 dev up0");
        ip("address add 2001:db8::64/128 dev up0");
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[unbind("up0", vip("192.0.2.100")), unbind("up0", vip("2001:db8::64"))]);
        assert!(ip("-o address show dev up0").contains("192.0.2.100/32"));
        assert!(ip("-o address show dev up0").contains("2001:db8::64/128"));
    });
}

#[test]
fn an_ipv4_address_that_others_put_in_our_place_a_moment_ago_is_left_alone() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[bind("up0", vip("192.0.2.100"))]);
        ip("address del 192.0.2.100/32 dev up0");
        ip("address add 192.0.2.100/32 dev up0");
        apply(&mut kernel, &[unbind("up0", vip("192.0.2.100"))]);
        assert!(ip("-o address show dev up0").contains("192.0.2.100/32"));
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn a_leftover_is_not_removed_when_the_kernel_would_take_an_address_of_others_with_it() {
    lab(|lab| async move {
        add_marked("up0", "192.0.2.100/24", AddressScope::Universe, &[]);
        ip("address add 192.0.2.1/24 dev up0"); // secondary: goes with the first one
        let mut kernel = lab.kernel();
        let results = kernel.apply(&[unbind("up0", vip("192.0.2.100"))]);
        assert!(matches!(results[0], Err(Error::Entangled { .. })), "{results:?}");
        assert!(ip("-o address show dev up0").contains("192.0.2.1/24"));
        assert!(kernel.host().ours.addresses.contains_key(&key("up0", "192.0.2.100")));
    });
}

#[test]
fn routes_of_other_protocols_for_the_same_vip_survive() {
    lab(|lab| async move {
        ip("address add 192.0.2.100/32 dev up0"); // the kernel's own local route, metric 0
        ip("route add local 192.0.2.100/32 dev lo table local proto static metric 7");
        ip("-6 route add local 2001:db8::64/128 dev lo table local proto static metric 7");
        let before = routes();
        let mut kernel = lab.kernel();
        let vips = [vip("192.0.2.100"), vip("2001:db8::64")];
        apply(&mut kernel, &vips.map(accept));
        assert_ne!(routes(), before);
        apply(&mut kernel, &vips.map(refuse));
        apply(&mut kernel, &vips.map(refuse));
        assert_eq!(routes(), before);
    });
}

#[test]
fn a_route_of_another_protocol_in_the_way_is_named_and_left_alone() {
    lab(|lab| async move {
        ip("route add local 192.0.2.100/32 dev lo table local proto static metric 118");
        ip("-6 route add local 2001:db8::64/128 dev lo table local proto bird metric 118");
        let before = routes();
        let mut kernel = lab.kernel();
        let vips = [vip("192.0.2.100"), vip("2001:db8::64")];
        for ((vip, made_by), op) in vips.into_iter().zip([4, 12]).zip(vips.map(accept)) {
            let results = kernel.apply(&[op]);
            assert!(matches!(results[0], Err(Error::RouteTaken { protocol, .. }) if protocol == made_by), "{results:?}");
            apply(&mut kernel, &[Op::DelRoute { key: RouteKey::quiet(vip) }]);
        }
        assert_eq!(routes(), before);
    });
}

/// Routes of every table and maker, without those that the kernel adds to a new link in its own time.
fn routes() -> Vec<String> {
    let all = ip("route show table all") + &ip("-6 route show table all");
    all.lines().filter(|line| !line.starts_with("multicast ") && !line.contains("fe80::")).map(ToOwned::to_owned).collect()
}
