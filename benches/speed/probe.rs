//! Asks for one VIP faster than the lab's prober does, and tells only times.

use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use hostvip::model::Family;

use super::lab::frame::{arp_request, solicitation};
use super::lab::wire::Wire;
use super::lab::{Host, LIMIT};

/// Time between two probes.
const INTERVAL: Duration = Duration::from_micros(500);

/// How long answers are watched after what was to disturb them has ended.
const WATCH: Duration = Duration::from_millis(60);

/// A client that asks for one VIP. To be used in the thread of the client's namespace that opened it.
pub struct Probe {
    wire: Wire,
    vip: IpAddr,
    request: Vec<u8>,
}

impl Probe {
    pub fn open(client: &Host, vip: IpAddr) -> Self {
        let wire = Wire::open(&client.link, false);
        let request = match (client.address(Family::of(vip)), vip) {
            (IpAddr::V4(source), IpAddr::V4(target)) => arp_request(wire.mac(), source, target),
            (IpAddr::V6(source), IpAddr::V6(target)) => solicitation(wire.mac(), source, target),
            (source, target) => unreachable!("{source} and {target} are of one family"),
        };
        Self { wire, vip, request }
    }

    /// Asks until there is an answer; when that came.
    pub fn answered(&self) -> Instant {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.ask() {
                return at;
            }
            assert!(Instant::now() < end, "{} is not answered within {LIMIT:?}", self.vip);
        }
    }

    /// The longest time between two answers while `disturb` runs and shortly after; it ends when there are answers again.
    pub fn silence(&self, disturb: impl FnOnce() + Send) -> Duration {
        let mut last = self.answered();
        let mut longest = Duration::ZERO;
        thread::scope(|scope| {
            let disturbance = scope.spawn(disturb);
            let mut ended = None;
            loop {
                let at = self.answered();
                longest = longest.max(at - last);
                last = at;
                if disturbance.is_finished() && at > *ended.get_or_insert_with(Instant::now) + WATCH {
                    return;
                }
            }
        });
        longest
    }

    /// One probe, and the time of its answer where one came before the next is due.
    fn ask(&self) -> Option<Instant> {
        let due = Instant::now() + INTERVAL;
        self.wire.send(&self.request);
        let mut answered = None;
        // Waits the interval out also where an answer came: the rate of probes must not depend on it.
        while let Some(frame) = self.wire.receive(due) {
            if answered.is_none() && frame.answers().is_some_and(|(address, _)| address == self.vip) {
                answered = Some(frame.at);
            }
        }
        answered
    }
}
