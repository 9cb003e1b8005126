//! `hostvip check` on real hosts: sound, and with what keeps it from working.

use std::process::Command;

use crate::lab::hostvip::{Hostvip, Run};
use crate::lab::process::Process;
use crate::lab::{Host, Lab, Segment};

const VIP: &str = "192.0.2.100";
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\n\
    spec: {type: LoadBalancer, ports: [{port: 80}]}\nstatus: {loadBalancer: {ingress: [{ip: 192.0.2.100}]}}\n";

fn config(placement: &str) -> String {
    format!(
        "[source]\nfiles = [\"{{dir}}/services.yaml\"]\n\
         [[pool]]\nname = \"edge\"\naddresses = [\"192.0.2.96/27\"]\nplacement = \"{placement}\"\nowner = \"node-a\"\n"
    )
}

fn node(lab: Lab, name: &str, placement: &str) -> (Segment, Host, Hostvip) {
    let lan = lab.segment("lan");
    let host = lan.host(lab, name, "eth0", &["192.0.2.11/24"]);
    let hostvip = Hostvip::install(&host, &config(placement));
    hostvip.write("services.yaml", SERVICE);
    (lan, host, hostvip)
}

/// The findings that are not in order, as (severity, code), after a look at the exit code.
fn ills(hostvip: &Hostvip) -> (Option<i32>, Vec<(String, String)>) {
    let run = hostvip.run(&["check", "--quiet", "--output", "json"]);
    let diagnosis: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = diagnosis["findings"].as_array().unwrap().iter();
    (run.code, findings.map(|finding| (text(finding, "severity"), text(finding, "code"))).collect())
}

fn pair(severity: &str, code: &str) -> (String, String) {
    (severity.to_owned(), code.to_owned())
}

fn said(run: &Run, needle: &str) {
    assert!(run.stdout.contains(needle), "{needle:?} is missing:\n{}{}", run.stdout, run.stderr);
}

#[test]
fn a_sound_node_is_sound_before_and_while_the_agent_runs() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, _host, hostvip) = node(lab, "node-a", "uplink");
    assert_eq!(ills(&hostvip), (Some(0), vec![pair("warning", "agent")]), "nothing but that no agent runs");

    let agent = hostvip.start();
    agent.wait_log("bound here");
    let run = hostvip.run(&["check"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for looked_at in [
        "ok CAP_NET_ADMIN and CAP_NET_RAW are there",
        "keeps the mark of addresses (IFA_PROTO), by trial",
        "ok the uplink eth0 is up, has carrier",
        "effective settings of eth0: arp_ignore 1, arp_announce 2",
        "192.0.2.96/27 of pool edge is in 192.0.2.0/24 on eth0",
        "the former values of 2 changed kernel settings are kept",
        "the agent of node-a answers on",
        "0 errors, 0 warnings",
    ] {
        said(&run, looked_at);
    }
}

#[test]
fn a_setting_that_lets_nobody_answer_is_found_with_its_fix() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, host, hostvip) = node(lab, "node-a", "lo");
    host.sysctl("ipv4/conf/all/arp_ignore", 1);
    let run = hostvip.run(&["check"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    said(&run, "error 192.0.2.100 of default/web: could not be answered");
    said(&run, "fix: placement lo needs net.ipv4.conf.all.arp_ignore = 0");

    host.sysctl("ipv4/conf/all/arp_ignore", 0);
    assert_eq!(hostvip.run(&["check"]).code, Some(0), "the fix mends it");
}

#[test]
fn a_vip_by_hand_on_another_node_is_found_with_its_fix() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, host, hostvip) = node(lab, "node-b", "uplink");
    host.run(&format!("ip address add {VIP}/32 dev eth0"));
    let run = hostvip.run(&["check"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    said(&run, "error 192.0.2.100 stands on eth0 without the mark of hostvip");
    said(&run, "fix: ip address del 192.0.2.100/32 dev eth0");

    host.run(&format!("ip address del {VIP}/32 dev eth0"));
    assert_eq!(hostvip.run(&["check"]).code, Some(0), "the fix mends it");
}

#[test]
fn sources_and_journal_that_cannot_be_read_are_errors_and_stay_as_they_are() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, _host, hostvip) = node(lab, "node-a", "uplink");
    hostvip.write("services.yaml", &format!("{SERVICE}---\nkind: Service\nmetadata: [\n"));
    std::fs::create_dir_all(hostvip.state_dir()).unwrap();
    let journal = hostvip.state_dir().join("sysctls.json");
    std::fs::write(&journal, "{").unwrap();
    let expected = vec![pair("error", "journal"), pair("error", "source"), pair("warning", "agent")];
    assert_eq!(ills(&hostvip), (Some(1), expected));
    assert_eq!(std::fs::read_to_string(journal).unwrap(), "{", "a look moves nothing aside");
}

