//! `hostvip plan` says beforehand what the log will say, and the commands' outputs are fit for scripts.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cluster::{Cluster, EXTERNAL, EXTERNAL6, Node, POOL, VIP, VIP6, VIPS, placed, service, web};
use crate::lab::process::Process;
use crate::lab::wait_for;

/// The operations that an agent logged, in order.
fn logged(agent: &Process) -> String {
    let op = |line: &str| Some(line.split_once("INFO ")?.1.split_once(" op=\"")?.0.to_owned() + "\n");
    agent.log().lines().filter_map(op).collect()
}

/// Demands that the agent does what was planned: nothing else, and in that order.
fn demand(agent: &Process, plan: &str) {
    wait_for("the agent carries out the plan", || logged(agent).lines().count() >= plan.lines().count());
    assert_eq!(logged(agent), plan);
}

fn plan(node: &Node) -> String {
    let run = node.hostvip.run(&["plan"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    run.stdout
}

#[test]
fn the_log_prints_what_the_plan_printed() {
    for placement in ["uplink", "lo", "quiet"] {
        // A name that sorts before "lo": the order must not depend on it.
        let Some(cluster) = Cluster::on("br-ex", 2, &placed(placement)) else { return };
        for node in &cluster.nodes {
            let planned = plan(node);
            assert_eq!(plan(node), planned, "a dry run changed something");
            demand(&node.up(), &planned);
            let again = plan(node);
            assert!(again.starts_with("nothing to do: the kernel holds what") && again.lines().count() == 1, "{placement}: {again}");
        }
    }
}

#[test]
fn a_change_is_planned_as_it_is_done() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let mut agent = node.up();
    agent.signal(nix::sys::signal::Signal::SIGQUIT);
    agent.wait();
    node.hostvip.write("services.yaml", &service("web", &["192.0.2.110", "2001:db8::1:110"], &[EXTERNAL, EXTERNAL6]));
    node.host.sysctl("ipv4/conf/eth0/arp_ignore", 0);
    let planned = plan(node);
    let adopted = |line: &str| [EXTERNAL, EXTERNAL6].iter().any(|vip| line == format!("announce {vip} on eth0"));
    let agent = node.hostvip.start();
    wait_for("everything is announced", || logged(&agent).lines().filter(|line| line.starts_with("announce")).count() >= 4);
    // What it adopts needs no operation, but is announced by the new agent as well.
    let done: String = logged(&agent).split_inclusive('\n').filter(|line| !adopted(line.trim_end())).collect();
    assert_eq!(done, planned);
}

#[test]
fn json_has_one_verdict_for_each_vip() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    node.hostvip.write("services.yaml", &(web() + "---\n" + &service("far", &["203.0.113.1"], &[])));
    let _agent = node.up();
    let json = |args: &[&str]| -> Value {
        let run = node.hostvip.run(&[args, &["--output", "json"]].concat());
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {run:?}"))
    };
    let wanted: BTreeMap<_, _> =
        VIPS.into_iter().map(|vip| (vip.to_owned(), "bound")).chain([("203.0.113.1".to_owned(), "outside_every_pool")]).collect();
    for command in ["plan", "status"] {
        let verdicts = json(&[command])["verdicts"].clone();
        let reasons: Vec<_> = verdicts.as_array().unwrap().iter().map(|verdict| (address(verdict), reason(verdict))).collect();
        assert_eq!(reasons.len(), wanted.len(), "{command}: {verdicts}");
        for (vip, code) in reasons {
            assert_eq!(Some(code.as_str()), wanted.get(&vip).copied(), "{command}: {vip}");
        }
    }
    for (vip, code) in &wanted {
        let story = json(&["explain", vip]);
        let verdicts = story["verdicts"].as_array().unwrap();
        assert_eq!(verdicts.iter().map(reason).collect::<Vec<_>>(), [*code], "{vip}: {story}");
    }
    assert_eq!(json(&["explain", "default/web"])["verdicts"].as_array().map(Vec::len), Some(4));
    assert!(json(&["plan"])["ops"].as_array().unwrap().is_empty());
}

#[test]
fn colours_are_for_terminals_only() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    for args in
        [&["status"][..], &["plan"], &["explain", VIP], &["explain", "2001:db8::1:999"], &["status", "--output", "json"], &["--help"]]
    {
        let run = node.hostvip.run(args);
        assert!(!(run.stdout.clone() + &run.stderr).contains('\u{1b}'), "{args:?}: {run:?}");
    }
    assert!(!agent.log().contains('\u{1b}'), "{}", agent.log());

    // script(1) gives the command a terminal of its own.
    let config = node.hostvip.path("hostvip.toml");
    let line = format!("{} status --config {}", env!("CARGO_BIN_EXE_hostvip"), config.display());
    let mut command = std::process::Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env("TERM", "xterm").env_remove("NO_COLOR");
    let shown = node.host.demand(command);
    assert!(shown.contains('\u{1b}') && shown.contains(VIP6), "{shown:?}");
}

fn address(verdict: &Value) -> String {
    verdict["address"].as_str().unwrap_or_default().to_owned()
}

fn reason(verdict: &Value) -> String {
    verdict["reason"]["code"].as_str().unwrap_or_default().to_owned()
}
