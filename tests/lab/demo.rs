//! The demo itself: all that it shows is so, it says when something is not, and nothing of it stays.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::lab::{Lab, Netns, eventually, wait_for};

const PROGRAM: &str = env!("CARGO_BIN_EXE_hostvip");

fn demo() -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("demo");
    command
}

/// The acts whose command contains `part`.
fn acts<'a>(shown: &'a Value, part: &str) -> Vec<&'a Value> {
    let steps = shown["steps"].as_array().unwrap();
    let acts = steps.iter().flat_map(|step| step["acts"].as_array().unwrap());
    let found: Vec<_> = acts.filter(|act| act["command"].as_str().unwrap().contains(part)).collect();
    assert!(!found.is_empty(), "no command with {part:?} was shown: {shown:#}");
    found
}

fn output<'a>(shown: &'a Value, command: &str) -> &'a str {
    acts(shown, command)[0]["output"].as_str().unwrap()
}

#[test]
fn all_that_is_shown_is_so_and_the_host_stays_as_it_was() {
    let Some(lab) = Lab::start() else { return };
    let host = lab.netns("host");
    let state = |host: &Netns| ["ip address show", "ip route show table all", "ip netns list"].map(|line| host.run(line));
    let before = state(&host);
    let run = host.enter(|| demo().args(["--output", "json"]).output()).unwrap();
    let shown: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    assert!(run.status.success() && shown["well"] == true, "{shown:#}");
    assert_eq!(state(&host), before);

    // What the demo says of itself could be wrong: these are the outputs themselves.
    assert!(output(&shown, "client hostvip whohas 2001:db8::1:102").contains("00:00:5e:00:53:0b"));
    assert!(output(&shown, "remote curl").starts_with("hello from node-a: 198.51.100.99 asked for 192.0.2.100"));
    assert!(output(&shown, "explain legacy/mail").contains("outside every pool"));
    let asked: Vec<_> = acts(&shown, "client hostvip whohas 192.0.2.101").iter().map(|act| act["exit"].as_i64().unwrap()).collect();
    assert_eq!(asked, [0, 1, 0, 0, 3], "one owner, a duplicate, gone, the agent killed, withdrawn");
    assert!(output(&shown, "diff node-a.before -").contains("> /proc/sys/net/ipv4/conf/br-ex/arp_ignore:1"), "the snapshots see changes");
    assert_eq!(output(&shown, "do diff $node.before $node.after"), "");
}

#[test]
fn what_is_not_so_is_named_and_is_a_finding() {
    let Some(lab) = Lab::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let curl = directory.path().join("curl");
    fs::write(&curl, "#!/bin/sh\necho hello from nobody\n").unwrap();
    fs::set_permissions(&curl, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", directory.path().display(), std::env::var("PATH").unwrap());
    let run = lab.netns("host").enter(|| demo().env("PATH", path).output()).unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(1), "{text}");
    assert!(text.contains("   hello from nobody\n   ✗ not so: a client on the segment, by IPv4"), "{text}");
    assert!(text.contains("its output lacks \"hello from node-a\""), "{text}");
    assert!(text.contains("\n✗ not so: step 4, Traffic reaches the backend"), "{text}");
    assert!(!text.contains('\u{1b}'), "colours without a terminal: {text:?}");
}

#[test]
fn what_it_lacks_is_named() {
    let run = demo().env("PATH", "/nowhere").output().unwrap();
    let text = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1), "{text}");
    assert!(text.contains("the demo needs the program") && text.contains("install "), "{text}");
}

/// The process namespace of a process; none where it has ended.
fn pid_namespace(process: &Path) -> Option<PathBuf> {
    fs::read_link(process.join("ns/pid")).ok()
}

fn inhabitants(namespace: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    processes.filter(|process| pid_namespace(process).as_deref() == Some(namespace)).count()
}

#[test]
fn killed_in_the_middle_it_leaves_no_process() {
    let Some(lab) = Lab::start() else { return };
    for signal in [Signal::SIGKILL, Signal::SIGINT] {
        let mut demo = lab.netns("host").spawn(demo());
        demo.wait_log("the agent of node-c runs and is ready");
        let link = format!("/proc/{}/ns/pid_for_children", demo.pid());
        let inside = eventually("the demo has a process namespace of its own", || fs::read_link(&link).ok());
        assert_ne!(Some(&inside), pid_namespace(Path::new("/proc/self")).as_ref());
        assert!(inhabitants(&inside) >= 4, "the demo and three agents");
        demo.signal(signal);
        demo.wait();
        wait_for("nothing of the demo runs", || inhabitants(&inside) == 0);
    }
}
