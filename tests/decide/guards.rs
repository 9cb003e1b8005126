//! Readiness: which guard is shut when, and what it says.

use hostvip::decide::guards::guards;
use hostvip::model::report::{ConfigReport, Guard, SourceReport, WatchReport};

fn watch(required: bool, listed: Option<u64>, away: Option<u64>) -> WatchReport {
    WatchReport {
        resource: "services".into(),
        required,
        objects: 812,
        listed_seconds_ago: listed,
        away_seconds: away,
        error: away.map(|_| "connection refused".into()),
        problems: vec![],
    }
}

fn line_of(guards: &[Guard], name: &str) -> String {
    let found: Vec<_> = guards.iter().filter(|guard| guard.name == name).collect();
    assert_eq!(found.len(), 1, "one guard {name}: {guards:?}");
    found[0].to_string()
}

#[test]
fn a_watch_has_to_have_listed_once() {
    for (what, watch, line, ready) in [
        ("listed", watch(true, Some(40), None), "[+]watch services: 812 objects, listed 40 s ago", true),
        ("not yet", watch(true, None, None), "[-]watch services: not listed yet", false),
        ("not yet, and away", watch(true, None, Some(12)), "[-]watch services: not listed yet, away since 12 s: connection refused", false),
        (
            "away later",
            watch(true, Some(400), Some(12)),
            "[!]watch services: away since 12 s, what it said stays in force: connection refused",
            true,
        ),
        ("nobody knows", watch(false, None, Some(12)), "[!]watch services: not listed yet: connection refused", true),
        ("an API that the cluster lacks", watch(false, None, None), "[+]watch services: not in this cluster", true),
        ("one that was there", watch(false, Some(9), None), "[+]watch services: 812 objects, listed 9 s ago", true),
    ] {
        let guards = guards(&ConfigReport::default(), &[], &[watch], true);
        assert_eq!(line_of(&guards, "watch services"), line, "{what}");
        assert_eq!(!guards.iter().any(Guard::is_shut), ready, "{what}: {guards:?}");
    }
}

#[test]
fn a_source_that_cannot_be_read_whole_shuts_and_a_refused_config_does_not() {
    let source = |problems: &[&str]| SourceReport {
        path: "/etc/hostvip/services.yaml".into(),
        services: 3,
        skipped: 0,
        problems: problems.iter().map(ToString::to_string).collect(),
    };
    let refused = ConfigReport { path: "/etc/hostvip/hostvip.toml".into(), refused: Some("line 3: no such key\n  hint: listen\n".into()) };
    let name = "source /etc/hostvip/services.yaml";

    let sound = guards(&refused, &[source(&[])], &[], true);
    assert!(!sound.iter().any(Guard::is_shut), "{sound:?}");
    assert_eq!(line_of(&sound, name), format!("[+]{name}: 3 Services"));
    assert_eq!(line_of(&sound, "config"), "[!]config: refused, the former one stays in force: line 3: no such key; hint: listen");

    let broken = guards(&ConfigReport::default(), &[source(&["document 2: no kind"])], &[], true);
    assert!(broken.iter().any(Guard::is_shut));
    assert_eq!(line_of(&broken, name), format!("[-]{name}: document 2: no kind"));
    assert_eq!(line_of(&broken, "config"), "[+]config");
}

#[test]
fn nothing_is_ready_before_the_first_decision() {
    let before = guards(&ConfigReport::default(), &[], &[], false);
    assert_eq!(before.iter().filter(|guard| guard.is_shut()).map(|guard| guard.name.as_str()).collect::<Vec<_>>(), ["decision"]);
}
