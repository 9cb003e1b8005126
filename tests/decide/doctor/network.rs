//! Uplink, pools, rivals, network managers, kube-proxy, OVN-Kubernetes.

use hostvip::decide::doctor::{Facts, Networkd, Process};
use hostvip::model::{Knob, Link, Mac, Placement, Severity};

use super::{error, facts, facts_of, ills, the, warning};
use crate::support::set;

fn link(facts: &mut Facts, name: &str) {
    facts
        .host
        .links
        .insert(name.into(), Link { index: 9, name: name.into(), mac: Some(Mac([2, 0, 0, 0, 0, 9])), up: false, carrier: false });
}

fn foreign(facts: &mut Facts, link: &str, net: &str) {
    facts.host.foreign.insert((link.into(), net.parse().unwrap()));
}

#[test]
fn an_uplink_without_ethernet_is_an_error() {
    let facts = facts_of(Placement::Uplink, |facts| facts.host.links.get_mut(&"br-ex".into()).unwrap().mac = None);
    assert_eq!(ills(&facts), [error("uplink_no_ethernet")]);
}

#[test]
fn pools_off_the_segment_are_told_what_the_router_needs() {
    for (net, on_link) in [("192.0.2.96/27", true), ("192.0.2.0/23", false), ("198.51.100.0/24", false), ("2001:db8:0:1::/80", true)] {
        let facts = facts_of(Placement::Uplink, |facts| {
            facts.settings.pools[0].addresses = vec![net.parse().unwrap()];
            foreign(facts, "br-ex", "198.51.100.7/32");
        });
        assert_eq!(ills(&facts).contains(&warning("pool_off_link")), !on_link, "{net}");
        if !on_link {
            assert!(the(&facts, "pool_off_link").fix.contains(&format!("ip route add {net} dev")), "{net}");
        }
    }
}

#[test]
fn rivals_are_named_with_their_pid() {
    let mut facts = facts();
    facts.processes = [(7, "keepalived"), (8, "sshd"), (9, "speaker"), (10, "keepalived-not")]
        .map(|(pid, name)| Process { pid, name: name.into() })
        .into();
    assert_eq!(ills(&facts), [warning("rival"), warning("rival")]);
    facts.processes.truncate(2);
    assert_eq!(the(&facts, "rival").what, "keepalived runs here as well (pid 7)");
}

#[test]
fn addresses_of_a_pool_that_nobody_asked_for_are_told() {
    let facts = facts_of(Placement::Uplink, |facts| {
        foreign(facts, "lo", "192.0.2.101/32");
        foreign(facts, "lo", "198.51.100.1/32");
    });
    assert_eq!(ills(&facts), [warning("stray_address")]);
    assert!(the(&facts, "stray_address").fix.starts_with("ip address del 192.0.2.101/32 dev lo"));
}

#[test]
fn an_address_by_hand_on_another_node_is_an_error_where_it_answers() {
    for (link, severity) in [("br-ex", Severity::Error), ("lo", Severity::Warning)] {
        let facts = facts_of(Placement::Uplink, |facts| {
            facts.settings.node_name = "node-b".into();
            foreign(facts, link, "192.0.2.100/32");
        });
        // On lo it is silent once the standby holds its part, arp_ignore 1 with it, even where the agent did not start yet.
        assert_eq!(the(&facts, "foreign_address").severity, severity, "{link}");
    }
}

#[test]
fn ipvs_without_strict_arp_answers_everywhere_but_where_the_uplink_is_silent() {
    let ipvs = |placement, all| {
        facts_of(placement, |facts| {
            link(facts, "kube-ipvs0");
            foreign(facts, "kube-ipvs0", "192.0.2.100/32");
            foreign(facts, "kube-ipvs0", "192.0.2.101/32");
            set(&mut facts.host, "all", Knob::ArpIgnore, all);
        })
    };
    assert_eq!(ills(&ipvs(Placement::Uplink, 0)), [warning("kube_proxy_ipvs")]);
    assert_eq!(ills(&ipvs(Placement::Uplink, 1)), []);
    assert_eq!(ills(&ipvs(Placement::Quiet, 0)), [error("kube_proxy_ipvs")]);
    assert_eq!(ills(&ipvs(Placement::Quiet, 1)), [error("cannot_answer")]);
    let mut standby = ipvs(Placement::Quiet, 0);
    standby.settings.node_name = "node-b".into();
    standby.decision = crate::support::decided(&standby.settings, &[crate::support::service("web", &["192.0.2.100"])], &standby.host);
    assert!(the(&standby, "foreign_address").fix.contains("strictARP"), "kube-proxy would put the address back");
}

#[test]
fn networkd_is_a_risk_where_it_drops_what_it_does_not_know() {
    let file = || Some("/etc/systemd/network/10-br-ex.network".to_owned());
    let keeps = |word: &str| Networkd { uplink_file: file(), keep_configuration: Some(word.into()), ..Networkd::default() };
    let with_lo = |manage_foreign_routes| Networkd { manages_lo: true, manage_foreign_routes, ..Networkd::default() };
    for (networkd, fix) in [
        (Networkd::default(), None),
        (
            Networkd { uplink_file: file(), ..Networkd::default() },
            Some("KeepConfiguration=static in [Network] of /etc/systemd/network/10-br-ex.network"),
        ),
        (keeps("static"), None),
        (keeps("yes"), None),
        (keeps("dhcp"), Some("KeepConfiguration=static")),
        (with_lo(true), Some("ManageForeignRoutes=no")),
        (with_lo(false), None),
    ] {
        let mut facts = facts();
        facts.networkd = Some(networkd.clone());
        assert_eq!(ills(&facts), Vec::from_iter(fix.map(|_| warning("networkd"))), "{networkd:?}");
        assert!(the(&facts, "networkd").fix.starts_with(fix.unwrap_or_default()), "{networkd:?}");
    }
    let mut ipv4_quiet = facts_of(Placement::Quiet, |facts| facts.settings.pools[0].addresses.truncate(1));
    ipv4_quiet.networkd = Some(Networkd { uplink_file: file(), ..Networkd::default() });
    assert_eq!(ills(&ipv4_quiet), [], "no address comes to the uplink");
}

#[test]
fn network_manager_is_a_risk_where_it_manages_the_uplink() {
    for (manages, ill) in [(Some(true), true), (None, true), (Some(false), false)] {
        let mut facts = facts();
        facts.network_manager = Some(manages);
        assert_eq!(ills(&facts) == [warning("network_manager")], ill, "{manages:?}");
    }
}

#[test]
fn on_ovn_kubernetes_ipv4_is_best_quiet() {
    let on_ovnk = |placement| facts_of(placement, |facts| link(facts, "ovn-k8s-mp0"));
    assert_eq!(ills(&on_ovnk(Placement::Uplink)), [warning("ovn_kubernetes")]);
    assert_eq!(ills(&on_ovnk(Placement::Lo)), [warning("ovn_kubernetes")]);
    assert_eq!(the(&on_ovnk(Placement::Quiet), "ovn_kubernetes").severity, Severity::Ok);
}
