//! Where each VIP goes on this node, and whether the kernel's settings let exactly one node answer for it (docs/kernel.md §1).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answers::{Held, answers};
use super::claims::Claim;
use super::others::Others;
use super::{Inputs, VipDecision};
use crate::model::report::Role;
use crate::model::{Family, Host, Knob, LinkName, Placement, Reason, Scope, Standby, Sysctl, Verdict, Vip};

/// The VIPs that this node has a part in; every request of a claim gets its verdict.
pub(super) fn place<'a>(
    inputs: Inputs<'a>,
    others: &Others<'_>,
    claims: BTreeMap<Vip, Claim<'a>>,
    verdicts: &mut Vec<Verdict>,
) -> BTreeMap<Vip, VipDecision> {
    let decide = |(vip, claim): (Vip, Claim<'a>)| {
        let mut part = part_of(inputs, vip, &claim);
        let refusal = unfit(inputs, &claim, &mut part).or_else(|| refusal(inputs.host, others, vip, &part));
        let part_in_it = refusal.is_none();
        let reason = refusal.unwrap_or_else(|| part_reason(&part, claim.pool.placement));
        verdicts.extend(claim.requests.iter().map(|request| request.verdict(reason.clone())));
        part_in_it.then_some((vip, part))
    };
    claims.into_iter().filter_map(decide).collect()
}

/// What `arp_ignore` of the uplink must be for a VIP with this placement.
pub(super) fn wanted_arp_ignore(placement: Placement) -> i32 {
    match placement {
        Placement::Uplink => 1,
        Placement::Lo | Placement::Quiet => 0,
    }
}

fn part_of(inputs: Inputs<'_>, vip: Vip, claim: &Claim<'_>) -> VipDecision {
    let mut services = Vec::with_capacity(claim.requests.len());
    services.extend(claim.requests.iter().filter_map(|request| request.service).map(|service| service.key.clone()));
    let mine = **claim.owner == *inputs.settings.node_name;
    VipDecision {
        pool: claim.pool.name.clone(),
        owner: Arc::clone(claim.owner),
        role: if mine { Role::Owner } else { Role::Standby },
        placement: claim.pool.placement_of(vip.family()),
        standby: claim.pool.standby_of(vip.family()),
        link: inputs.settings.uplink.clone(),
        services,
    }
}

/// Why the owner may not serve the VIP: then nobody does, because no other node can know that it should. A standby that may not serve
/// it either holds nothing: where it would accept packets of clients, it could not forward them.
fn unfit<'a>(inputs: Inputs<'a>, claim: &Claim<'a>, part: &mut VipDecision) -> Option<Reason> {
    let eligibility = claim.eligibility(inputs)?;
    if let Err(reason) = eligibility.fitness(claim.owner) {
        return Some(reason);
    }
    if part.role == Role::Standby && eligibility.fitness(&inputs.settings.node_name).is_err() {
        part.standby = Standby::Off;
    }
    None
}

fn part_reason(part: &VipDecision, asked: Placement) -> Reason {
    match part.role {
        Role::Owner => {
            Reason::Bound { link: part.link.clone(), placement: part.placement, instead_of: (asked != part.placement).then_some(asked) }
        }
        Role::Standby => Reason::Standby { owner: part.owner.to_string(), standby: part.standby },
    }
}

/// Why this node must keep away from a VIP that it may otherwise have a part in.
fn refusal(host: &Host, others: &Others<'_>, vip: Vip, part: &VipDecision) -> Option<Reason> {
    if !host.links.contains_key(&part.link) {
        return Some(Reason::NoUplink { link: part.link.clone() });
    }
    match part.role {
        Role::Owner => held_by_others(others, vip, part).or_else(|| cannot_answer(host, vip, part)),
        Role::Standby => would_answer_too(host, vip, part),
    }
}

/// The kernel has one address of this value per link: where an administrator put it there by hand, ours has no room.
fn held_by_others(others: &Others<'_>, vip: Vip, part: &VipDecision) -> Option<Reason> {
    let wanted = match part.placement {
        Placement::Uplink => part.link.clone(),
        Placement::Lo => LinkName::loopback(),
        Placement::Quiet => return None,
    };
    others.holders(vip.0).contains(&&wanted).then_some(Reason::HeldByOthers { link: wanted })
}

fn cannot_answer(host: &Host, vip: Vip, part: &VipDecision) -> Option<Reason> {
    let held = match part.placement {
        Placement::Uplink => Held::OnLink { scope: Scope::Host, on_subnet: host.on_link(&part.link, vip.0) },
        Placement::Lo => Held::Elsewhere(Scope::Host),
        Placement::Quiet => Held::Quiet,
    };
    if answers(vip.family(), held, arp_ignore(host, part)) {
        return None;
    }
    let fix = match part.placement {
        Placement::Uplink => format!("set {} to 0 or 1", Sysctl::all(Knob::ArpIgnore)),
        placement => format!(
            "placement {placement} needs {} = 0 (kube-proxy's strictARP sets it to 1); or set placement = \"uplink\" in pool {}",
            Sysctl::all(Knob::ArpIgnore),
            part.pool
        ),
    };
    Some(Reason::CannotAnswer { at_fault: at_fault(host), fix })
}

fn would_answer_too(host: &Host, vip: Vip, part: &VipDecision) -> Option<Reason> {
    let accepts = part.standby == Standby::Accept;
    (accepts && answers(vip.family(), Held::Quiet, arp_ignore(host, part))).then(|| Reason::WouldAnswerToo {
        at_fault: at_fault(host),
        fix: format!("set {} to 0 or 1, or standby = \"off\" in pool {}", Sysctl::all(Knob::ArpIgnore), part.pool),
    })
}

/// What will be in force once the uplink's own value is as this placement wants it.
fn arp_ignore(host: &Host, part: &VipDecision) -> i32 {
    all_arp_ignore(host).max(wanted_arp_ignore(part.placement))
}

fn all_arp_ignore(host: &Host) -> i32 {
    let all = Sysctl::all(Knob::ArpIgnore);
    host.sysctl(&all.link, all.knob).unwrap_or(0)
}

fn at_fault(host: &Host) -> String {
    format!("{} is {}", Sysctl::all(Knob::ArpIgnore), all_arp_ignore(host))
}

/// `arp_ignore` of the uplink once this node holds its part: what an earlier value lets through is mended by then.
pub(super) fn settled_arp_ignore(host: &Host, part: &VipDecision) -> i32 {
    if holds(part) { arp_ignore(host, part) } else { host.effective(&part.link, Knob::ArpIgnore) }
}

/// Whether this part holds anything for `family` in the kernel.
pub(super) fn holds(part: &VipDecision) -> bool {
    part.role == Role::Owner || part.standby == Standby::Accept
}

/// Whether `vip` needs the uplink's ARP settings.
pub(super) fn needs_arp(vip: Vip, part: &VipDecision) -> bool {
    vip.family() == Family::Ipv4 && holds(part)
}
