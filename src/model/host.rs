//! The host as it is: links, what bears our mark, and what belongs to others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Family, KernelState, Knob, Link, LinkName, Sysctl};

/// A snapshot of this host's network stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Links by name.
    pub links: BTreeMap<LinkName, Link>,
    /// What bears our mark, and the settings of every link.
    pub ours: KernelState,
    /// Addresses of others: link, and the address with its prefix length.
    pub foreign: BTreeSet<(LinkName, IpNet)>,
    /// Default routes, the preferred one first.
    pub gateways: Vec<Gateway>,
}

/// One default route of the main table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gateway {
    /// Metric; the lowest is preferred.
    pub metric: u32,
    /// Family of the route.
    pub family: Family,
    /// Link it leaves by.
    pub link: LinkName,
    /// Next hop; none for a route straight to the link.
    pub via: Option<IpAddr>,
}

impl Host {
    /// A setting, where the kernel has it.
    pub fn sysctl(&self, link: &LinkName, knob: Knob) -> Option<i32> {
        let key = Sysctl { link: link.clone(), knob };
        self.ours.sysctls.get(&key).map(|state| state.value)
    }

    /// What the kernel applies: the maximum of `all` and the link (`IN_DEV_MAXCONF`); a missing one counts as 0.
    pub fn effective(&self, link: &LinkName, knob: Knob) -> i32 {
        let all = self.sysctl(&LinkName::all(), knob).unwrap_or(0);
        all.max(self.sysctl(link, knob).unwrap_or(0))
    }

    /// The link of the preferred default route: IPv4 first.
    pub fn default_link(&self) -> Option<&LinkName> {
        let of = |family| self.gateways.iter().find(|gateway| gateway.family == family);
        of(Family::Ipv4).or_else(|| of(Family::Ipv6)).map(|gateway| &gateway.link)
    }

    /// Whether a subnet of `link` that is not ours holds `address`.
    pub fn on_link(&self, link: &LinkName, address: IpAddr) -> bool {
        self.foreign.iter().any(|(on, net)| on == link && net.prefix_len() < net.max_prefix_len() && net.contains(&address))
    }
}
