//! Services that ask in vain, and what their owners may ask for by annotation.

use hostvip::model::{Placement, Reason, Service, ServiceType};

use crate::support::{decided, host, ip, labels, port, reason, service, settings};

const VIP: &str = "192.0.2.100";

fn verdicts(change: impl FnOnce(&mut Service)) -> Vec<(bool, String)> {
    let mut web = service("web", &[VIP]);
    change(&mut web);
    let decision = decided(&settings("node-a", Placement::Uplink), &[web], &host());
    decision.verdicts.iter().map(|verdict| (verdict.address.is_some(), verdict.reason.code().to_owned())).collect()
}

/// The code of the only verdict.
fn code(change: impl FnOnce(&mut Service)) -> String {
    let found = verdicts(change);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].1.clone()
}

fn annotate(web: &mut Service, key: &str, value: &str) {
    web.annotations.insert(format!("hostvip.dev/{key}"), value.to_owned());
}

#[test]
fn what_nobody_forwards_to_is_not_served() {
    assert_eq!(code(|web| web.kind = ServiceType::ExternalName), "external_name");
    assert_eq!(code(|web| web.headless = true), "headless");
    assert_eq!(code(|web| web.labels = labels(&[("service.kubernetes.io/service-proxy-name", "")])), "other_proxy");
    assert_eq!(code(|web| (web.headless, web.deleting) = (true, true)), "deleting");
}

#[test]
fn what_asks_for_nothing_has_no_verdict() {
    let nothing = |kind| verdicts(move |web| (web.kind, web.ingress) = (kind, vec![]));
    for kind in [ServiceType::ClusterIp, ServiceType::NodePort, ServiceType::ExternalName] {
        assert_eq!(nothing(kind), []);
    }
    let quiet = |change: fn(&mut Service)| {
        verdicts(|web| {
            (web.kind, web.ingress) = (ServiceType::ClusterIp, vec![]);
            change(web);
        })
    };
    assert_eq!(quiet(|web| web.headless = true), []);
    assert_eq!(quiet(|web| web.deleting = true), []);
    assert_eq!(quiet(|web| annotate(web, "ignore", "maybe")), []);
}

#[test]
fn ignore_is_true_or_false() {
    assert_eq!(code(|web| annotate(web, "ignore", "true")), "ignored");
    assert_eq!(code(|web| annotate(web, "ignore", "false")), "bound");
    for text in ["yes", "", "True"] {
        let both = [(false, "malformed".to_owned()), (true, "bound".to_owned())];
        assert_eq!(verdicts(|web| annotate(web, "ignore", text)), both, "{text:?}: a typing error silences nothing");
    }
    let mut web = service("web", &[VIP]);
    annotate(&mut web, "ignore", "yes");
    let decision = decided(&settings("node-a", Placement::Uplink), &[web], &host());
    assert_eq!(
        reason(&decision, "web", None).to_string(),
        "metadata.annotations[hostvip.dev/ignore]: \"yes\" is not \"true\" or \"false\""
    );
    let pending = |text: &'static str| {
        verdicts(move |web| {
            web.ingress.clear();
            annotate(web, "ignore", text);
        })
    };
    assert_eq!(pending("true"), [(false, "ignored".to_owned())]);
    assert_eq!(pending("yes").len(), 2, "no address yet, and the annotation");
}

#[test]
fn a_service_may_insist_on_a_pool() {
    assert_eq!(code(|web| annotate(web, "pool", "edge")), "bound");
    let mut web = service("web", &[VIP]);
    annotate(&mut web, "pool", "core");
    let decision = decided(&settings("node-a", Placement::Uplink), &[web], &host());
    assert_eq!(reason(&decision, "web", Some(VIP)), Reason::PoolDiffers { pool: "edge".into(), asked: "core".into() });
    assert!(decision.desired.addresses.is_empty());
}

#[test]
fn one_entry_that_is_malformed_hides_no_other() {
    let mut web = service("web", &[VIP]);
    web.malformed.push(("status.loadBalancer.ingress[1].ipMode".into(), "Tunnel".into()));
    let decision = decided(&settings("node-a", Placement::Uplink), &[web], &host());
    assert_eq!(reason(&decision, "web", Some(VIP)).code(), "bound");
    let malformed = reason(&decision, "web", None).to_string();
    assert_eq!(malformed, "status.loadBalancer.ingress[1].ipMode: \"Tunnel\" is not VIP or Proxy");
}

#[test]
fn a_port_named_twice_clashes_with_nobody_but_others() {
    let twice = |name| Service { ports: vec![port(80), port(80)], external_ips: vec![ip(VIP)], ..service(name, &[VIP]) };
    let decision = decided(&settings("node-a", Placement::Uplink), &[twice("a"), twice("b")], &host());
    assert_eq!(reason(&decision, "a", Some(VIP)).code(), "bound");
    assert_eq!(reason(&decision, "b", Some(VIP)).code(), "port_taken");
}
