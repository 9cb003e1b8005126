//! Pools: what this node may ever touch, and how.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Family, Selector, Vip};

/// Named list of CIDRs that this node may ever touch, with how to announce them. No pool, no action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Name; shared, as the owner is, because each VIP names both again.
    pub name: Arc<str>,
    /// The CIDRs, without host bits; no two pools overlap.
    pub addresses: Vec<IpNet>,
    /// Where the owner holds a VIP.
    pub placement: Placement,
    /// What a standby does; none: what fits the placement and the family.
    pub standby: Option<Standby>,
    /// Who owns this pool's VIPs (coordination "static").
    pub owner: Option<Arc<str>>,
    /// Which nodes may serve its VIPs, by label.
    pub node_selector: Selector,
    /// Which Services may use it, by label.
    pub service_selector: Selector,
    /// Which namespaces may use it; empty: every one.
    pub namespaces: BTreeSet<String>,
    /// What becomes of the VIPs of a Service without endpoints.
    pub without_endpoints: WithoutEndpoints,
}

/// Where the kernel holds an owner's VIP (docs/kernel.md §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// Address on the uplink.
    Uplink,
    /// Address on `lo`.
    Lo,
    /// Local route, no address.
    Quiet,
}

/// What a node does with an l2 VIP that another node owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standby {
    /// Accepts its packets silently, by a quiet route.
    Accept,
    /// Holds nothing.
    Off,
}

/// What becomes of a VIP when none of its Services has an endpoint that serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WithoutEndpoints {
    /// It stays: clients are refused at once instead of waiting, and nothing moves when the endpoints are back.
    #[default]
    Keep,
    /// Nobody answers for it.
    Withdraw,
}

impl Pool {
    /// Whether the pool holds `vip`.
    pub fn contains(&self, vip: Vip) -> bool {
        self.addresses.iter().any(|net| net.contains(&vip.0))
    }

    /// Where the owner holds a VIP of `family`: NDP is answered only for addresses on the link itself, so IPv6 always goes to the uplink.
    pub fn placement_of(&self, family: Family) -> Placement {
        match family {
            Family::Ipv4 => self.placement,
            Family::Ipv6 => Placement::Uplink,
        }
    }

    /// What a standby does for `family`: a quiet route is silent only where `arp_ignore` is 1, so `lo` and `quiet` pools have none for IPv4.
    pub fn standby_of(&self, family: Family) -> Standby {
        match self.placement_of(family) {
            Placement::Uplink => self.standby.unwrap_or(Standby::Accept),
            Placement::Lo | Placement::Quiet => Standby::Off,
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uplink => "uplink",
            Self::Lo => "lo",
            Self::Quiet => "quiet",
        })
    }
}
