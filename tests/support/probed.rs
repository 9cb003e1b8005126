//! What a prober found, and the figures that follow from it: silence, doubles, hand-overs.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use hostvip::model::Mac;

use super::frame::Frame;

/// One probe and who answered it. An answer counts for the last probe sent before it.
#[derive(Clone, Debug)]
pub struct Probe {
    /// When it was sent.
    pub at: Instant,
    /// All MACs that answered.
    pub answers: BTreeSet<Mac>,
}

/// The record of a prober.
#[derive(Clone, Debug)]
pub struct Probed {
    /// Time between two probes.
    pub interval: Duration,
    /// Every probe, in order.
    pub probes: Vec<Probe>,
    /// Frames that spoke for the VIP unasked, in order.
    pub announcements: Vec<Frame>,
}

impl Probed {
    /// Number of probes that somebody answered.
    pub fn answered(&self) -> usize {
        self.probes.iter().filter(|probe| !probe.answers.is_empty()).count()
    }

    /// Number of probes that nobody answered.
    pub fn unanswered(&self) -> usize {
        self.probes.len() - self.answered()
    }

    /// Number of probes that several MACs answered.
    pub fn doubles(&self) -> usize {
        self.probes.iter().filter(|probe| probe.answers.len() > 1).count()
    }

    /// Everyone who answered.
    pub fn macs(&self) -> BTreeSet<Mac> {
        self.probes.iter().flat_map(|probe| probe.answers.clone()).collect()
    }

    /// Who answered the last probe that was answered at all.
    pub fn latest(&self) -> BTreeSet<Mac> {
        self.probes.iter().rev().find(|probe| !probe.answers.is_empty()).map(|probe| probe.answers.clone()).unwrap_or_default()
    }

    /// The longest time between two answered probes, or from the last answered one to the end; none where nobody ever answered.
    /// One interval is the least it can be.
    pub fn silence(&self) -> Option<Duration> {
        let answered: Vec<Instant> = self.probes.iter().filter(|probe| !probe.answers.is_empty()).map(|probe| probe.at).collect();
        let last = self.probes.last()?.at;
        let ends = answered.iter().skip(1).chain([&last]);
        answered.iter().zip(ends).map(|(from, to)| *to - *from).max()
    }

    /// The longest unbroken run of doubles.
    pub fn doubled(&self) -> Duration {
        let runs = self.probes.chunk_by(|a, b| (a.answers.len() > 1) == (b.answers.len() > 1));
        let doubles = runs.filter(|run| run.iter().all(|probe| probe.answers.len() > 1));
        doubles.filter_map(|run| Some(run.last()?.at - run.first()?.at + self.interval)).max().unwrap_or_default()
    }

    /// Who answered from when on, by the time since the first probe. While the one before still answers too, nothing was handed over.
    pub fn handovers(&self) -> Vec<(Duration, Mac)> {
        let mut handovers: Vec<(Duration, Mac)> = Vec::new();
        for probe in &self.probes {
            let next = probe.answers.first().filter(|_| handovers.last().is_none_or(|(_, current)| !probe.answers.contains(current)));
            handovers.extend(next.map(|mac| (probe.at - self.probes[0].at, *mac)));
        }
        handovers
    }
}

impl fmt::Display for Probed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (probes, answered, doubles) = (self.probes.len(), self.answered(), self.doubles());
        write!(f, "{probes} probes, {answered} answered, longest silence {:?}, {doubles} doubles ", self.silence())?;
        write!(f, "(longest {:?}), answered by {:?}, ", self.doubled(), self.macs())?;
        write!(f, "hand-overs {:?}, {} announcements", self.handovers(), self.announcements.len())
    }
}
