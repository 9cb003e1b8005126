//! Each VIP of each Service gets exactly one verdict with one reason.

use hostvip::model::{Ingress, IpMode, Knob, Placement, Reason, Service, ServiceType, Standby};

use crate::support::{decided, host, ip, port, reason, service, set, settings, vip};

/// The code of the verdict on a Service that `change` made of an ordinary one at 192.0.2.100.
fn code(address: Option<&str>, change: impl FnOnce(&mut Service)) -> &'static str {
    let mut web = service("web", &["192.0.2.100"]);
    change(&mut web);
    let decision = decided(&settings("node-a", Placement::Uplink), &[web], &host());
    reason(&decision, "web", address).code()
}

fn at(text: &str) -> impl FnOnce(&mut Service) + '_ {
    move |web| web.ingress[0].ip = Some(ip(text))
}

#[test]
fn every_kind_of_service() {
    let here = Some("192.0.2.100");
    assert_eq!(code(here, |_| {}), "bound");
    assert_eq!(code(Some("198.51.100.1"), at("198.51.100.1")), "outside_every_pool");
    assert_eq!(code(Some("2001:db8:0:1::5"), at("2001:db8:0:1::5")), "bound");
    assert_eq!(code(Some("127.0.0.1"), at("127.0.0.1")), "reserved");
    assert_eq!(code(Some("224.0.0.5"), at("224.0.0.5")), "reserved");
    assert_eq!(code(Some("fe80::1"), at("fe80::1")), "reserved");
    assert_eq!(code(Some("0.0.0.0"), at("0.0.0.0")), "reserved");
    assert_eq!(code(here, |web| web.ingress[0].ip_mode = IpMode::Proxy), "ip_mode_proxy");
    assert_eq!(code(here, |web| web.deleting = true), "deleting");
    assert_eq!(code(None, |web| web.ingress.clear()), "no_address");
    assert_eq!(
        code(None, |web| web.ingress[0] = Ingress { ip: None, ip_mode: IpMode::Vip, hostname: Some("a.example".into()) }),
        "hostname_only"
    );
    assert_eq!(code(None, |web| web.malformed.push(("spec.externalIPs[0]".into(), "192.0.2".into()))), "malformed");
    assert_eq!(code(Some("192.0.2.101"), |web| web.external_ips.push(ip("192.0.2.101"))), "bound");
}

#[test]
fn an_address_named_twice_has_one_verdict() {
    assert_eq!(code(Some("192.0.2.100"), |web| web.external_ips.push(ip("192.0.2.100"))), "bound");
}

#[test]
fn external_ips_may_be_switched_off() {
    let mut settings = settings("node-a", Placement::Uplink);
    settings.source.external_ips = false;
    let mut db = service("db", &[]);
    db.kind = ServiceType::ClusterIp;
    db.external_ips.push(ip("192.0.2.101"));
    let decision = decided(&settings, &[db], &host());
    assert_eq!(reason(&decision, "db", Some("192.0.2.101")), Reason::ExternalIpsOff);
    assert!(decision.desired.addresses.is_empty());
}

#[test]
fn class_selects_load_balancers() {
    let mut settings = settings("node-a", Placement::Uplink);
    settings.source.load_balancer_class = "example.com/hostvip".into();
    let mut ours = service("ours", &["192.0.2.100"]);
    ours.load_balancer_class = Some("example.com/hostvip".into());
    let mut others = service("others", &["192.0.2.101"]);
    others.load_balancer_class = Some("example.com/other".into());
    let classless = service("classless", &["192.0.2.102"]);
    let decision = decided(&settings, &[ours, others, classless], &host());
    assert_eq!(reason(&decision, "ours", Some("192.0.2.100")).code(), "bound");
    assert_eq!(reason(&decision, "others", Some("192.0.2.101")), Reason::ClassDiffers { class: Some("example.com/other".into()) });
    assert_eq!(reason(&decision, "classless", Some("192.0.2.102")), Reason::ClassDiffers { class: None });
}

#[test]
fn pool_selects_namespaces_and_labels() {
    let mut settings = settings("node-a", Placement::Uplink);
    settings.pools[0].namespaces.insert("shop".into());
    let decision = decided(&settings, &[service("web", &["192.0.2.100"])], &host());
    assert_eq!(reason(&decision, "web", Some("192.0.2.100")).code(), "namespace_not_selected");

    settings.pools[0].namespaces.clear();
    settings.pools[0].service_selector = "tier=front".parse().unwrap();
    let decision = decided(&settings, &[service("web", &["192.0.2.100"])], &host());
    assert_eq!(reason(&decision, "web", Some("192.0.2.100")).code(), "service_not_selected");
}

#[test]
fn addresses_of_the_segment_are_reserved() {
    let mut settings = settings("node-a", Placement::Uplink);
    settings.pools[0].addresses = vec!["192.0.2.0/24".parse().unwrap()];
    for address in ["192.0.2.11", "192.0.2.1", "192.0.2.0", "192.0.2.255"] {
        let decision = decided(&settings, &[service("web", &[address])], &host());
        assert_eq!(reason(&decision, "web", Some(address)).code(), "reserved", "{address}");
        assert!(decision.desired.addresses.is_empty());
    }
}

