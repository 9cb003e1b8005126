//! Answers to the questions that come over HTTP, from what the loop knows at that moment.

use std::collections::BTreeMap;

use super::Agent;
use super::carry::render_error;
use crate::decide::explain::{Source, explain};
use crate::decide::{guards, owns};
use crate::kernel::clock;
use crate::model::report::{Guard, Role, Story, Subject};
use crate::telemetry::http::Ask;
use crate::telemetry::metrics::{Snapshot, VipState};

impl Agent {
    pub(super) fn answer(&self, ask: Ask) {
        // A questioner that has gone away is no concern of ours.
        match ask {
            Ask::Live(reply) => drop(reply.send(())),
            Ask::Ready(reply) => drop(reply.send(self.guards())),
            Ask::State(reply) => drop(reply.send(self.report())),
            Ask::Explain(subject, reply) => drop(reply.send(self.story(&subject))),
            Ask::Metrics(reply) => match self.metrics.render(&self.snapshot()) {
                Ok(text) => drop(reply.send(text)),
                Err(error) => tracing::warn!("render the metrics: {}", render_error(&error)),
            },
        }
    }

    fn guards(&self) -> Vec<Guard> {
        guards::guards(&self.config_report(), &self.latest().files(), &self.latest().watches(), self.decided)
    }

    fn story(&self, subject: &Subject) -> Story {
        let now = clock::now();
        let services = self.sources.services();
        let conflicts = self.conflicts(now);
        let problems = self.latest().problems();
        let source = Source {
            inputs: self.inputs(&services),
            decision: &self.decision,
            findings: &conflicts,
            problems: &problems,
            running: true,
            origin: &|key| self.sources.origin(key),
            history: &|vip| self.history(vip, now),
        };
        explain(source, subject)
    }

    /// What `/metrics` counts when it is asked. Built from the decision itself: a report of ten thousand VIPs would be copied in vain.
    fn snapshot(&self) -> Snapshot<'_> {
        let mut vips: BTreeMap<&str, BTreeMap<VipState, u64>> =
            self.settings.pools.iter().map(|pool| (&*pool.name, BTreeMap::new())).collect();
        let observed = &self.kernel.host().ours;
        for (vip, part) in &self.decision.vips {
            let state = match part.role {
                Role::Standby => VipState::Standby,
                Role::Owner if owns(&self.decision, observed, *vip) => VipState::Bound,
                Role::Owner => VipState::NotBound,
            };
            *vips.entry(&part.pool).or_default().entry(state).or_default() += 1;
        }
        let mut verdicts = BTreeMap::new();
        for verdict in &self.decision.verdicts {
            *verdicts.entry(verdict.reason.code()).or_default() += 1;
        }
        let mut findings = self.conflicts(clock::now());
        findings.extend(self.decision.findings.iter().cloned());
        Snapshot {
            vips,
            verdicts,
            findings,
            sources: self.latest().files(),
            watches: self.latest().watches(),
            config_refused: self.config.refused().is_some(),
            failing: self.retries.failures().count(),
            events: self.sources.events(),
            log_lines_dropped: self.log_dropped.lines(),
        }
    }
}
