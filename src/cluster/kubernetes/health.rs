//! How the watches are: which have listed, which are away since when, and why.

use tokio::time::Instant;

use super::resource::Resource;
use super::watch::WatchEvent;
use crate::model::report::WatchReport;

/// The state of one watch.
#[derive(Debug)]
pub(super) struct Health {
    resource: Resource,
    listed_at: Option<Instant>,
    away_since: Option<Instant>,
    error: Option<String>,
    /// The cluster has no such resource.
    absent: bool,
    /// Nobody waits for its first list any more.
    waived: bool,
}

impl Health {
    /// A watch that has not begun.
    pub(super) fn new(resource: Resource, now: Instant) -> Self {
        Self { resource, listed_at: None, away_since: Some(now), error: None, absent: false, waived: false }
    }

    /// Takes in what the watch says. True where a report differs for it.
    pub(super) fn take(&mut self, event: &WatchEvent, now: Instant) -> bool {
        match event {
            WatchEvent::Listed => {
                self.absent = false;
                self.listed_at.replace(now).is_none()
            }
            WatchEvent::Stands => self.stand(),
            WatchEvent::Absent => {
                self.absent = true;
                self.waived = true;
                self.listed_at = None;
                self.stand()
            }
            WatchEvent::Away { error, .. } => self.fail(error, now),
            WatchEvent::Begun | WatchEvent::Seen(_) | WatchEvent::Gone(_) => false,
        }
    }

    /// Whether nothing may be decided for want of it.
    pub(super) fn is_wanted(&self) -> bool {
        self.listed_at.is_none() && !self.waived
    }

    /// Whether it is required, and away.
    pub(super) fn is_missed(&self) -> bool {
        self.resource.is_required() && self.away_since.is_some()
    }

    /// Whether there is a last known state.
    pub(super) fn has_listed(&self) -> bool {
        self.listed_at.is_some()
    }

    /// What is not required has failed and need not be waited for: in each start, what it reserves would else be bound for a moment.
    pub(super) fn waive(&mut self) {
        self.waived = !self.resource.is_required();
    }

    pub(super) fn report(&self, now: Instant, objects: usize, problems: Vec<String>) -> WatchReport {
        let since = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at).as_secs());
        WatchReport {
            resource: self.resource.name().to_owned(),
            required: self.resource.is_required(),
            objects,
            listed_seconds_ago: since(self.listed_at),
            away_seconds: since(self.away_since),
            error: self.error.clone(),
            problems,
        }
    }

    fn stand(&mut self) -> bool {
        self.error = None;
        self.away_since.take().is_some()
    }

    fn fail(&mut self, error: &str, now: Instant) -> bool {
        self.away_since.get_or_insert(now);
        if self.error.as_deref() == Some(error) {
            return false;
        }
        self.error = Some(error.to_owned());
        true
    }
}
