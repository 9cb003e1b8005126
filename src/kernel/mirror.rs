//! The host as last seen, kept up to date by events and by our own changes. Reads nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::address::LinkAddress;
use super::route::{Kind, LinkRoute};
use crate::model::{Address, AddressKey, Family, Gateway, Host, Link, LinkName, Op, Route, Scope, Vip};

/// What stands in the mirror for a marked address that is no host prefix. Nothing desired equals it, so that it is removed.
const LEFTOVER: Address = Address { scope: Scope::Other, labelled: false, deprecated: false };
/// `RT_TABLE_MAIN`
const MAIN_TABLE: u32 = 254;

/// The host, with what is needed to follow the kernel's events.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    pub(super) host: Host,
    names: BTreeMap<u32, LinkName>,
    /// Marked addresses that are no host prefixes.
    leftovers: BTreeSet<(LinkName, IpNet)>,
}

/// What an event means for the mirror. The greater one includes the lesser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// Nothing that we look at changed.
    Nothing,
    /// Something did, and the mirror shows it.
    Changed,
    /// The kernel may have dropped routes without a word (IPv4 does when a link or an address goes): read them again.
    Routes,
    /// Read everything again.
    Everything,
}

impl Mirror {
    /// A link appeared or changed.
    pub(super) fn link(&mut self, link: Link) -> Effect {
        let known = self.host.links.get(&link.name);
        if self.names.get(&link.index).is_some_and(|name| *name != link.name) || known.is_some_and(|known| known.index != link.index) {
            return Effect::Everything; // renamed, or its predecessor's end was missed
        }
        if known == Some(&link) {
            return Effect::Nothing;
        }
        let fell = known.is_some_and(|known| known.up && !link.up || known.carrier && !link.carrier);
        let effect = if fell && self.routes_lead_through(&link.name) { Effect::Routes } else { Effect::Changed };
        self.names.insert(link.index, link.name.clone());
        self.host.links.insert(link.name.clone(), link);
        effect
    }

    /// A link is gone, and with it all that it bore.
    pub(super) fn link_gone(&mut self, index: u32) -> Effect {
        let Some(name) = self.names.remove(&index) else { return Effect::Nothing };
        let effect = if self.routes_lead_through(&name) { Effect::Routes } else { Effect::Changed };
        self.host.links.remove(&name);
        self.host.foreign.retain(|(link, _)| *link != name);
        self.host.ours.addresses.retain(|key, _| key.link != name);
        self.host.ours.sysctls.retain(|sysctl, _| sysctl.link != name);
        self.leftovers.retain(|(link, _)| *link != name);
        effect
    }

    /// An address appeared or changed.
    pub(super) fn address(&mut self, address: &LinkAddress) -> Effect {
        let Some((key, place)) = self.locate(address) else { return Effect::Nothing };
        let ours = &mut self.host.ours.addresses;
        let changed = match address.own {
            // Marked no more: somebody replaced it.
            None if self.leftovers.contains(&place) => return Effect::Everything,
            None => self.host.foreign.insert(place.clone()) | (is_host_prefix(place.1) && ours.remove(&key).is_some()),
            Some(own) => {
                let usurped = self.host.foreign.remove(&place);
                if !is_host_prefix(place.1) {
                    self.leftovers.insert(place);
                }
                let shown = if self.leftovers_of(&key).next().is_some() { LEFTOVER } else { own };
                usurped | (self.host.ours.addresses.insert(key, shown) != Some(shown))
            }
        };
        if changed { Effect::Changed } else { Effect::Nothing }
    }

    /// An address is gone.
    pub(super) fn address_gone(&mut self, address: &LinkAddress) -> Effect {
        let Some((key, place)) = self.locate(address) else { return Effect::Nothing };
        if self.leftovers.contains(&place) {
            return Effect::Everything; // it may have hidden a host prefix of ours
        }
        if self.host.foreign.remove(&place) {
            return if self.routes_lead_through(&place.0) { Effect::Routes } else { Effect::Changed };
        }
        let hidden = self.leftovers_of(&key).next().is_some();
        if is_host_prefix(place.1) && !hidden && self.host.ours.addresses.remove(&key).is_some() {
            Effect::Changed
        } else {
            Effect::Nothing
        }
    }

