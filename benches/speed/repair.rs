//! Damage done by somebody else, until a client is answered again.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::lab::Lab;
use super::lab::process::Process;
use super::probe::Probe;
use super::site::{Site, manifest, vip, vip6};
use super::table::{Goal, Row};

/// Each strikes a VIP of its own: one that is struck again and again is repaired later and later, as in a fight.
const SAMPLES: u32 = 25;
/// Between two blows.
const APART: Duration = Duration::from_millis(50);
const GOAL: Goal = Goal::AtMost(100.0);

pub fn rows(lab: Lab) -> Vec<Row> {
    let (address, _uplink) = served(lab, "uplink", vip);
    let (route, _quiet) = served(lab, "quiet", vip);
    let (six, _six) = served(lab, "uplink", vip6);
    let delete4 = |vip| format!("ip address del {vip}/32 dev uplink");
    let delete6 = |vip| format!("ip address del {vip}/128 dev uplink");
    let unroute = |vip| format!("ip route del local {vip}/32 table local proto 118 metric 118");
    vec![
        Row::times("IPv4 address deleted by hand: longest silence", &silences(&address, vip, delete4)).goal(GOAL),
        Row::times("IPv6 address deleted by hand: longest silence", &silences(&six, vip6, delete6)).goal(GOAL),
        Row::times("quiet route deleted by hand: longest silence", &silences(&route, vip, unroute)).goal(GOAL),
        Row::times("uplink down and up: until IPv6 is answered (the kernel dropped the address)", &revivals(&six, vip6(0)))
            .against("IPv4, which the kernel keeps", &revivals(&address, vip(0)))
            .goal(GOAL),
    ]
}

fn served(lab: Lab, placement: &str, vip: fn(u32) -> IpAddr) -> (Site, Process) {
    let site = Site::new(lab, placement);
    let all: String = (0..SAMPLES).map(|number| manifest(&format!("web-{number}"), vip(number))).collect();
    site.write("all.yaml", &all);
    let (agent, _) = site.start(vip(SAMPLES - 1));
    (site, agent)
}

fn silences(site: &Site, vip: fn(u32) -> IpAddr, damage: impl Fn(IpAddr) -> String + Sync) -> Vec<Duration> {
    let sample = |number| {
        let (struck, probe) = (vip(number), Probe::open(&site.client, vip(number)));
        std::thread::sleep(APART);
        probe.silence(|| drop(site.node.run(&damage(struck))))
    };
    site.client.enter(|| (0..SAMPLES).map(sample).collect())
}

fn revivals(site: &Site, vip: IpAddr) -> Vec<Duration> {
    site.client.enter(|| {
        let probe = Probe::open(&site.client, vip);
        let sample = |_| {
            std::thread::sleep(APART);
            site.node.link_down();
            std::thread::sleep(APART);
            let began = Instant::now();
            site.node.link_up();
            probe.answered() - began
        };
        (0..SAMPLES).map(sample).collect()
    })
}
