//! Addresses of ours: marks, replacement, bulk, partial failure.

use hostvip::kernel::{Error, Fault};
use hostvip::model::{Address, Op, Scope};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressProtocol, AddressScope, CacheInfo};
use nix::errno::Errno;

use crate::support::{add_marked, addresses, apply, bind, chain, ip, key, lab, nth, unbind, vip};

#[test]
fn an_ipv4_address_bears_mark_label_and_host_scope() {
    lab(|lab| async move {
        apply(&mut lab.kernel(), &[bind("up0", vip("192.0.2.100"))]);
        let all = addresses();
        let ours = all.iter().find(|found| found.attributes.contains(&AddressAttribute::Local([192, 0, 2, 100].into()))).unwrap();
        assert_eq!((ours.header.scope, ours.header.prefix_len), (AddressScope::Host, 32));
        assert!(ours.attributes.contains(&AddressAttribute::Protocol(AddressProtocol::Other(118))), "{ours:?}");
        assert!(ours.attributes.contains(&AddressAttribute::Label("hostvip".into())), "{ours:?}");
        assert!(flags(&ours.attributes).contains(AddressFlags::Noprefixroute | AddressFlags::Permanent));
    });
}

#[test]
fn an_ipv6_address_bears_mark_and_is_deprecated_for_ever() {
    lab(|lab| async move {
        apply(&mut lab.kernel(), &[bind("up0", vip("2001:db8::64"))]);
        let all = addresses();
        let address = AddressAttribute::Address("2001:db8::64".parse().unwrap());
        let ours = all.iter().find(|found| found.attributes.contains(&address)).unwrap();
        assert_eq!(ours.header.prefix_len, 128);
        assert!(ours.attributes.contains(&AddressAttribute::Protocol(AddressProtocol::Other(118))), "{ours:?}");
        let expected = AddressFlags::Noprefixroute | AddressFlags::Nodad | AddressFlags::Deprecated | AddressFlags::Permanent;
        assert!(flags(&ours.attributes).contains(expected), "{ours:?}");
        let lifetime: &CacheInfo = ours.attributes.iter().find_map(cache_info).unwrap();
        assert_eq!((lifetime.ifa_valid, lifetime.ifa_preferred), (u32::MAX, 0));
    });
}

#[test]
fn what_was_bound_is_seen_as_it_was_asked_for() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        let ops = [bind("up0", vip("192.0.2.100")), bind("lo", vip("192.0.2.101")), bind("up0", vip("2001:db8::64"))];
        apply(&mut kernel, &ops);
        let host = lab.host();
        assert_eq!(&host, kernel.host());
        for op in &ops {
            let Op::Bind { key, address } = op else { unreachable!() };
            assert_eq!(host.ours.addresses.get(key), Some(address));
        }
    });
}

#[test]
fn applying_twice_changes_nothing() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        let bound = [bind("up0", vip("192.0.2.100")), bind("up0", vip("2001:db8::64"))];
        apply(&mut kernel, &bound);
        let (once, seen) = (addresses(), kernel.host().clone());
        apply(&mut kernel, &bound);
        assert_eq!((addresses(), kernel.host()), (once, &seen));
        let gone = [unbind("up0", vip("192.0.2.100")), unbind("up0", vip("2001:db8::64"))];
        apply(&mut kernel, &gone);
        apply(&mut kernel, &gone);
        assert!(lab.host().ours.addresses.is_empty());
    });
}

#[test]
fn what_others_removed_meanwhile_counts_as_removed() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[bind("up0", vip("192.0.2.100")), bind("up0", vip("2001:db8::64"))]);
        ip("address del 192.0.2.100/32 dev up0");
        ip("address del 2001:db8::64/128 dev up0");
        apply(&mut kernel, &[unbind("up0", vip("192.0.2.100")), unbind("up0", vip("2001:db8::64"))]);
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn one_bad_operation_of_300_fails_alone() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        let ops: Vec<Op> = (0..300).map(|n| bind(if n == 170 { "absent" } else { "up0" }, nth(n))).collect();
        let results = kernel.apply(&ops);
        let failed: Vec<usize> = results.iter().enumerate().filter(|(_, result)| result.is_err()).map(|(n, _)| n).collect();
        assert_eq!(failed, vec![170]);
        let error = results[170].as_ref().unwrap_err();
        assert!(matches!(error, Error::NoLink { .. }), "{error:?}");
        assert_eq!(error.to_string(), "cannot bind 10.0.0.170/32 dev absent (scope host): there is no link absent");
        assert_eq!(lab.host().ours.addresses.len(), 299);
    });
}

