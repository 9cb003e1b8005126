//! Stories: everything about one VIP or Service, and nothing about others.

use std::collections::{BTreeMap, BTreeSet};

use hostvip::config::Settings;
use hostvip::decide::explain::{Source, explain};
use hostvip::decide::{Decision, Inputs};
use hostvip::model::report::{Role, Story, Subject, VipStory};
use hostvip::model::{
    Address, AddressKey, Backends, ExternalTraffic, Finding, Host, IpMode, Knob, Placement, Reason, Route, RouteKey, Service, ServiceType,
    Severity,
};

use crate::support::{cluster, decided_in, host, ip, labels, places, service, set, settings, vip};

const VIP: &str = "192.0.2.100";
const VIP6: &str = "2001:db8:0:1::100";

/// The story of `subject` on node-a, whose config, Services and host are given.
fn story(settings: &Settings, services: &[Service], host: &Host, findings: &[Finding], subject: &str) -> Story {
    let mut cluster = cluster(&["node-a", "node-b", "node-c"]);
    cluster.nodes.get_mut("node-c").unwrap().labels = labels(&[("node.kubernetes.io/exclude-from-external-load-balancers", "")]);
    // Every Service has an endpoint on each node.
    let everywhere = Backends { ready: places(&["node-a", "node-b", "node-c"]), ..Backends::default() };
    cluster.backends = services.iter().map(|service| (service.key.clone(), everywhere.clone())).collect();
    let decision: Decision = decided_in(&cluster, settings, services, host);
    let services: Vec<_> = services.iter().collect();
    let source = Source {
        inputs: Inputs { settings, services: &services, cluster: Some(&cluster), unread: &BTreeSet::new(), host },
        decision: &decision,
        findings,
        problems: &[],
        running: true,
        origin: &|key| format!("/etc/hostvip/{}.yaml", key.name),
        history: &|vip| if vip == VIP.parse().unwrap() { (5, Some(3)) } else { (0, None) },
    };
    explain(source, &subject.parse().unwrap())
}

fn only(story: &Story) -> &VipStory {
    assert_eq!(story.vips.len(), 1, "{story:?}");
    &story.vips[0]
}

#[test]
fn a_subject_is_an_address_or_a_service() {
    for (text, expected) in [
        (VIP, Subject::Vip(vip(VIP))),
        ("2001:DB8::1", Subject::Vip(vip("2001:db8::1"))),
        ("default/web", Subject::Service(service("web", &[]).key)),
    ] {
        assert_eq!(text.parse::<Subject>().unwrap(), expected, "{text}");
        assert_eq!(expected.to_string().parse::<Subject>().unwrap(), expected, "what is printed can be asked again");
    }
    let long = format!("default/{}", "x".repeat(300));
    for bad in [
        "",
        "/",
        "web",
        "default/",
        "/web",
        "default/web/80",
        "192.0.2.1/24",
        "Default/web",
        "default/web?x",
        "../web",
        "a/b%2fc",
        "default/-web",
        "default/web.x",
        "a b/c",
        &long,
    ] {
        let error = bad.parse::<Subject>().unwrap_err().to_string();
        assert!(error.contains("NAMESPACE/NAME") && error.len() < 350, "{bad}: {error}");
    }
}

#[test]
fn a_vip_is_told_with_its_service_pool_settings_and_what_the_kernel_holds() {
    let mut host = host();
    set(&mut host, "all", Knob::ArpIgnore, 1);
    host.ours.addresses.insert(AddressKey { link: "br-ex".into(), vip: vip(VIP) }, Address::of(vip(VIP)));
    host.ours.routes.insert(RouteKey::quiet(vip(VIP)), Route::quiet());
    host.foreign.insert(("lo".into(), "192.0.2.100/32".parse().unwrap()));
    let mut web = service("web", &[VIP, VIP6]);
    web.external_traffic = ExternalTraffic::Local;
    web.ingress[1].ip_mode = IpMode::Proxy;
    let services = [web, service("other", &["192.0.2.101"])];
    let story = story(&settings("node-a", Placement::Uplink), &services, &host, &[], VIP);

    assert_eq!((story.node.as_str(), story.running), ("node-a", true));
    assert_eq!(story.services.len(), 1, "the other Service is not told: {story:?}");
    let told = &story.services[0];
    assert_eq!((told.kind.as_str(), told.external_traffic_policy.as_str()), ("LoadBalancer", "Local"));
    assert_eq!(told.source, "/etc/hostvip/web.yaml");
    assert_eq!(told.ingress, [VIP.to_owned(), format!("{VIP6} (ipMode Proxy)")]);

    let told = only(&story);
    let pool = told.pool.as_ref().unwrap();
    assert_eq!((pool.name.as_str(), pool.cidr.to_string().as_str()), ("edge", "192.0.2.96/27"));
    assert_eq!((pool.owner.as_deref(), pool.owner_from.as_str()), (Some("node-a"), "pool edge"));
    let part = told.part.as_ref().unwrap();
    assert_eq!((part.role, part.announcements, part.announced_seconds_ago), (Role::Owner, 5, Some(3)));
    assert_eq!(told.candidates[2].why_not, Some(Reason::NodeExcluded { node: "node-c".into() }));
    let arp_ignore = told.sysctls.iter().find(|told| told.sysctl == "net.ipv4.conf.br-ex.arp_ignore").unwrap();
    assert_eq!((arp_ignore.wanted, arp_ignore.value, arp_ignore.effective), (Some(1), Some(0), 1), "all counts too");
    assert!(arp_ignore.meaning.contains("on the link itself only"), "{arp_ignore:?}");
    assert_eq!(
        told.held,
        [
            "192.0.2.100/32 dev br-ex (address of hostvip, scope host)",
            "192.0.2.100/32 table local metric 118 (local route of hostvip)",
            "192.0.2.100/32 dev lo (address without the mark of hostvip)",
        ]
    );
}

