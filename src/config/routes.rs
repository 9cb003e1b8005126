//! `[router]` and `[[route]]`: routes of the administrator's own.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use toml::Spanned;

use super::document::Problems;
use super::value::Text;
use super::written::{Route, Written};
use crate::model::Family;

pub(super) fn check(written: &Written, problems: &mut Problems<'_>) {
    if let Some(key) = written.router.table.as_ref().filter(|key| matches!(key.get_ref(), 0 | 255)) {
        problems.at(key.span(), "is a table of the kernel's own", "254 is the main table; 1 to 252 are free");
    }
    check_next_hops(&written.router.next_hops, None, problems);
    let mut seen = BTreeMap::new();
    for route in &written.route {
        check_route(route.get_ref(), route.span(), problems);
        let Some(prefix) = &route.get_ref().prefix else { continue };
        if let Some(first) = seen.insert(prefix.get_ref().0, prefix.span()) {
            let message = format!("{} has a route already, in line {}", prefix.get_ref().0, problems.line(&first));
            problems.at(prefix.span(), message, "list all its next hops in one [[route]]: via = [ … ]");
        }
    }
}

fn check_route(route: &Route, span: Range<usize>, problems: &mut Problems<'_>) {
    let Some(prefix) = &route.prefix else {
        return problems.at(span, "a route needs a prefix", "prefix = \"198.51.100.10/32\"");
    };
    match &route.via {
        None => problems.at(span, format!("the route to {} needs next hops", prefix.get_ref().0), "via = [\"192.0.2.11\", \"192.0.2.12\"]"),
        Some(via) if via.get_ref().is_empty() => problems.at(via.span(), "is empty", "name at least one next hop, or remove the [[route]]"),
        Some(via) => check_next_hops(via.get_ref(), Some(Family::of(prefix.get_ref().0.addr())), problems),
    }
}

fn check_next_hops(hops: &[Spanned<Text<IpAddr>>], family: Option<Family>, problems: &mut Problems<'_>) {
    let mut seen = BTreeSet::new();
    for hop in hops {
        let address = hop.get_ref().0;
        if address.is_unspecified() || address.is_loopback() || address.is_multicast() {
            problems.at(hop.span(), format!("{address} is no next hop"), "name the address of a node or a router on a link of this host");
        }
        if let Some(family) = family.filter(|family| *family != Family::of(address)) {
            problems.at(hop.span(), format!("{address} cannot be the next hop of an {family} prefix"), format!("name an {family} address"));
        }
        if !seen.insert(address) {
            problems.at(hop.span(), format!("{address} is listed twice"), "list each next hop once");
        }
    }
}
