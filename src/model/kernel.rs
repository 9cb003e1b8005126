//! What the kernel holds for us: ONE type for what should be (desired) and what is (observed).

use std::collections::BTreeMap;
use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{LinkName, Sysctl, SysctlState, Vip};

/// The marked objects of this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelState {
    /// Addresses that bear our mark.
    pub addresses: BTreeMap<AddressKey, Address>,
    /// Routes that bear our mark.
    pub routes: BTreeMap<RouteKey, Route>,
    /// Settings: desired ones; or, observed, those that matter for us and those that we changed.
    pub sysctls: BTreeMap<Sysctl, SysctlState>,
}

/// What makes an address unique on a host. VIPs are bound as host prefixes only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AddressKey {
    /// Link that bears the address.
    pub link: LinkName,
    /// The address.
    pub vip: Vip,
}

/// How an address is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// IPv4 `host` keeps it from being chosen as a source address; IPv6 has `global` only.
    pub scope: Scope,
    /// Bears the label "hostvip" (IPv4 only).
    pub labelled: bool,
    /// Preferred lifetime 0, never chosen as a source address (IPv6).
    pub deprecated: bool,
}

/// Address scope (rtnetlink(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Valid everywhere.
    Global,
    /// Any other scope: site, link or a number.
    Other,
    /// Valid on this host only.
    Host,
}

/// What makes a route unique.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RouteKey {
    /// Routing table.
    pub table: u32,
    /// Destination.
    pub prefix: IpNet,
    /// Metric (IPv6: priority).
    pub metric: u32,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// Delivered on this host, by way of the named link (`ip route add local … dev lo`): the `quiet` placement.
    Local(LinkName),
    /// Anything else that bears our mark: a leftover.
    Other,
}

impl KernelState {
    /// Every VIP that is held in whatever way, some of them twice.
    pub fn vips(&self) -> impl Iterator<Item = Vip> {
        let routed = self.routes.keys().map(|key| Vip(key.prefix.addr()));
        self.addresses.keys().map(|key| key.vip).chain(routed)
    }
}

impl Address {
    /// How a VIP of this family is bound (docs/kernel.md §2).
    pub fn of(vip: Vip) -> Self {
        match vip.0 {
            std::net::IpAddr::V4(_) => Self { scope: Scope::Host, labelled: true, deprecated: false },
            std::net::IpAddr::V6(_) => Self { scope: Scope::Global, labelled: false, deprecated: true },
        }
    }
}

impl RouteKey {
    /// The `quiet` route of `vip`.
    pub fn quiet(vip: Vip) -> Self {
        use super::provenance::{LOCAL_TABLE, QUIET_METRIC};
        Self { table: LOCAL_TABLE, prefix: vip.prefix(), metric: QUIET_METRIC }
    }
}

impl Route {
    /// A `quiet` route: accepted on this host, no address.
    pub fn quiet() -> Self {
        Self::Local(LinkName::loopback())
    }
}

impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} dev {}", self.vip.prefix(), self.link)
    }
}

impl fmt::Debug for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} table ", self.prefix)?;
        match self.table {
            super::provenance::LOCAL_TABLE => f.write_str("local")?,
            other => other.fmt(f)?,
        }
        write!(f, " metric {}", self.metric)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "global",
            Self::Other => "other",
            Self::Host => "host",
        })
    }
}