#[test]
fn a_service_is_told_with_all_its_vips_and_none_of_others() {
    let mut web = service("web", &[VIP, VIP6, "203.0.113.1"]);
    web.kind = ServiceType::LoadBalancer;
    let services = [web, service("other", &["192.0.2.101"])];
    let story = story(&settings("node-a", Placement::Uplink), &services, &host(), &[], "default/web");
    assert_eq!(story.vips.iter().map(|told| told.vip).collect::<Vec<_>>(), [VIP, "203.0.113.1", VIP6].map(vip));
    assert!(
        story.vips[1].pool.is_none() && story.vips[1].part.is_none() && story.vips[1].sysctls.is_empty(),
        "outside every pool: {:?}",
        story.vips[1]
    );
    let codes: BTreeMap<_, _> = story.verdicts.iter().map(|verdict| (verdict.address.unwrap(), verdict.reason.code())).collect();
    assert_eq!(codes, BTreeMap::from([(ip(VIP), "bound"), (ip(VIP6), "bound"), (ip("203.0.113.1"), "outside_every_pool")]));
    assert!(story.vips[2].sysctls.iter().all(|told| told.sysctl.starts_with("net.ipv6.")), "NDP asks for no ARP settings");
}

#[test]
fn a_service_without_an_address_has_a_story_too() {
    let story = story(&settings("node-a", Placement::Uplink), &[service("web", &[])], &host(), &[], "default/web");
    assert_eq!(story.verdicts.iter().map(|verdict| verdict.reason.code()).collect::<Vec<_>>(), ["no_address"]);
    assert!(story.vips.is_empty() && story.services.len() == 1);
}

#[test]
fn an_address_that_nobody_asks_for_is_told_by_what_is_there() {
    let mut host = host();
    host.foreign.insert(("br-ex".into(), "192.0.2.100/32".parse().unwrap()));
    let story = story(&settings("node-a", Placement::Uplink), &[], &host, &[], VIP);
    assert!(story.verdicts.is_empty() && story.services.is_empty());
    let told = only(&story);
    assert_eq!(told.pool.as_ref().map(|pool| pool.name.as_str()), Some("edge"));
    assert_eq!(told.held, ["192.0.2.100/32 dev br-ex (address without the mark of hostvip)"]);
}

#[test]
fn the_owner_of_a_single_vip_is_named_by_its_own_entry() {
    let mut settings = settings("node-a", Placement::Uplink);
    settings.vips.insert(vip(VIP), Some("node-b".into()));
    let story = story(&settings, &[service("web", &[VIP])], &host(), &[], VIP);
    let told = only(&story);
    let pool = told.pool.as_ref().unwrap();
    assert_eq!((pool.owner.as_deref(), pool.owner_from.as_str()), (Some("node-b"), "[[vip]] 192.0.2.100"));
    assert_eq!(told.part.as_ref().unwrap().role, Role::Standby);
}

#[test]
fn findings_are_told_where_they_name_the_address_as_a_word() {
    let finding =
        |what: &str| Finding { severity: Severity::Error, code: "x".into(), what: what.into(), why: String::new(), fix: String::new() };
    let findings = [
        finding("192.0.2.100 is claimed by another host"),
        finding("192.0.2.10 is another one"),
        finding("the link bears 192.0.2.100/32, by hand"),
        finding("192.0.2.100: odd"),
        finding("192.0.2.1001 is none"),
        finding("the uplink is down"),
    ];
    let story = story(&settings("node-a", Placement::Uplink), &[service("web", &[VIP])], &host(), &findings, VIP);
    let told: Vec<_> = story.findings.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(told, [findings[0].what.as_str(), &findings[2].what, &findings[3].what]);
}

#[test]
fn a_story_survives_json() {
    let told = story(&settings("node-a", Placement::Quiet), &[service("web", &[VIP, VIP6])], &host(), &[], "default/web");
    let json = serde_json::to_string(&told).unwrap();
    assert_eq!(serde_json::from_str::<Story>(&json).unwrap(), told, "{json}");
    assert!(json.contains("\"subject\":\"default/web\"") && json.contains("\"type\":\"LoadBalancer\""), "{json}");
}
