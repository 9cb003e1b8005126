//! The config: read again when it changes or by SIGHUP, refused as a whole where it is wrong.

use std::process::Command;

use hostvip::agent::config_file::ConfigFile;
use nix::sys::signal::Signal;

use crate::cluster::{Cluster, EXTERNAL, Node, POOL, VIP, VIP6};
use crate::lab::{Lab, wait_for};

/// [`POOL`] without externalIPs.
fn without_external() -> String {
    POOL.replace("[source]", "[source]\nexternal_ips = false")
}

fn refused(node: &Node) -> String {
    let report = node.wait_report("the config is refused", |report| report.config.refused.is_some());
    let status = node.hostvip.run(&["status"]);
    assert_eq!(status.code, Some(1), "{}", status.stdout);
    let reason = report.config.refused.unwrap();
    assert!(status.stdout.contains("refused, the former one stays in force") && status.stdout.contains(&reason), "{}", status.stdout);
    reason
}

#[test]
fn a_change_is_taken_over() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    node.hostvip.configure(&without_external());
    wait_for("externalIPs do not count any more", || !node.holds(EXTERNAL));
    assert!(node.holds(VIP), "{}", node.addresses());
    node.hostvip.configure(POOL);
    agent.signal(Signal::SIGHUP);
    wait_for("externalIPs count again", || node.holds(EXTERNAL));
    agent.wait_log("config reloaded");
}

#[test]
fn a_bad_config_is_refused_and_the_old_one_stays() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    let before = node.snapshot();
    // By SIGHUP or because it changed, whichever is first: the same words.
    node.hostvip.configure(&POOL.replace("placement", "placemnt"));
    agent.signal(Signal::SIGHUP);
    let reason = refused(node);
    // Three lines of the lab's own come first.
    let line = 3 + POOL.lines().position(|line| line.starts_with("placement")).unwrap() + 1;
    for part in [&format!("hostvip.toml:{line}"), "placemnt", "placement"] {
        assert!(reason.contains(part), "{part:?} is missing in {reason:?}");
    }
    agent.wait_log("config refused, the old one stays in force");
    assert_eq!(node.snapshot(), before);

    node.hostvip.configure(&without_external());
    let report = node.wait_report("a good one is taken over", |report| report.config.refused.is_none());
    wait_for("it is in force", || !node.holds(EXTERNAL));
    assert_eq!(node.hostvip.run(&["status"]).code, Some(0), "{report:?}");
}

#[test]
fn a_config_that_vanishes_leaves_the_old_one_in_force() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    let before = node.snapshot();
    let away = node.hostvip.path("away");
    std::fs::rename(node.hostvip.path("hostvip.toml"), &away).unwrap();
    agent.wait_log("config refused, the old one stays in force: no config file: looked for");
    assert!(refused(node).contains("no config file: looked for"));
    assert_eq!(node.snapshot(), before);
    std::fs::rename(&away, node.hostvip.path("hostvip.toml")).unwrap();
    agent.signal(Signal::SIGHUP);
    node.wait_report("it is back", |report| report.config.refused.is_none());
}

#[test]
fn what_takes_a_restart_is_refused() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let agent = node.up();
    node.hostvip.configure(&format!("listen = \"127.0.0.1:9999\"\n{POOL}"));
    agent.signal(Signal::SIGHUP);
    agent.wait_log("listen changed from 127.0.0.1:9476 to 127.0.0.1:9999, which takes a restart of the agent");
    // Or status would ask where nobody listens.
    node.hostvip.configure(POOL);
    agent.signal(Signal::SIGHUP);
    node.wait_report("the good one is back", |report| report.config.refused.is_none());

    let config = std::fs::read_to_string(node.hostvip.path("hostvip.toml")).unwrap();
    let state = node.hostvip.state_dir().display().to_string();
    node.hostvip.write("hostvip.toml", &config.replace(&state, &format!("{state}-2")));
    agent.signal(Signal::SIGHUP);
    let reason = refused(node);
    assert_eq!(reason, format!("state_dir changed from {state} to {state}-2, which takes a restart of the agent"));
}

