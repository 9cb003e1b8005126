//! What the config file means: validated, with every default filled in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::model::{LinkName, Pool, Vip};

/// The config in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Name of this node, as `owner` keys name it.
    pub node_name: String,
    /// Link on which VIPs are announced.
    pub uplink: LinkName,
    /// Directory of the agent's state.
    pub state_dir: PathBuf,
    /// Where `/livez`, `/readyz` and `/state` are served.
    pub listen: SocketAddr,
    /// What a planned stop leaves behind.
    pub on_stop: OnStop,
    /// Where Services come from.
    pub source: Source,
    /// What this node may touch.
    pub pools: Vec<Pool>,
    /// `[[vip]]` entries: VIPs that no Service names, and owners of single VIPs (none: the pool's).
    pub vips: BTreeMap<Vip, Option<Arc<str>>>,
    /// Interval of the slow repetition of announcements; none: never.
    pub announce_refresh: Option<Duration>,
}

/// Where Services come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Files and directories of manifests.
    pub files: Vec<PathBuf>,
    /// The API server to watch.
    pub kubernetes: Option<Kubernetes>,
    /// Whether `spec.externalIPs` count.
    pub external_ips: bool,
    /// Only Services of this class; empty: any.
    pub load_balancer_class: String,
}

/// The cluster to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubernetes {
    /// The kubeconfig; none: the service account of the pod that this process runs in.
    pub kubeconfig: Option<PathBuf>,
}

/// What a planned stop leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnStop {
    /// Everything with our mark is removed.
    Withdraw,
    /// The kernel goes on answering.
    Keep,
}

impl Settings {
    /// The pool that holds `vip`.
    pub fn pool_of(&self, vip: Vip) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.contains(vip))
    }

    /// Who owns `vip`: its `[[vip]]` entry, else its pool.
    pub fn owner_of<'a>(&'a self, vip: Vip, pool: &'a Pool) -> Option<&'a Arc<str>> {
        let entry = self.vips.get(&vip).and_then(Option::as_ref);
        entry.or(pool.owner.as_ref())
    }
}
