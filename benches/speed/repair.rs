//! Damage done by somebody else, until a client is answered again.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::lab::Lab;
use super::lab::process::Process;
use super::probe::Probe;
use super::site::{Site, manifest, vip, vip6};
use super::table::{Goal, Row};

const SAMPLES: usize = 25;
/// Between two blows.
const APART: Duration = Duration::from_millis(50);
const GOAL: Goal = Goal::AtMost(100.0);

pub fn rows(lab: Lab) -> Vec<Row> {
    let (address, _uplink) = served(lab, "uplink", vip(0));
    let (route, _quiet) = served(lab, "quiet", vip(0));
    let (six, _six) = served(lab, "uplink", vip6(0));
    let delete4 = format!("ip address del {}/32 dev uplink", vip(0));
    let delete6 = format!("ip address del {}/128 dev uplink", vip6(0));
    let unroute = format!("ip route del local {}/32 table local proto 118 metric 118", vip(0));
    vec![
        Row::times("IPv4 address deleted by hand: longest silence", &silences(&address, vip(0), &delete4)).goal(GOAL),
        Row::times("IPv6 address deleted by hand: longest silence", &silences(&six, vip6(0), &delete6)).goal(GOAL),
        Row::times("quiet route deleted by hand: longest silence", &silences(&route, vip(0), &unroute)).goal(GOAL),
        Row::times("uplink down and up: until IPv6 is answered (the kernel dropped the address)", &revivals(&six, vip6(0)))
            .against("IPv4, which the kernel keeps", &revivals(&address, vip(0)))
            .goal(GOAL),
    ]
}

fn served(lab: Lab, placement: &str, vip: IpAddr) -> (Site, Process) {
    let site = Site::new(lab, placement);
    site.write("one.yaml", &manifest("one", vip));
    let (agent, _) = site.start(vip);
    (site, agent)
}

fn silences(site: &Site, vip: IpAddr, damage: &str) -> Vec<Duration> {
    site.client.enter(|| {
        let probe = Probe::open(&site.client, vip);
        let sample = |_| {
            std::thread::sleep(APART);
            probe.silence(|| drop(site.node.run(damage)))
        };
        (0..SAMPLES).map(sample).collect()
    })
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
