//! Which notices are written, and which are repeats of one that was: pure.
//!
//! The limits are those of client-go's spam filter and aggregation (`tools/events`, `tools/record/events_cache.go`).

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{Notice, ServiceKey};

/// A notice that is repeated within this time counts as one more of its series.
const SERIES: Duration = Duration::from_mins(6);
/// Notices of one Service at once, and the time until it may have one more.
const SERVICE_BURST: u32 = 25;
const SERVICE_PACE: Duration = Duration::from_mins(5);
/// Notices of this node at once, and the time between two of the next.
const NODE_BURST: u32 = 50;
const NODE_PACE: Duration = Duration::from_millis(200);

/// What was written of late.
#[derive(Debug)]
pub(super) struct Ledger {
    series: BTreeMap<Notice, Series>,
    services: BTreeMap<ServiceKey, Bucket>,
    node: Bucket,
}

/// How a notice is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Name of the Event.
    pub(super) name: String,
    /// The first, or which repetition of it.
    pub(super) count: u32,
}

#[derive(Debug)]
struct Series {
    name: String,
    count: u32,
    last: Instant,
}

/// Where a burst of `burst` is allowed at `full`, and one more each `pace` (the virtual scheduling form of a leaky bucket).
#[derive(Debug)]
struct Bucket {
    full: Instant,
    burst: u32,
    pace: Duration,
}

impl Ledger {
    pub(super) fn new(now: Instant) -> Self {
        Self { series: BTreeMap::new(), services: BTreeMap::new(), node: Bucket { full: now, burst: NODE_BURST, pace: NODE_PACE } }
    }

    /// When the node may write its next notice.
    pub(super) fn next_turn(&self) -> Instant {
        self.node.next()
    }

    /// How to write a notice; none where its Service has had too many.
    pub(super) fn admit(&mut self, notice: &Notice, now: Instant) -> Option<Entry> {
        self.series.retain(|_, series| now.duration_since(series.last) < SERIES);
        self.services.retain(|_, bucket| bucket.full > now);
        let bucket = Bucket { full: now, burst: SERVICE_BURST, pace: SERVICE_PACE };
        let bucket = self.services.entry(notice.service.clone()).or_insert(bucket);
        if bucket.next() > now {
            return None;
        }
        bucket.take(now);
        self.node.take(now);
        let series = self.series.entry(notice.clone()).or_insert_with(|| Series { name: event_name(&notice.service), count: 0, last: now });
        series.count = series.count.saturating_add(1);
        series.last = now;
        Some(Entry { name: series.name.clone(), count: series.count })
    }

    /// It could not be written: there is nothing to repeat.
    pub(super) fn forget(&mut self, notice: &Notice) {
        self.series.remove(notice);
    }
}

impl Bucket {
    /// When there is room for one more.
    fn next(&self) -> Instant {
        self.full.checked_sub(self.pace.saturating_mul(self.burst - 1)).unwrap_or(self.full)
    }

    fn take(&mut self, now: Instant) {
        self.full = self.full.max(now) + self.pace;
    }
}

/// As client-go names them: the Service, and something that no other Event of it has.
fn event_name(service: &ServiceKey) -> String {
    format!("{}.{:016x}", service.name, fastrand::u64(..))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::News;

    fn notice(name: &str, why: &str) -> Notice {
        let service = ServiceKey { namespace: "default".into(), name: name.into() };
        Notice { service, uid: "1".into(), news: News::NotAnnounced { why: why.to_owned() } }
    }

    #[test]
    fn a_repeat_is_one_more_of_a_series_for_six_minutes() {
        let start = Instant::now();
        let mut ledger = Ledger::new(start);
        let first = ledger.admit(&notice("web", "no pool"), start).unwrap();
        let second = ledger.admit(&notice("web", "no pool"), start + Duration::from_mins(5)).unwrap();
        assert_eq!((first.count, second.count, first.name == second.name), (1, 2, true));
        assert_eq!(ledger.admit(&notice("web", "no owner"), start).unwrap().count, 1, "another notice is another Event");
        let late = ledger.admit(&notice("web", "no pool"), start + Duration::from_mins(12)).unwrap();
        assert_eq!((late.count, late.name == first.name), (1, false));
        ledger.forget(&notice("web", "no pool"));
        assert_eq!(ledger.admit(&notice("web", "no pool"), start + Duration::from_mins(12)).unwrap().count, 1, "what failed is no series");
    }

    #[test]
    fn a_service_that_flaps_is_heard_25_times_and_then_each_five_minutes() {
        let start = Instant::now();
        let mut ledger = Ledger::new(start);
        let admitted = (0..100).filter(|count| ledger.admit(&notice("web", &count.to_string()), start).is_some()).count();
        assert_eq!(admitted, 25);
        assert!(ledger.admit(&notice("api", "x"), start).is_some(), "another Service is not to blame");
        let later = start + Duration::from_mins(5);
        assert!(ledger.admit(&notice("web", "x"), later).is_some());
        assert!(ledger.admit(&notice("web", "y"), later).is_none());
    }

    #[test]
    fn a_node_writes_fifty_at_once_and_then_five_a_second() {
        let start = Instant::now();
        let mut ledger = Ledger::new(start);
        for count in 0..50 {
            assert!(ledger.next_turn() <= start, "{count}");
            ledger.admit(&notice(&count.to_string(), "x"), start);
        }
        assert_eq!(ledger.next_turn(), start + Duration::from_millis(200));
    }
}
