//! The agent's report on itself.

use super::Agent;
use crate::decide::VipDecision;
use crate::kernel::clock;
use crate::model::report::{ConfigReport, FailingOp, Report, VipReport};
use crate::model::{Time, Vip};

impl Agent {
    pub(super) fn report(&self) -> Report {
        let now = clock::now();
        let vips = self.decision.vips.iter().map(|(vip, part)| (*vip, self.vip_report(*vip, part, now)));
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
            config: ConfigReport { path: self.config.path().display().to_string(), refused: self.config.refused().map(ToOwned::to_owned) },
            uplink: self.settings.uplink.to_string(),
            sources: self.files.reports(),
            watches: Vec::new(),
            vips: vips.collect(),
            verdicts: self.decision.verdicts.clone(),
            findings: self.decision.findings.clone(),
            failing: failing.collect(),
        }
    }

    fn vip_report(&self, vip: Vip, part: &VipDecision, now: Time) -> VipReport {
        let (announcements, last) = self.announcer.history(vip);
        VipReport {
            pool: part.pool.to_string(),
            owner: part.owner.to_string(),
            role: part.role,
            placement: part.placement,
            link: part.link.clone(),
            services: part.services.clone(),
            announcements,
            announced_seconds_ago: last.map(|last| (now - last).as_secs()),
        }
    }
}
