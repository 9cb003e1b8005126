//! `hostvip whohas` asks a real segment: nobody, one, several, this node, a proxy, and hosts that it cannot ask from.

use std::collections::BTreeSet;
use std::process::Command;

use hostvip::model::Mac;

use crate::lab::hostvip::{Hostvip, Run};
use crate::lab::{Host, Lab, Netns, Segment, wait_for};

const VIP: &str = "192.0.2.100";
const VIP6: &str = "2001:db8::100";
const POOL: &str = "[[pool]]\nname = \"edge\"\naddresses = [\"192.0.2.96/27\"]\nowner = \"node-a\"\n[[vip]]\naddress = \"192.0.2.100\"\n";

/// Runs it in `netns` without any config file.
fn whohas(netns: &Netns, args: &[&str]) -> Run {
    let nowhere = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hostvip"));
    command.arg("whohas").args(args).arg("--config").arg(nowhere.path().join("absent.toml"));
    let output = netns.enter(|| command.output()).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Run { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// The same as JSON.
fn asked(netns: &Netns, args: &[&str]) -> (Option<i32>, serde_json::Value) {
    let run = whohas(netns, &[args, &["--output", "json"]].concat());
    (run.code, serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}")))
}

fn macs(outcome: &serde_json::Value) -> BTreeSet<Mac> {
    outcome["stations"].as_array().unwrap().iter().map(|station| station["mac"].as_str().unwrap().parse().unwrap()).collect()
}

fn hosts(lab: Lab) -> (Segment, Host, Host, Host) {
    let lan = lab.segment("lan");
    let a = lan.host(lab, "node-a", "eth0", &["192.0.2.11/24", "2001:db8::11/64"]);
    let b = lan.host(lab, "node-b", "eth0", &["192.0.2.12/24", "2001:db8::12/64"]);
    let client = lan.host(lab, "client", "eth0", &["192.0.2.50/24", "2001:db8::50/64"]);
    (lan, a, b, client)
}

fn bind(host: &Host, vip: &str) {
    host.run(&format!("ip address add {vip} dev eth0 nodad"));
    host.wait_solicited(vip.parse().unwrap());
}

#[test]
fn nobody_one_and_several_answer_in_both_families() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, a, b, client) = hosts(lab);
    for vip in [VIP, VIP6] {
        let (code, outcome) = asked(&client, &[vip]);
        assert_eq!((code, macs(&outcome), &outcome["verdict"]), (Some(3), BTreeSet::new(), &"nobody".into()), "{outcome}");

        bind(&a, vip);
        let (code, outcome) = asked(&client, &[vip]);
        assert_eq!((code, macs(&outcome), &outcome["verdict"]), (Some(0), BTreeSet::from([a.mac]), &"one".into()), "{outcome}");
        assert_eq!((&outcome["stations"][0]["answers"], &outcome["probes"]), (&3.into(), &3.into()), "each probe is answered: {outcome}");
        assert!(outcome["stations"][0]["round_trip_us"].is_u64() && outcome["link"] == "eth0", "{outcome}");

        bind(&b, vip);
        let run = whohas(&client, &[vip]);
        assert_eq!(run.code, Some(1), "{run:?}");
        for needle in [a.mac.to_string(), b.mac.to_string(), "2 hardware addresses answer".into(), "next:".into()] {
            assert!(run.stdout.contains(&needle), "{needle} is missing: {run:?}");
        }
    }
}

#[test]
fn answers_are_named_where_their_host_is_known() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, a, _b, client) = hosts(lab);
    client.run("ip route add default via 192.0.2.11");
    client.run(&format!("ip neighbor replace 192.0.2.11 lladdr {} dev eth0", a.mac));
    bind(&a, VIP);
    let (_, outcome) = asked(&client, &[VIP]);
    assert_eq!(outcome["stations"][0]["names"], serde_json::json!(["gateway 192.0.2.11"]));
}

#[test]
fn a_host_without_an_address_asks_by_probes() {
    let Some(lab) = Lab::start() else { return };
    let (lan, a, _b, _client) = hosts(lab);
    let blank = lan.host(lab, "blank", "eth0", &[]);
    blank.sysctl("ipv6/conf/eth0/addr_gen_mode", 1);
    blank.run("ip -6 address flush dev eth0");
    for vip in [VIP, VIP6] {
        bind(&a, vip);
        let (code, outcome) = asked(&blank, &[vip, "--interface", "eth0"]);
        assert_eq!(
            (code, macs(&outcome), &outcome["asked_from"]),
            (Some(0), BTreeSet::from([a.mac]), &serde_json::Value::Null),
            "{outcome}"
        );
    }
}

