//! A pass with nothing to do, at ten thousand VIPs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hostvip::decide::announce::{Announcer, Voice};
use hostvip::decide::retry::Retries;
use hostvip::decide::{self, Inputs};
use hostvip::kernel::clock;
use hostvip::model::Mac;

use super::bind::{COUNT, Node};
use super::lab::Lab;
use super::site::{SETTLED, Site, cpu_time, manifest, manifests, vip};
use super::table::{Goal, Row};

const PASSES: u32 = 50;
const CHANGES: u32 = 20;
/// Between two changes: longer than a pass takes.
const APART: Duration = Duration::from_millis(100);

pub fn rows(lab: Lab) -> Vec<Row> {
    vec![core(lab), agent(lab)]
}

/// The parts of the agent's pass, one after another. A plan that is empty is the proof that nothing is asked of the kernel.
fn core(lab: Lab) -> Row {
    let mut node = Node::new(lab, "uplink");
    let samples: Vec<Duration> = node.netns.clone().enter(|| {
        node.bind();
        node.with_kernel(|inputs, kernel, _| {
            let (mut announcer, mut retries) = (Announcer::new(None, 0), Retries::default());
            let pass = |_| {
                let began = Instant::now();
                let inputs = Inputs { host: kernel.host(), ..inputs };
                let mut decision = decide::decide(inputs);
                let plan = decide::plan(&decision.desired, &kernel.host().ours);
                assert!(plan.is_empty(), "{plan:?}");
                let (plan, _) = retries.due(plan, clock::now());
                let bound = decide::announcements(&plan, &decision).iter().filter_map(hostvip::model::Op::vip).collect();
                decide::settle(&mut decision, &kernel.host().ours, &retries.errors());
                let voice = Voice { index: 2, mac: Mac::ZERO };
                let owned: BTreeMap<_, _> = decide::owned(&decision, &kernel.host().ours).map(|(vip, _)| (vip, voice)).collect();
                assert_eq!(owned.len(), COUNT as usize);
                announcer.own(&owned, &bound, clock::now());
                drop(decision);
                began.elapsed()
            };
            (0..PASSES).map(pass).collect()
        })
    });
    Row::times(format!("a pass with nothing to do, {COUNT} VIPs (empty plan)"), &samples).goal(Goal::AtMost(20.0))
}

/// The real agent, woken by a Service whose labels change, with a listener for what changes in its kernel: nothing must.
fn agent(lab: Lab) -> Row {
    let site = Site::new(lab, "uplink");
    site.write("all.yaml", &manifests(COUNT - 1));
    let last = vip(COUNT - 1);
    site.write("one.yaml", &manifest("one", last));
    let (agent, _) = site.start(last);
    std::thread::sleep(SETTLED);
    let mut monitor = std::process::Command::new("ip");
    monitor.args(["monitor", "link", "address", "route"]);
    let monitor = site.node.spawn(monitor);
    let idle = spent(&agent, || {});
    let busy = spent(&agent, || {
        site.write("one.yaml", &manifest("one", last).replace("part-of: shop", &format!("part-of: shop-{}", fastrand::u32(..))));
    });
    assert_eq!(monitor.log(), "", "a pass with nothing to do changed the kernel");
    let took = busy.saturating_sub(idle) / CHANGES;
    Row::times(format!("the agent's CPU time for such a pass, {COUNT} VIPs, one file read (no kernel change)"), &[took])
        .goal(Goal::AtMost(20.0))
}

/// CPU time of `agent` while `change` happens again and again.
fn spent(agent: &super::lab::process::Process, change: impl Fn()) -> Duration {
    let before = cpu_time(agent);
    for _ in 0..CHANGES {
        change();
        std::thread::sleep(APART);
    }
    cpu_time(agent).saturating_sub(before)
}
