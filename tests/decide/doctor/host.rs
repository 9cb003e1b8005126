//! Capabilities, kernel, sources, journal, agent, verdicts.

use hostvip::decide::doctor::{Agent, Journal, Privileges, Trial};
use hostvip::model::{Knob, Placement, Severity};

use super::{error, facts, facts_of, ills, the, warning};
use crate::support::{decided, service, set};

#[test]
fn a_missing_capability_is_named() {
    for (net_admin, net_raw, name) in [(false, true, "CAP_NET_ADMIN"), (true, false, "CAP_NET_RAW")] {
        let mut facts = facts();
        facts.privileges = Privileges { net_admin, net_raw };
        assert_eq!(ills(&facts), [error("capability_missing")]);
        let found = the(&facts, "capability_missing");
        assert!(found.what.contains(name) && found.fix.contains(name), "{found:?}");
    }
}

#[test]
fn marks_go_by_trial_then_by_version() {
    let untried = || Trial::Untried("no namespace".into());
    for (release, trial, severity) in [
        ("4.18.0", Trial::Works, Severity::Ok),
        ("6.18.0", Trial::Fails("lost".into()), Severity::Error),
        ("6.18.0-1-amd64", untried(), Severity::Ok),
        ("5.18.0", untried(), Severity::Ok),
        ("5.17.15", untried(), Severity::Error),
        ("5.14.0-427.el9.x86_64", untried(), Severity::Error),
        ("10.0", untried(), Severity::Ok),
        ("strange", untried(), Severity::Error),
    ] {
        let mut facts = facts();
        (facts.kernel.release, facts.kernel.marks) = (release.into(), trial.clone());
        assert_eq!(the(&facts, "kernel_marks").severity, severity, "{release} {trial:?}");
    }
}

#[test]
fn a_kernel_without_arp_tables_still_works() {
    let mut facts = facts();
    facts.kernel.arp_tables = Trial::Fails("not supported".into());
    assert_eq!(ills(&facts), [warning("kernel_arp_tables")]);
}

#[test]
fn each_problem_of_a_source_is_an_error() {
    let mut facts = facts();
    facts.sources[0].problems = vec!["services.yaml:7: no YAML".into(), "services.yaml:40: no address".into()];
    assert_eq!(ills(&facts), [error("source"), error("source")]);
}

#[test]
fn the_journal_is_looked_at() {
    let mut facts = facts();
    facts.journal = Journal::Sound(2);
    assert_eq!(ills(&facts), []);
    facts.journal = Journal::Bad { path: "/run/hostvip/sysctls.json".into(), error: "it is not in the expected form".into() };
    assert_eq!(ills(&facts), [error("journal")]);
    assert!(the(&facts, "journal").what.starts_with("/run/hostvip/sysctls.json cannot be used: it is not in"));
}

#[test]
fn the_agent_is_asked() {
    let answers = |refused: Option<&str>, failing: &[&str]| Agent::Answers {
        node: "node-a".into(),
        refused: refused.map(Into::into),
        failing: failing.iter().map(ToString::to_string).collect(),
    };
    for (agent, lock_holder, expected) in [
        (answers(None, &[]), Some(7), vec![]),
        (answers(Some("hostvip.toml:3: no such key"), &[]), Some(7), vec![error("config_refused")]),
        (answers(None, &["bind 192.0.2.100: no"]), Some(7), vec![error("failing")]),
        (Agent::Absent, None, vec![warning("agent")]),
        (Agent::Absent, Some(7), vec![error("agent")]),
        (Agent::Strange("did not answer".into()), None, vec![error("agent")]),
    ] {
        let mut facts = facts();
        (facts.agent, facts.lock_holder) = (agent.clone(), lock_holder);
        assert_eq!(ills(&facts), expected, "{agent:?} {lock_holder:?}");
    }
}

#[test]
fn verdicts_that_cannot_work_are_errors_with_their_fix() {
    let strict = facts_of(Placement::Lo, |facts| set(&mut facts.host, "all", Knob::ArpIgnore, 1));
    assert_eq!(ills(&strict), [error("cannot_answer")]);
    let found = the(&strict, "cannot_answer");
    assert!(found.what.starts_with("192.0.2.100 of default/web") && found.fix.contains("net.ipv4.conf.all.arp_ignore = 0"), "{found:?}");

    assert_eq!(ills(&facts_of(Placement::Uplink, |facts| facts.settings.pools[0].owner = None)), [error("no_owner")]);

    let by_hand = facts_of(Placement::Uplink, |facts| {
        facts.host.foreign.insert(("br-ex".into(), "192.0.2.100/32".parse().unwrap()));
    });
    assert_eq!(ills(&by_hand), [error("held_by_others")]);
    assert!(the(&by_hand, "held_by_others").fix.starts_with("ip address del 192.0.2.100 dev br-ex"));
}

#[test]
fn vips_with_one_trouble_are_one_finding() {
    let mut facts = facts_of(Placement::Uplink, |facts| facts.settings.pools[0].owner = None);
    let services: Vec<_> = (100..110).map(|last| service(&format!("web{last}"), &[&format!("192.0.2.{last}")])).collect();
    facts.decision = decided(&facts.settings, &services, &facts.host);
    let found = the(&facts, "no_owner");
    assert!(found.what.contains("192.0.2.102 of default/web102 and 7 more"), "{found:?}");
}

#[test]
fn a_config_that_does_nothing_is_told() {
    let mut facts = facts_of(Placement::Uplink, |facts| facts.settings.pools.clear());
    facts.decision = decided(&facts.settings, &[], &facts.host);
    assert_eq!(ills(&facts), [warning("no_pool"), warning("nothing_asked")]);
}
