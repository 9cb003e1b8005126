//! Routes of ours, leftovers, and default routes.

use hostvip::kernel::Error;
use hostvip::model::{Family, Gateway, Op, Route, RouteKey};

use crate::support::{accept, apply, bind, ip, lab, nth, refuse, vip};

#[test]
fn a_quiet_route_bears_mark_and_metric() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        let vips = [vip("192.0.2.100"), vip("2001:db8::64")];
        apply(&mut kernel, &vips.map(accept));
        assert_eq!(ip("route show table local proto 118").trim(), "local 192.0.2.100 dev lo scope host metric 118");
        assert!(ip("-6 route show table local proto 118").starts_with("local 2001:db8::64 dev lo metric 118"));
        let host = lab.host();
        assert_eq!(&host, kernel.host());
        for vip in vips {
            assert_eq!(host.ours.routes.get(&RouteKey::quiet(vip)), Some(&Route::quiet()));
        }
        apply(&mut kernel, &vips.map(accept));
        assert_eq!(lab.host(), host);
        apply(&mut kernel, &vips.map(refuse));
        assert!(lab.host().ours.routes.is_empty());
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn route_and_address_of_one_vip_come_and_go_independently() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        for vip in [vip("192.0.2.100"), vip("2001:db8::64")] {
            apply(&mut kernel, &[accept(vip), bind("up0", vip), refuse(vip), accept(vip)]);
            assert_eq!((lab.host().ours.addresses.len(), lab.host().ours.routes.len()), (1, 1));
            apply(&mut kernel, &[refuse(vip)]);
            assert_eq!((lab.host().ours.addresses.len(), lab.host().ours.routes.len()), (1, 0));
            apply(&mut kernel, &[accept(vip), crate::support::unbind("up0", vip)]);
            assert_eq!((lab.host().ours.addresses.len(), lab.host().ours.routes.len()), (0, 1));
            apply(&mut kernel, &[refuse(vip)]);
        }
    });
}

#[test]
fn marked_routes_of_any_table_are_seen_and_removed() {
    lab(|lab| async move {
        ip("address add 192.0.2.1/24 dev up0");
        ip("route add 198.51.100.0/24 via 192.0.2.9 table 1000 proto 118 metric 5");
        ip("route add blackhole 198.51.100.0/25 proto 118");
        ip("-6 route add 2001:db8:7::/64 dev up0 table 300 proto 118 metric 6");
        ip("route add local 192.0.2.50/32 dev up0 table local proto 118 metric 118");
        let mut kernel = lab.kernel();
        let routes = kernel.host().ours.routes.clone();
        let key = |table, prefix: &str, metric| RouteKey { table, prefix: prefix.parse().unwrap(), metric };
        assert_eq!(routes.get(&key(1000, "198.51.100.0/24", 5)), Some(&Route::Other));
        assert_eq!(routes.get(&key(254, "198.51.100.0/25", 0)), Some(&Route::Other));
        assert_eq!(routes.get(&key(300, "2001:db8:7::/64", 6)), Some(&Route::Other));
        assert_eq!(routes.get(&RouteKey::quiet(vip("192.0.2.50"))), Some(&Route::Local("up0".into())));
        assert_eq!(routes.len(), 4);
        // One that leads elsewhere makes room for the one that is wanted.
        apply(&mut kernel, &[accept(vip("192.0.2.50"))]);
        assert_eq!(lab.host().ours.routes[&RouteKey::quiet(vip("192.0.2.50"))], Route::quiet());
        apply(&mut kernel, &routes.keys().map(|key| Op::DelRoute { key: key.clone() }).collect::<Vec<_>>());
        assert!(lab.host().ours.routes.is_empty());
    });
}

#[test]
fn a_leftover_cannot_be_asked_for() {
    lab(|lab| async move {
        let results = lab.kernel().apply(&[Op::AddRoute { key: RouteKey::quiet(vip("192.0.2.1")), route: Route::Other }]);
        assert!(matches!(results[0], Err(Error::NoSuchRoute { .. })), "{results:?}");
    });
}

#[test]
fn default_routes_are_listed_by_metric() {
    lab(|lab| async move {
        ip("address add 192.0.2.1/24 dev up0");
        ip("address add 2001:db8::1/64 dev up0 nodad");
        ip("route add default via 192.0.2.254 metric 100");
        ip("route add default metric 50 nexthop via 192.0.2.252 dev up0 nexthop via inet6 fe80::9 dev peer");
        ip("route add default via 192.0.2.253 table 77");
        ip("route add unreachable default metric 4000");
        ip("-6 route add default via fe80::1 dev up0 metric 20");
        ip("-6 route add default dev peer metric 30");
        let gateway = |metric, family, link: &str, via: Option<&str>| Gateway {
            metric,
            family,
            link: link.into(),
            via: via.map(|text| text.parse().unwrap()),
        };
        let expected = vec![
            gateway(20, Family::Ipv6, "up0", Some("fe80::1")),
            gateway(30, Family::Ipv6, "peer", None),
            gateway(50, Family::Ipv4, "peer", Some("fe80::9")),
            gateway(50, Family::Ipv4, "up0", Some("192.0.2.252")),
            gateway(100, Family::Ipv4, "up0", Some("192.0.2.254")),
        ];
        assert_eq!(lab.host().gateways, expected);
        assert_eq!(lab.host().default_link().unwrap().as_str(), "peer");
    });
}

#[test]
fn plans_of_500_and_6000_routes_are_carried_out_whole() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        for count in [500, 6000] {
            apply(&mut kernel, &(0..count).map(|n| accept(nth(n))).collect::<Vec<_>>());
            assert_eq!(lab.host().ours.routes.len(), count as usize);
        }
        assert_eq!(kernel.host(), &lab.host());
        apply(&mut kernel, &(0..6000).map(|n| refuse(nth(n))).collect::<Vec<_>>());
        assert!(lab.host().ours.routes.is_empty());
    });
}