    /// A route appeared or took the place of another.
    pub(super) fn route(&mut self, route: &LinkRoute) -> Effect {
        if route.is_own() {
            let leads = self.leads(route);
            let changed = self.host.ours.routes.insert(route.key.clone(), leads.clone()) != Some(leads);
            return if changed { Effect::Changed } else { Effect::Nothing };
        }
        let replaced = self.host.ours.routes.remove(&route.key).is_some();
        match (is_default(route), replaced) {
            (true, _) => Effect::Routes,
            (false, true) => Effect::Changed,
            (false, false) => Effect::Nothing,
        }
    }

    /// A route is gone.
    pub(super) fn route_gone(&mut self, route: &LinkRoute) -> Effect {
        match route.is_own() {
            true if self.host.ours.routes.remove(&route.key).is_some() => Effect::Changed,
            false if is_default(route) => Effect::Routes,
            _ => Effect::Nothing,
        }
    }

    /// All routes that we look at, read afresh.
    pub(super) fn set_routes(&mut self, routes: &[LinkRoute]) {
        self.host.ours.routes = routes.iter().filter(|route| route.is_own()).map(|route| (route.key.clone(), self.leads(route))).collect();
        self.host.gateways = routes.iter().filter(|route| is_default(route)).flat_map(|route| self.gateways(route)).collect();
        self.host.gateways.sort();
    }

    /// The kernel confirmed one of our changes.
    pub(super) fn confirm(&mut self, op: &Op) {
        let ours = &mut self.host.ours;
        match op {
            Op::Bind { key, address } => drop(ours.addresses.insert(key.clone(), *address)),
            Op::AddRoute { key, route } => drop(ours.routes.insert(key.clone(), route.clone())),
            Op::DelRoute { key } => drop(ours.routes.remove(key)),
            Op::Unbind { key } => {
                ours.addresses.remove(key);
                self.leftovers.retain(|(link, net)| *link != key.link || net.addr() != key.vip.0);
            }
            Op::SetSysctl { .. } | Op::RestoreSysctl { .. } | Op::Announce { .. } => {}
        }
    }

    /// Marked addresses of one key that are no host prefixes.
    pub(super) fn leftovers_of(&self, key: &AddressKey) -> impl Iterator<Item = IpNet> {
        self.leftovers.iter().filter(|(link, net)| *link == key.link && net.addr() == key.vip.0).map(|(_, net)| *net)
    }

    /// An address of others that the kernel would remove with `net`: it drops a subnet's other IPv4 addresses with the first one.
    pub(super) fn entangled(&self, link: &LinkName, net: IpNet) -> Option<IpNet> {
        let same_subnet = |other: &IpNet| other.addr().is_ipv4() && other.trunc() == net.trunc();
        self.host.foreign.iter().find(|(on, other)| on == link && same_subnet(other)).map(|(_, other)| *other)
    }

    fn locate(&self, address: &LinkAddress) -> Option<(AddressKey, (LinkName, IpNet))> {
        let link = self.names.get(&address.index)?.clone();
        Some((AddressKey { link: link.clone(), vip: Vip(address.net.addr()) }, (link, address.net)))
    }

    fn leads(&self, route: &LinkRoute) -> Route {
        match (route.kind, route.hops.as_slice()) {
            (Kind::Local, [(Some(index), None)]) => self.names.get(index).map_or(Route::Other, |link| Route::Local(link.clone())),
            _ => Route::Other,
        }
    }

    fn gateways(&self, route: &LinkRoute) -> impl Iterator<Item = Gateway> {
        let (metric, family) = (route.key.metric, Family::of(route.key.prefix.addr()));
        route.hops.iter().filter_map(move |(index, via)| {
            let link = self.names.get(&(*index)?)?.clone();
            Some(Gateway { metric, family, link, via: *via })
        })
    }

    fn routes_lead_through(&self, link: &LinkName) -> bool {
        let local = Route::Local(link.clone());
        self.host.gateways.iter().any(|gateway| gateway.link == *link) || self.host.ours.routes.values().any(|route| *route == local)
    }
}

fn is_default(route: &LinkRoute) -> bool {
    !route.is_own() && route.key.table == MAIN_TABLE && route.key.prefix.prefix_len() == 0 && route.kind == Kind::Unicast
}

fn is_host_prefix(net: IpNet) -> bool {
    net.prefix_len() == net.max_prefix_len()
}
