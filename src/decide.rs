//! Floor 2, pure: snapshots and `now` in, decisions and reasons out. No I/O, no clock, and nothing here can fail.
//!
//! [`decide`] turns the config, the Services, the cluster and the host as it is into what should be, with one verdict for each VIP of
//! each Service; [`plan`] turns the difference into an ordered list of operations, and [`notices`] into what the owners of Services are
//! told. The way there: requests, claims, placing, desired.

pub mod announce;
pub mod answers;
mod candidates;
mod claims;
pub mod conflict;
mod desired;
pub mod doctor;
mod eligible;
pub mod explain;
pub mod findings;
pub mod guards;
mod hash;
mod notices;
mod others;
mod placing;
mod plan;
mod requests;
mod reserved;
pub mod retry;
mod settle;
pub mod whohas;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::Settings;
use crate::model::report::Role;
use crate::model::{Cluster, Finding, Host, KernelState, LinkName, Placement, Service, ServiceKey, Standby, Verdict, Vip};

pub use candidates::candidates;
pub use notices::{notices, tell};
pub use plan::{Stage, announcements, plan, stage};
pub use settle::{owned, owns, settle};

/// What decides: everything that a decision is made of.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The config in force.
    pub settings: &'a Settings,
    /// Every Service known, in any order.
    pub services: &'a [&'a Service],
    /// Nodes, endpoints and reserved addresses of the cluster; none without a Kubernetes source: every node and Service is then taken
    /// for fit to serve.
    pub cluster: Option<&'a Cluster>,
    /// Marked VIPs that were there before this process, or before its sources were replaced, while a source that may name them cannot
    /// be read: they stay.
    pub unread: &'a BTreeSet<Vip>,
    /// The host as it is.
    pub host: &'a Host,
}

/// What should be, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What the kernel should hold.
    pub desired: KernelState,
    /// The VIPs that this node has a part in.
    pub vips: BTreeMap<Vip, VipDecision>,
    /// One verdict for each VIP of each Service, sorted.
    pub verdicts: Vec<Verdict>,
    /// What is wrong or risky on this host.
    pub findings: Vec<Finding>,
}

/// This node's part in one VIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VipDecision {
    /// Pool.
    pub pool: Arc<str>,
    /// The node that owns it.
    pub owner: Arc<str>,
    /// Whether this node answers.
    pub role: Role,
    /// Where the owner holds it.
    pub placement: Placement,
    /// What a standby does.
    pub standby: Standby,
    /// Link on which it is announced.
    pub link: LinkName,
    /// The Services that share it; none where only a `[[vip]]` names it.
    pub services: Vec<ServiceKey>,
}

/// Decides what this node should hold, for every VIP of every Service.
pub fn decide(inputs: Inputs<'_>) -> Decision {
    let (requests, mut verdicts) = requests::requests(inputs);
    // One for each request: they stay until the next decision, and a Vec that grew may be twice as long.
    verdicts.reserve_exact(requests.len());
    let others = others::Others::of(inputs);
    let claims = claims::claims(inputs, &others, requests, &mut verdicts);
    let vips = placing::place(inputs, &others, claims, &mut verdicts);
    let mut desired = desired::desired(&vips);
    if !inputs.unread.is_empty() {
        desired::keep_unread(inputs, &verdicts, &mut desired);
    }
    verdicts.sort_unstable();
    let findings = findings::findings(inputs, &others, &vips);
    Decision { desired, vips, verdicts, findings }
}
