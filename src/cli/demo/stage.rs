//! Where the acts happen: makes the hosts, runs the commands, keeps the agents.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::Signal;

use super::prober::Prober;
use super::segment::{self, NODES};
use super::show::ShownAct;
use super::step::{Act, Run};
use super::{Failure, backend};

const FILES: [(&str, &str); 3] = [
    ("services.yaml", include_str!("services.yaml")),
    ("neutral.sh", include_str!("neutral.sh")),
    ("snapshot.sh", include_str!("snapshot.sh")),
];
const CONFIG: &str = include_str!("node.toml");

/// How long an agent may take to start or to end: generous, because a busy machine is no bug.
const LIMIT: Duration = Duration::from_secs(15);
/// How often that is looked at.
const PACE: Duration = Duration::from_millis(20);
/// How long the client asks before and after what is probed.
const WATCH: Duration = Duration::from_millis(500);

/// The hosts, and the agents that run on them.
pub(super) struct Stage {
    agents: BTreeMap<&'static str, Child>,
}

impl Stage {
    pub(super) fn build() -> Result<Self, Failure> {
        for (name, text) in FILES {
            fs::write(name, text).with_context(|| format!("write {name}"))?;
        }
        for node in NODES {
            let name = format!("{node}.toml");
            fs::write(&name, CONFIG.replace("NODE", node)).with_context(|| format!("write {name}"))?;
        }
        let output = Command::new("sh").arg("-ec").arg(segment::render_script()).output().context("start sh")?;
        if !output.status.success() {
            bail!("make the hosts and segments of the demo: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        NODES.into_iter().try_for_each(backend::start)?;
        Ok(Self { agents: BTreeMap::new() })
    }

    /// Does it. What goes otherwise than it must is in the complaints; an error ends the demo.
    pub(super) fn play(&mut self, act: &Act) -> Result<ShownAct, Failure> {
        match act {
            Act::Run(run) => run_checked(run),
            Act::Probed(run, vip) => run_probed(run, *vip),
            Act::Start(node) => self.start(node),
            Act::End(node, signal) => self.end(node, *signal),
        }
    }

    fn start(&mut self, node: &'static str) -> Result<ShownAct, Failure> {
        let line = format!("ip netns exec {node} hostvip run --config {node}.toml 2>{node}.log");
        let agent = shell(&format!("exec {line}")).spawn().with_context(|| format!("start the agent of {node}"))?;
        self.agents.insert(node, agent);
        let ask = format!("ip netns exec {node} curl --silent --fail http://127.0.0.1:9476/readyz");
        let mut complaints = Vec::new();
        if !within_limit(|| Ok(shell(&ask).output().context("start curl")?.status.success()))? {
            complaints.push(format!("not ready after {} s; its log:", LIMIT.as_secs()));
            complaints.extend(fs::read_to_string(format!("{node}.log")).unwrap_or_default().lines().map(str::to_owned));
        }
        Ok(ShownAct {
            command: format!("{line} &"),
            exit: None,
            output: String::new(),
            shows: format!("the agent of {node} runs and is ready"),
            complaints,
        })
    }

    fn end(&mut self, node: &'static str, signal: Signal) -> Result<ShownAct, Failure> {
        let mut agent = self.agents.remove(node).with_context(|| format!("no agent of {node} was started"))?;
        let name = signal.as_str().trim_start_matches("SIG");
        let run = Run::new(format!("kill -{name} {}", agent.id()), format!("the agent of {node} ended"));
        let mut shown = run_checked(&run)?;
        if !within_limit(|| Ok(agent.try_wait().with_context(|| format!("wait for the agent of {node}"))?.is_some()))? {
            shown.complaints.push(format!("it still runs after {} s", LIMIT.as_secs()));
        }
        Ok(shown)
    }
}

fn run_probed(run: &Run, vip: Ipv4Addr) -> Result<ShownAct, Failure> {
    let prober = Prober::start(vip);
    sleep(WATCH);
    let mut shown = run_checked(run)?;
    sleep(WATCH);
    // Whatever came before the command has arrived by now: one more answer means that somebody answers again.
    let so_far = prober.answers();
    let answered = within_limit(|| Ok(prober.answers() > so_far))?;
    let found = prober.stop()?;
    let (silence, asked, unanswered) = (found.silence.as_millis(), found.probes, found.unanswered);
    shown.shows = format!("{}: {silence} ms from answer to answer, {unanswered} of {asked} questions unanswered", shown.shows);
    if !answered {
        shown.complaints.push(format!("nobody answers for {vip} any more"));
    }
    if found.macs.len() > 1 {
        shown.complaints.push(format!("more than one answered: {:?}", found.macs));
    }
    Ok(shown)
}

fn run_checked(run: &Run) -> Result<ShownAct, Failure> {
    // Both streams in one, as on a terminal.
    let output = shell(&format!("exec 2>&1; {}", run.line)).output().context("start sh")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = run.complaints(output.status.code(), &text);
    Ok(ShownAct { command: run.line.clone(), exit: output.status.code(), output: text, shows: run.shows.clone(), complaints })
}

fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).stdin(Stdio::null());
    command
}

fn within_limit(mut holds: impl FnMut() -> Result<bool, Failure>) -> Result<bool, Failure> {
    let end = Instant::now() + LIMIT;
    while !holds()? {
        if Instant::now() > end {
            return Ok(false);
        }
        sleep(PACE);
    }
    Ok(true)
}
