//! The harness itself: what the other labs rest on must be able to fail.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::{Duration, Instant};

use hostvip::model::Mac;
use nix::sys::signal::Signal;

use crate::lab::capture::Capture;
use crate::lab::frame::{Frame, Message};
use crate::lab::hostvip::Hostvip;
use crate::lab::probed::{Probe, Probed};
use crate::lab::prober::who_has;
use crate::lab::tcp::{Connection, Server, ask};
use crate::lab::{Host, Lab, Prober, Segment, wait_for};

const VIP: &str = "192.0.2.100";
const VIP6: &str = "2001:db8::100";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn two_nodes_and_a_client(lab: Lab) -> (Segment, Host, Host, Host) {
    let lan = lab.segment("lan");
    let a = lan.host(lab, "node-a", "eth0", &["192.0.2.11/24", "2001:db8::11/64"]);
    let b = lan.host(lab, "node-b", "eth0", &["192.0.2.12/24", "2001:db8::12/64"]);
    let client = lan.host(lab, "client", "eth0", &["192.0.2.50/24", "2001:db8::50/64"]);
    (lan, a, b, client)
}

#[test]
fn who_has_names_everyone_who_answers() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, a, b, client) = two_nodes_and_a_client(lab);
    let nodes = [ip("192.0.2.11"), ip("192.0.2.12"), ip("2001:db8::11"), ip("2001:db8::12")];
    for vip in [VIP, VIP6] {
        assert_eq!(who_has(&client, ip(vip), &nodes), BTreeSet::new(), "{vip} bound nowhere");
        a.run(&format!("ip address add {vip} dev eth0 nodad"));
        a.wait_solicited(ip(vip));
        assert_eq!(who_has(&client, ip(vip), &nodes), BTreeSet::from([a.mac]), "{vip} on node-a");
        b.run(&format!("ip address add {vip} dev eth0 nodad"));
        b.wait_solicited(ip(vip));
        assert_eq!(who_has(&client, ip(vip), &nodes), BTreeSet::from([a.mac, b.mac]), "{vip} on both");
    }
}

#[test]
fn a_prober_sees_silence_doubles_and_handovers() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, a, b, client) = two_nodes_and_a_client(lab);
    for vip in [VIP, VIP6] {
        a.run(&format!("ip address add {vip} dev eth0 nodad"));
        let prober = Prober::start(&client, ip(vip));
        wait_for("node-a answers", || prober.so_far().latest() == BTreeSet::from([a.mac]));
        b.run(&format!("ip address add {vip} dev eth0 nodad"));
        wait_for("both answer", || prober.so_far().doubles() >= 5);
        a.run(&format!("ip address del {vip} dev eth0"));
        wait_for("node-b alone answers", || prober.so_far().latest() == BTreeSet::from([b.mac]));
        b.run(&format!("ip address del {vip} dev eth0"));
        let unanswered = prober.so_far().unanswered();
        wait_for("nobody answers", || prober.so_far().unanswered() >= unanswered + 20);
        let found = prober.stop();
        assert_eq!(found.macs(), BTreeSet::from([a.mac, b.mac]), "{found}");
        assert!(found.doubled() > Duration::ZERO && found.silence().unwrap() >= found.interval * 10, "{found}");
        let (first, last) = (found.handovers()[0].1, found.handovers().last().unwrap().1);
        assert_eq!((first, last), (a.mac, b.mac), "{found}");
    }
}

#[test]
fn a_capture_tells_announcements_from_answers() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, a, _b, client) = two_nodes_and_a_client(lab);
    a.run(&format!("ip address add {VIP}/32 dev eth0"));
    let (capture, prober) = (Capture::start(&client, "eth0"), Prober::start(&client, ip(VIP)));
    a.run(&format!("arping -c 1 -U -I eth0 -s {VIP} {VIP}"));
    let gratuitous = capture.wait("the gratuitous request", |frame| frame.announces() == Some((ip(VIP), a.mac)));
    assert!(matches!(gratuitous.message, Message::Arp { operation: 1, sender, target } if sender.0 == target.0), "{gratuitous:?}");
    capture.wait("an answer", |frame| frame.answers() == Some((ip(VIP), a.mac)));
    capture.wait("the client's own request", |frame| frame.source == client.mac);
    wait_for("the prober hears it, too", || prober.so_far().announcements.len() == 1);
    client.run("ip -6 neighbor flush dev eth0");
    assert!(
        ask(&client, "[2001:db8::11]:9".parse().unwrap()).is_err(),
        "nobody listens there; the kernel has to ask for the MAC all the same"
    );
    capture
        .wait("the kernel's solicitation", |frame| matches!(frame.message, Message::Solicit { link: Some(mac), .. } if mac == client.mac));
    capture.wait("the advertisement", |frame| frame.answers() == Some((ip("2001:db8::11"), a.mac)));
}

