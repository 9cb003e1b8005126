//! The first announcement of ten thousand VIPs, as it arrives at a client.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use hostvip::model::Mac;
use nix::sys::signal::Signal;

use super::lab::frame::arp_request;
use super::lab::wire::Wire;
use super::lab::{LIMIT, Lab};
use super::site::{SETTLED, Site, manifests, vip};
use super::table::Row;

const COUNT: u32 = 10_000;
/// Frames of one announcement without gateway and neighbours.
const FRAMES: u32 = 2;

pub fn rows(lab: Lab) -> Vec<Row> {
    let site = Site::new(lab, "uplink");
    site.write("all.yaml", &manifests(COUNT));
    let (mut agent, _) = site.start(vip(COUNT - 1));
    std::thread::sleep(SETTLED);
    agent.signal(Signal::SIGTERM);
    agent.wait();
    // It kept everything: the next one adopts what is there, and announces.
    let mut next = None;
    let ours = burst(&site, || next = Some(site.hostvip.start()));
    drop(next);
    let limit = burst(&site, || site.node.enter(|| flood(&site)));
    vec![
        Row::times(format!("first announcements of {COUNT} VIPs, from the first to the last"), &[ours])
            .against("a bare loop of sendto(2)", &[limit]),
    ]
}

/// From the first announcement to the one that completes all VIPs, as the client hears them.
fn burst(site: &Site, begin: impl FnOnce() + Send) -> Duration {
    site.client.enter(|| {
        let wire = Wire::open(&site.client.link, false);
        let mut missing: BTreeSet<IpAddr> = (0..COUNT).map(vip).collect();
        std::thread::scope(|scope| {
            scope.spawn(begin);
            let (mut first, end) = (None, Instant::now() + LIMIT);
            loop {
                let frame = wire.receive(end).unwrap_or_else(|| panic!("{} VIPs were not announced within {LIMIT:?}", missing.len()));
                let Some((address, _)) = frame.announces() else { continue };
                if missing.remove(&address) {
                    let first = *first.get_or_insert(frame.at);
                    if missing.is_empty() {
                        return frame.at - first;
                    }
                }
            }
        })
    })
}

/// The same frames, made beforehand, as fast as the link takes them.
fn flood(site: &Site) {
    let wire = Wire::open(&site.node.link, false);
    let frame = |vip: IpAddr| match vip {
        IpAddr::V4(vip) => arp_request(site.node.mac, vip, vip),
        IpAddr::V6(_) => arp_request(Mac::ZERO, Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED),
    };
    let frames: Vec<_> = (0..COUNT).map(|number| frame(vip(number))).collect();
    for frame in &frames {
        for _ in 0..FRAMES {
            wire.send(frame);
        }
    }
}
