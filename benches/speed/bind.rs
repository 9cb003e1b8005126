//! Ten thousand VIPs into the kernel, against `ip -batch` with the same changes.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use hostvip::agent::carry;
use hostvip::codec::manifest::decode_manifest;
use hostvip::config::{Facts, Settings, parse};
use hostvip::decide::{self, Inputs};
use hostvip::kernel::{Events, Kernel};
use hostvip::model::{Plan, Service};

use super::lab::{Lab, Netns};
use super::site::{config, manifests, vip};
use super::table::{Goal, Row};

pub const COUNT: u32 = 10_000;
const RUNS: usize = 3;
/// Without an event for so long, none is waiting.
const QUIET: Duration = Duration::from_millis(1);

pub fn rows(lab: Lab) -> Vec<Row> {
    [("uplink", 1.0), ("lo", 1.0), ("quiet", 2.0)].into_iter().flat_map(|(placement, goal)| compare(lab, placement, goal)).collect()
}

fn compare(lab: Lab, placement: &str, goal: f64) -> [Row; 2] {
    let (mut passes, mut changes, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let mut node = Node::new(lab, placement);
        let (pass, change) = node.netns.clone().enter(|| node.bind());
        passes.push(pass);
        changes.push(change);
        theirs.push(by_hand(&bare(lab), placement));
    }
    let what = format!("{COUNT} VIPs, placement {placement}");
    let rows =
        [Row::times(format!("{what}: kernel changes"), &changes), Row::times(format!("{what}: decide, plan, change, hear"), &passes)];
    rows.map(|row| row.against("ip -batch", &theirs).goal(Goal::Ratio(goal)))
}

/// A namespace with an uplink and nobody else.
fn bare(lab: Lab) -> Netns {
    let netns = lab.netns("node");
    netns.run("ip link add uplink type veth peer name far");
    netns.run("ip link set far up");
    netns.run("ip link set uplink up");
    netns
}

/// What the agent does for `placement`, in words of ip(8).
fn by_hand(netns: &Netns, placement: &str) -> Duration {
    let mut batch = String::new();
    for vip in (0..COUNT).map(vip).filter(|_| placement != "lo") {
        writeln!(batch, "route add local {vip}/32 dev lo table local proto 118 metric 118").unwrap();
    }
    let link = if placement == "lo" { "lo" } else { "uplink" };
    for vip in (0..COUNT).map(vip).filter(|_| placement != "quiet") {
        writeln!(batch, "address add {vip}/32 dev {link} scope host noprefixroute").unwrap();
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), batch).unwrap();
    let command = format!("ip -batch {}", file.path().display());
    let began = Instant::now();
    netns.run(&command);
    began.elapsed()
}

/// The parts of an agent, without its loop.
pub struct Node {
    pub netns: Netns,
    settings: Settings,
    services: Vec<Service>,
    state: tempfile::TempDir,
}

impl Node {
    pub fn new(lab: Lab, placement: &str) -> Self {
        let (netns, state) = (bare(lab), tempfile::tempdir().unwrap());
        let text = format!(
            "node_name = \"node\"\nuplink = \"uplink\"\n{}",
            config(placement, "0s").replace("{dir}", &state.path().display().to_string())
        );
        let config = parse(Path::new("bench.toml"), &text).unwrap();
        let settings = netns.enter(|| {
            let kernel = Kernel::open(state.path()).unwrap();
            config.settings(&Facts { host_name: "node", host: kernel.host() }).unwrap()
        });
        Self { netns, settings, services: decode_manifest(&manifests(COUNT)).services, state }
    }

    /// Decides and carries out, with all that the agent does for it: the time of the whole, and of the changes alone.
    pub fn bind(&mut self) -> (Duration, Duration) {
        self.with_kernel(|inputs, kernel, hear| {
            let began = Instant::now();
            let mut decision = decide::decide(Inputs { host: kernel.host(), ..inputs });
            let plan = decide::plan(&decision.desired, &kernel.host().ours);
            let before = Instant::now();
            let results = carry::carry_out(kernel, plan, &Plan::default());
            let change = before.elapsed();
            hear(kernel);
            decide::settle(&mut decision, &kernel.host().ours, &std::collections::BTreeMap::new());
            let pass = began.elapsed();
            if let Some((op, Err(error))) = results.iter().find(|(_, result)| result.is_err()) {
                panic!("{op}: {error}");
            }
            assert_eq!(decide::owned(&decision, &kernel.host().ours).count(), COUNT as usize);
            (pass, change)
        })
    }

    /// Opens the kernel edge as the agent does, events first. The third argument of `work` takes in all events that wait.
    pub fn with_kernel<T>(&self, work: impl FnOnce(Inputs<'_>, &mut Kernel, &mut dyn FnMut(&mut Kernel)) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _entered = runtime.enter();
        let mut events = Events::open().unwrap();
        let mut kernel = Kernel::open(self.state.path()).unwrap();
        let host = kernel.host().clone();
        let services: Vec<&Service> = self.services.iter().collect();
        let inputs = Inputs { settings: &self.settings, services: &services, cluster: None, unread: &BTreeSet::new(), host: &host };
        let mut hear = |kernel: &mut Kernel| {
            runtime.block_on(async {
                while let Ok(event) = tokio::time::timeout(QUIET, events.next()).await {
                    kernel.absorb(event.unwrap()).unwrap();
                }
            });
        };
        work(inputs, &mut kernel, &mut hear)
    }
}
