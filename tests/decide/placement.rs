//! What the kernel holds for owner and standby, in each placement (docs/kernel.md §1).

use hostvip::decide::{Inputs, decide, owned, settle};
use hostvip::model::{Address, AddressKey, KernelState, Knob, Placement, Reason, Route, RouteKey, Standby, Sysctl};

use crate::support::{decided, host, reason, service, set, settings, vip};

const V4: &str = "192.0.2.100";
const V6: &str = "2001:db8:0:1::5";

/// Addresses, routes and settings that `node` holds for one VIP of each family.
fn held(node: &str, placement: Placement, standby: Option<Standby>) -> (Vec<String>, Vec<String>, Vec<String>) {
    let mut settings = settings(node, placement);
    settings.pools[0].standby = standby;
    let decision = decided(&settings, &[service("web", &[V4, V6])], &host());
    let desired = decision.desired;
    (
        desired.addresses.keys().map(ToString::to_string).collect(),
        desired.routes.keys().map(|key| key.prefix.to_string()).collect(),
        desired.sysctls.iter().map(|(sysctl, state)| format!("{sysctl}={}", state.value)).collect(),
    )
}

fn row(addresses: &[&str], routes: &[&str], arp_ignore: Option<i32>) -> (Vec<String>, Vec<String>, Vec<String>) {
    let sysctls =
        arp_ignore.map(|value| vec![format!("net.ipv4.conf.br-ex.arp_ignore={value}"), "net.ipv4.conf.br-ex.arp_announce=2".into()]);
    let text = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    (text(addresses), text(routes), sysctls.unwrap_or_default())
}

#[test]
fn owner_and_standby_in_each_placement() {
    let (v4_uplink, v6_uplink, v4_lo) = ("192.0.2.100/32 dev br-ex", "2001:db8:0:1::5/128 dev br-ex", "192.0.2.100/32 dev lo");
    let (v4, v6) = ("192.0.2.100/32", "2001:db8:0:1::5/128");
    let off = Some(Standby::Off);
    assert_eq!(held("node-a", Placement::Uplink, None), row(&[v4_uplink, v6_uplink], &[v4, v6], Some(1)));
    assert_eq!(held("node-b", Placement::Uplink, None), row(&[], &[v4, v6], Some(1)));
    assert_eq!(held("node-a", Placement::Uplink, off), row(&[v4_uplink, v6_uplink], &[], Some(1)));
    assert_eq!(held("node-b", Placement::Uplink, off), row(&[], &[], None));
    assert_eq!(held("node-a", Placement::Lo, None), row(&[v6_uplink, v4_lo], &[v6], Some(0)));
    assert_eq!(held("node-b", Placement::Lo, None), row(&[], &[v6], None));
    assert_eq!(held("node-a", Placement::Quiet, None), row(&[v6_uplink], &[v4, v6], Some(0)));
    assert_eq!(held("node-b", Placement::Quiet, None), row(&[], &[v6], None));
}

#[test]
fn ipv6_of_a_lo_pool_says_where_it_went() {
    let decision = decided(&settings("node-a", Placement::Lo), &[service("web", &[V6])], &host());
    let bound = Reason::Bound { link: "br-ex".into(), placement: Placement::Uplink, instead_of: Some(Placement::Lo) };
    assert_eq!(reason(&decision, "web", Some(V6)), bound);
}

#[test]
fn what_an_unread_source_may_name_stays() {
    let settings = settings("node-a", Placement::Uplink);
    let mut host = host();
    host.ours.addresses.insert(AddressKey { link: "br-ex".into(), vip: vip(V4) }, Address::of(vip(V4)));
    host.ours.routes.insert(RouteKey::quiet(vip(V4)), Route::quiet());
    let arp_ignore = Sysctl::new("br-ex", Knob::ArpIgnore);
    let state = hostvip::model::SysctlState { value: 1, before: Some(0) };
    host.ours.sysctls.insert(arp_ignore.clone(), state);
    let found = [vip(V4)].into();
    let inputs = Inputs { settings: &settings, services: &[], cluster: None, unread: &found, host: &host };
    let kept = decide(inputs).desired;
    assert_eq!(kept.addresses, host.ours.addresses);
    assert_eq!(kept.routes, host.ours.routes);
    assert_eq!(kept.sysctls[&arp_ignore].value, 1);
    assert_eq!(decide(Inputs { unread: &[].into(), ..inputs }).desired, KernelState::default());

    // It was read meanwhile, and is not to be served.
    let mut deleted = service("web", &[V4]);
    deleted.deleting = true;
    assert_eq!(decide(Inputs { services: &[&deleted], ..inputs }).desired, KernelState::default());

    // Another node owns the pool: an address here would be a second answer, a quiet route serves those who still come here.
    let mut standby = hostvip::config::Settings { node_name: "node-b".into(), ..settings.clone() };
    let mut flipped = host.clone();
    set(&mut flipped, "br-ex", Knob::ArpIgnore, 0);
    for host in [&host, &flipped] {
        let kept = decide(Inputs { settings: &standby, host, ..inputs }).desired;
        assert_eq!((kept.addresses.len(), &kept.routes), (0, &host.ours.routes));
        assert_eq!(kept.sysctls[&arp_ignore].value, 1, "or it would answer");
    }
    standby.pools[0].standby = Some(hostvip::model::Standby::Off);
    assert_eq!(decide(Inputs { settings: &standby, ..inputs }).desired, KernelState::default());
}

#[test]
fn bound_is_said_only_of_what_the_kernel_holds() {
    let mut host = host();
    let mut decision = decided(&settings("node-a", Placement::Uplink), &[service("web", &[V4, V6])], &host);
    host.ours.addresses.insert(AddressKey { link: "br-ex".into(), vip: vip(V6) }, Address::of(vip(V6)));
    assert_eq!(owned(&decision, &host.ours).map(|(vip, _)| vip).collect::<Vec<_>>(), [vip(V6)]);
    settle(&mut decision, &host.ours, &[(vip(V4), "no buffer space".to_owned())].into());
    assert_eq!(reason(&decision, "web", Some(V4)), Reason::NotBound { error: "no buffer space".into() });
    assert_eq!(reason(&decision, "web", Some(V6)).code(), "bound");
}