#[test]
fn this_node_counts_where_its_kernel_answers() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, a, b, _client) = hosts(lab);
    let owner = Hostvip::install(&a, POOL);
    let agent = owner.start();
    agent.wait_log("bound here");
    wait_for("node-a holds the VIP", || a.run("ip address show dev eth0").contains(VIP));

    let run = owner.run(&["whohas", VIP]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains(&format!("{}  -", a.mac)) && run.stdout.contains("this node: address on eth0 of hostvip"), "{run:?}");
    let (_, seen) = asked(&b, &[VIP]);
    assert_eq!(macs(&seen), BTreeSet::from([a.mac]), "the computed answer is the one that others hear");

    bind(&b, VIP);
    let (code, outcome) = asked(&a, &[VIP]);
    assert_eq!((code, macs(&outcome)), (Some(1), BTreeSet::from([a.mac, b.mac])), "{outcome}");
}

#[test]
fn a_local_route_counts_only_where_arp_ignore_lets_it_answer() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, a, b, _client) = hosts(lab);
    // An administrator's own, of a whole range and without our mark.
    a.run("ip route add local 192.0.2.96/27 dev lo");
    let (code, outcome) = asked(&a, &[VIP]);
    assert_eq!((code, macs(&outcome), &outcome["this_node"]["marked"]), (Some(0), BTreeSet::from([a.mac]), &false.into()), "{outcome}");
    assert_eq!(macs(&asked(&b, &[VIP]).1), BTreeSet::from([a.mac]), "others hear it");

    a.sysctl("ipv4/conf/eth0/arp_ignore", 1);
    let run = whohas(&a, &[VIP]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stdout.contains("holds it silently: local route without the mark of hostvip, effective arp_ignore 1"), "{run:?}");
    assert_eq!(macs(&asked(&b, &[VIP]).1), BTreeSet::new(), "others hear nothing");
}

#[test]
fn a_host_that_answers_by_proxy_is_found() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, a, b, client) = hosts(lab);
    bind(&a, VIP);
    // Linux answers for what it would route by another link, after a delay of up to 800 ms.
    b.sysctl("ipv4/conf/all/forwarding", 1);
    b.sysctl("ipv4/conf/eth0/proxy_arp", 1);
    b.run("ip link add far0 type veth peer name far1");
    b.run("ip link set far0 up");
    b.run("ip link set far1 up");
    b.run(&format!("ip route add {VIP} dev far0"));
    let (code, outcome) = asked(&client, &[VIP]);
    assert_eq!((code, macs(&outcome)), (Some(1), BTreeSet::from([a.mac, b.mac])), "{outcome}");
}

#[test]
fn what_cannot_be_asked_is_told_with_another_exit_code() {
    let Some(lab) = Lab::start() else { return };
    let (lan, _a, _b, client) = hosts(lab);
    let fails = |args: &[&str], needle: &str| {
        let run = whohas(&client, args);
        assert!(run.code == Some(2) && run.stderr.contains(needle), "{args:?}: {run:?}");
    };
    fails(&["192.0.2"], "invalid");
    fails(&["224.0.0.5"], "a multicast address");
    fails(&["198.51.100.7"], "name the link with --interface");
    fails(&[VIP, "--interface", "absent"], "this host has no link absent; links: eth0");
    fails(&[VIP, "--interface", "lo"], "no Ethernet address");
    fails(&[VIP, "--timeout", "9"], "write a duration");
    fails(&[VIP, "--count", "0"], "1..=100");
    lan.port_down(&client);
    wait_for("carrier is lost", || !client.run("ip -oneline link show dev eth0").contains("LOWER_UP"));
    fails(&[VIP], "it has no carrier");
}

#[test]
fn without_the_capability_it_is_named() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, _a, _b, client) = hosts(lab);
    let run = client.try_run(&format!("setpriv --bounding-set=-net_raw {} whohas {VIP}", env!("CARGO_BIN_EXE_hostvip"))).unwrap();
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(2) && stderr.contains("CAP_NET_RAW"), "{run:?}");
}
