//! What the log says while watches are away: each cause once, however many watches it concerns and however often it comes.

use std::collections::BTreeSet;

use tokio::time::Instant;

/// Causes that are told in one outage.
const MOST: usize = 32;

/// An outage, or none.
#[derive(Debug, Default)]
pub(super) struct Outage {
    since: Option<Instant>,
    told: BTreeSet<String>,
}

impl Outage {
    /// A watch is away for this cause. True where that is news. One that is not required is told of, and makes no outage.
    pub(super) fn begin(&mut self, cause: &str, required: bool, now: Instant) -> bool {
        if required {
            self.since.get_or_insert(now);
        }
        self.told.len() < MOST && self.told.insert(cause.to_owned())
    }

    /// Every watch that is required stands. Gives the seconds that it took.
    pub(super) fn end(&mut self, now: Instant) -> Option<u64> {
        self.told.clear();
        self.since.take().map(|since| now.saturating_duration_since(since).as_secs())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Instant, Outage};

    #[test]
    fn causes_that_alternate_are_told_once_in_each_outage() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        assert_eq!(outage.end(start), None, "there was none");
        assert!(outage.begin("403", false, start), "of what is not required");
        assert_eq!(outage.end(start), None);
        for _ in 0..2 {
            let told = (0..10).filter(|count| outage.begin(["401", "connection lost"][count % 2], true, start)).count();
            assert_eq!(told, 2);
            assert_eq!(outage.end(start + Duration::from_secs(7)), Some(7));
        }
    }
}
