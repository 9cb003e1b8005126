//! After a plan was carried out: verdicts say what the kernel really holds.

use std::collections::BTreeMap;

use super::{Decision, VipDecision};
use crate::model::report::Role;
use crate::model::{AddressKey, KernelState, LinkName, Placement, Reason, RouteKey, Vip};

/// The VIPs that this node answers for now: decided, and held by the kernel.
pub fn owned<'a>(decision: &'a Decision, observed: &'a KernelState) -> impl Iterator<Item = (Vip, &'a VipDecision)> {
    let owner = decision.vips.iter().filter(|(_, part)| part.role == Role::Owner);
    owner.filter(|(vip, part)| is_held(**vip, part, observed)).map(|(vip, part)| (*vip, part))
}

/// Whether this node answers for `vip` now.
pub fn owns(decision: &Decision, observed: &KernelState, vip: Vip) -> bool {
    decision.vips.get(&vip).is_some_and(|part| part.role == Role::Owner && is_held(vip, part, observed))
}

/// Replaces "bound here" by "not bound yet" where the kernel does not hold the VIP; `errors` has the last error of each VIP.
pub fn settle(decision: &mut Decision, observed: &KernelState, errors: &BTreeMap<Vip, String>) {
    let vips = &decision.vips;
    for verdict in decision.verdicts.iter_mut().filter(|verdict| matches!(verdict.reason, Reason::Bound { .. })) {
        let Some((vip, part)) = verdict.address.map(Vip).and_then(|vip| Some((vip, vips.get(&vip)?))) else { continue };
        if !is_held(vip, part, observed) {
            let error = errors.get(&vip).cloned().unwrap_or_else(|| "in progress".to_owned());
            verdict.reason = Reason::NotBound { error };
        }
    }
}

fn is_held(vip: Vip, part: &VipDecision, observed: &KernelState) -> bool {
    let on = |link: &LinkName| observed.addresses.contains_key(&AddressKey { link: link.clone(), vip });
    match part.placement {
        Placement::Uplink => on(&part.link),
        Placement::Lo => on(&LinkName::loopback()),
        Placement::Quiet => observed.routes.contains_key(&RouteKey::quiet(vip)),
    }
}
