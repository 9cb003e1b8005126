//! What the kernel should hold for the VIPs of this node.

use std::collections::{BTreeMap, BTreeSet};

use super::placing::{holds, needs_arp, wanted_arp_ignore};
use super::{Inputs, VipDecision};
use crate::model::report::Role;
use crate::model::{
    Address, AddressKey, Family, KernelState, Knob, LinkName, Placement, Route, RouteKey, Standby, Sysctl, SysctlState, Verdict, Vip,
};

/// The addresses, routes and settings of all VIPs.
pub(super) fn desired(vips: &BTreeMap<Vip, VipDecision>) -> KernelState {
    let held = || vips.iter().map(|(vip, part)| (*vip, part)).filter(|(_, part)| holds(part));
    let quiet = Route::quiet();
    let address = |(vip, part)| Some((AddressKey { link: address_link(part)?, vip }, Address::of(vip)));
    let mut desired = KernelState {
        addresses: held().filter_map(address).collect(),
        routes: held().filter(|(_, part)| has_quiet_route(part)).map(|(vip, _)| (RouteKey::quiet(vip), quiet.clone())).collect(),
        sysctls: BTreeMap::new(),
    };
    for (_, part) in held().filter(|(vip, part)| needs_arp(*vip, part)) {
        let mut set = |knob, value| {
            desired.sysctls.insert(Sysctl { link: part.link.clone(), knob }, SysctlState { value, before: None });
        };
        set(Knob::ArpIgnore, wanted_arp_ignore(part.placement));
        // 1 is not enough: an on-subnet VIP would still be named as sender (docs/kernel.md §2).
        set(Knob::ArpAnnounce, 2);
    }
    desired
}

/// Keeps what was there before this process and has no verdict, because what names it could not be read yet: all of it where this
/// node owns it; of a standby the quiet routes, which answer nothing, but no address, which would be a second answer.
pub(super) fn keep_unread(inputs: Inputs<'_>, verdicts: &[Verdict], desired: &mut KernelState) {
    let named: BTreeSet<_> = verdicts.iter().filter_map(|verdict| verdict.address).collect();
    let unread = |vip: Vip| inputs.unread.contains(&vip) && !named.contains(&vip.0);
    let owner = |vip: Vip| inputs.settings.pool_of(vip).and_then(|pool| Some((pool, inputs.settings.owner_of(vip, pool)?)));
    let mine = |vip: Vip| owner(vip).is_some_and(|(_, owner)| **owner == *inputs.settings.node_name);
    let accepts = |vip: Vip| owner(vip).is_some_and(|(pool, _)| pool.standby_of(vip.family()) == Standby::Accept);
    let ours = &inputs.host.ours;
    let addresses = ours.addresses.iter().filter(|(key, _)| unread(key.vip) && mine(key.vip));
    desired.addresses.extend(addresses.map(|(key, address)| (key.clone(), *address)));
    for (key, route) in &ours.routes {
        let vip = Vip(key.prefix.addr());
        if !unread(vip) || !(mine(vip) || accepts(vip)) {
            continue;
        }
        desired.routes.insert(key.clone(), route.clone());
        if !mine(vip) && vip.family() == Family::Ipv4 {
            // Nothing else keeps the route silent, should somebody change it meanwhile.
            let silent = SysctlState { value: wanted_arp_ignore(Placement::Uplink), before: None };
            desired.sysctls.entry(Sysctl::new(inputs.settings.uplink.clone(), Knob::ArpIgnore)).or_insert(silent);
        }
    }
    let kept = !desired.addresses.is_empty() || !desired.routes.is_empty();
    let changed = ours.sysctls.iter().filter(|(_, state)| kept && state.before.is_some());
    for (sysctl, state) in changed {
        desired.sysctls.entry(sysctl.clone()).or_insert(SysctlState { before: None, ..*state });
    }
}

/// The link that bears the owner's address.
fn address_link(part: &VipDecision) -> Option<LinkName> {
    match (part.role, part.placement) {
        (Role::Owner, Placement::Uplink) => Some(part.link.clone()),
        (Role::Owner, Placement::Lo) => Some(LinkName::loopback()),
        (Role::Owner, Placement::Quiet) | (Role::Standby, _) => None,
    }
}

/// The owner has the standby's route as well: taking a VIP is then one address add and giving it one delete, and no packet is lost.
fn has_quiet_route(part: &VipDecision) -> bool {
    match part.placement {
        Placement::Uplink => part.standby == Standby::Accept,
        Placement::Quiet => part.role == Role::Owner,
        Placement::Lo => false,
    }
}
