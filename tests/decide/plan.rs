//! Plans: order, emptiness, and that carrying one out leads to what is desired.

use hostvip::decide::{Stage, announcements, plan, stage};
use hostvip::model::{Address, AddressKey, KernelState, Knob, Op, Placement, Plan, Route, RouteKey, Scope, Sysctl, SysctlState, Vip};
use proptest::prelude::*;

use crate::support::{decided, host, service, settings, vip};

/// What a kernel does with a plan.
fn carried_out(plan: &Plan, mut state: KernelState) -> KernelState {
    for op in &plan.0 {
        match op.clone() {
            Op::SetSysctl { sysctl, value, .. } => {
                let former = state.sysctls.get(&sysctl).copied();
                let before = former.and_then(|former| former.before.or(Some(former.value)));
                state.sysctls.insert(sysctl, SysctlState { value, before });
            }
            Op::RestoreSysctl { sysctl, value } => drop(state.sysctls.insert(sysctl, SysctlState { value, before: None })),
            Op::AddRoute { key, route } => assert!(state.routes.insert(key, route).is_none(), "added twice"),
            Op::DelRoute { key } => assert!(state.routes.remove(&key).is_some(), "removed what is not there"),
            Op::Bind { key, address } => assert!(state.addresses.insert(key, address).is_none(), "bound twice"),
            Op::Unbind { key } => assert!(state.addresses.remove(&key).is_some(), "unbound what is not there"),
            Op::Announce { .. } => {}
        }
    }
    state
}

fn arbitrary_vip() -> impl Strategy<Value = Vip> {
    prop_oneof![(0u8..4).prop_map(|n| vip(&format!("192.0.2.{n}"))), (0u8..4).prop_map(|n| vip(&format!("2001:db8::{n}")))]
}

fn arbitrary_address() -> impl Strategy<Value = Address> {
    let scope = prop_oneof![Just(Scope::Global), Just(Scope::Host)];
    (scope, any::<bool>(), any::<bool>()).prop_map(|(scope, labelled, deprecated)| Address { scope, labelled, deprecated })
}

fn arbitrary_state() -> impl Strategy<Value = KernelState> {
    let link = || prop_oneof![Just("lo"), Just("br-ex")];
    let addresses = prop::collection::btree_map(
        (link(), arbitrary_vip()).prop_map(|(link, vip)| AddressKey { link: link.into(), vip }),
        arbitrary_address(),
        0..6,
    );
    let route = prop_oneof![Just(Route::quiet()), Just(Route::Other)];
    let routes = prop::collection::btree_map(arbitrary_vip().prop_map(RouteKey::quiet), route, 0..6);
    let knob = prop_oneof![Just(Knob::ArpIgnore), Just(Knob::ArpAnnounce)];
    let state = (0i32..3, prop::option::of(0i32..3)).prop_map(|(value, before)| SysctlState { value, before });
    let sysctls = prop::collection::btree_map((link(), knob).prop_map(|(link, knob)| Sysctl::new(link, knob)), state, 0..4);
    (addresses, routes, sysctls).prop_map(|(addresses, routes, sysctls)| KernelState { addresses, routes, sysctls })
}

/// A desired state never says what was before.
fn wish(mut state: KernelState) -> KernelState {
    state.sysctls.values_mut().for_each(|state| state.before = None);
    state
}

