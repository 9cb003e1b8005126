//! Which requests may be served: pools, reserved addresses, and who wins where two Services claim the same VIP and port.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;

use super::Inputs;
use super::eligible::Eligibility;
use super::others::Others;
use super::requests::Request;
use crate::model::{Pool, Port, Reason, Service, ServiceKey, Verdict, Vip};

/// Annotation by which the owner of a Service says which pool its addresses must be of.
const POOL: &str = "hostvip.dev/pool";

/// One VIP that may be served, with the requests that share it.
pub(super) struct Claim<'a> {
    pub(super) pool: &'a Pool,
    pub(super) owner: &'a Arc<str>,
    pub(super) requests: Vec<Request<'a>>,
}

impl<'a> Claim<'a> {
    /// What the VIP asks of a node; none where the cluster is not known: every node is then taken for fit.
    pub(super) fn eligibility(&self, inputs: Inputs<'a>) -> Option<Eligibility<'a>> {
        let services = self.requests.iter().filter_map(|request| request.service);
        inputs.cluster.map(|cluster| Eligibility::of(cluster, self.pool, services))
    }
}

/// Sorts the requests by VIP; what may not be served gets its verdict here.
pub(super) fn claims<'a>(
    inputs: Inputs<'a>,
    others: &Others<'_>,
    requests: Vec<Request<'a>>,
    verdicts: &mut Vec<Verdict>,
) -> BTreeMap<Vip, Claim<'a>> {
    let mut claims: BTreeMap<Vip, Claim<'a>> = BTreeMap::new();
    for request in requests {
        match admit(inputs, others, &request) {
            // Most VIPs have one request: room for four, as a Vec that grows has, would be three too many for each.
            Ok((pool, owner)) => match claims.entry(request.vip) {
                Entry::Vacant(entry) => drop(entry.insert(Claim { pool, owner, requests: vec![request] })),
                Entry::Occupied(mut entry) => entry.get_mut().requests.push(request),
            },
            Err(reason) => verdicts.push(request.verdict(reason)),
        }
    }
    for claim in claims.values_mut() {
        claim.requests = settle_ports(std::mem::take(&mut claim.requests), verdicts);
    }
    claims
}

/// The pool and the owner, or why the request may not be served.
fn admit<'a>(inputs: Inputs<'a>, others: &Others<'_>, request: &Request<'a>) -> Result<(&'a Pool, &'a Arc<str>), Reason> {
    let vip = request.vip;
    if let Some(kind) = special_purpose(vip.0) {
        return Err(Reason::Reserved { of: kind.to_owned() });
    }
    let pool = inputs.settings.pool_of(vip).ok_or(Reason::OutsideEveryPool)?;
    if let Some(service) = request.service {
        if !pool.namespaces.is_empty() && !pool.namespaces.contains(&*service.key.namespace) {
            return Err(Reason::NamespaceNotSelected { pool: pool.name.to_string() });
        }
        if !pool.service_selector.matches(&service.labels) {
            return Err(Reason::ServiceNotSelected { pool: pool.name.to_string() });
        }
        if let Some(asked) = service.annotations.get(POOL).filter(|asked| ***asked != *pool.name) {
            return Err(Reason::PoolDiffers { pool: pool.name.to_string(), asked: asked.clone() });
        }
    }
    if let Some(of) = others.reserved(vip.0) {
        return Err(Reason::Reserved { of });
    }
    let owner = inputs.settings.owner_of(vip, pool).ok_or_else(|| Reason::NoOwner { pool: pool.name.to_string() })?;
    Ok((pool, owner))
}

/// Addresses that no host may have as a VIP, whatever a pool says (RFC 6890, RFC 4291).
fn special_purpose(address: IpAddr) -> Option<&'static str> {
    let link_local = match address {
        IpAddr::V4(v4) if v4.is_broadcast() => return Some("the limited broadcast address"),
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => return Some("an IPv4-mapped address"),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    match address {
        _ if address.is_unspecified() => Some("the unspecified address"),
        _ if address.is_loopback() => Some("a loopback address"),
        _ if address.is_multicast() => Some("a multicast address"),
        _ if link_local => Some("a link-local address"),
        _ => None,
    }
}

/// Lets the elder Service win where two claim the same port of one VIP.
fn settle_ports<'a>(mut requests: Vec<Request<'a>>, verdicts: &mut Vec<Verdict>) -> Vec<Request<'a>> {
    if requests.len() < 2 {
        return requests;
    }
    requests.sort_by_key(|request| request.service.map(Service::age_order));
    let mut taken: BTreeMap<Port, &ServiceKey> = BTreeMap::new();
    requests.retain(|request| {
        let Some(service) = request.service else { return true };
        let clash = service.ports.iter().find_map(|port| taken.get(port).map(|by| (*port, (*by).clone())));
        if let Some((port, by)) = clash {
            verdicts.push(request.verdict(Reason::PortTaken { port, by }));
            return false;
        }
        taken.extend(service.ports.iter().map(|port| (*port, &service.key)));
        true
    });
    requests
}
