//! A VIP: one address that clients use.

use std::fmt;
use std::net::{AddrParseError, IpAddr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// One address that clients use, always a whole host prefix (/32 or /128).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Vip(pub IpAddr);

/// Address family of a VIP. What answers for it differs: ARP (RFC 826) or NDP (RFC 4861).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4: ARP.
    Ipv4,
    /// IPv6: neighbour discovery.
    Ipv6,
}

impl Vip {
    /// The family of the address.
    pub fn family(self) -> Family {
        Family::of(self.0)
    }

    /// The VIP as a host prefix: /32 or /128.
    pub fn prefix(self) -> IpNet {
        IpNet::from(self.0)
    }
}

impl Family {
    /// The family of `address`.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::Ipv4,
            IpAddr::V6(_) => Self::Ipv6,
        }
    }
}

impl From<IpAddr> for Vip {
    fn from(address: IpAddr) -> Self {
        Self(address)
    }
}

impl FromStr for Vip {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Vip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Vip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        })
    }
}
