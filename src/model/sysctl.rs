//! The kernel settings that decide who answers ARP and NDP, and what arrives.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::LinkName;

/// A per-link setting below `net.ipv4.conf` or `net.ipv6.conf` (kernel: Documentation/networking/ip-sysctl.rst).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knob {
    /// IPv4: which ARP requests are answered. The effective value is the maximum of `all` and the link.
    ArpIgnore,
    /// IPv4: which source address ARP requests carry. The effective value is the maximum of `all` and the link.
    ArpAnnounce,
    /// IPv4: answers ARP for other hosts. Effective when set on `all` or the link.
    ProxyArp,
    /// IPv4: reverse path filter. The effective value is the maximum of `all` and the link.
    RpFilter,
    /// IPv4: forwards packets.
    Forwarding,
    /// IPv6: answers NDP for entries of the proxy table.
    ProxyNdp,
    /// IPv6: forwards packets.
    Forwarding6,
}

/// One setting of one link, or of `all`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sysctl {
    /// The link, or the name `all`.
    pub link: LinkName,
    /// The setting.
    pub knob: Knob,
}

/// What a setting is, and what it was before we changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SysctlState {
    /// The value now (observed) or the value wanted (desired).
    pub value: i32,
    /// The value to give back, where we changed it. Never set in a desired state.
    pub before: Option<i32>,
}

impl Knob {
    /// Every knob, in the order in which they are read.
    pub const ALL: [Self; 7] =
        [Self::ArpIgnore, Self::ArpAnnounce, Self::ProxyArp, Self::RpFilter, Self::Forwarding, Self::ProxyNdp, Self::Forwarding6];

    /// Directory below `/proc/sys/net` and file name.
    pub fn path(self) -> (&'static str, &'static str) {
        match self {
            Self::ArpIgnore => ("ipv4", "arp_ignore"),
            Self::ArpAnnounce => ("ipv4", "arp_announce"),
            Self::ProxyArp => ("ipv4", "proxy_arp"),
            Self::RpFilter => ("ipv4", "rp_filter"),
            Self::Forwarding => ("ipv4", "forwarding"),
            Self::ProxyNdp => ("ipv6", "proxy_ndp"),
            Self::Forwarding6 => ("ipv6", "forwarding"),
        }
    }
}

impl Sysctl {
    /// The setting `knob` of `link`.
    pub fn new(link: impl Into<LinkName>, knob: Knob) -> Self {
        Self { link: link.into(), knob }
    }

    /// The setting `knob` of `all`, which the kernel combines with each link's own.
    pub fn all(knob: Knob) -> Self {
        Self { link: LinkName::all(), knob }
    }
}

impl fmt::Display for Sysctl {
    /// As sysctl(8) writes it: a dot inside a link name becomes a slash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (family, name) = self.knob.path();
        write!(f, "net.{family}.conf.{}.{name}", self.link.as_str().replace('.', "/"))
    }
}
