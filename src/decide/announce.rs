//! When to announce which VIP: a burst at each acquisition, then a slow jittered repetition. No frames, no sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::{Mac, Time, Vip};

/// When the frames of a burst leave, counted from the acquisition. Devices lose one frame, or lock an entry for 1 s after an update.
const BURST: [Duration; 5] =
    [Duration::ZERO, Duration::from_millis(200), Duration::from_millis(1100), Duration::from_millis(2200), Duration::from_secs(5)];

/// The steps of a burst in which neighbours are spoken to one by one: at once, and after the 1 s lock of Linux' neighbour table.
const NEIGHBOUR_STEPS: [usize; 2] = [0, 2];

/// VIPs told by unicast in a second at the most. Unlike a gratuitous frame, a unicast request creates an entry: thousands at once
/// would overflow a Linux neighbour's table, which holds 1024 (`gc_thresh3`), and cut it off from everybody.
const MOST_UNICAST: u32 = 64;
const SECOND: Duration = Duration::from_secs(1);

/// What a VIP is announced with. When it changes (a new link, another hardware address), the segment has to be told anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Index of the link.
    pub index: u32,
    /// The hardware address to be learned.
    pub mac: Mac,
}

/// One announcement that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The VIP.
    pub vip: Vip,
    /// The hardware address to be learned.
    pub mac: Mac,
    /// Who is spoken to by unicast as well, for devices that ignore gratuitous frames.
    pub unicast: Unicast,
}

/// Who is spoken to one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unicast {
    /// Nobody.
    Nobody,
    /// The gateways.
    Gateways,
    /// The gateways and known neighbours.
    Neighbours,
}

/// The schedule of all announcements.
#[derive(Debug)]
pub struct Announcer {
    refresh: Option<Duration>,
    rng: fastrand::Rng,
    owned: BTreeMap<Vip, Turn>,
    queue: BTreeSet<(Time, Vip)>,
    /// When the present second began, and how many VIPs were told by unicast in it.
    second: (Time, u32),
}

#[derive(Debug)]
struct Turn {
    voice: Voice,
    began: Time,
    step: usize,
    next: Option<Time>,
    sent: u64,
    last: Option<Time>,
}

impl Announcer {
    /// `refresh` is the interval of the slow repetition, none for never; `seed` makes its jitter repeatable.
    pub fn new(refresh: Option<Duration>, seed: u64) -> Self {
        Self { refresh, rng: fastrand::Rng::with_seed(seed), owned: BTreeMap::new(), queue: BTreeSet::new(), second: (Time::default(), 0) }
    }

    /// Takes over another interval from its next turn on.
    pub fn set_refresh(&mut self, refresh: Option<Duration>) {
        self.refresh = refresh;
    }

    /// The VIPs that this node answers for now, and those of them that were bound just now, for the first time or again. Returns
    /// those whose burst begins; what is not named falls silent at once.
    pub fn own(&mut self, owned: &BTreeMap<Vip, Voice>, bound: &BTreeSet<Vip>, now: Time) -> Vec<Vip> {
        let given: Vec<_> = self.owned.keys().filter(|vip| !owned.contains_key(vip)).copied().collect();
        for vip in given {
            self.silence(vip);
        }
        let known = &self.owned;
        let begins = owned.iter().filter(|(vip, voice)| bound.contains(vip) || known.get(vip).is_none_or(|turn| turn.voice != **voice));
        let begins: Vec<_> = begins.map(|(vip, voice)| (*vip, *voice)).collect();
        for &(vip, voice) in &begins {
            let former = self.silence(vip);
            let (sent, last) = former.map_or((0, None), |turn| (turn.sent, turn.last));
            self.owned.insert(vip, Turn { voice, began: now, step: 0, next: Some(now), sent, last });
            self.queue.insert((now, vip));
        }
        begins.into_iter().map(|(vip, _)| vip).collect()
    }

    /// When the next announcement is due.
    pub fn next_deadline(&self) -> Option<Time> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// At most `most` announcements that are due, the longest overdue first; each counts as sent.
    pub fn due(&mut self, now: Time, most: usize) -> Vec<Due> {
        let ready: Vec<_> = self.queue.iter().take_while(|(at, _)| *at <= now).take(most).copied().collect();
        ready.into_iter().filter_map(|(at, vip)| self.take_turn(at, vip, now)).collect()
    }

    /// Announcements of `vip` since it is owned, and the time of the last one.
    pub fn history(&self, vip: Vip) -> (u64, Option<Time>) {
        self.owned.get(&vip).map_or((0, None), |turn| (turn.sent, turn.last))
    }

    fn take_turn(&mut self, at: Time, vip: Vip, now: Time) -> Option<Due> {
        self.queue.remove(&(at, vip));
        let jitter = self.rng.f64().mul_add(0.5, 0.75);
        let turn = self.owned.get_mut(&vip)?;
        let step = turn.step;
        turn.step += 1;
        turn.sent += 1;
        turn.last = Some(now);
        turn.next = match BURST.get(turn.step) {
            Some(offset) => Some((turn.began + *offset).max(now)),
            None => self.refresh.map(|refresh| now + refresh.mul_f64(jitter)),
        };
        if let Some(next) = turn.next {
            self.queue.insert((next, vip));
        }
        let mac = turn.voice.mac;
        let wanted = match step {
            _ if NEIGHBOUR_STEPS.contains(&step) => Unicast::Neighbours,
            _ if step >= BURST.len() => Unicast::Gateways,
            _ => Unicast::Nobody,
        };
        let unicast = if wanted != Unicast::Nobody && self.may_unicast(now) { wanted } else { Unicast::Nobody };
        Some(Due { vip, mac, unicast })
    }

    fn may_unicast(&mut self, now: Time) -> bool {
        if now - self.second.0 >= SECOND {
            self.second = (now, 0);
        }
        self.second.1 += 1;
        self.second.1 <= MOST_UNICAST
    }

    fn silence(&mut self, vip: Vip) -> Option<Turn> {
        let turn = self.owned.remove(&vip)?;
        if let Some(next) = turn.next {
            self.queue.remove(&(next, vip));
        }
        Some(turn)
    }
}
