//! What the agent says of itself: `/state`, `status --output json` and `explain` share these types.

mod guard;
mod story;
mod subject;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use guard::Guard;
pub use story::{Candidate, PoolStory, ServiceStory, Story, SysctlStory, VipStory};
pub use subject::{ParseSubjectError, Subject};

use super::{Finding, LinkName, Placement, ServiceKey, Verdict, Vip};

/// The last decision and how it was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of this node.
    pub node: String,
    /// Version of the agent.
    pub version: String,
    /// Seconds since the agent started.
    pub uptime_seconds: u64,
    /// The config in force.
    pub config: ConfigReport,
    /// The uplink.
    pub uplink: String,
    /// The sources, and what is wrong with them.
    pub sources: Vec<SourceReport>,
    /// The watches of the cluster; none without a Kubernetes source.
    pub watches: Vec<WatchReport>,
    /// Every VIP that this node has a part in.
    pub vips: BTreeMap<Vip, VipReport>,
    /// One verdict for each VIP of each Service.
    pub verdicts: Vec<Verdict>,
    /// What is wrong or risky on this host.
    pub findings: Vec<Finding>,
    /// Operations that failed and are tried again.
    pub failing: Vec<FailingOp>,
}

/// The config in force, and the one that was refused, if any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigReport {
    /// Path.
    pub path: String,
    /// Why the file as it is now was refused; the former config stays in force.
    pub refused: Option<String>,
}

/// One file or directory of Services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Path.
    pub path: String,
    /// Services read.
    pub services: usize,
    /// Documents of other kinds, skipped.
    pub skipped: usize,
    /// Documents that could not be read, with their position; what they said before stays in force.
    pub problems: Vec<String>,
}

/// One watch of the API server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchReport {
    /// Resource: "services".
    pub resource: String,
    /// Nothing is decided before it has listed once. An optional one may be absent from the cluster.
    pub required: bool,
    /// Objects known.
    pub objects: usize,
    /// Seconds since the last complete list; none: it has not listed yet.
    pub listed_seconds_ago: Option<u64>,
    /// Seconds since the watch is away; the last known state stays in force meanwhile. None: it is there.
    pub away_seconds: Option<u64>,
    /// The last error, while the watch is away.
    pub error: Option<String>,
    /// Objects that could not be understood, by name; each is left out.
    pub problems: Vec<String>,
}

impl WatchReport {
    /// Since how many seconds something that was there, or has to be, is away.
    pub fn away(&self) -> Option<u64> {
        self.away_seconds.filter(|_| self.required || self.listed_seconds_ago.is_some())
    }

    /// What is wrong with it, each in one line.
    pub fn troubles(&self) -> Vec<String> {
        let error = || self.error.as_deref().unwrap_or("no answer yet");
        let away = match (self.away(), self.listed_seconds_ago) {
            (Some(since), Some(_)) => Some(format!("watch {}: away since {since} s: {}", self.resource, error())),
            (_, None) if self.required => Some(format!("watch {}: has not listed yet: {}", self.resource, error())),
            _ => None,
        };
        away.into_iter().chain(self.problems.iter().map(|problem| format!("watch {}: {problem}", self.resource))).collect()
    }
}

/// One VIP on this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VipReport {
    /// Pool.
    pub pool: String,
    /// The node that owns it.
    pub owner: String,
    /// What this node does.
    pub role: Role,
    /// Where the owner holds it.
    pub placement: Placement,
    /// Link that it is announced on.
    pub link: LinkName,
    /// Services that share it.
    pub services: Vec<ServiceKey>,
    /// Gratuitous frames sent since the agent started.
    pub announcements: u64,
    /// Seconds since the last one.
    pub announced_seconds_ago: Option<u64>,
}

/// What this node does for a VIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers.
    Owner,
    /// Does not answer.
    Standby,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => "owner",
            Self::Standby => "standby",
        })
    }
}

/// An operation that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingOp {
    /// The operation, as the log prints it.
    pub op: String,
    /// The last error.
    pub error: String,
    /// Times tried.
    pub attempts: u32,
    /// Milliseconds until the next try.
    pub retry_in_ms: u64,
}