#[test]
fn without_a_config_nothing_runs() {
    let Some(lab) = Lab::start() else { return };
    let program = env!("CARGO_BIN_EXE_hostvip");
    let netns = lab.netns("alone");
    for (args, looked) in
        [(&["run"][..], "/etc/hostvip/hostvip.toml"), (&["run", "--config", "/nowhere/hostvip.toml"], "/nowhere/hostvip.toml")]
    {
        if std::path::Path::new(looked).exists() {
            continue; // this machine runs hostvip itself
        }
        let mut command = Command::new(program);
        command.args(args);
        let mut run = netns.spawn(command);
        assert_eq!(run.wait().code(), Some(2), "{args:?}: {}", run.log());
        run.wait_log(&format!("no config file: looked for {looked}"));
    }
}

#[test]
fn a_config_with_an_unknown_key_does_not_start() {
    let Some(cluster) = Cluster::start(1, &format!("uplnk = \"eth0\"\n{POOL}")) else { return };
    let node = &cluster.nodes[0];
    for command in ["run", "plan"] {
        let run = node.hostvip.run(&[command]);
        assert_eq!(run.code, Some(2), "{command}: {run:?}");
        assert!(run.stderr.contains("hostvip.toml:4") && run.stderr.contains("uplnk"), "{command}: {run:?}");
    }
}

#[test]
fn another_uplink_gets_the_vips_and_the_former_one_is_left_as_it_was() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let second = cluster.lan.plug(&node.host, "eth1", &["192.0.2.211/24", "2001:db8::211/64"]);
    // Two links on one segment: each answers for its own addresses only.
    for link in ["eth0", "eth1"] {
        node.host.sysctl(&format!("ipv4/conf/{link}/arp_ignore"), 1);
    }
    let agent = node.up();
    cluster.wait_answered(VIP, node.host.mac);
    let config = std::fs::read_to_string(node.hostvip.path("hostvip.toml")).unwrap();
    node.hostvip.write("hostvip.toml", &config.replace("uplink = \"eth0\"", "uplink = \"eth1\""));
    agent.signal(Signal::SIGHUP);
    agent.wait_log("config reloaded");
    for vip in [VIP, VIP6] {
        wait_for(&format!("{vip} is on eth1"), || {
            node.addresses().contains(&format!("eth1    inet{} {vip}/", if vip == VIP { "" } else { "6" }))
        });
    }
    second.wait_solicited(VIP6.parse().unwrap());
    for vip in [VIP, VIP6] {
        cluster.wait_answered(vip, second.mac);
    }
    assert!(!node.addresses().contains(&format!("eth0    inet {VIP}")), "{}", node.addresses());
    wait_for("eth0 has its settings back", || node.sysctl_of("eth0", "arp_announce") == "0");
    assert_eq!(node.sysctl_of("eth1", "arp_announce"), "2");
}

#[test]
fn a_pool_that_is_taken_away_is_withdrawn() {
    let Some(cluster) = Cluster::start(1, POOL) else { return };
    let node = &cluster.nodes[0];
    let before = node.snapshot();
    let agent = node.up();
    node.hostvip.configure("[source]\nfiles = [\"{dir}/services.yaml\"]\n");
    agent.signal(Signal::SIGHUP);
    agent.wait_log(&format!("{VIP} of default/web: outside every pool of this node"));
    wait_for("the host is as it was", || node.snapshot() == before);
}

#[test]
fn a_file_that_is_being_written_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hostvip.toml");
    std::fs::write(&path, "node_name = \"node-a\"\n").unwrap();
    let mut config = ConfigFile::read(&path).unwrap();
    assert!(!config.changed() && !config.changed(), "nothing was written");
    // An editor truncates the file, and writes it a moment later.
    std::fs::write(&path, "").unwrap();
    assert!(!config.changed(), "it is read while it is empty");
    std::fs::write(&path, "node_name = \"node-b\"\n").unwrap();
    assert!(!config.changed(), "it is read before it rests");
    assert!(config.changed(), "it rests, and is not read");
}

#[test]
fn a_wrong_config_is_told_as_json_where_json_is_asked_for() {
    let Some(cluster) = Cluster::start(1, &format!("uplnk = \"eth0\"\n{POOL}")) else { return };
    for command in ["plan", "check"] {
        let run = cluster.nodes[0].hostvip.run(&["--output", "json", command]);
        assert_eq!(run.code, Some(2), "{command}: {run:?}");
        let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
        assert_eq!(told["config"][0]["key"], "uplnk", "{told}");
    }
}
