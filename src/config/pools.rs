//! `[[pool]]`: each by itself, and what pools on one uplink exclude.

use std::collections::BTreeMap;

use toml::Spanned;

use super::document::Problems;
use super::ranges::{self, Range};
use super::value::{Table, given};
use super::written::{self, Written};
use crate::model::{Family, Host, Placement, Pool, Selector, Standby, WithoutEndpoints};

pub(super) fn read(written: &Written, host: &Host, problems: &mut Problems<'_>) -> Vec<Pool> {
    let pools: Vec<Pool> = written.pool.iter().map(|entry| pool(entry, problems)).collect();
    let mut places = BTreeMap::new();
    let mut ranges = Vec::new();
    for (entry, pool) in written.pool.iter().zip(&pools) {
        let entry = entry.get_ref();
        if let Some(name) = &entry.name
            && let Some(first) = places.insert(&pool.name, name.span())
        {
            let message = format!("pool {:?} is defined already, in line {}", pool.name, problems.line(&first));
            problems.at(name.span(), message, "give each pool a name of its own, or list all CIDRs in one");
        }
        for net in entry.addresses.iter().flat_map(Spanned::get_ref) {
            ranges.push(Range { net: net.get_ref().0, span: net.span(), pool: &pool.name });
        }
        check_standby(entry, pool, problems);
        check_cluster(written, entry, pool, problems);
    }
    ranges::check(&ranges, host, problems);
    check_placements(written, &pools, problems);
    pools
}

fn pool(entry: &Spanned<Table<written::Pool>>, problems: &mut Problems<'_>) -> Pool {
    let written = entry.get_ref();
    if written.name.is_none() {
        problems.at(entry.span(), "a pool needs a name", "name = \"edge\"");
    }
    match &written.addresses {
        None => problems.at(entry.span(), "a pool needs addresses", "addresses = [\"192.0.2.96/27\"]"),
        Some(addresses) if addresses.get_ref().is_empty() => {
            problems.at(addresses.span(), "is empty", "list at least one CIDR, or remove the pool");
        }
        Some(_) => {}
    }
    let selector = |key| given(key).cloned().unwrap_or_default();
    Pool {
        name: given(written.name.as_ref()).map_or("", |name| &name.0).into(),
        addresses: written.addresses.iter().flat_map(Spanned::get_ref).map(|net| net.get_ref().0).collect(),
        placement: written.placement.as_ref().map_or(Placement::Uplink, |key| key.get_ref().0),
        standby: written.standby.as_ref().map(|key| key.get_ref().0),
        owner: given(written.owner.as_ref()).map(|owner| owner.0.as_str().into()),
        node_selector: selector(written.node_selector.as_ref()),
        service_selector: selector(written.service_selector.as_ref()),
        namespaces: written.namespaces.iter().map(|namespace| namespace.get_ref().0.0.clone()).collect(),
        without_endpoints: written.without_endpoints.as_ref().map_or_else(WithoutEndpoints::default, |key| key.get_ref().0),
    }
}

fn holds_ipv4(pool: &Pool) -> bool {
    pool.addresses.iter().any(|net| Family::of(net.addr()) == Family::Ipv4)
}

/// Labels of nodes and endpoints come from the API alone.
fn check_cluster(written: &Written, entry: &written::Pool, pool: &Pool, problems: &mut Problems<'_>) {
    if written.source.kubernetes.is_some() {
        return;
    }
    let hint = "add kubernetes = { kubeconfig = \"/etc/hostvip/kubeconfig\" } to [source], or remove the key";
    if let Some(key) = entry.node_selector.as_ref().filter(|_| pool.node_selector != Selector::default()) {
        problems.at(key.span(), "without source.kubernetes no node has labels that are known here", hint);
    }
    if let Some(key) = entry.without_endpoints.as_ref().filter(|_| pool.without_endpoints == WithoutEndpoints::Withdraw) {
        problems.at(key.span(), "without source.kubernetes no endpoints are known here", hint);
    }
}

/// Where `arp_ignore` is 0 a standby that accepts a VIP would answer for it too (docs/kernel.md §1).
fn check_standby(entry: &written::Pool, pool: &Pool, problems: &mut Problems<'_>) {
    let accepts = entry.standby.as_ref().filter(|key| key.get_ref().0 == Standby::Accept);
    if let Some(key) = accepts.filter(|_| pool.placement != Placement::Uplink && holds_ipv4(pool)) {
        let message = format!("with placement = \"{}\" a standby that accepts an IPv4 VIP would answer ARP for it as well", pool.placement);
        problems.at(key.span(), message, "set standby = \"off\", or placement = \"uplink\"");
    }
}

/// `uplink` needs `arp_ignore` 1 on the uplink, `lo` and `quiet` need 0 (docs/kernel.md §1).
fn check_placements(written: &Written, pools: &[Pool], problems: &mut Problems<'_>) {
    let ipv4 = || pools.iter().zip(&written.pool).filter(|(pool, _)| holds_ipv4(pool));
    let Some((uplink, _)) = ipv4().find(|(pool, _)| pool.placement == Placement::Uplink) else { return };
    for (pool, entry) in ipv4().filter(|(pool, _)| pool.placement != Placement::Uplink) {
        let Some(key) = &entry.get_ref().placement else { continue };
        let message = format!(
            "pool {:?} has placement \"{}\", which needs arp_ignore = 0, and pool {:?} has \"uplink\", which needs 1",
            pool.name, pool.placement, uplink.name
        );
        let hint =
            "one uplink has one arp_ignore: give all pools with IPv4 addresses \"uplink\", or none (\"lo\" and \"quiet\" go together)";
        problems.at(key.span(), message, hint);
    }
}
