//! The agent's report on itself.

use super::Agent;
use crate::decide::{self, explain};
use crate::kernel::clock;
use crate::model::report::{ConfigReport, FailingOp, Report};
use crate::model::{Finding, Time, Vip};

impl Agent {
    pub(super) fn report(&self) -> Report {
        let now = clock::now();
        let vips = self.decision.vips.iter().map(|(vip, part)| (*vip, explain::report(part, self.history(*vip, now))));
        let failing = self.retries.failures().map(|(op, failure)| FailingOp {
            op: op.to_owned(),
            error: failure.error.clone(),
            attempts: failure.attempts,
            retry_in_ms: u64::try_from((failure.next - now).as_millis()).unwrap_or(u64::MAX),
        });
        Report {
            node: self.settings.node_name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_seconds: (now - self.began).as_secs(),
            config: self.config_report(),
            uplink: self.settings.uplink.to_string(),
            sources: self.latest().files(),
            watches: self.latest().watches(),
            vips: vips.collect(),
            verdicts: self.decision.verdicts.clone(),
            findings: self.conflicts(now).into_iter().chain(self.decision.findings.iter().cloned()).collect(),
            failing: failing.collect(),
        }
    }

    /// What status and explain tell of a VIP's announcements.
    pub(super) fn history(&self, vip: Vip, now: Time) -> (u64, Option<u64>) {
        let (announcements, last) = self.announcer.history(vip);
        (announcements, last.map(|last| (now - last).as_secs()))
    }

    /// Other hosts that claim what this node answers for.
    pub(super) fn conflicts(&self, now: Time) -> Vec<Finding> {
        let owns = |vip| decide::owns(&self.decision, &self.kernel.host().ours, vip);
        self.conflicts.findings(now, owns)
    }

    pub(super) fn config_report(&self) -> ConfigReport {
        ConfigReport { path: self.config.path().display().to_string(), refused: self.config.refused().map(ToOwned::to_owned) }
    }
}
