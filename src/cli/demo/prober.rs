//! Asks for one VIP every 5 ms from the client, and tells how long nobody answered.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::segment::MAC_CLIENT;
use super::{Failure, netns};
use crate::cli::runtime;
use crate::codec::arp::{Arp, Operation, decode_arp};
use crate::kernel::PacketSocket;
use crate::model::{LinkName, Mac};

const INTERVAL: Duration = Duration::from_millis(5);

/// A prober at work.
pub(super) struct Prober {
    shared: Arc<Shared>,
    thread: JoinHandle<Result<Vec<Probe>, Failure>>,
}

#[derive(Default)]
struct Shared {
    enough: AtomicBool,
    answers: AtomicUsize,
}

/// One question and who answered it.
struct Probe {
    at: Instant,
    answers: BTreeSet<Mac>,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Probed {
    pub(super) probes: usize,
    pub(super) unanswered: usize,
    /// From the last answered question to the next answered one, or to the last of all.
    pub(super) silence: Duration,
    /// Everyone who answered.
    pub(super) macs: BTreeSet<Mac>,
}

impl Prober {
    pub(super) fn start(vip: Ipv4Addr) -> Self {
        let shared = Arc::<Shared>::default();
        let of_thread = Arc::clone(&shared);
        let thread = netns::spawn("client", move || runtime()?.block_on(probe(vip, &of_thread)));
        Self { shared, thread }
    }

    /// How many answers came so far.
    pub(super) fn answers(&self) -> usize {
        self.shared.answers.load(Ordering::Relaxed)
    }

    pub(super) fn stop(self) -> Result<Probed, Failure> {
        self.shared.enough.store(true, Ordering::Relaxed);
        let probes = self.thread.join().map_err(|_| anyhow::anyhow!("the prober panicked"))??;
        Ok(summarize(&probes))
    }
}

async fn probe(vip: Ipv4Addr, shared: &Shared) -> Result<Vec<Probe>, Failure> {
    let mut socket = PacketSocket::open(&LinkName::from("eth0"))?;
    let question = Arp::probe(MAC_CLIENT.parse()?, vip).encode();
    let mut turns = tokio::time::interval(INTERVAL);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut probes = Vec::new();
    while !shared.enough.load(Ordering::Relaxed) {
        tokio::select! {
            _ = turns.tick() => {
                socket.send(&question)?;
                probes.push(Probe { at: Instant::now(), answers: BTreeSet::new() });
            }
            frame = socket.recv() => {
                let answer = decode_arp(&frame?).filter(|arp| arp.operation == Operation::Reply && arp.sender_ip == vip);
                if let (Some(answer), Some(probe)) = (answer, probes.last_mut()) {
                    probe.answers.insert(answer.sender_mac);
                    shared.answers.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
    Ok(probes)
}

fn summarize(probes: &[Probe]) -> Probed {
    let answered: Vec<_> = probes.iter().filter(|probe| !probe.answers.is_empty()).collect();
    let ends = answered.iter().copied().chain(probes.last());
    let silence = answered.iter().zip(ends.skip(1)).map(|(from, to)| to.at - from.at).max();
    Probed {
        probes: probes.len(),
        unanswered: probes.len() - answered.len(),
        silence: silence.unwrap_or_default(),
        macs: answered.iter().flat_map(|probe| probe.answers.iter().copied()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probes(answered: &str) -> Probed {
        let start = Instant::now();
        let probe = |(turn, sign): (u32, char)| Probe {
            at: start + INTERVAL * turn,
            answers: (sign == '+').then_some(Mac([2; 6])).into_iter().collect(),
        };
        summarize(&(0..).zip(answered.chars()).map(probe).collect::<Vec<_>>())
    }

    #[test]
    fn silence_lasts_from_answer_to_answer() {
        let found = probes("+++--++");
        assert_eq!((found.unanswered, found.silence), (2, INTERVAL * 3));
        let lost = probes("++-------");
        assert_eq!((lost.unanswered, lost.silence), (7, INTERVAL * 7));
        assert_eq!(probes("").probes, 0);
    }
}