proptest! {
    #[test]
    fn nothing_to_do_between_equals(state in arbitrary_state()) {
        prop_assert!(plan(&state, &state).is_empty());
    }

    #[test]
    fn carrying_it_out_leads_to_what_is_desired(desired in arbitrary_state(), observed in arbitrary_state()) {
        let desired = wish(desired);
        let after = carried_out(&plan(&desired, &observed), observed.clone());
        prop_assert_eq!(&after.addresses, &desired.addresses);
        prop_assert_eq!(&after.routes, &desired.routes);
        for (sysctl, wanted) in &desired.sysctls {
            prop_assert_eq!(after.sysctls[sysctl].value, wanted.value);
        }
        prop_assert!(plan(&desired, &after).is_empty());
    }

    #[test]
    fn giving_everything_back_restores_what_was_before(desired in arbitrary_state()) {
        let before = KernelState {
            sysctls: desired.sysctls.keys().map(|sysctl| (sysctl.clone(), SysctlState { value: 7, before: None })).collect(),
            ..KernelState::default()
        };
        let during = carried_out(&plan(&wish(desired), &before), before.clone());
        prop_assert_eq!(carried_out(&plan(&KernelState::default(), &during), during), before);
    }

    #[test]
    fn order_makes_each_step_harmless(desired in arbitrary_state(), observed in arbitrary_state()) {
        let ops = plan(&wish(desired), &observed).0;
        let at = |wanted: &dyn Fn(&Op) -> bool| ops.iter().position(wanted);
        let last = |wanted: &dyn Fn(&Op) -> bool| ops.iter().rposition(wanted);
        let silences = |op: &Op| stage(op) == Stage::Silence;
        if let (Some(silence), Some(route)) = (last(&silences), at(&|op| matches!(op, Op::AddRoute { .. }))) {
            prop_assert!(silence < route, "silenced before anything is accepted: {ops:?}");
        }
        let loosens = |op: &Op| stage(op) == Stage::Loosen;
        if let (Some(loosen), Some(removal)) = (at(&loosens), last(&|op| matches!(op, Op::Unbind { .. } | Op::DelRoute { .. }))) {
            prop_assert!(removal < loosen, "loosened only after what would answer is gone: {ops:?}");
        }
        for (position, op) in ops.iter().enumerate() {
            if let Op::DelRoute { key } = op {
                let replaced = ops[position..].iter().any(|later| matches!(later, Op::AddRoute { key: added, .. } if added == key));
                let later = ops[position..].iter().any(|later| matches!(later, Op::Unbind { key: gone } if gone.vip.prefix() == key.prefix));
                prop_assert!(replaced || !later, "silent before it stops accepting: {ops:?}");
            }
        }
    }
}

#[test]
fn reads_like_the_log() {
    let decision = decided(&settings("node-a", Placement::Uplink), &[service("web", &["192.0.2.100", "2001:db8:0:1::5"])], &host());
    let mut plan = plan(&decision.desired, &host().ours);
    plan.0.extend(announcements(&plan, &decision));
    let expected = "\
set net.ipv4.conf.br-ex.arp_ignore = 1 (was 0)
set net.ipv4.conf.br-ex.arp_announce = 2 (was 0)
accept 192.0.2.100/32 table local metric 118 (local route dev lo)
accept 2001:db8:0:1::5/128 table local metric 118 (local route dev lo)
bind 192.0.2.100/32 dev br-ex (scope host)
bind 2001:db8:0:1::5/128 dev br-ex (scope global, deprecated)
announce 192.0.2.100 on br-ex
announce 2001:db8:0:1::5 on br-ex
";
    assert_eq!(plan.to_string(), expected);
}

#[test]
fn a_quiet_owner_announces_and_a_standby_does_not() {
    let web = [service("web", &["192.0.2.100"])];
    let announced = |node| {
        let decision = decided(&settings(node, Placement::Quiet), &web, &host());
        announcements(&plan(&decision.desired, &host().ours), &decision).len()
    };
    assert_eq!((announced("node-a"), announced("node-b")), (1, 0));
}

#[test]
fn announcements_come_by_vip_wherever_they_are_bound() {
    // "br-ex" comes before "lo", and the IPv6 VIP is bound there; the announcer begins by VIP all the same.
    let decision = decided(&settings("node-a", Placement::Lo), &[service("web", &["192.0.2.100", "2001:db8:0:1::5"])], &host());
    let announced: Vec<_> = announcements(&plan(&decision.desired, &host().ours), &decision).iter().filter_map(Op::vip).collect();
    assert_eq!(announced, [vip("192.0.2.100"), vip("2001:db8:0:1::5")]);
}
