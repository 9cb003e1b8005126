//! The doctor's judgements, each by a table: facts in, severity and code out.

mod api;
mod cluster;
mod conf;
mod host;
mod network;

use hostvip::decide::doctor::{Agent, Facts, Features, Journal, Privileges, Trial, diagnose, is_ill};
use hostvip::model::report::SourceReport;
use hostvip::model::{Finding, Placement, Severity};

use crate::support::{decided, host, service, set, settings};

/// A sound node with one VIP of its own and a running agent.
pub fn facts() -> Facts {
    facts_of(Placement::Uplink, |_| {})
}

/// The same after `change` was made to config and host, and with another placement.
pub fn facts_of(placement: Placement, change: impl FnOnce(&mut Facts)) -> Facts {
    let (settings, host) = (settings("node-a", placement), host());
    let mut facts = Facts {
        api: None,
        decision: decided(&settings, &[service("web", &["192.0.2.100"])], &host),
        settings,
        host,
        sources: vec![SourceReport { path: "/etc/services.yaml".into(), services: 1, skipped: 0, problems: vec![] }],
        privileges: Privileges { net_admin: true, net_raw: true },
        kernel: Features { release: "6.18.0".into(), marks: Trial::Works, arp_tables: Trial::Works },
        processes: vec![],
        networkd: None,
        network_manager: None,
        journal: Journal::None,
        agent: Agent::Answers { node: "node-a".into(), refused: None, failing: vec![] },
        lock_holder: None,
    };
    // Another subnet for the pool's IPv6 addresses, so that all of it is on-link.
    facts.host.foreign.insert(("br-ex".into(), "2001:db8:0:1::11/64".parse().unwrap()));
    change(&mut facts);
    facts.decision = decided(&facts.settings, &[service("web", &["192.0.2.100"])], &facts.host);
    facts
}

/// What is found; each code stands in the manual.
fn diagnosed(facts: &Facts) -> Vec<Finding> {
    documented(diagnose(facts))
}

/// The same findings, each of which the manual tells of.
pub fn documented(findings: Vec<Finding>) -> Vec<Finding> {
    let manual = include_str!("../../docs/check.md");
    for found in &findings {
        assert!(manual.contains(&format!("| `{}` |", found.code)), "docs/check.md does not tell of {found:?}");
    }
    findings
}

/// Severity and code of all findings that are not in order.
pub fn ills(facts: &Facts) -> Vec<(Severity, String)> {
    let findings = diagnosed(facts);
    let codes: Vec<_> =
        findings.iter().filter(|found| found.severity != Severity::Ok).map(|found| (found.severity, found.code.clone())).collect();
    assert_eq!(is_ill(&findings), codes.iter().any(|(severity, _)| *severity == Severity::Error));
    codes
}

/// The one finding of this code.
pub fn the(facts: &Facts, code: &str) -> Finding {
    let mut found: Vec<_> = diagnosed(facts).into_iter().filter(|found| found.code == code).collect();
    assert_eq!(found.len(), 1, "findings of {code}: {found:?}");
    found.remove(0)
}

pub fn error(code: &str) -> (Severity, String) {
    (Severity::Error, code.to_owned())
}

pub fn warning(code: &str) -> (Severity, String) {
    (Severity::Warning, code.to_owned())
}

#[test]
fn a_sound_node_has_no_ills_and_says_what_was_looked_at() {
    let facts = facts();
    assert_eq!(ills(&facts), []);
    let codes: Vec<_> = diagnosed(&facts).into_iter().map(|found| found.code).collect();
    for looked_at in [
        "agent",
        "capabilities",
        "journal",
        "kernel_arp_tables",
        "kernel_marks",
        "network_managers",
        "other_links",
        "pool_on_link",
        "rivals",
        "settings",
        "source",
        "uplink",
        "verdicts",
    ] {
        assert!(codes.iter().any(|code| code == looked_at), "{looked_at} is missing in {codes:?}");
    }
}

#[test]
fn every_ill_says_why_and_how_to_mend_it() {
    let mut sick = facts_of(Placement::Lo, |facts| {
        set(&mut facts.host, "all", hostvip::model::Knob::ArpIgnore, 1);
        facts.host.links.get_mut(&"br-ex".into()).unwrap().carrier = false;
        facts.host.foreign.clear();
        facts.host.foreign.insert(("br-ex".into(), "192.0.2.101/32".parse().unwrap()));
    });
    sick.privileges = Privileges { net_admin: false, net_raw: false };
    sick.kernel = Features { release: "5.4.0".into(), marks: Trial::Untried("no".into()), arp_tables: Trial::Fails("no".into()) };
    sick.network_manager = Some(None);
    sick.journal = Journal::Bad { path: "/run/hostvip/sysctls.json".into(), error: "damaged".into() };
    sick.agent = Agent::Strange("no HTTP".into());
    sick.sources[0].problems.push("/etc/services.yaml:3: no YAML".into());
    let findings: Vec<_> = diagnosed(&sick).into_iter().filter(|found| found.severity != Severity::Ok).collect();
    assert!(findings.len() >= 10, "{findings:#?}");
    for found in &findings {
        assert!(![&found.what, &found.why, &found.fix].iter().any(|text| text.is_empty()), "{found:?}");
    }
    assert!(findings.is_sorted(), "errors first");
}