#[test]
fn the_elder_of_two_claimants_of_a_port_wins() {
    let mut young = service("a-young", &["192.0.2.100"]);
    young.created = Some("2026-05-02T00:00:00Z".parse().unwrap());
    let mut elder = service("b-elder", &["192.0.2.100"]);
    elder.created = Some("2026-05-01T00:00:00Z".parse().unwrap());
    let ageless = service("c-ageless", &["192.0.2.100"]);
    let mut other_port = service("d-other-port", &["192.0.2.100"]);
    other_port.ports = vec![port(443)];
    let decision = decided(&settings("node-a", Placement::Uplink), &[young, elder.clone(), ageless, other_port], &host());
    let taken = Reason::PortTaken { port: port(80), by: elder.key.clone() };
    assert_eq!(reason(&decision, "b-elder", Some("192.0.2.100")).code(), "bound");
    assert_eq!(reason(&decision, "a-young", Some("192.0.2.100")), taken);
    assert_eq!(reason(&decision, "c-ageless", Some("192.0.2.100")), taken);
    assert_eq!(reason(&decision, "d-other-port", Some("192.0.2.100")).code(), "bound");
    let sharers: Vec<_> = decision.vips[&vip("192.0.2.100")].services.iter().map(|key| &*key.name).collect();
    assert_eq!(sharers, ["b-elder", "d-other-port"]);
}

#[test]
fn owner_is_the_vips_own_before_the_pools() {
    let mut settings = settings("node-a", Placement::Uplink);
    settings.vips.insert(vip("192.0.2.100"), Some("node-b".into()));
    settings.vips.insert(vip("192.0.2.101"), None);
    let decision = decided(&settings, &[service("web", &["192.0.2.100"])], &host());
    assert_eq!(reason(&decision, "web", Some("192.0.2.100")), Reason::Standby { owner: "node-b".into(), standby: Standby::Accept });
    assert_eq!(decision.vips[&vip("192.0.2.101")].owner.to_string(), "node-a");

    settings.pools[0].owner = None;
    let decision = decided(&settings, &[service("db", &["192.0.2.102"])], &host());
    assert_eq!(reason(&decision, "db", Some("192.0.2.102")), Reason::NoOwner { pool: "edge".into() });
}

#[test]
fn a_combination_that_cannot_answer_is_refused_with_the_fix() {
    let mut host = host();
    set(&mut host, "all", Knob::ArpIgnore, 1);
    let web = [service("web", &["192.0.2.100", "2001:db8:0:1::5"])];
    let decision = decided(&settings("node-a", Placement::Lo), &web, &host);
    let Reason::CannotAnswer { at_fault, fix } = reason(&decision, "web", Some("192.0.2.100")) else { panic!("{decision:?}") };
    assert_eq!(at_fault, "net.ipv4.conf.all.arp_ignore is 1");
    assert!(fix.contains("net.ipv4.conf.all.arp_ignore = 0") && fix.contains("pool edge"), "{fix}");
    assert_eq!(reason(&decision, "web", Some("2001:db8:0:1::5")).code(), "bound");

    assert_eq!(reason(&decided(&settings("node-a", Placement::Uplink), &web, &host), "web", Some("192.0.2.100")).code(), "bound");
    set(&mut host, "all", Knob::ArpIgnore, 3);
    assert_eq!(reason(&decided(&settings("node-a", Placement::Uplink), &web, &host), "web", Some("192.0.2.100")).code(), "cannot_answer");
}

#[test]
fn a_standby_that_would_answer_too_is_withheld() {
    let mut host = host();
    set(&mut host, "all", Knob::ArpIgnore, 4);
    let decision = decided(&settings("node-b", Placement::Uplink), &[service("web", &["192.0.2.100"])], &host);
    assert_eq!(reason(&decision, "web", Some("192.0.2.100")).code(), "would_answer_too");
    assert!(decision.desired.routes.is_empty());
}

#[test]
fn an_address_of_others_is_left_alone() {
    let mut host = host();
    host.foreign.insert(("lo".into(), "192.0.2.100/32".parse().unwrap()));
    let web = [service("web", &["192.0.2.100"])];
    let decision = decided(&settings("node-a", Placement::Lo), &web, &host);
    assert_eq!(reason(&decision, "web", Some("192.0.2.100")), Reason::HeldByOthers { link: "lo".into() });
    assert!(decision.desired.addresses.is_empty());
    let decision = decided(&settings("node-a", Placement::Uplink), &web, &host);
    assert_eq!(reason(&decision, "web", Some("192.0.2.100")).code(), "bound");
    assert!(decision.findings.iter().any(|finding| finding.code == "foreign_address"));
}

#[test]
fn without_the_uplink_nothing_is_held() {
    let mut host = host();
    host.links.remove(&"br-ex".into());
    let decision = decided(&settings("node-a", Placement::Uplink), &[service("web", &["192.0.2.100"])], &host);
    assert_eq!(reason(&decision, "web", Some("192.0.2.100")).code(), "no_uplink");
    assert_eq!(decision.desired, hostvip::model::KernelState::default());
}
