//! `/metrics`: the format, the figures, and that docs/metrics.md names exactly what is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hostvip::model::report::{SourceReport, WatchReport};
use hostvip::model::{EventCounts, Family, Finding, Op, Plan, Severity, Vip};
use hostvip::telemetry::metrics::{Metrics, Observed, Reconciled, Snapshot, VipState};

use crate::openmetrics::Exposition;

fn told(metrics: &Metrics, snapshot: &Snapshot<'_>) -> Exposition {
    let text = metrics.render(snapshot).unwrap();
    Exposition::parse(&text).unwrap_or_else(|complaint| panic!("{complaint}\n{text}"))
}

fn announce(vip: &str) -> Op {
    Op::Announce { vip: vip.parse().unwrap(), link: "br-ex".into() }
}

fn finding(severity: Severity) -> Finding {
    Finding { severity, code: "x".into(), what: String::new(), why: String::new(), fix: String::new() }
}

fn watch(resource: &str, listed: Option<u64>, away: Option<u64>) -> WatchReport {
    let problems = vec!["default/odd: no spec".to_owned()];
    WatchReport {
        resource: resource.into(),
        required: true,
        objects: 7,
        listed_seconds_ago: listed,
        away_seconds: away,
        error: None,
        problems,
    }
}

/// One of everything.
fn full() -> Snapshot<'static> {
    Snapshot {
        vips: BTreeMap::from([
            ("edge", BTreeMap::from([(VipState::Bound, 3), (VipState::Standby, 1)])),
            ("spare \"b\"\\", BTreeMap::new()),
        ]),
        verdicts: BTreeMap::from([("bound", 3), ("outside_every_pool", 2)]),
        findings: vec![finding(Severity::Error), finding(Severity::Warning), finding(Severity::Warning)],
        sources: vec![SourceReport { path: "/etc/a".into(), services: 1, skipped: 0, problems: vec!["one".into(), "two".into()] }],
        watches: vec![watch("services", Some(40), None), watch("nodes", Some(90), Some(12)), watch("endpointslices", None, Some(5))],
        config_refused: true,
        failing: 4,
        events: EventCounts { written: 5, dropped: 6, failed: 7 },
        log_lines_dropped: 8,
    }
}

