//! How long to wait before the next try. A thousand nodes lose the same API server at the same instant: every wait has its dice.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);

/// Doubles from 0.2 s up to a limit, each time between half of it and the whole.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
    /// The last try got no answer at all.
    silent: bool,
}

impl Backoff {
    /// Begins anew.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }

    /// The last try was answered, by a refusal, or not at all. An API server that is back refuses what it grants a moment later, when it
    /// has read its roles: the first answer begins anew.
    pub(super) fn note(&mut self, answered: bool) {
        if answered && self.silent {
            self.reset();
        }
        self.silent = !answered;
    }

    /// The next wait, at most `limit`.
    pub(super) fn next(&mut self, limit: Duration) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.tries.min(16)).min(limit);
        self.tries = self.tries.saturating_add(1);
        spread(whole)
    }
}

/// Between half of `whole` and the whole of it.
pub(super) fn spread(whole: Duration) -> Duration {
    whole.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::{Backoff, Duration};

    #[test]
    fn waits_grow_to_the_limit_and_never_beyond() {
        let limit = Duration::from_secs(5);
        let mut backoff = Backoff::default();
        assert!(backoff.next(limit) <= Duration::from_millis(200));
        let waits: Vec<_> = (0..40).map(|_| backoff.next(limit)).collect();
        assert!(waits.iter().all(|wait| *wait <= limit && *wait >= Duration::from_millis(200)), "{waits:?}");
        assert!(waits[10..].iter().all(|wait| *wait >= limit / 2), "{waits:?}");
        backoff.reset();
        assert!(backoff.next(limit) <= Duration::from_millis(200));
    }

    #[test]
    fn who_is_back_is_asked_again_at_once() {
        let limit = Duration::from_secs(15);
        let mut backoff = Backoff::default();
        let mut wait = |answered| {
            backoff.note(answered);
            backoff.next(limit)
        };
        for _ in 0..10 {
            wait(false);
        }
        assert!(wait(true) <= Duration::from_millis(200));
        for _ in 0..10 {
            wait(true);
        }
        assert!(wait(true) >= limit / 2, "who goes on refusing is not");
    }

    #[test]
    fn nodes_do_not_come_in_step() {
        let limit = Duration::from_secs(5);
        let waits: std::collections::BTreeSet<_> = (0..100).map(|_| Backoff { tries: 9, silent: false }.next(limit)).collect();
        assert!(waits.len() > 50, "{waits:?}");
    }
}