#[test]
fn a_refusal_of_the_kernel_fails_alone_and_gives_its_words() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        std::fs::write("/proc/sys/net/ipv6/conf/peer/disable_ipv6", "1").unwrap();
        let ops = [bind("up0", vip("2001:db8::1")), bind("peer", vip("2001:db8::2")), bind("up0", vip("192.0.2.3"))];
        let results = kernel.apply(&ops);
        assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
        let error = results[1].as_ref().unwrap_err();
        assert!(matches!(error, Error::Change { source: Fault::Refused { errno: Errno::EACCES, .. }, .. }), "{error:?}");
        let text = chain(error);
        assert!(text.starts_with("cannot bind 2001:db8::2/128 dev peer (scope global, deprecated): the kernel refused: "), "{text}");
        assert!(text.contains("IPv6 is disabled on this device"), "{text}");
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn a_link_deleted_behind_our_back_fails_only_its_own() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        ip("link del up0");
        let results = kernel.apply(&[bind("up0", vip("192.0.2.1")), bind("lo", vip("192.0.2.2"))]);
        assert!(matches!(results[0], Err(Error::Change { source: Fault::Refused { errno: Errno::ENODEV, .. }, .. })), "{results:?}");
        assert!(results[1].is_ok());
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn plans_of_500_and_6000_operations_are_carried_out_whole() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        for count in [500, 6000] {
            let ops: Vec<Op> = (0..count).map(|n| bind("lo", nth(n))).collect();
            apply(&mut kernel, &ops);
            assert_eq!(lab.host().ours.addresses.len(), ops.len());
        }
        let ops: Vec<Op> = (0..6000).map(|n| unbind("lo", nth(n))).collect();
        apply(&mut kernel, &ops);
        assert!(lab.host().ours.addresses.is_empty());
        assert_eq!(kernel.host(), &lab.host());
    });
}

#[test]
fn a_marked_address_of_another_form_is_replaced() {
    lab(|lab| async move {
        add_marked("up0", "192.0.2.100/32", AddressScope::Universe, &[]);
        let mut kernel = lab.kernel();
        let present = kernel.host().ours.addresses[&key("up0", "192.0.2.100")];
        assert_eq!(present, Address { scope: Scope::Global, labelled: false, deprecated: false });
        apply(&mut kernel, &[bind("up0", vip("192.0.2.100"))]);
        assert_eq!(lab.host().ours.addresses[&key("up0", "192.0.2.100")], Address::of(vip("192.0.2.100")));
    });
}

#[test]
fn a_marked_address_of_another_prefix_length_is_shown_as_wrong_and_removed() {
    lab(|lab| async move {
        // Right in all but the prefix length.
        let mut lifetime = CacheInfo::default();
        lifetime.ifa_valid = u32::MAX;
        let ipv4 = ("192.0.2.100/24", "192.0.2.100", AddressScope::Host, AddressAttribute::Label("hostvip".into()));
        let ipv6 = ("2001:db8::64/64", "2001:db8::64", AddressScope::Universe, AddressAttribute::CacheInfo(lifetime));
        for (net, address, scope, more) in [ipv4, ipv6] {
            let more = [more];
            add_marked("up0", net, scope, &more);
            let mut kernel = lab.kernel();
            assert_ne!(kernel.host().ours.addresses[&key("up0", address)], Address::of(vip(address)));
            apply(&mut kernel, &[bind("up0", vip(address))]);
            assert_eq!(lab.host().ours.addresses[&key("up0", address)], Address::of(vip(address)), "{net}");
            add_marked("lo", net, scope, &more);
            let mut kernel = lab.kernel();
            apply(&mut kernel, &[unbind("lo", vip(address))]);
            assert!(!lab.host().ours.addresses.contains_key(&key("lo", address)), "{net}");
            assert_eq!(kernel.host(), &lab.host());
        }
    });
}

fn flags(attributes: &[AddressAttribute]) -> AddressFlags {
    let find = |attribute: &AddressAttribute| if let AddressAttribute::Flags(flags) = attribute { Some(*flags) } else { None };
    attributes.iter().find_map(find).unwrap()
}

fn cache_info(attribute: &AddressAttribute) -> Option<&CacheInfo> {
    if let AddressAttribute::CacheInfo(lifetime) = attribute { Some(lifetime) } else { None }
}
