//! Verdicts that cannot work, one finding for each reason: a thousand VIPs of one wrong pool are one thing to mend.

use std::collections::BTreeMap;

use super::api::{ApiFacts, Reached};
use super::{Facts, finding, ok};
use crate::model::{Finding, Reason, Severity, Verdict};

/// Subjects named in one finding.
const MOST_NAMED: usize = 3;

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut troubles: BTreeMap<&Reason, Vec<&Verdict>> = BTreeMap::new();
    for verdict in facts.decision.verdicts.iter().filter(|verdict| severity(&verdict.reason).is_some()) {
        troubles.entry(&verdict.reason).or_default().push(verdict);
    }
    let served = facts.decision.verdicts.iter().filter(|verdict| verdict.reason.is_served()).count();
    let others = facts.decision.verdicts.len() - served - troubles.values().map(Vec::len).sum::<usize>();
    let mut findings: Vec<_> = troubles.into_iter().filter_map(|(reason, verdicts)| judge_one(facts, reason, &verdicts)).collect();
    findings.extend(match facts.decision.verdicts.len() {
        0 => nothing_asked(facts),
        _ => Some(ok(
            "verdicts",
            format!("addresses asked for: {served} bound here or standby, {others} not for this node (hostvip status)"),
        )),
    });
    findings
}

fn severity(reason: &Reason) -> Option<Severity> {
    match reason {
        Reason::NoOwner { .. }
        | Reason::NodeUnknown { .. }
        | Reason::NodeNotSelected { .. }
        | Reason::NoUplink { .. }
        | Reason::CannotAnswer { .. }
        | Reason::WouldAnswerToo { .. }
        | Reason::HeldByOthers { .. } => Some(Severity::Error),
        // The config is right, and the cluster's administrators or users made it so, for a while perhaps.
        Reason::NodeExcluded { .. }
        | Reason::NodeOutOfService { .. }
        | Reason::NoLocalEndpoint { .. }
        | Reason::PoolDiffers { .. }
        | Reason::Reserved { .. }
        | Reason::Malformed { .. }
        | Reason::PortTaken { .. } => Some(Severity::Warning),
        _ => None,
    }
}

fn judge_one(facts: &Facts, reason: &Reason, verdicts: &[&Verdict]) -> Option<Finding> {
    let subjects: Vec<_> = verdicts.iter().take(MOST_NAMED).map(|verdict| verdict.subject()).collect();
    let more = verdicts.len().saturating_sub(MOST_NAMED);
    let subjects = if more > 0 { format!("{} and {more} more", subjects.join(", ")) } else { subjects.join(", ") };
    let (why, fix) = match reason {
        Reason::CannotAnswer { at_fault, fix } => (format!("{at_fault}, so nobody would answer for it"), fix.clone()),
        Reason::WouldAnswerToo { at_fault, fix } => {
            (format!("{at_fault}, so this standby would answer besides the owner: two hardware addresses for one VIP"), fix.clone())
        }
        Reason::NoOwner { pool } => (
            "with static coordination the config says which node answers; without an owner none does".to_owned(),
            format!("set owner in pool {pool}, or in a [[vip]] of its own, the same on every node"),
        ),
        Reason::HeldByOthers { link } => {
            let address = verdicts.first().and_then(|verdict| verdict.address).map_or_else(String::new, |address| address.to_string());
            (
                format!(
                    "the kernel has room for one such address on {link}, and what hostvip did not make it does not touch: its own stays away"
                ),
                format!("ip address del {address} dev {link}, and hostvip binds it at once"),
            )
        }
        Reason::NoUplink { link } => ("nothing can be announced without it".to_owned(), format!("create {link}, or set another uplink")),
        Reason::Reserved { .. } => (
            "a VIP there would take the address from whom it belongs to".to_owned(),
            "give the Service another address; take this one out of what addresses are given out from".to_owned(),
        ),
        Reason::Malformed { .. } => ("what cannot be understood cannot be followed".to_owned(), "correct the Service".to_owned()),
        Reason::PortTaken { .. } => {
            ("one port of a VIP leads to one Service".to_owned(), "give one of the two another port or another address".to_owned())
        }
        Reason::NodeUnknown { .. }
        | Reason::NodeNotSelected { .. }
        | Reason::NodeExcluded { .. }
        | Reason::NodeOutOfService { .. }
        | Reason::NoLocalEndpoint { .. } => {
            ("the config names this owner, and while it may not serve no node answers".to_owned(), mend_owner(reason).to_owned())
        }
        Reason::PoolDiffers { .. } => (
            "its owner wants no address of another pool to appear".to_owned(),
            "correct the annotation, or give the Service an address of that pool".to_owned(),
        ),
        _ => return None,
    };
    let what = match reason {
        // Their own text repeats fault and fix, which stand below.
        Reason::CannotAnswer { .. } => "could not be answered".to_owned(),
        Reason::WouldAnswerToo { .. } => "is withheld".to_owned(),
        reason => reason.to_string(),
    };
    Some(finding(severity(reason)?, reason.code(), format!("{subjects}: {what} ({})", facts.settings.node_name), why, fix))
}

/// What lets an owner serve again.
fn mend_owner(reason: &Reason) -> &'static str {
    match reason {
        Reason::NodeUnknown { .. } => "correct owner, or node_name on that node: kubectl get nodes shows the names",
        Reason::NodeNotSelected { .. } => "label the Node, correct node_selector, or name another owner",
        Reason::NodeExcluded { .. } => "take the label off the Node, or name another owner",
        Reason::NodeOutOfService { .. } => "name another owner, or take the taint off once the node is back",
        _ => "run a pod of the Service there, name another owner, or set externalTrafficPolicy: Cluster",
    }
}

/// None where the cluster cannot be asked: what its Services ask for is not known, and that it cannot is a finding already.
fn nothing_asked(facts: &Facts) -> Option<Finding> {
    let cluster = match &facts.api {
        None => None,
        Some(ApiFacts { reached: Reached::Answers(_), .. }) => Some("the cluster".to_owned()),
        Some(_) => return None,
    };
    let sources: Vec<_> = facts.settings.source.files.iter().map(|path| path.display().to_string()).chain(cluster).collect();
    let (what, fix) = if sources.is_empty() {
        let fix = "name an API server in source.kubernetes, Service manifests in source.files, or VIPs in [[vip]]";
        ("no source is configured, and there is no [[vip]]".to_owned(), fix)
    } else {
        let fix = "have addresses assigned (status.loadBalancer.ingress, spec.externalIPs), or name VIPs in [[vip]]";
        (format!("no Service of {} asks for an address", sources.join(", ")), fix)
    };
    Some(finding(Severity::Warning, "nothing_asked", what, "hostvip has nothing to do", fix))
}
