//! Asks for one VIP at a steady rate from a client, and records who answers.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hostvip::model::{Family, Mac};

use super::frame::{arp_request, solicitation};
use super::probed::{Probe, Probed};
use super::wire::Wire;
use super::{Host, LIMIT};

/// The rate of every "silence" and "doubles" figure.
const INTERVAL: Duration = Duration::from_millis(5);
/// How long an answer to the last probe may take.
const LATE: Duration = Duration::from_millis(100);
/// How often [`who_has`] asks: one silence might be a frame lost, three in a row are not.
const ROUNDS: usize = 3;
/// How long a round waits for the references before it is asked again.
const ROUND: Duration = Duration::from_secs(1);

/// A running prober.
pub struct Prober {
    probed: Arc<Mutex<Probed>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Prober {
    /// Probes `vip` every 5 ms from `client`.
    pub fn start(client: &Host, vip: IpAddr) -> Self {
        Self::every(client, vip, INTERVAL)
    }

    /// Probes at an interval of one's own. When this returns, the first probe was sent.
    pub fn every(client: &Host, vip: IpAddr, interval: Duration) -> Self {
        let probed = Arc::new(Mutex::new(Probed { interval, probes: Vec::new(), announcements: Vec::new() }));
        let ended = Arc::<AtomicBool>::default();
        let (sent, first) = mpsc::channel();
        let (record, end, host) = (Arc::clone(&probed), Arc::clone(&ended), client.clone());
        let thread = client.background(move || {
            let wire = Wire::open(&host.link, false);
            let frame = request(&wire, &host, vip);
            let mut next = Instant::now();
            while !end.load(Ordering::Relaxed) {
                wire.send(&frame);
                record.lock().unwrap_or_else(PoisonError::into_inner).probes.push(Probe { at: Instant::now(), answers: BTreeSet::new() });
                let _ = sent.send(());
                // A machine that was busy for long is not to be caught up with by a burst.
                next = (next + interval).max(Instant::now());
                listen(&wire, &host, vip, &record, next);
            }
            listen(&wire, &host, vip, &record, Instant::now() + LATE);
        });
        first.recv().expect("the prober sends its first probe");
        Self { probed, ended, thread: Some(thread) }
    }

    /// What was found so far.
    pub fn so_far(&self) -> Probed {
        self.probed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it: what was found in all.
    pub fn stop(mut self) -> Probed {
        self.end();
        self.so_far()
    }

    fn end(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok() || std::thread::panicking(), "the prober panicked");
        }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            eprintln!("--- prober: {}", self.so_far());
        }
    }
}

/// Records frames until `end`.
fn listen(wire: &Wire, host: &Host, vip: IpAddr, record: &Mutex<Probed>, end: Instant) {
    while let Some(frame) = wire.receive(end) {
        let mut probed = record.lock().unwrap_or_else(PoisonError::into_inner);
        match (frame.answers(), frame.announces()) {
            _ if frame.source == host.mac => {}
            (Some((address, mac)), _) if address == vip => {
                if let Some(probe) = probed.probes.last_mut() {
                    probe.answers.insert(mac);
                }
            }
            (_, Some((address, _))) if address == vip => probed.announcements.push(frame),
            _ => {}
        }
    }
}

/// Every MAC that answers for `vip`. After each request it asks for all `references`, addresses that do answer: a host answers in
/// order, so once they have, whoever has not answered for the VIP will not. A round in which one was lost (a bridge port that does
/// not forward yet, a multicast group not joined yet) proves nothing and is asked again.
pub fn who_has(client: &Host, vip: IpAddr, references: &[IpAddr]) -> BTreeSet<Mac> {
    assert!(!references.is_empty(), "without a reference silence proves nothing");
    client.enter(|| {
        let wire = Wire::open(&client.link, false);
        let (mut macs, mut proved) = (BTreeSet::new(), 0);
        let end = Instant::now() + LIMIT;
        while proved < ROUNDS {
            let missing = ask_round(&wire, client, vip, references, &mut macs);
            assert!(missing.is_empty() || Instant::now() < end, "no answer from the references {missing:?}");
            proved += usize::from(missing.is_empty());
        }
        macs
    })
}

/// Asks everybody once, and returns the references that have not answered.
fn ask_round(wire: &Wire, client: &Host, vip: IpAddr, references: &[IpAddr], macs: &mut BTreeSet<Mac>) -> BTreeSet<IpAddr> {
    let mut missing: BTreeSet<IpAddr> = references.iter().copied().collect();
    for address in std::iter::once(vip).chain(references.iter().copied()) {
        wire.send(&request(wire, client, address));
    }
    let end = Instant::now() + ROUND;
    while !missing.is_empty() {
        let Some(frame) = wire.receive(end) else { break };
        let Some((address, mac)) = frame.answers() else { continue };
        missing.remove(&address);
        if address == vip {
            macs.insert(mac);
        }
    }
    missing
}

fn request(wire: &Wire, client: &Host, target: IpAddr) -> Vec<u8> {
    match (client.address(Family::of(target)), target) {
        (IpAddr::V4(source), IpAddr::V4(target)) => arp_request(wire.mac(), source, target),
        (IpAddr::V6(source), IpAddr::V6(target)) => solicitation(wire.mac(), source, target),
        (source, target) => unreachable!("{source} and {target} are of one family"),
    }
}