#[test]
fn another_agent_in_this_namespace_is_found_and_one_elsewhere_is_not() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, host, hostvip) = node(lab, "node-a", "uplink");
    let keepalived = hostvip.path("keepalived");
    std::fs::copy("/bin/sleep", &keepalived).unwrap();
    let start = |netns: &crate::lab::Netns| -> Process {
        let mut command = Command::new(&keepalived);
        command.arg("1000");
        netns.spawn(command)
    };
    let _elsewhere = start(&lab.netns("elsewhere"));
    assert_eq!(ills(&hostvip).1, [pair("warning", "agent")]);
    let here = start(host.netns());
    let run = hostvip.run(&["check"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    said(&run, &format!("warning keepalived runs here as well (pid {})", here.pid()));
}

#[test]
fn an_agent_that_refused_its_config_is_told() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, _host, hostvip) = node(lab, "node-a", "uplink");
    let agent = hostvip.start();
    agent.wait_log("bound here");
    // Sound by itself, but a running agent cannot change its state directory.
    let config = std::fs::read_to_string(hostvip.path("hostvip.toml")).unwrap();
    hostvip.write("hostvip.toml", &config.replacen("/state\"", "/other\"", 1));
    agent.wait_log("config refused");
    assert_eq!(ills(&hostvip), (Some(1), vec![pair("error", "config_refused")]));
}

#[test]
fn an_agent_that_runs_and_does_not_answer_is_told() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, _host, hostvip) = node(lab, "node-a", "uplink");
    let agent = hostvip.start();
    agent.wait_log("bound here");
    hostvip.configure(&format!("listen = \"127.0.0.1:9477\"\n{}", config("uplink")));
    assert_eq!(ills(&hostvip), (Some(1), vec![pair("error", "agent")]), "it has the lock, and nobody listens where the config says");
    let run = hostvip.run(&["check"]);
    said(&run, &format!("error the agent (pid {}) does not answer on 127.0.0.1:9477", agent.pid()));
}

#[test]
fn a_wrong_config_is_a_matter_of_usage() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, _host, hostvip) = node(lab, "node-a", "uplink");
    hostvip.configure("[[pool]]\nname = \"edge\"\naddresses = [\"192.0.2.0/24\"]\n");
    let run = hostvip.run(&["check"]);
    assert!(run.code == Some(2) && run.stderr.contains("192.0.2.11 on eth0"), "{run:?}");
}

#[test]
fn without_capabilities_they_are_named() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, host, hostvip) = node(lab, "node-a", "uplink");
    let config = hostvip.path("hostvip.toml");
    let line = format!(
        "setpriv --bounding-set=-net_raw,-net_admin,-sys_admin {} check --config {}",
        env!("CARGO_BIN_EXE_hostvip"),
        config.display()
    );
    let run = host.try_run(&line).unwrap();
    let stdout = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    for needle in ["lacks CAP_NET_ADMIN", "lacks CAP_NET_RAW", "going by its version: no scratch network namespace"] {
        assert!(stdout.contains(needle), "{needle}: {stdout}");
    }
}
