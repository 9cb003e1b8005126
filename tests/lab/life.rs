//! Beginning and end of an agent: restarts lose no answer, an end leaves the host as it was, and nobody takes its place while it runs.

use std::collections::BTreeSet;
use std::fs;

use nix::sys::signal::Signal;

use crate::cluster::{Cluster, EXTERNAL, EXTERNAL6, Node, POOL, VIP, VIP6, service};
use crate::lab::{Prober, wait_for};

/// Probes before, while and after the agent is away.
const ENOUGH: usize = 100;

#[test]
fn a_restart_by_sigquit_loses_no_answer() {
    no_answer_is_lost(POOL, Signal::SIGQUIT);
}

#[test]
fn a_restart_with_keep_loses_no_answer() {
    no_answer_is_lost(&format!("on_stop = \"keep\"\n{POOL}"), Signal::SIGTERM);
}

#[test]
fn a_crash_loses_no_answer() {
    no_answer_is_lost(POOL, Signal::SIGKILL);
}

/// Ends both agents by `signal` and starts them again, under probes of both families.
fn no_answer_is_lost(config: &str, signal: Signal) {
    let Some(cluster) = Cluster::start(2, config) else { return };
    let mut agents: Vec<_> = cluster.nodes.iter().map(Node::up).collect();
    let probers = [VIP, VIP6].map(|vip| Prober::start(&cluster.client, vip.parse().unwrap()));
    let more = || {
        let sent: Vec<_> = probers.iter().map(|prober| prober.so_far().probes.len()).collect();
        wait_for("more probes", || probers.iter().zip(&sent).all(|(prober, sent)| prober.so_far().probes.len() > sent + ENOUGH));
    };
    more();
    for agent in &mut agents {
        agent.signal(signal);
        agent.wait();
    }
    more();
    let agents: Vec<_> = cluster.nodes.iter().map(Node::up).collect();
    more();
    for prober in probers {
        let found = prober.stop();
        assert_eq!((found.unanswered(), found.doubles()), (0, 0), "{found}");
        assert_eq!(found.macs(), BTreeSet::from([cluster.nodes[0].host.mac]));
    }
    for change in ["op=\"bind\"", "op=\"unbind\"", "op=\"add_route\"", "op=\"del_route\"", "sysctl"] {
        assert!(agents.iter().all(|agent| !agent.log().contains(change)), "{change} by an agent that should adopt: {}", agents[0].log());
    }
}

#[test]
fn a_planned_stop_leaves_the_host_as_it_was() {
    let Some(cluster) = Cluster::start(2, POOL) else { return };
    for node in &cluster.nodes {
        node.host.sysctl("ipv4/conf/eth0/arp_announce", 1);
        let before = node.snapshot();
        let mut agent = node.up();
        assert_ne!(node.snapshot(), before);
        agent.signal(Signal::SIGTERM);
        assert!(agent.wait().success());
        assert_eq!(node.snapshot(), before);
    }
    assert_eq!(cluster.who_has(VIP), BTreeSet::new());
}

#[test]
fn withdraw_cleans_up_after_a_crash() {
    after_a_crash(|node| {
        let run = node.hostvip.run(&["withdraw"]);
        assert!(run.code == Some(0) && run.stdout.contains("0 failed"), "{run:?}");
    });
}

#[test]
fn withdraw_cleans_up_without_a_config() {
    after_a_crash(|node| {
        fs::remove_file(node.hostvip.path("hostvip.toml")).unwrap();
        let state = node.hostvip.state_dir();
        let run = node.hostvip.run(&["withdraw", "--state-dir", state.to_str().unwrap()]);
        assert!(run.code == Some(0) && run.stdout.contains("0 failed"), "{run:?}");
    });
}

#[test]
fn withdraw_cleans_up_beside_a_wrong_config() {
    after_a_crash(|node| {
        node.hostvip.configure("uplnk = \"eth0\"\n");
        let run = node.hostvip.run(&["withdraw"]);
        assert!(run.code == Some(0) && run.stderr.contains("uplnk") && run.stdout.contains("0 failed"), "{run:?}");
    });
}

fn after_a_crash(withdraw: impl Fn(&Node)) {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let before = node.snapshot();
    let mut agent = node.up();
    agent.signal(Signal::SIGKILL);
    agent.wait();
    assert_ne!(node.snapshot(), before, "a crash withdraws nothing");
    withdraw(node);
    assert_eq!(node.snapshot(), before);
    let state = node.hostvip.state_dir();
    let again = node.hostvip.run(&["withdraw", "--state-dir", state.to_str().unwrap()]);
    assert!(again.stdout.contains("withdrew 0 objects"), "{again:?}");
}

#[test]
fn while_an_agent_runs_nobody_takes_its_place() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    let before = node.snapshot();
    let holder = format!("another hostvip (pid {}) runs", agent.pid());

    let withdraw = node.hostvip.run(&["withdraw"]);
    assert!(withdraw.code == Some(1) && withdraw.stderr.contains(&holder), "{withdraw:?}");
    let mut second = node.hostvip.start();
    assert_eq!(second.wait().code(), Some(1));
    second.wait_log(&holder);
    assert_eq!(node.snapshot(), before);
    assert_eq!(node.hostvip.run(&["status"]).code, Some(0), "the first one still runs");
}

#[test]
fn leftovers_that_nobody_wants_are_removed_at_the_start() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let mut agent = node.up();
    agent.signal(Signal::SIGKILL);
    agent.wait();
    node.hostvip.write("services.yaml", &service("web", &[VIP, VIP6], &[]));
    let agent = node.hostvip.start();
    for leftover in [EXTERNAL, EXTERNAL6] {
        wait_for(&format!("{leftover} is removed"), || !node.holds(leftover) && !node.quiet_routes().contains(leftover));
    }
    assert!(node.holds(&format!("{VIP}/32")) && node.holds(&format!("{VIP6}/128")), "{}", node.addresses());
    assert!(!agent.log().contains(&format!("unbind {VIP}/")), "{}", agent.log());
}

#[test]
fn what_an_unreadable_source_may_name_stays() {
    let Some(cluster) = Cluster::start(2, POOL) else { return };
    let agents: Vec<_> = cluster.nodes.iter().map(Node::up).collect();
    for mut agent in agents {
        agent.signal(Signal::SIGKILL);
        agent.wait();
    }
    let before: Vec<_> = cluster.nodes.iter().map(Node::snapshot).collect();
    for node in &cluster.nodes {
        fs::rename(node.hostvip.path("services.yaml"), node.hostvip.path("away")).unwrap();
    }
    let _agents: Vec<_> = cluster.nodes.iter().map(|node| node.hostvip.start()).collect();
    for (node, before) in cluster.nodes.iter().zip(&before) {
        let report = node.wait_report("the missing source is reported", |report| !report.sources[0].problems.is_empty());
        assert!(report.sources[0].problems[0].contains("does not exist"), "{report:?}");
        assert_eq!(node.snapshot(), *before, "{}", node.host.name());
    }
    cluster.wait_answered(VIP, cluster.nodes[0].host.mac);

    // Once it can be read, it counts: also what it does not name.
    for node in &cluster.nodes {
        node.hostvip.write("services.yaml", &service("web", &[VIP, VIP6], &[]));
        wait_for("what nobody names is removed", || !(node.addresses() + &node.quiet_routes()).contains(EXTERNAL));
        assert!(node.quiet_routes().contains(VIP), "{}", node.quiet_routes());
    }
}
