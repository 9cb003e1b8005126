//! From a manifest that changed to the first answer that a client gets.

use std::time::{Duration, Instant};

use super::lab::Lab;
use super::probe::Probe;
use super::site::{SETTLED, Site, manifest, manifests, vip};
use super::table::{Goal, Row};

const OTHERS: u32 = 1_000;
const SAMPLES: u32 = 25;
/// Past the time after which a Service that vanished from a file is believed to be gone.
const APART: Duration = Duration::from_millis(400);

pub fn rows(lab: Lab) -> Vec<Row> {
    let by_hand = by_hand(lab);
    let apart =
        samples(lab, |site| (0..OTHERS).for_each(|n| site.write(&format!("{n}.yaml"), &manifest(&format!("web-{n}"), vip(n)))), |own| own);
    let others = manifests(OTHERS);
    let together = samples(lab, |_| {}, |own| format!("{others}{own}"));
    let peer = "ip address add";
    vec![
        Row::times(format!("a manifest changed -> first ARP answer, {OTHERS} Services in other files"), &apart)
            .against(peer, &by_hand)
            .goal(Goal::AtMost(15.0)),
        Row::times(format!("the same, all {OTHERS} Services in that file"), &together).against(peer, &by_hand),
    ]
}

/// Each sample is another VIP, the one before goes with it. `file` makes the file out of the Service of the sample.
fn samples(lab: Lab, prepare: impl Fn(&Site), file: impl Fn(String) -> String + Sync) -> Vec<Duration> {
    let site = Site::new(lab, "uplink");
    prepare(&site);
    site.write("changing.yaml", &file(manifest("changing", vip(OTHERS))));
    let (_agent, _) = site.start(vip(OTHERS));
    std::thread::sleep(SETTLED);
    site.client.enter(|| {
        let sample = |number| {
            let vip = vip(OTHERS + number);
            site.prepare(&file(manifest("changing", vip)));
            std::thread::sleep(APART);
            let probe = Probe::open(&site.client, vip);
            let began = Instant::now();
            site.publish("changing.yaml");
            probe.answered() - began
        };
        (1..=SAMPLES).map(sample).collect()
    })
}

/// What an administrator's own hand takes: a process that binds the address.
fn by_hand(lab: Lab) -> Vec<Duration> {
    let site = Site::new(lab, "uplink");
    site.client.enter(|| {
        let sample = |number| {
            let probe = Probe::open(&site.client, vip(number));
            let began = Instant::now();
            site.node.run(&format!("ip address add {}/32 dev uplink", vip(number)));
            probe.answered() - began
        };
        (0..SAMPLES).map(sample).collect()
    })
}
