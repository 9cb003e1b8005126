//! The config file as written: every key of the contract, nothing filled in.
//!
//! Each value is well-formed by itself; what the values mean together is the affair of the checks. Documented in docs/configuration.md.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::settings::OnStop;
use super::text::{ClassName, Label, NodeName};
use super::value::{Table, Text, Word};
use crate::model::{LinkName, Placement, Selector, Standby, Vip, WithoutEndpoints};

/// A key that need not be there, with its place.
type Key<T> = Option<Spanned<T>>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    pub(super) node_name: Key<Text<NodeName>>,
    pub(super) uplink: Key<Text<LinkName>>,
    pub(super) state_dir: Key<Text<PathBuf>>,
    pub(super) listen: Key<Text<SocketAddr>>,
    pub(super) on_stop: Option<Word<OnStop>>,
    pub(super) source: Table<Source>,
    pub(super) coordination: Table<Coordination>,
    pub(super) pool: Vec<Spanned<Table<Pool>>>,
    pub(super) vip: Vec<Spanned<Table<VipEntry>>>,
    pub(super) announce: Table<Announce>,
    pub(super) fence: Table<Fence>,
    pub(super) shield: Table<Shield>,
    pub(super) router: Table<Router>,
    pub(super) route: Vec<Spanned<Table<Route>>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Source {
    pub(super) files: Vec<Spanned<Text<PathBuf>>>,
    pub(super) kubernetes: Option<Table<Kubernetes>>,
    pub(super) external_ips: Option<bool>,
    pub(super) load_balancer_class: Key<Text<ClassName>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Kubernetes {
    pub(super) kubeconfig: Key<Text<PathBuf>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Coordination {
    pub(super) mode: Option<Word<Mode>>,
    pub(super) namespace: Key<Text<Label>>,
    pub(super) renew_interval: Key<Text<Duration>>,
    pub(super) lease_duration: Key<Text<Duration>>,
    pub(super) detect: Key<Word<Detect>>,
    pub(super) on_api_loss: Key<Word<OnApiLoss>>,
    pub(super) probe_interval: Key<Text<Duration>>,
    pub(super) look: Key<Text<Duration>>,
    pub(super) rebalance: Option<Word<Rebalance>>,
    pub(super) directory: Key<Text<PathBuf>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Pool {
    pub(super) name: Key<Text<Label>>,
    pub(super) addresses: Key<Vec<Spanned<Text<IpNet>>>>,
    pub(super) announce: Option<Word<AnnounceBy>>,
    pub(super) placement: Key<Word<Placement>>,
    pub(super) standby: Key<Word<Standby>>,
    pub(super) owner: Key<Text<NodeName>>,
    pub(super) node_selector: Key<Text<Selector>>,
    pub(super) service_selector: Key<Text<Selector>>,
    pub(super) namespaces: Vec<Spanned<Text<Label>>>,
    pub(super) without_endpoints: Key<Word<WithoutEndpoints>>,
    pub(super) slices: Key<u16>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct VipEntry {
    pub(super) address: Key<Text<Vip>>,
    pub(super) owner: Key<Text<NodeName>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Announce {
    pub(super) refresh: Key<Text<Duration>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Fence {
    pub(super) mode: Key<Word<FenceMode>>,
    pub(super) timeout: Key<Text<Duration>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Shield {
    pub(super) mode: Option<Word<ShieldMode>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Router {
    pub(super) table: Key<u32>,
    pub(super) next_hops: Vec<Spanned<Text<IpAddr>>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Route {
    pub(super) prefix: Key<Text<IpNet>>,
    pub(super) via: Key<Vec<Spanned<Text<IpAddr>>>>,
}

/// `coordination.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mode {
    Static,
    Directory,
    Kubernetes,
}

/// `coordination.detect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Detect {
    Wire,
    Lease,
}

/// `coordination.on_api_loss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnApiLoss {
    Hold,
    Fence,
}

/// `coordination.rebalance`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Rebalance {
    Gentle,
    Off,
}

/// `pool.announce`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum AnnounceBy {
    L2,
    Route,
}

/// `fence.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FenceMode {
    Nftables,
    Lifetime,
    Off,
}

/// `shield.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ShieldMode {
    Drop,
    Reject,
    Off,
}
