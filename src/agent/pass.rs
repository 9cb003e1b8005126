//! One pass of the loop: decide, plan, carry out, settle, speak.

use std::collections::{BTreeMap, BTreeSet};

use tracing::{info, warn};

use super::{Agent, carry};
use crate::decide::announce::Voice;
use crate::decide::retry::Retries;
use crate::decide::{self, Decision, Inputs};
use crate::kernel::{Events, clock};
use crate::model::{KernelState, Notice, Op, Plan, Service, Time, Verdict, Vip};
use crate::telemetry::metrics::Reconciled;

/// Announcements sent in one pass: a pass with ten thousand VIPs must not keep the loop from hearing events.
const MOST_ANNOUNCEMENTS: usize = 256;

/// Events taken in at once: where they come faster than that, the loop must turn all the same.
const MOST_EVENTS: usize = 4096;

impl Agent {
    /// Decides from all that is known now, and carries it out.
    pub(super) fn pass(&mut self, events: &mut Events) {
        let began = clock::now();
        self.look_at_uplink();
        self.succeed();
        if !self.sources.are_listed() {
            // What an earlier agent left in the kernel goes on as it is.
            return;
        }
        if self.sources.are_complete() {
            self.unread.clear();
        }
        // Nobody asks for them until the new ones are there, and ten thousand need not be held twice.
        self.decision.vips.clear();
        let services = self.sources.services();
        let mut decision = decide::decide(self.inputs(&services));
        let plan = decide::plan(&decision.desired, &self.kernel.host().ours);
        let planned = plan.0.len();
        let done = self.carry_out(plan);
        let bound: BTreeSet<Vip> = decide::announcements(&done, &decision).iter().filter_map(Op::vip).collect();
        decide::settle(&mut decision, &self.kernel.host().ours, &self.retries.errors());
        log_verdicts(&self.decision.verdicts, &decision.verdicts);
        log_findings(&self.decision, &decision);
        let told = decide::notices(self.inputs(&self.sources.services()), &self.decision.verdicts, &decision);
        // What was answered before this process began is no news.
        let is_news = |notice: &Notice| self.decided || notice.announces().is_none_or(|vip| bound.contains(&vip));
        for notice in told.into_iter().filter(is_news) {
            self.sources.post(notice);
        }
        let named: BTreeSet<_> = decision.verdicts.iter().filter_map(|verdict| verdict.address).collect();
        self.unread.retain(|vip| !named.contains(&vip.0));
        self.decision = decision;
        self.decided = true;
        self.own(&bound);
        self.speak(events);
        let how = match planned {
            0 => Reconciled::Idle,
            planned if done.0.len() == planned => Reconciled::Applied,
            _ => Reconciled::Failed,
        };
        self.metrics.reconciled(how, clock::now() - began);
        // Last: the kernel takes its time to bind a packet socket (`synchronize_net`), and nobody may wait for an answer meanwhile.
        self.listener.tune(&self.settings.uplink, self.voice);
    }

