//! Who is told what: one node tells each piece of news once.

use std::collections::BTreeSet;

use hostvip::config::Settings;
use hostvip::decide::{Inputs, decide, notices};
use hostvip::model::{Backends, Cluster, ExternalTraffic, News, Notice, Placement, Service, Verdict};

use crate::support::{cluster, host, ip, places, service, settings, vip};

const VIP: &str = "192.0.2.100";

fn web(address: &str) -> Service {
    Service { uid: Some("5f6e".into()), ..service("web", &[address]) }
}

/// What `node` tells after `former`, and its verdicts.
fn told(node: &str, former: &[Verdict], cluster: &Cluster, services: &[Service], change: fn(&mut Settings)) -> (Vec<Notice>, Vec<Verdict>) {
    let mut settings = settings(node, Placement::Uplink);
    change(&mut settings);
    let services: Vec<_> = services.iter().collect();
    let (unread, host) = (BTreeSet::new(), host());
    let inputs = Inputs { settings: &settings, services: &services, cluster: Some(cluster), unread: &unread, host: &host };
    let now = decide(inputs);
    (notices(inputs, former, &now), now.verdicts)
}

/// The nodes that tell something new about `service`, with what.
fn tellers(cluster: &Cluster, service: &Service, change: fn(&mut Settings)) -> Vec<(String, News)> {
    let of = |node: &str| told(node, &[], cluster, std::slice::from_ref(service), change).0;
    cluster.nodes.keys().flat_map(|node| of(node).into_iter().map(|notice| (node.to_string(), notice.news))).collect()
}

#[test]
fn the_owner_says_that_it_announces_once() {
    let cluster = cluster(&["node-a", "node-b"]);
    let services = [web(VIP)];
    let (first, verdicts) = told("node-a", &[], &cluster, &services, |_| {});
    let news = News::Announcing { vip: vip(VIP), node: "node-a".into(), link: "br-ex".into() };
    assert_eq!(first, [Notice { service: services[0].key.clone(), uid: "5f6e".into(), news }]);
    assert_eq!(told("node-a", &verdicts, &cluster, &services, |_| {}).0, []);
    assert_eq!(told("node-b", &[], &cluster, &services, |_| {}).0, [], "a standby has nothing to tell");
    let by_hand = [Service { uid: None, ..web(VIP) }];
    assert_eq!(told("node-a", &[], &cluster, &by_hand, |_| {}).0, [], "no object of the API");
}

#[test]
fn exactly_one_node_tells_a_refusal() {
    let nodes = cluster(&["node-a", "node-b", "node-c"]);
    let all: [fn(&mut Settings); 3] = [
        |settings| settings.pools[0].namespaces = ["shop".to_owned()].into(),
        |settings| settings.pools[0].owner = None,
        |settings| settings.pools[0].owner = Some("node-z".into()),
    ];
    for change in all {
        let found = tellers(&nodes, &web(VIP), change);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(matches!(&found[0].1, News::NotAnnounced { why } if why.starts_with("192.0.2.100: ")), "{found:?}");
    }
    let by_owner = tellers(&nodes, &web(VIP), |settings| settings.pools[0].namespaces = ["shop".to_owned()].into());
    assert_eq!(by_owner[0].0, "node-a");

    let mut without_owner = nodes;
    without_owner.nodes.get_mut("node-a").unwrap().ready = false;
    let found = tellers(&without_owner, &web(VIP), |settings| settings.pools[0].namespaces = ["shop".to_owned()].into());
    assert!(found.len() == 1 && found[0].0 != "node-a", "its owner may not be alive to tell: {found:?}");
}

#[test]
fn the_tellers_of_many_services_are_many() {
    let nodes = cluster(&["node-a", "node-b", "node-c"]);
    let of = |number: u8| Service { key: service(&format!("s-{number}"), &[]).key, ..web(VIP) };
    let found: BTreeSet<_> = (0..64).flat_map(|number| tellers(&nodes, &of(number), |settings| settings.pools[0].owner = None)).collect();
    let tellers: BTreeSet<_> = found.into_iter().map(|(node, _)| node).collect();
    assert_eq!(tellers.len(), 3);
}

#[test]
fn what_was_asked_of_somebody_else_is_not_told() {
    let nodes = cluster(&["node-a"]);
    let changes: [fn(&mut Service); 6] = [
        |web| web.ingress[0].ip = Some(ip("198.51.100.1")),
        |web| drop(web.annotations.insert("hostvip.dev/ignore".into(), "true".into())),
        |web| web.deleting = true,
        |web| web.ingress.clear(),
        |web| web.ingress[0].ip_mode = hostvip::model::IpMode::Proxy,
        |web| (web.ingress[0].ip, web.ingress[0].hostname) = (None, Some("lb.example".into())),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut web = web(VIP);
        change(&mut web);
        assert_eq!(tellers(&nodes, &web, |_| {}), [], "case {at}");
    }
}

#[test]
fn a_reason_that_changes_is_news() {
    let mut cluster = cluster(&["node-a", "node-b"]);
    let services = [Service { external_traffic: ExternalTraffic::Local, ..web(VIP) }, service("other", &["192.0.2.101"])];
    let (_, bound) = told("node-a", &[], &cluster, &services, |_| {});
    cluster.backends.insert(services[0].key.clone(), Backends { ready: places(&["node-b"]), ..Backends::default() });
    let (news, away) = told("node-a", &bound, &cluster, &services, |_| {});
    assert_eq!(news.len(), 1);
    let News::NotAnnounced { why } = &news[0].news else { panic!("{news:?}") };
    assert_eq!(why, "192.0.2.100: externalTrafficPolicy is Local, and default/web has no endpoint on its owner node-a");
    assert_eq!(told("node-a", &away, &cluster, &services, |_| {}).0, []);
    cluster.backends.clear();
    assert!(matches!(told("node-a", &away, &cluster, &services, |_| {}).0[0].news, News::Announcing { .. }), "back again");
}
