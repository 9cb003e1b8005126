//! The ordered list of operations between observed and desired.
//!
//! The order makes each intermediate state harmless: settings that silence come first, then what accepts, then what answers; what
//! answers goes before what accepts; settings that loosen come last, and we speak only of what is bound.

use std::collections::BTreeMap;

use super::Decision;
use crate::model::report::Role;
use crate::model::{Address, AddressKey, KernelState, Op, Placement, Plan, Route, RouteKey, Sysctl, SysctlState};

/// Steps of a plan, in their order. A step begins when the one before has been tried as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Settings that make this host answer less.
    Silence,
    /// Routes that accept packets without answering.
    Accept,
    /// Addresses: from here on the kernel answers.
    Bind,
    /// Addresses go: from here on the kernel is silent.
    Unbind,
    /// Routes go: packets are no longer accepted.
    Refuse,
    /// Settings that make this host answer more, or that are given back.
    Loosen,
    /// Gratuitous frames.
    Announce,
}

/// The step that `op` belongs to.
pub fn stage(op: &Op) -> Stage {
    match op {
        Op::SetSysctl { value, was, .. } if was.is_some_and(|was| *value < was) => Stage::Loosen,
        Op::SetSysctl { .. } => Stage::Silence,
        Op::AddRoute { .. } => Stage::Accept,
        Op::Bind { .. } => Stage::Bind,
        Op::Unbind { .. } => Stage::Unbind,
        Op::DelRoute { .. } => Stage::Refuse,
        Op::RestoreSysctl { .. } => Stage::Loosen,
        Op::Announce { .. } => Stage::Announce,
    }
}

/// What leads from `observed` to `desired`. Both hold only what bears our mark, so nothing else can be named here.
pub fn plan(desired: &KernelState, observed: &KernelState) -> Plan {
    let mut ops = sysctl_ops(&desired.sysctls, &observed.sysctls);
    let add_route = |key: &RouteKey, route: &Route| Op::AddRoute { key: key.clone(), route: route.clone() };
    ops.extend(differences(&desired.routes, &observed.routes, add_route, |key| Op::DelRoute { key: key.clone() }));
    let bind = |key: &AddressKey, address: &Address| Op::Bind { key: key.clone(), address: *address };
    ops.extend(differences(&desired.addresses, &observed.addresses, bind, |key| Op::Unbind { key: key.clone() }));
    ops.sort_by_key(|(stage, _)| *stage);
    Plan(ops.into_iter().map(|(_, op)| op).collect())
}

/// The announcements that follow `plan`: of each VIP that it makes this node answer for, once, in the order in which the announcer
/// begins them.
pub fn announcements(plan: &Plan, decision: &Decision) -> Vec<Op> {
    let told = |op: &Op| {
        let vip = op.vip()?;
        let part = decision.vips.get(&vip).filter(|part| part.role == Role::Owner)?;
        let answers = match op {
            Op::Bind { .. } => true,
            Op::AddRoute { .. } => part.placement == Placement::Quiet,
            _ => false,
        };
        answers.then(|| (vip, part.link.clone()))
    };
    let vips: BTreeMap<_, _> = plan.0.iter().filter_map(told).collect();
    vips.into_iter().map(|(vip, link)| Op::Announce { vip, link }).collect()
}

fn sysctl_ops(desired: &BTreeMap<Sysctl, SysctlState>, observed: &BTreeMap<Sysctl, SysctlState>) -> Vec<(Stage, Op)> {
    let set = desired.iter().filter_map(|(sysctl, wanted)| {
        let was = observed.get(sysctl).map(|state| state.value);
        (was != Some(wanted.value)).then(|| Op::SetSysctl { sysctl: sysctl.clone(), value: wanted.value, was })
    });
    let changed = observed.iter().filter(|(sysctl, _)| !desired.contains_key(sysctl));
    let restore = changed.filter_map(|(sysctl, state)| Some(Op::RestoreSysctl { sysctl: sysctl.clone(), value: state.before? }));
    set.chain(restore).map(|op| (stage(&op), op)).collect()
}

/// The differences over the union of both sides. What is there otherwise than it should be goes right before its successor comes.
fn differences<K: Ord, V: PartialEq>(
    desired: &BTreeMap<K, V>,
    observed: &BTreeMap<K, V>,
    add: impl Fn(&K, &V) -> Op,
    remove: impl Fn(&K) -> Op,
) -> Vec<(Stage, Op)> {
    let gone = observed.keys().filter(|key| !desired.contains_key(key)).map(&remove);
    let mut ops: Vec<_> = gone.map(|op| (stage(&op), op)).collect();
    for (key, value) in desired {
        let found = observed.get(key);
        if found == Some(value) {
            continue;
        }
        let op = add(key, value);
        if found.is_some() {
            ops.push((stage(&op), remove(key)));
        }
        ops.push((stage(&op), op));
    }
    ops
}