#[test]
fn hosts_are_cut_off_by_port_and_by_link() {
    let Some(lab) = Lab::start() else { return };
    let (lan, a, _b, client) = two_nodes_and_a_client(lab);
    let carrier = || a.run("ip -oneline link show dev eth0").contains("LOWER_UP");
    let server = Server::start(&a, "192.0.2.11:80".parse().unwrap(), "a");
    let mut held = Connection::open(&client, "192.0.2.11:80".parse().unwrap()).unwrap();
    lan.port_down(&a);
    wait_for("carrier is lost", || !carrier());
    assert!(held.transfer(1).is_err(), "a host that is cut off still echoes");
    lan.port_up(&a);
    wait_for("carrier is back", carrier);
    assert_eq!(ask(&client, "192.0.2.11:80".parse().unwrap()).unwrap(), "a");
    a.link_down();
    assert!(!a.run("ip -6 address show dev eth0").contains("2001:db8::11"), "IPv6 addresses survive a link that goes down");
    a.link_up();
    drop(server);
    wait_for("the listener is gone", || {
        ask(&client, "192.0.2.11:80".parse().unwrap()).is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
    });
}

#[test]
fn a_router_joins_two_segments() {
    let Some(lab) = Lab::start() else { return };
    let (_lan, a, _b, _client) = two_nodes_and_a_client(lab);
    let (south, north) = (lab.segment("south"), lab.segment("north"));
    let router = lab.netns("router");
    south.plug(&router, "eth0", &["203.0.113.1/25"]).forward();
    north.plug(&router, "eth1", &["203.0.113.129/25"]);
    let near = south.host(lab, "near", "eth0", &["203.0.113.2/25"]);
    let far = north.host(lab, "far", "eth0", &["203.0.113.130/25"]);
    near.run("ip route add default via 203.0.113.1");
    far.run("ip route add default via 203.0.113.129");
    let _server = Server::start(&far, "0.0.0.0:80".parse().unwrap(), "far");
    assert_eq!(ask(&near, "203.0.113.130:80".parse().unwrap()).unwrap(), "far");
    assert!(ask(&a, "203.0.113.130:80".parse().unwrap()).is_err(), "a host on neither segment reaches it");
}

#[test]
fn a_process_ends_with_its_guard() {
    let Some(lab) = Lab::start() else { return };
    let netns = lab.netns("alone");
    let mut command = Command::new("sh");
    command.args(["-c", "echo started; exec sleep 1000"]);
    let process = netns.spawn(command);
    process.wait_log("started");
    process.signal(Signal::SIGSTOP);
    let pid = process.pid();
    drop(process);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "a stopped process outlives its guard");
}

#[test]
fn hostvip_is_installed_for_one_host() {
    let Some(lab) = Lab::start() else { return };
    let lan = lab.segment("lan");
    let node = lan.host(lab, "node-a", "eth0", &["192.0.2.11/24"]);
    let hostvip = Hostvip::install(&node, "[source]\nfiles = [\"{dir}/services.yaml\"]\n");
    let config = std::fs::read_to_string(hostvip.path("hostvip.toml")).unwrap();
    let files = format!("files = [\"{}\"]", hostvip.path("services.yaml").display());
    assert!(config.starts_with("node_name = \"node-a\"\nuplink = \"eth0\"\nstate_dir = ") && config.contains(&files), "{config}");
    assert_eq!(hostvip.run(&["--help"]).code, Some(0));
}

#[test]
fn figures_follow_from_the_record() {
    let (a, b) = (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2]));
    let start = Instant::now();
    let interval = Duration::from_millis(5);
    let answers: [&[Mac]; 10] = [&[], &[a], &[a], &[a, b], &[a, b], &[b], &[], &[], &[b], &[]];
    let probes = answers.iter().zip(0..).map(|(macs, turn)| Probe { at: start + interval * turn, answers: macs.iter().copied().collect() });
    let found = Probed { interval, probes: probes.collect(), announcements: Vec::new() };
    assert_eq!((found.answered(), found.unanswered(), found.doubles()), (6, 4, 2));
    assert_eq!(found.silence(), Some(interval * 3), "between the probes 5 and 8");
    assert_eq!(found.doubled(), interval * 2);
    assert_eq!(found.handovers(), [(interval, a), (interval * 5, b)]);
    assert_eq!(found.latest(), BTreeSet::from([b]));
}

#[test]
fn foreign_bytes_are_no_frame() {
    let now = Instant::now();
    let request = crate::lab::frame::arp_request(Mac([2; 6]), Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST);
    assert!(Frame::decode(&request, now).is_some());
    for cut in 0..request.len() {
        assert!(Frame::decode(&request[..cut], now).is_none(), "cut at {cut}");
    }
}
