//! Operations on the kernel and the ordered list of them.

use std::fmt;

use serde::Serialize;

use super::{Address, AddressKey, LinkName, Route, RouteKey, Sysctl, Vip};

/// One change. Its display is the line of the log and of `hostvip plan`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "op")]
pub enum Op {
    /// Set a kernel setting; the value before is kept for `withdraw`.
    SetSysctl {
        /// The setting.
        sysctl: Sysctl,
        /// The value to set.
        value: i32,
        /// The value observed.
        was: Option<i32>,
    },
    /// Accept packets for a VIP, by a route of ours.
    AddRoute {
        /// Destination, table and metric.
        key: RouteKey,
        /// Where it leads.
        route: Route,
    },
    /// Bind a VIP to a link.
    Bind {
        /// Link and VIP.
        key: AddressKey,
        /// Scope, label and lifetime.
        address: Address,
    },
    /// Fall silent: take a VIP off a link.
    Unbind {
        /// Link and VIP.
        key: AddressKey,
    },
    /// Stop accepting packets.
    DelRoute {
        /// Destination, table and metric.
        key: RouteKey,
    },
    /// Give a kernel setting back the value it had before.
    RestoreSysctl {
        /// The setting.
        sysctl: Sysctl,
        /// The value before we changed it.
        value: i32,
    },
    /// Tell the segment who owns a VIP.
    Announce {
        /// The VIP.
        vip: Vip,
        /// The link to speak on.
        link: LinkName,
    },
}

/// The ordered list of operations between observed and desired.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Plan(pub Vec<Op>);

impl Plan {
    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Op {
    /// The VIP that the operation is about, where it is about one.
    pub fn vip(&self) -> Option<Vip> {
        match self {
            Self::Bind { key, .. } | Self::Unbind { key } => Some(key.vip),
            Self::AddRoute { key, .. } | Self::DelRoute { key } => Some(Vip(key.prefix.addr())),
            Self::Announce { vip, .. } => Some(*vip),
            Self::SetSysctl { .. } | Self::RestoreSysctl { .. } => None,
        }
    }

    /// Every [`Op::kind`].
    pub const KINDS: [&'static str; 7] = ["set_sysctl", "add_route", "bind", "unbind", "del_route", "restore_sysctl", "announce"];

    /// The kind of operation, for metrics and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SetSysctl { .. } => "set_sysctl",
            Self::AddRoute { .. } => "add_route",
            Self::Bind { .. } => "bind",
            Self::Unbind { .. } => "unbind",
            Self::DelRoute { .. } => "del_route",
            Self::RestoreSysctl { .. } => "restore_sysctl",
            Self::Announce { .. } => "announce",
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetSysctl { sysctl, value, was: Some(was) } => write!(f, "set {sysctl} = {value} (was {was})"),
            Self::SetSysctl { sysctl, value, was: None } => write!(f, "set {sysctl} = {value}"),
            Self::AddRoute { key, route: Route::Local(link) } => write!(f, "accept {key} (local route dev {link})"),
            Self::AddRoute { key, route: Route::Other } => write!(f, "add route {key}"),
            Self::Bind { key, address } => {
                write!(f, "bind {key} (scope {}", address.scope)?;
                if address.deprecated {
                    f.write_str(", deprecated")?;
                }
                f.write_str(")")
            }
            Self::Unbind { key } => write!(f, "unbind {key}"),
            Self::DelRoute { key } => write!(f, "stop accepting {key}"),
            Self::RestoreSysctl { sysctl, value } => write!(f, "restore {sysctl} = {value}"),
            Self::Announce { vip, link } => write!(f, "announce {vip} on {link}"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|op| writeln!(f, "{op}"))
    }
}
