//! What to tell the owners of Services: an Event for each verdict that is news to them.
//!
//! Of one refusal each node of the cluster has the same verdict, so that one node must tell it: the VIP's owner where that is a Ready
//! Node, else one of the Ready Nodes that the pool selects, by a hash of the Service's name. Where hostvip does not run on every node, a
//! `node_selector` therefore makes sure that somebody tells. Absent: how often an Event is sent (`cluster/kubernetes`).

use std::collections::BTreeMap;

use super::hash::hash;
use super::{Decision, Inputs};
use crate::model::{News, Node, Notice, Reason, Service, ServiceKey, Verdict, Vip};

/// What this node has to tell after `former` became `now`, both settled. Services without a uid are not of the API: nobody can be told.
pub fn notices(inputs: Inputs<'_>, former: &[Verdict], now: &Decision) -> Vec<Notice> {
    let mut tellers = Tellers::of(inputs);
    let mut news: BTreeMap<&ServiceKey, Vec<News>> = BTreeMap::new();
    for verdict in changed(former, &now.verdicts) {
        if let Some((service, said)) =
            verdict.service.as_ref().and_then(|service| Some((service, news_of(&mut tellers, service, verdict)?)))
        {
            news.entry(service).or_default().push(said);
        }
    }
    if news.is_empty() {
        return Vec::new();
    }
    let mut notices = Vec::new();
    for service in inputs.services {
        if let Some((uid, said)) = service.uid.as_ref().and_then(|uid| Some((uid, news.remove(&service.key)?))) {
            notices.extend(said.into_iter().map(|news| Notice { service: service.key.clone(), uid: uid.clone(), news }));
        }
    }
    notices
}

/// The same news for the owner of each of `keys`.
pub fn tell(services: &[&Service], keys: &[ServiceKey], news: &News) -> Vec<Notice> {
    let concerned = services.iter().filter(|service| keys.contains(&service.key));
    let notice = |service: &&Service| Some(Notice { service: service.key.clone(), uid: service.uid.clone()?, news: news.clone() });
    concerned.filter_map(notice).collect()
}

/// The verdicts of `now` that `former` has not. Both are sorted by Service and address.
fn changed<'a>(former: &'a [Verdict], now: &'a [Verdict]) -> impl Iterator<Item = &'a Verdict> {
    let subject = |verdict: &'a Verdict| (&verdict.service, verdict.address);
    let mut rest = former;
    now.iter().filter(move |verdict| {
        while let Some((_, behind)) = rest.split_first().filter(|(first, _)| subject(first) < subject(verdict)) {
            rest = behind;
        }
        let same = rest.iter().take_while(|old| subject(old) == subject(verdict));
        !same.into_iter().any(|old| old.reason == verdict.reason)
    })
}

fn news_of(tellers: &mut Tellers<'_>, service: &ServiceKey, verdict: &Verdict) -> Option<News> {
    match (&verdict.reason, verdict.address) {
        (Reason::Bound { link, .. }, Some(address)) => {
            Some(News::Announcing { vip: Vip(address), node: tellers.inputs.settings.node_name.clone(), link: link.clone() })
        }
        (reason, address) => {
            let why = || address.map_or_else(|| reason.to_string(), |address| format!("{address}: {reason}"));
            (concerns_its_owner(reason) && tellers.is_this(service, verdict)).then(|| News::NotAnnounced { why: why() })
        }
    }
}

/// Whether somebody who asks for an address has to be told: not where it was asked of somebody else, nor where all is in order.
fn concerns_its_owner(reason: &Reason) -> bool {
    match reason {
        Reason::Bound { .. }
        | Reason::Standby { .. }
        | Reason::OutsideEveryPool
        | Reason::ClassDiffers { .. }
        | Reason::IpModeProxy
        | Reason::HostnameOnly { .. }
        | Reason::NoAddress
        | Reason::Deleting
        | Reason::OtherProxy { .. }
        | Reason::Ignored
        | Reason::ExternalIpsOff
        // Of a standby only: the owner answers.
        | Reason::WouldAnswerToo { .. } => false,
        Reason::NotBound { .. }
        | Reason::NamespaceNotSelected { .. }
        | Reason::ServiceNotSelected { .. }
        | Reason::ExternalName
        | Reason::Headless
        | Reason::PoolDiffers { .. }
        | Reason::Malformed { .. }
        | Reason::Reserved { .. }
        | Reason::PortTaken { .. }
        | Reason::NoOwner { .. }
        | Reason::NodeUnknown { .. }
        | Reason::NodeExcluded { .. }
        | Reason::NodeOutOfService { .. }
        | Reason::NodeNotSelected { .. }
        | Reason::NoLocalEndpoint { .. }
        | Reason::NoEndpoints
        | Reason::NoUplink { .. }
        | Reason::CannotAnswer { .. }
        | Reason::HeldByOthers { .. } => true,
    }
}

/// Whether another node may have another verdict, so that only the owner's counts.
fn is_of_this_host(reason: &Reason) -> bool {
    matches!(reason, Reason::NotBound { .. } | Reason::NoUplink { .. } | Reason::CannotAnswer { .. } | Reason::HeldByOthers { .. })
}

/// Who tells which refusal.
struct Tellers<'a> {
    inputs: Inputs<'a>,
    /// The Ready Nodes that each pool selects, and all of them, on a ring of hashes. So thousands of refusals cost no look at each Node,
    /// and two nodes that disagree about one Node agree about nearly all Services.
    rings: BTreeMap<Option<&'a str>, Vec<(u64, &'a str)>>,
}

impl<'a> Tellers<'a> {
    fn of(inputs: Inputs<'a>) -> Self {
        Self { inputs, rings: BTreeMap::new() }
    }

    /// Whether it is this node that tells.
    fn is_this(&mut self, service: &ServiceKey, verdict: &Verdict) -> bool {
        let Inputs { settings, cluster: Some(cluster), .. } = self.inputs else { return false };
        let this = &*settings.node_name;
        let pool = verdict.address.and_then(|address| settings.pool_of(Vip(address)));
        let owner = pool.zip(verdict.address).and_then(|(pool, address)| settings.owner_of(Vip(address), pool));
        if is_of_this_host(&verdict.reason) {
            return owner.is_some_and(|owner| **owner == *this);
        }
        if let Some(owner) = owner.filter(|owner| cluster.nodes.get(*owner).is_some_and(|node| node.ready)) {
            return **owner == *this;
        }
        let ring = self.rings.entry(pool.map(|pool| &*pool.name)).or_insert_with(|| {
            let selected = |node: &&Node| node.ready && pool.is_none_or(|pool| pool.node_selector.matches(&node.labels));
            let mut ring: Vec<_> = cluster.nodes.values().filter(selected).map(|node| (hash(&node.name), &*node.name)).collect();
            ring.sort_unstable();
            ring
        });
        let at = hash(&service.to_string());
        let next = ring.partition_point(|(of_node, _)| *of_node < at);
        ring.get(next).or(ring.first()).is_some_and(|(_, node)| *node == this)
    }
}
