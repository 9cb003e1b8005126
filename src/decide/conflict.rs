//! Who else claims a VIP that this node answers for (RFC 5227 §2.4), from frames heard on the uplink.
//!
//! Absent: sockets, and any defence on the wire. The neighbour caches of others are not ours to change.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::codec::arp::decode_arp;
use crate::codec::ndp::{Message, Nd, decode_nd};
use crate::model::{Finding, Host, LinkName, Mac, Severity, Time, Vip};

/// Pairs of VIP and hardware address that are kept: whoever sends frames with invented senders must not fill our memory.
const MOST: usize = 256;

/// What was not heard for so long is over.
const MEMORY: Duration = Duration::from_mins(5);

/// The same pair is reported again after this time.
const PAUSE: Duration = Duration::from_mins(1);

/// Reports of all pairs in one [`PAUSE`].
const MOST_REPORTS: u32 = 10;

/// A station's claim to have an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The address.
    pub vip: Vip,
    /// The hardware address that it is said to be at.
    pub mac: Mac,
}

/// Another station's claim to a VIP of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Link on which it was last heard.
    pub link: LinkName,
    /// When it was first heard.
    pub first: Time,
    /// When it was last heard.
    pub last: Time,
    /// Frames heard.
    pub frames: u64,
    /// When it was last reported; none: there were too many others.
    reported: Option<Time>,
}

/// The conflicts of late.
#[derive(Clone, Debug, Default)]
pub struct Conflicts {
    heard: BTreeMap<Claim, Conflict>,
    /// When the present interval of reports began, and how many there were in it.
    reports: (Time, u32),
}

/// What hearing a claim once more came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The pair was unknown.
    pub new: bool,
    /// An administrator should be told now.
    pub report: bool,
}

/// The claim that a frame makes, by what it writes into the caches of those who hear it. None: it makes none, as an ARP probe (RFC 5227
/// §2.1.1) or duplicate address detection (RFC 4862 §5.4.2), which only asks.
pub fn claim(frame: &[u8]) -> Option<Claim> {
    let (address, mac) =
        decode_arp(frame).map(|arp| (IpAddr::V4(arp.sender_ip), arp.sender_mac)).or_else(|| decode_nd(frame).and_then(of_nd))?;
    (!address.is_unspecified()).then_some(Claim { vip: Vip(address), mac })
}

/// An advertisement claims its target; a solicitation claims its source, where it says at which hardware address that is.
fn of_nd(nd: Nd) -> Option<(IpAddr, Mac)> {
    match nd.message {
        Message::Advertisement { link_layer, .. } => Some((nd.target.into(), link_layer.unwrap_or(nd.source_mac))),
        Message::Solicitation { link_layer } => Some((nd.source.into(), link_layer?)),
    }
}

impl Claim {
    /// Whether it is another host's. A frame with one of our own hardware addresses came back to us by a reflection or a loop.
    pub fn is_foreign(&self, host: &Host) -> bool {
        host.links.values().all(|link| link.mac != Some(self.mac))
    }
}

impl Conflicts {
    /// Counts one more frame with another host's `claim` to a VIP of ours, heard on `link`.
    pub fn hear(&mut self, claim: Claim, link: &LinkName, now: Time) -> Heard {
        self.heard.retain(|_, conflict| now - conflict.last < MEMORY);
        let new = !self.heard.contains_key(&claim);
        if new && self.heard.len() >= MOST {
            let longest_silent = self.heard.iter().min_by_key(|(_, conflict)| conflict.last).map(|(claim, _)| *claim);
            longest_silent.map(|claim| self.heard.remove(&claim));
        }
        let may_report = self.may_report(now);
        let begun = || Conflict { link: link.clone(), first: now, last: now, frames: 0, reported: None };
        let conflict = self.heard.entry(claim).or_insert_with(begun);
        conflict.link.clone_from(link);
        conflict.frames += 1;
        conflict.last = now;
        let report = may_report && conflict.reported.is_none_or(|reported| now - reported >= PAUSE);
        if report {
            conflict.reported = Some(now);
            self.reports.1 += 1;
        }
        Heard { new, report }
    }

    /// The conflicts that were heard of late.
    pub fn of_late(&self, now: Time) -> impl Iterator<Item = (Claim, &Conflict)> {
        self.heard.iter().filter(move |(_, conflict)| now - conflict.last < MEMORY).map(|(claim, conflict)| (*claim, conflict))
    }

    /// One finding for each conflict of late about a VIP that `owns` says is answered here, by order of the VIP.
    pub fn findings(&self, now: Time, owns: impl Fn(Vip) -> bool) -> Vec<Finding> {
        let conflicts = self.of_late(now).filter(|(claim, _)| owns(claim.vip));
        conflicts.map(|(claim, conflict)| finding(claim, conflict, now)).collect()
    }

    fn may_report(&mut self, now: Time) -> bool {
        if now - self.reports.0 >= PAUSE {
            self.reports = (now, 0);
        }
        self.reports.1 < MOST_REPORTS
    }
}

/// How a conflict is told in status, explain and log.
pub fn finding(claim: Claim, conflict: &Conflict, now: Time) -> Finding {
    let (Claim { vip, mac }, link) = (claim, &conflict.link);
    let (frames, ago) = (conflict.frames, (now - conflict.last).as_secs());
    Finding {
        severity: Severity::Error,
        code: "address_conflict".to_owned(),
        what: format!("{vip} is claimed by another host, {mac}, heard on {link}"),
        why: format!("clients that believe it send their packets there ({frames} frames heard, the last {ago} s ago)"),
        fix: format!("find {mac} in the switch's table, and take {vip} off that host; `hostvip whohas {vip}` shows who answers"),
    }
}
