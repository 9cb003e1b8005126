//! Adverse hosts: somebody fights the agent, its disk fails, an operator mistypes. Never two answers, never a storm, never an outage.

use std::fs;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::cluster::{Cluster, EXTERNAL, POOL, VIP, VIP6, VIPS, owned_by, reason_on, service, web};
use crate::lab::wait_for;

#[test]
fn who_fights_for_an_address_causes_no_storm() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let mut agent = node.up();
    let mut remover = Command::new("sh");
    remover.args(["-c", &format!("while :; do ip address del {VIP}/32 dev eth0 2>/dev/null; done")]);
    let remover = node.host.spawn(remover);
    let report = node.wait_report("the fight is said", |report| {
        report
            .failing
            .iter()
            .any(|failing| failing.op.contains(VIP) && failing.attempts >= 7 && failing.error.contains("somebody else undid it"))
    });
    // The agent may be between two steps; what it logs is complete.
    let log = agent.log();
    let (bound, announced) =
        (log.matches(&format!("bind {VIP}/32 dev eth0 (")).count(), log.matches(&format!("announce {VIP} on ")).count());
    assert!(bound <= 12 && announced <= 12, "{bound} times bound, {announced} bursts: {log}");
    assert!(reason_on(&report, VIP).contains("somebody else undid it"), "{report:?}");
    assert!(reason_on(&report, EXTERNAL).starts_with("bound here"), "{report:?}");
    cluster.wait_answered(EXTERNAL, node.host.mac);

    drop(remover);
    wait_for("it is bound again", || node.holds(&format!("{VIP}/32")));
    cluster.wait_answered(VIP, node.host.mac);
    agent.signal(Signal::SIGTERM);
    assert!(agent.wait().success());
}

#[test]
fn a_standby_that_could_not_be_silenced_accepts_no_later_vip_either() {
    let Some(cluster) = Cluster::start(1, &owned_by("node-b")) else { return };
    let node = &cluster.nodes[0];
    node.hostvip.write("services.yaml", "");
    let agent = node.hostvip.start();
    node.wait_report("the agent runs", |report| report.verdicts.is_empty());
    // Settings cannot be kept on disk any more, and so are not changed.
    let state = node.hostvip.state_dir();
    fs::rename(&state, node.hostvip.path("away")).unwrap();
    fs::write(&state, "").unwrap();
    node.hostvip.write("services.yaml", &service("web", &[VIP], &[]));
    // Until its next turn is so far off that a VIP which comes meanwhile meets no fresh attempt.
    let reason = "cannot keep the values before our changes";
    node.wait_report("it was tried many times", |report| {
        report.failing.iter().any(|failing| failing.attempts >= 6 && failing.error.contains(reason))
    });
    assert_eq!(agent.log().matches(reason).count(), 2, "one line for each of two settings: {}", agent.log());
    node.hostvip.write("services.yaml", &service("web", &[VIP, EXTERNAL], &[]));
    agent.wait_log(&format!("accept {EXTERNAL}/32 table local metric 118 (local route dev lo): held back"));
    assert_eq!(node.quiet_routes(), "", "a quiet route on a link that answers for it");

    fs::remove_file(&state).unwrap();
    fs::rename(node.hostvip.path("away"), &state).unwrap();
    wait_for("it is silenced, and accepts", || node.sysctl_of("eth0", "arp_ignore") == "1" && node.quiet_routes().contains(EXTERNAL));
}

#[test]
fn a_source_mistyped_in_a_reload_takes_no_vip_away() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    node.hostvip.configure(&POOL.replace("services.yaml", "servcies.yaml"));
    agent.signal(Signal::SIGHUP);
    node.wait_report("the missing source is reported", |report| report.sources[0].problems.iter().any(|it| it.contains("does not exist")));
    for vip in VIPS {
        assert!(node.holds(&format!(" {vip}/")), "{vip} is gone: {}", agent.log());
    }
    fs::write(node.hostvip.path("servcies.yaml"), service("web", &[VIP, VIP6], &[])).unwrap();
    wait_for("what it names not is removed once it can be read", || !node.holds(EXTERNAL));
    assert!(node.holds(&format!("{VIP}/32")), "{}", node.addresses());
}

#[test]
fn on_a_host_that_never_rests_questions_and_signals_have_their_turn() {
    let many = "[[pool]]\nname = \"many\"\naddresses = [\"198.18.0.0/20\"]\nplacement = \"uplink\"\nowner = \"node-b\"\n";
    let Some(cluster) = Cluster::start(1, &format!("{POOL}{many}")) else { return };
    let node = &cluster.nodes[0];
    // A pass takes a while then, and something happens meanwhile.
    let standby: Vec<_> = (0..2000).map(|n| format!("198.18.{}.{}", n / 250, n % 250 + 1)).collect();
    let standby: Vec<_> = standby.iter().map(String::as_str).collect();
    node.hostvip.write("services.yaml", &format!("{}---\n{}", web(), service("many", &standby, &[])));
    let mut agent = node.up();
    let mut restless = Command::new("sh");
    restless.args(["-c", "while :; do ip address add 10.9.9.9/32 dev eth0; ip address del 10.9.9.9/32 dev eth0; done"]);
    let _restless = node.host.spawn(restless);
    for _ in 0..3 {
        node.wait_report("an answer", |report| reason_on(report, VIP).starts_with("bound here"));
    }
    agent.signal(Signal::SIGTERM);
    assert!(agent.wait().success());
    assert!(!node.holds(VIP), "{}", node.addresses());
}
