//! The nodes that were considered for a VIP, for `explain`.

use super::Inputs;
use super::claims::claims;
use super::others::Others;
use super::requests::requests;
use crate::model::report::Candidate;
use crate::model::{Node, Service, Vip};

/// Annotation by which the owner of a Service names the node that he would like best.
const PREFER_NODE: &str = "hostvip.dev/prefer-node";

/// Every Node of the cluster, those first that serve `vip` best. Empty where nobody asks for it, where it may not be served at all, or
/// where the cluster is not known.
///
/// With static ownership the config names the owner. A preferred node is shown and chosen by nobody: two nodes may see an annotation
/// change at different moments, and would both answer meanwhile.
pub fn candidates(inputs: Inputs<'_>, vip: Vip) -> Vec<Candidate> {
    let names = |service: &&&Service| {
        let ingress = service.ingress.iter().any(|ingress| ingress.ip == Some(vip.0));
        ingress || service.external_ips.contains(&vip.0)
    };
    let services: Vec<_> = inputs.services.iter().filter(names).copied().collect();
    let inputs = Inputs { services: &services, ..inputs };
    let (requests, mut verdicts) = requests(inputs);
    let asked = requests.into_iter().filter(|request| request.vip == vip).collect();
    let claims = claims(inputs, &Others::of(inputs), asked, &mut verdicts);
    let Some((claim, eligibility)) = claims.get(&vip).and_then(|claim| Some((claim, claim.eligibility(inputs)?))) else {
        return Vec::new();
    };
    // The eldest Service's word counts, as it does for ports.
    let preferred = claim.requests.iter().find_map(|request| request.service?.annotations.get(PREFER_NODE));
    let candidate = |node: &Node| {
        let fitness = eligibility.fitness(&node.name);
        Candidate {
            node: node.name.to_string(),
            ready: node.ready,
            draining: fitness.as_ref().is_ok_and(|fitness| fitness.draining),
            why_not: fitness.err(),
            preferred: preferred.is_some_and(|name| **name == *node.name),
            owner: *claim.owner == node.name,
        }
    };
    let mut candidates: Vec<_> = eligibility.nodes().map(candidate).collect();
    candidates.sort_by_key(|candidate| (candidate.why_not.is_some(), !candidate.ready, candidate.draining, !candidate.preferred));
    candidates
}
