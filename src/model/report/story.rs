//! The whole story of one VIP or one Service, as `hostvip explain` tells it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Subject, VipReport};
use crate::model::{Finding, Port, Reason, ServiceKey, Verdict, Vip};

/// Everything that one agent knows about its subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// What was asked about.
    pub subject: Subject,
    /// The node that tells it.
    pub node: String,
    /// Told by a running agent; else it is what one would decide.
    pub running: bool,
    /// What is wrong with the sources: what they do not tell is missing here.
    pub problems: Vec<String>,
    /// The Services that it is about.
    pub services: Vec<ServiceStory>,
    /// Every verdict on them, those without an address too.
    pub verdicts: Vec<Verdict>,
    /// Each address that they ask for.
    pub vips: Vec<VipStory>,
    /// Findings that name one of the addresses.
    pub findings: Vec<Finding>,
}

/// A Service, as much of it as decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStory {
    /// Namespace and name.
    pub key: ServiceKey,
    /// Where it was read: a path, or "cluster".
    pub source: String,
    /// `spec.type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `spec.externalTrafficPolicy`.
    pub external_traffic_policy: String,
    /// `spec.loadBalancerClass`.
    pub load_balancer_class: Option<String>,
    /// `spec.ports`.
    pub ports: Vec<Port>,
    /// `status.loadBalancer.ingress`: addresses and host names, with their mode where it is not VIP.
    pub ingress: Vec<String>,
    /// `spec.externalIPs`.
    pub external_ips: Vec<IpAddr>,
    /// Being deleted.
    pub deleting: bool,
}

/// One address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VipStory {
    /// The address.
    pub vip: Vip,
    /// The pool that holds it; none: outside every pool.
    pub pool: Option<PoolStory>,
    /// This node's part in it; none: it has none.
    pub part: Option<VipReport>,
    /// The nodes that were considered.
    pub candidates: Vec<Candidate>,
    /// Kernel settings of the uplink that decide who answers.
    pub sysctls: Vec<SysctlStory>,
    /// What the kernel of this host holds for it now, ours or not.
    pub held: Vec<String>,
}

/// A pool, seen from one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolStory {
    /// Its name.
    pub name: String,
    /// The CIDR that holds the address.
    pub cidr: ipnet::IpNet,
    /// The node that the config names as owner.
    pub owner: Option<String>,
    /// What names it: "pool edge" or "[[vip]] 192.0.2.10".
    pub owner_from: String,
}

/// One Node that was considered for a VIP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts, each a column of `explain`")]
pub struct Candidate {
    /// Name.
    pub node: String,
    /// Why it may not serve the VIP; none: it may.
    pub why_not: Option<Reason>,
    /// The Node is Ready. One that is not may serve all the same: its kubelet is away, its network need not be.
    pub ready: bool,
    /// Its only endpoints of some Service with local traffic terminate, and still serve.
    pub draining: bool,
    /// The Service's annotation `hostvip.dev/prefer-node` names it.
    pub preferred: bool,
    /// It owns the VIP.
    pub owner: bool,
}

/// One kernel setting of the uplink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SysctlStory {
    /// Name, as sysctl(8) writes it.
    pub sysctl: String,
    /// What this node wants of the link itself; none: any value.
    pub wanted: Option<i32>,
    /// Its value on the link; none: this kernel has no such setting.
    pub value: Option<i32>,
    /// What the kernel applies: the maximum of `all` and the link.
    pub effective: i32,
    /// What that means.
    pub meaning: String,
}
