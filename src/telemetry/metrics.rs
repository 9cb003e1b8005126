//! What `/metrics` tells, in the `OpenMetrics` text format (docs/metrics.md has the table).
//!
//! Counters and histograms are updated where things happen; what is a state is counted when somebody asks ([`Snapshot`]). No label names a
//! VIP or a Service: their number is not ours to bound.

pub mod process;
pub mod snapshot;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub use snapshot::{Snapshot, VipState};

use crate::model::{Family as AddressFamily, Op};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Names and values of the labels of one series.
type Labels = Vec<(&'static str, String)>;
type Counters = Family<Labels, Counter<u64, AtomicU64>>;
type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// Everything that is counted while the agent runs.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    operations: Counters,
    reconciles: Counters,
    reconcile_duration: Histogram,
    observe_duration: Histograms,
    announcements: Counters,
    conflicts: Counter,
    conflict_frames: Counter,
}

/// How a pass of the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// There was nothing to do.
    Idle,
    /// Every operation succeeded.
    Applied,
    /// An operation failed.
    Failed,
}

/// What is read of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// Links, addresses and routes as a whole.
    Host,
    /// Kernel settings.
    Sysctls,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("hostvip"),
            operations: Counters::default(),
            reconciles: Counters::default(),
            reconcile_duration: durations(),
            observe_duration: Histograms::new_with_constructor(durations),
            announcements: Counters::default(),
            conflicts: Counter::default(),
            conflict_frames: Counter::default(),
        };
        metrics.register();
        metrics.begin_at_zero();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        let of = &mut self.registry;
        of.register("build", "Version of the agent", build);
        of.register("operations", "Operations on the kernel by kind and result", self.operations.clone());
        of.register("reconciles", "Passes of the loop by result", self.reconciles.clone());
        let help = "Time that a pass of the loop took, operations included";
        of.register_with_unit("reconcile_duration", help, Unit::Seconds, self.reconcile_duration.clone());
        let help = "Time that it took to read the host, by what was read";
        of.register_with_unit("observe_duration", help, Unit::Seconds, self.observe_duration.clone());
        of.register("announcements", "Announcements of a VIP that were sent, by address family", self.announcements.clone());
        of.register("address_conflicts", "Times that another host began to claim a VIP of this node", self.conflicts.clone());
        let help = "Frames by which another host claimed a VIP of this node";
        of.register("address_conflict_frames", help, self.conflict_frames.clone());
    }

    /// A series that appears with its first event hides that event from `rate()` and `increase()`.
    fn begin_at_zero(&self) {
        for kind in Op::KINDS {
            for result in ["ok", "failed"] {
                drop(self.operations.get_or_create(&vec![("kind", kind.to_owned()), ("result", result.to_owned())]));
            }
        }
        for result in [Reconciled::Idle, Reconciled::Applied, Reconciled::Failed] {
            drop(self.reconciles.get_or_create(&label("result", result)));
        }
        for what in [Observed::Host, Observed::Sysctls] {
            drop(self.observe_duration.get_or_create(&label("what", what)));
        }
        for family in [AddressFamily::Ipv4, AddressFamily::Ipv6] {
            drop(self.announcements.get_or_create(&of_family(family)));
        }
    }

    /// An operation was tried.
    pub fn operation(&self, op: &Op, succeeded: bool) {
        let result = if succeeded { "ok" } else { "failed" };
        self.operations.get_or_create(&vec![("kind", op.kind().to_owned()), ("result", result.to_owned())]).inc();
    }

    /// A pass of the loop ended.
    pub fn reconciled(&self, how: Reconciled, took: Duration) {
        self.reconciles.get_or_create(&label("result", how)).inc();
        self.reconcile_duration.observe(took.as_secs_f64());
    }

    /// The host was read.
    pub fn observed(&self, what: Observed, took: Duration) {
        self.observe_duration.get_or_create(&label("what", what)).observe(took.as_secs_f64());
    }

    /// A VIP was announced.
    pub fn announced(&self, family: AddressFamily) {
        self.announcements.get_or_create(&of_family(family)).inc();
    }

    /// Another host claimed a VIP of this node; `new`: for the first time of late.
    pub fn conflict(&self, new: bool) {
        self.conflict_frames.inc();
        if new {
            self.conflicts.inc();
        }
    }

    /// Everything, as text.
    ///
    /// # Errors
    /// None that is known: a string takes any text.
    pub fn render(&self, snapshot: &Snapshot<'_>) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &snapshot.registry())?;
        encode_registry(&mut text, &process::observe_process())?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

/// From 50 µs, a look at a few settings, to 13 s, ten thousand addresses that are bound at once.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(50e-6, 4.0, 10))
}

fn label(name: &'static str, value: impl fmt::Display) -> Labels {
    vec![(name, value.to_string())]
}

fn of_family(family: AddressFamily) -> Labels {
    let name = match family {
        AddressFamily::Ipv4 => "ipv4",
        AddressFamily::Ipv6 => "ipv6",
    };
    label("family", name)
}

impl fmt::Display for Reconciled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Applied => "applied",
            Self::Failed => "failed",
        })
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "host",
            Self::Sysctls => "sysctls",
        })
    }
}
