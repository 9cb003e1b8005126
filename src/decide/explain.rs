//! The whole story of one VIP or one Service, out of what a decision was made of.
//!
//! Absent: who answers on the wire, which only a probe can tell (`agent::whohas`).

mod service;
mod sysctls;

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Decision, Inputs, VipDecision, candidates};
use crate::model::report::{PoolStory, Story, Subject, VipReport, VipStory};
use crate::model::{Finding, Host, ServiceKey, Verdict, Vip};

/// What a story is told from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// What the decision was made of.
    pub inputs: Inputs<'a>,
    /// The decision.
    pub decision: &'a Decision,
    /// Findings that are not the decision's.
    pub findings: &'a [Finding],
    /// What is wrong with the sources.
    pub problems: &'a [String],
    /// A running agent tells it.
    pub running: bool,
    /// Where a Service was read: a path, or "cluster".
    pub origin: &'a dyn Fn(&ServiceKey) -> String,
    /// Announcements of a VIP since it is owned, and the seconds since the last one.
    pub history: &'a dyn Fn(Vip) -> (u64, Option<u64>),
}

/// Tells the story of `subject`. It is never empty-handed about an address: what the kernel holds and which pool it is of is told even
/// where nobody asks for it.
pub fn explain(source: Source<'_>, subject: &Subject) -> Story {
    let verdicts: Vec<_> = source.decision.verdicts.iter().filter(|verdict| is_about(subject, verdict)).cloned().collect();
    let mut vips: BTreeSet<_> = verdicts.iter().filter_map(|verdict| verdict.address).map(Vip).collect();
    if let Subject::Vip(vip) = subject {
        vips.insert(*vip);
    }
    let mut keys: BTreeSet<_> = verdicts.iter().filter_map(|verdict| verdict.service.as_ref()).collect();
    if let Subject::Service(key) = subject {
        keys.insert(key);
    }
    let services = source.inputs.services.iter().filter(|service| keys.contains(&service.key));
    let findings = source.decision.findings.iter().chain(source.findings);
    Story {
        subject: subject.clone(),
        node: source.inputs.settings.node_name.clone(),
        running: source.running,
        problems: source.problems.to_vec(),
        services: services.map(|service| service::story(service, (source.origin)(&service.key))).collect(),
        findings: findings.filter(|finding| vips.iter().any(|vip| names(finding, vip.0))).cloned().collect(),
        vips: vips.iter().map(|vip| tell(source, *vip)).collect(),
        verdicts,
    }
}

fn is_about(subject: &Subject, verdict: &Verdict) -> bool {
    match subject {
        Subject::Vip(vip) => verdict.address == Some(vip.0),
        Subject::Service(key) => verdict.service.as_ref() == Some(key),
    }
}

fn tell(source: Source<'_>, vip: Vip) -> VipStory {
    let (inputs, decision) = (source.inputs, source.decision);
    let pool = pool(inputs, vip);
    VipStory {
        vip,
        part: decision.vips.get(&vip).map(|part| report(part, (source.history)(vip))),
        candidates: candidates(inputs, vip),
        // Where no pool holds it, they are as others need them.
        sysctls: if pool.is_some() { sysctls::sysctls(inputs, &decision.desired, vip) } else { Vec::new() },
        pool,
        held: held(inputs.host, vip),
    }
}

fn pool(inputs: Inputs<'_>, vip: Vip) -> Option<PoolStory> {
    let settings = inputs.settings;
    let pool = settings.pool_of(vip)?;
    let own = settings.vips.get(&vip).is_some_and(Option::is_some);
    Some(PoolStory {
        name: pool.name.to_string(),
        cidr: *pool.addresses.iter().find(|net| net.contains(&vip.0))?,
        owner: settings.owner_of(vip, pool).map(ToString::to_string),
        owner_from: if own { format!("[[vip]] {vip}") } else { format!("pool {}", pool.name) },
    })
}

/// A VIP as status and explain show it, with the announcements since it is owned and the seconds since the last one.
pub fn report(part: &VipDecision, (announcements, announced_seconds_ago): (u64, Option<u64>)) -> VipReport {
    VipReport {
        pool: part.pool.to_string(),
        owner: part.owner.to_string(),
        role: part.role,
        placement: part.placement,
        link: part.link.clone(),
        services: part.services.clone(),
        announcements,
        announced_seconds_ago,
    }
}

/// What the kernel of this host holds for `vip`, as `ip` would name it.
fn held(host: &Host, vip: Vip) -> Vec<String> {
    let own = host.ours.addresses.iter().filter(|(key, _)| key.vip == vip);
    let own = own.map(|(key, address)| format!("{key} (address of hostvip, scope {})", address.scope));
    let routes = host.ours.routes.keys().filter(|key| key.prefix == vip.prefix()).map(|key| format!("{key} (local route of hostvip)"));
    let foreign = host.foreign.iter().filter(|(_, net)| net.addr() == vip.0);
    let foreign = foreign.map(|(link, net)| format!("{net} dev {link} (address without the mark of hostvip)"));
    own.chain(routes).chain(foreign).collect()
}

/// Findings name the address that they are about as a word, perhaps with a prefix length or punctuation.
fn names(finding: &Finding, address: IpAddr) -> bool {
    let word = |word: &str| word.trim_end_matches([',', ':', ';']).split('/').next().and_then(|word| word.parse().ok());
    finding.what.split_whitespace().any(|text| word(text) == Some(address))
}