#[test]
fn what_happens_is_counted() {
    let metrics = Metrics::default();
    metrics.operation(&announce("192.0.2.10"), true);
    metrics.operation(&announce("192.0.2.10"), true);
    metrics.operation(&announce("192.0.2.10"), false);
    metrics.announced(Family::Ipv6);
    metrics.reconciled(Reconciled::Applied, Duration::from_millis(3));
    metrics.reconciled(Reconciled::Idle, Duration::from_micros(20));
    metrics.observed(Observed::Sysctls, Duration::from_secs(2));
    metrics.conflict(true);
    metrics.conflict(false);
    let told = told(&metrics, &Snapshot::default());
    for (name, labels, value) in [
        ("hostvip_operations_total", &[("kind", "announce"), ("result", "ok")][..], 2.0),
        ("hostvip_operations_total", &[("kind", "announce"), ("result", "failed")], 1.0),
        ("hostvip_operations_total", &[("kind", "bind"), ("result", "failed")], 0.0),
        ("hostvip_announcements_total", &[("family", "ipv4")], 0.0),
        ("hostvip_announcements_total", &[("family", "ipv6")], 1.0),
        ("hostvip_reconciles_total", &[("result", "applied")], 1.0),
        ("hostvip_reconciles_total", &[("result", "failed")], 0.0),
        ("hostvip_reconcile_duration_seconds_count", &[], 2.0),
        ("hostvip_reconcile_duration_seconds_sum", &[], 0.003_02),
        ("hostvip_observe_duration_seconds_sum", &[("what", "sysctls")], 2.0),
        ("hostvip_observe_duration_seconds_count", &[("what", "host")], 0.0),
        ("hostvip_address_conflicts_total", &[], 1.0),
        ("hostvip_address_conflict_frames_total", &[], 2.0),
        ("hostvip_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0),
    ] {
        let found = told.value(name, labels);
        assert!((found - value).abs() < 1e-9, "{name} {labels:?} is {found}, not {value}");
    }
}

#[test]
fn what_is_the_state_is_told() {
    let told = told(&Metrics::default(), &full());
    for (name, labels, value) in [
        ("hostvip_vips", &[("pool", "edge"), ("state", "bound")][..], 3.0),
        ("hostvip_vips", &[("pool", "edge"), ("state", "not_bound")], 0.0),
        ("hostvip_vips", &[("pool", "spare \"b\"\\"), ("state", "standby")], 0.0),
        ("hostvip_verdicts", &[("reason", "outside_every_pool")], 2.0),
        ("hostvip_findings", &[("severity", "error")], 1.0),
        ("hostvip_findings", &[("severity", "warning")], 2.0),
        ("hostvip_source_problems", &[("source", "files")], 2.0),
        ("hostvip_source_problems", &[("source", "cluster")], 3.0),
        ("hostvip_watch_objects", &[("resource", "services")], 7.0),
        ("hostvip_watch_away_seconds", &[("resource", "services")], 0.0),
        ("hostvip_watch_away_seconds", &[("resource", "nodes")], 12.0),
        ("hostvip_watch_list_age_seconds", &[("resource", "services")], 40.0),
        ("hostvip_config_refused", &[], 1.0),
        ("hostvip_failing_operations", &[], 4.0),
        ("hostvip_events_total", &[("result", "dropped")], 6.0),
        ("hostvip_log_lines_dropped_total", &[], 8.0),
    ] {
        let found = told.value(name, labels);
        assert!((found - value).abs() < 1e-9, "{name} {labels:?} is {found}, not {value}");
    }
    assert_eq!(told.get("hostvip_watch_list_age_seconds", &[("resource", "endpointslices")]), None, "it has not listed yet");
    assert!(told.value("process_resident_memory_bytes", &[]) > 0.0 && told.value("process_open_fds", &[]) > 0.0);
}

#[test]
fn what_is_gone_is_told_no_more() {
    let metrics = Metrics::default();
    assert!(told(&metrics, &full()).get("hostvip_verdicts", &[("reason", "bound")]).is_some());
    let later = Snapshot { verdicts: BTreeMap::from([("no_owner", 1)]), ..full() };
    let later = told(&metrics, &later);
    assert_eq!(later.get("hostvip_verdicts", &[("reason", "bound")]), None);
    assert!((later.value("hostvip_verdicts", &[("reason", "no_owner")]) - 1.0).abs() < 1e-9);
}

#[test]
fn the_start_of_the_process_stands_still() {
    let metrics = Metrics::default();
    let started = || told(&metrics, &Snapshot::default()).value("process_start_time_seconds", &[]);
    let first = started();
    std::thread::sleep(Duration::from_millis(20));
    assert!((started() - first).abs() < 1e-9);
}

/// Names in the first column of docs/metrics.md, as Prometheus shows them.
fn documented() -> BTreeSet<String> {
    let text = include_str!("../../docs/metrics.md");
    let cells = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name);
    cells.map(|cell| cell.split('{').next().unwrap_or(cell).to_owned()).collect()
}

#[test]
fn the_documentation_names_exactly_what_is_told() {
    let suffix = |kind: &str| match kind {
        "counter" => "_total",
        "info" => "_info",
        _ => "",
    };
    let told: BTreeSet<_> =
        told(&Metrics::default(), &full()).0.into_iter().map(|(name, family)| format!("{name}{}", suffix(&family.kind))).collect();
    assert_eq!(documented(), told);
}

#[test]
fn labels_are_documented_too() {
    let text = include_str!("../../docs/metrics.md");
    for (name, family) in told(&Metrics::default(), &full()).0 {
        let keys: BTreeSet<_> = family.samples.keys().flat_map(|(_, labels)| labels.keys()).filter(|key| *key != "le").collect();
        for key in keys {
            let row = text.lines().find(|line| line.starts_with(&format!("| `{name}"))).unwrap_or_else(|| panic!("no row of {name}"));
            let cell = row.split('`').nth(1).unwrap_or_default();
            let labels = cell.split_once('{').map(|(_, labels)| labels.trim_end_matches('}')).unwrap_or_default();
            assert!(labels.split(',').any(|label| label == key), "{name}: label {key} is not in {cell:?}");
        }
    }
}

#[test]
fn every_kind_of_operation_begins_at_zero() {
    let told = told(&Metrics::default(), &Snapshot::default());
    let vip: Vip = "192.0.2.10".parse().unwrap();
    let plan = Plan(vec![Op::Unbind { key: hostvip::model::AddressKey { link: "br-ex".into(), vip } }, announce("192.0.2.10")]);
    for op in &plan.0 {
        assert!(Op::KINDS.contains(&op.kind()), "{}", op.kind());
    }
    for kind in Op::KINDS {
        assert!(told.get("hostvip_operations_total", &[("kind", kind), ("result", "failed")]).is_some(), "{kind}");
    }
}
