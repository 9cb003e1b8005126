//! Back-off of operations that failed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Op, Plan, Time, Vip};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);

/// The operations that failed, each with its own back-off, so that one does not hold up another.
#[derive(Debug, Default)]
pub struct Retries {
    failures: BTreeMap<String, Failure>,
}

/// An operation that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The VIP it is about.
    pub vip: Option<Vip>,
    /// The last error.
    pub error: String,
    /// Times tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next: Time,
}

impl Retries {
    /// The operations of `plan` that are due; what has left the plan is forgotten.
    pub fn due(&mut self, plan: Plan, now: Time) -> Plan {
        if self.failures.is_empty() {
            return plan;
        }
        let wanted: std::collections::BTreeSet<_> = plan.0.iter().map(ToString::to_string).collect();
        self.failures.retain(|op, _| wanted.contains(op));
        let due = |op: &Op| self.failures.get(&op.to_string()).is_none_or(|failure| failure.next <= now);
        Plan(plan.0.into_iter().filter(due).collect())
    }

    /// `op` failed: it is tried again after 100 ms, doubling up to 30 s.
    pub fn failed(&mut self, op: &Op, error: String, now: Time) {
        let attempts = self.failures.get(&op.to_string()).map_or(0, |failure| failure.attempts) + 1;
        let backoff = FIRST.saturating_mul(1 << (attempts - 1).min(16)).min(LONGEST);
        self.failures.insert(op.to_string(), Failure { vip: op.vip(), error, attempts, next: now + backoff });
    }

    /// `op` succeeded.
    pub fn succeeded(&mut self, op: &Op) {
        if !self.failures.is_empty() {
            self.failures.remove(&op.to_string());
        }
    }

    /// When the next failed operation is due.
    pub fn next_deadline(&self) -> Option<Time> {
        self.failures.values().map(|failure| failure.next).min()
    }

    /// The failed operations, by their text.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &Failure)> {
        self.failures.iter().map(|(op, failure)| (op.as_str(), failure))
    }

    /// The last error of each VIP.
    pub fn errors(&self) -> BTreeMap<Vip, String> {
        self.failures.values().filter_map(|failure| Some((failure.vip?, failure.error.clone()))).collect()
    }
}
