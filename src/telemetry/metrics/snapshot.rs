//! What is counted when somebody asks: the state of the agent at that moment.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};

use super::{Counters, Labels, label};
use crate::model::report::{SourceReport, WatchReport};
use crate::model::{EventCounts, Finding, Severity};

/// The state of the agent.
#[derive(Clone, Debug, Default)]
pub struct Snapshot<'a> {
    /// Number of VIPs by pool and state. A pool that is named here has a series for each state.
    pub vips: BTreeMap<&'a str, BTreeMap<VipState, u64>>,
    /// Number of verdicts by their reason's code.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// What is wrong on this host.
    pub findings: Vec<Finding>,
    /// Files and directories.
    pub sources: Vec<SourceReport>,
    /// Watches of the cluster.
    pub watches: Vec<WatchReport>,
    /// The config as it is now was refused.
    pub config_refused: bool,
    /// Operations that failed and are tried again.
    pub failing: usize,
    /// Kubernetes Events.
    pub events: EventCounts,
    /// Log lines that were dropped because standard error took none.
    pub log_lines_dropped: u64,
}

/// What this node does for a VIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VipState {
    /// It owns the VIP and answers.
    Bound,
    /// It owns the VIP, and the kernel does not hold it (yet).
    NotBound,
    /// Another node owns it.
    Standby,
}

type Gauges = Family<Labels, Gauge<i64>>;

impl Snapshot<'_> {
    /// A registry of these figures alone, so that a series whose object is gone is gone with it.
    pub(super) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("hostvip");
        self.register_state(&mut registry);
        self.register_watches(&mut registry);
        registry.register("events", "Kubernetes Events by result", events(self.events));
        registry.register(
            "log_lines_dropped",
            "Log lines that were dropped because standard error took none",
            ConstCounter::new(self.log_lines_dropped),
        );
        registry
    }

    fn register_state(&self, registry: &mut Registry) {
        let vips = Gauges::default();
        for (pool, by_state) in &self.vips {
            for state in [VipState::Bound, VipState::NotBound, VipState::Standby] {
                let labels = vec![("pool", (*pool).to_owned()), ("state", state.to_string())];
                set(&vips, &labels, by_state.get(&state).copied().unwrap_or(0));
            }
        }
        registry.register("vips", "VIPs that this node has a part in, by pool and state", vips);
        let verdicts = Gauges::default();
        for (code, number) in &self.verdicts {
            set(&verdicts, &label("reason", code), *number);
        }
        registry.register("verdicts", "Verdicts by reason", verdicts);
        let findings = Gauges::default();
        for severity in [Severity::Error, Severity::Warning] {
            let number = self.findings.iter().filter(|finding| finding.severity == severity).count();
            set(&findings, &label("severity", severity), number);
        }
        registry.register("findings", "Findings on this host by severity", findings);
        let problems = Gauges::default();
        set(&problems, &label("source", "files"), self.sources.iter().map(|source| source.problems.len()).sum::<usize>());
        set(&problems, &label("source", "cluster"), self.watches.iter().map(|watch| watch.problems.len()).sum::<usize>());
        registry.register("source_problems", "Documents and objects that could not be understood, by kind of source", problems);
        let refused = ConstGauge::new(i64::from(self.config_refused));
        registry.register("config_refused", "Whether the config as it is now was refused (1) or is in force (0)", refused);
        registry.register("failing_operations", "Operations that failed and are tried again", ConstGauge::new(gauge(self.failing)));
    }

    fn register_watches(&self, registry: &mut Registry) {
        let (objects, away, listed) = (Gauges::default(), Gauges::default(), Gauges::default());
        for watch in &self.watches {
            let labels = label("resource", &watch.resource);
            set(&objects, &labels, watch.objects);
            set(&away, &labels, watch.away().unwrap_or(0));
            if let Some(ago) = watch.listed_seconds_ago {
                set(&listed, &labels, ago);
            }
        }
        registry.register("watch_objects", "Objects known by each watch of the API server", objects);
        let help = "Time since a watch of the API server is away, 0 while it is there";
        registry.register_with_unit("watch_away", help, Unit::Seconds, away);
        let help = "Time since a watch of the API server listed all objects; absent before the first list";
        registry.register_with_unit("watch_list_age", help, Unit::Seconds, listed);
    }
}

fn events(counts: EventCounts) -> Counters {
    let counters = Counters::default();
    for (result, number) in [("written", counts.written), ("dropped", counts.dropped), ("failed", counts.failed)] {
        counters.get_or_create(&label("result", result)).inc_by(number);
    }
    counters
}

fn set(gauges: &Gauges, labels: &Labels, value: impl TryInto<i64>) {
    gauges.get_or_create(labels).set(gauge(value));
}

fn gauge(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

impl fmt::Display for VipState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bound => "bound",
            Self::NotBound => "not_bound",
            Self::Standby => "standby",
        })
    }
}
