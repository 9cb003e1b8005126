//! Back-off of operations that failed, and of repairs that somebody else keeps undoing.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Op, Plan, Time, Vip};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);

/// Repairs of one object that are made at once. More in a row, and two programs fight over it: each round would cost the segment a
/// burst of gratuitous frames (RFC 5227 §2.4 (c) sets such a limit for the same reason).
const FREE: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);
/// What stayed intact for so long is fought over no more.
const PEACE: Duration = Duration::from_mins(1);

/// The operations that failed, each with its own back-off, so that one does not hold up another.
#[derive(Debug, Default)]
pub struct Retries {
    failures: BTreeMap<String, Failure>,
    repairs: BTreeMap<String, Repairs>,
}

/// How often one object was repaired of late.
#[derive(Debug)]
struct Repairs {
    times: u32,
    last: Time,
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
    /// It did not fail: it was undone too often.
    pub contested: bool,
}

impl Retries {
    /// The operations of `plan` that are due, and those that wait for their turn; what has left the plan is forgotten.
    pub fn due(&mut self, plan: Plan, now: Time) -> (Plan, Plan) {
        self.repairs.retain(|_, repairs| now - repairs.last < PEACE);
        if self.failures.is_empty() {
            return (plan, Plan::default());
        }
        let wanted: std::collections::BTreeSet<_> = plan.0.iter().map(ToString::to_string).collect();
        self.failures.retain(|op, _| wanted.contains(op));
        let due = |op: &Op| self.failures.get(&op.to_string()).is_none_or(|failure| failure.next <= now);
        let (due, waiting) = plan.0.into_iter().partition(due);
        (Plan(due), Plan(waiting))
    }

    /// `op` is about to do again what somebody else undid. Five times in a row it may at once, then after a pause of 1 s, doubling up
    /// to 30 s.
    ///
    /// # Errors
    /// It has to wait, for the reason given.
    pub fn repair(&mut self, op: &Op, now: Time) -> Result<(), String> {
        let text = op.to_string();
        if self.failures.get(&text).is_some_and(|failure| !failure.contested) {
            return Ok(()); // it failed, and its back-off is over
        }
        let repairs = self.repairs.entry(text.clone()).or_insert(Repairs { times: 0, last: now });
        let pause = repairs.times.checked_sub(FREE).map_or(Duration::ZERO, |more| doubled(PAUSE, more));
        let next = repairs.last + pause;
        if next <= now {
            *repairs = Repairs { times: repairs.times + 1, last: now };
            return Ok(());
        }
        let error =
            format!("somebody else undid it {} times in a row: find out who (ip monitor shows when), and keep it from that", repairs.times);
        self.failures.insert(text, Failure { vip: op.vip(), error: error.clone(), attempts: repairs.times, next, contested: true });
        Err(error)
    }

    /// What was repaired so far does not count: something else than a fight explains it.
    pub fn forgive(&mut self) {
        self.repairs.clear();
        self.failures.retain(|_, failure| !failure.contested);
    }

    /// `op` failed: it is tried again after 100 ms, doubling up to 30 s. True where it did not fail just so the last time.
    pub fn failed(&mut self, op: &Op, error: String, now: Time) -> bool {
        let former = self.failures.get(&op.to_string()).filter(|failure| !failure.contested);
        let news = former.is_none_or(|failure| failure.error != error);
        let attempts = former.map_or(0, |failure| failure.attempts) + 1;
        let next = now + doubled(FIRST, attempts - 1);
        self.failures.insert(op.to_string(), Failure { vip: op.vip(), error, attempts, next, contested: false });
        news
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

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.min(16)).min(LONGEST)
}