    /// What is decided from. `services` are [`super::sources::Sources::services`].
    pub(super) fn inputs<'a>(&'a self, services: &'a [&'a Service]) -> Inputs<'a> {
        Inputs { settings: &self.settings, services, cluster: self.sources.cluster(), unread: &self.unread, host: self.kernel.host() }
    }

    /// Events that wait are taken in before anything is decided or said from an old picture.
    pub(super) fn hear(&mut self, events: &mut Events) {
        for event in std::iter::from_fn(|| events.try_next()).take(MOST_EVENTS) {
            self.take_in(event);
        }
    }

    /// Tries what is due, and returns what succeeded.
    fn carry_out(&mut self, plan: Plan) -> Plan {
        let now = clock::now();
        let (mut due, waiting) = self.retries.due(plan, now);
        due.0.retain(|op| self.may_repair(op, now));
        log_damage(&self.decision.desired, &self.retries, &due);
        let mut done = Plan::default();
        for (op, result) in carry::carry_out(&mut self.kernel, due, &waiting) {
            self.metrics.operation(&op, result.is_ok());
            match result {
                Ok(()) => {
                    info!(op = op.kind(), vip = op.vip().map(tracing::field::display), "{op}");
                    self.retries.succeeded(&op);
                    done.0.push(op);
                }
                Err(error) => {
                    // What fails on and on is in status; in the log it would drown the rest.
                    if self.retries.failed(&op, error.clone(), now) {
                        warn!(op = op.kind(), vip = op.vip().map(tracing::field::display), "{error}");
                    }
                }
            }
        }
        done
    }

    /// Whether `op` may go ahead: two programs that fight over an object must not storm the segment. A setting that silences the link is
    /// always set again; it is looked at too seldom for a storm.
    fn may_repair(&mut self, op: &Op, now: Time) -> bool {
        if matches!(op, Op::SetSysctl { .. }) || !is_repair(&self.decision.desired, op) {
            return true;
        }
        let allowed = self.retries.repair(op, now);
        let vip = op.vip().map(tracing::field::display);
        allowed.inspect_err(|error| warn!(op = op.kind(), vip, "{op} has to wait: {error}")).is_ok()
    }

    /// Tells the announcer which VIPs the kernel answers for now, and which of them were `bound` in this pass.
    fn own(&mut self, bound: &BTreeSet<Vip>) {
        let observed = &self.kernel.host().ours;
        let owned: BTreeMap<Vip, Voice> = match self.voice {
            Some(voice) => decide::owned(&self.decision, observed).map(|(vip, _)| (vip, voice)).collect(),
            None => BTreeMap::new(),
        };
        for vip in self.announcer.own(&owned, bound, clock::now()) {
            let op = Op::Announce { vip, link: self.settings.uplink.clone() };
            info!(op = op.kind(), vip = %vip, "{op}");
        }
    }

    /// Looks whether the uplink came, went or changed. What it lost by that was undone by nobody, so it is no fight.
    fn look_at_uplink(&mut self) {
        let uplink = self.kernel.host().links.get(&self.settings.uplink).filter(|link| link.up && link.carrier);
        let voice = uplink.and_then(|link| Some(Voice { index: link.index, mac: link.mac? }));
        if voice != self.voice {
            self.voice = voice;
            self.retries.forgive();
        }
    }

    /// Sends what is due. Ownership is asked again first: an address may have gone since.
    pub(super) fn speak(&mut self, events: &mut Events) {
        self.hear(events);
        let observed = &self.kernel.host().ours;
        let mut due = self.announcer.due(clock::now(), MOST_ANNOUNCEMENTS);
        due.retain(|due| decide::owns(&self.decision, observed, due.vip));
        if !due.is_empty() {
            self.speaker.speak(&mut self.kernel, &self.settings.uplink, &due, &self.metrics);
        }
    }
}

/// Whether `op` does again what the last pass wanted: somebody else undid it.
fn is_repair(wanted: &KernelState, op: &Op) -> bool {
    match op {
        Op::Bind { key, .. } => wanted.addresses.contains_key(key),
        Op::AddRoute { key, .. } => wanted.routes.contains_key(key),
        Op::SetSysctl { sysctl, value, .. } => wanted.sysctls.get(sysctl).is_some_and(|state| state.value == *value),
        _ => false,
    }
}

/// Says what somebody else changed, before it is repaired: what the last pass wanted, had no trouble with, and has to be done again.
fn log_damage(wanted: &KernelState, retries: &Retries, plan: &Plan) {
    let failed: BTreeSet<_> = retries.failures().map(|(op, _)| op).collect();
    for op in plan.0.iter().filter(|op| is_repair(wanted, op) && !failed.contains(op.to_string().as_str())) {
        let vip = op.vip().map(tracing::field::display);
        match op {
            Op::Bind { key, .. } => warn!(vip, "found {key} gone: binding it again"),
            Op::AddRoute { key, .. } => warn!(vip, "found {key} gone: adding it again"),
            Op::SetSysctl { sysctl, was: Some(was), .. } => warn!("found {sysctl} changed to {was}: setting it again"),
            _ => {}
        }
    }
}

/// Logs each verdict that is new or differs.
fn log_verdicts(former: &[Verdict], now: &[Verdict]) {
    // Sorted, as a decision has them: settling replaces reasons only where they do not decide about the order.
    for verdict in now.iter().filter(|verdict| former.binary_search(verdict).is_err()) {
        let Verdict { service, address, reason } = verdict;
        let (service, vip) = (service.as_ref().map(tracing::field::display), address.map(tracing::field::display));
        if reason.is_trouble() {
            warn!(vip, service, reason = reason.code(), "{}: {reason}", verdict.subject());
        } else {
            info!(vip, service, reason = reason.code(), "{}: {reason}", verdict.subject());
        }
    }
}

fn log_findings(former: &Decision, now: &Decision) {
    for finding in now.findings.iter().filter(|finding| !former.findings.contains(finding)) {
        warn!(finding = finding.code, "{}: {}; {}", finding.what, finding.why, finding.fix);
    }
}
