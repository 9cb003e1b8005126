//! Every reason has a scenario and a line in the documentation, and every scenario says why.

use std::collections::BTreeSet;

use super::format::Expected;
use super::themes;

/// Where each reason's code is spelt.
const REASON: &str = include_str!("../../src/model/reason.rs");
const DOCS: &str = include_str!("../../docs/kubernetes.md");

/// Said only after a plan was carried out, which no scenario does: `bound_is_said_only_of_what_the_kernel_holds` in
/// `tests/decide/placement.rs`.
const AFTERWARDS: &str = "not_bound";

/// Every code, out of the source: a reason that is new is missed here at once.
fn codes() -> BTreeSet<&'static str> {
    let (_, body) = REASON.split_once("pub fn code(").unwrap();
    let (body, _) = body.split_once("\n    }\n").unwrap();
    let codes: BTreeSet<_> = body.lines().filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\",")).collect();
    assert!(codes.len() > 30 && codes.contains("bound"), "{codes:?}");
    codes
}

#[test]
fn every_reason_has_a_scenario() {
    let themes = themes();
    let expected = themes.iter().flat_map(|(_, theme)| &theme.scenarios).flat_map(|scenario| scenario.verdicts.values());
    let shown: BTreeSet<_> = expected.flat_map(Expected::codes).chain([AFTERWARDS]).collect();
    let missing: Vec<_> = codes().difference(&shown).copied().collect();
    assert!(missing.is_empty(), "in no scenario: {missing:?}");
}

#[test]
fn every_reason_is_documented() {
    let missing: Vec<_> = codes().into_iter().filter(|code| !DOCS.contains(&format!("| `{code}` |"))).collect();
    assert!(missing.is_empty(), "not in the table of docs/kubernetes.md: {missing:?}");
}

#[test]
fn every_scenario_says_what_and_why_once() {
    let mut titles = BTreeSet::new();
    for (file, theme) in themes() {
        assert!(!theme.scenarios.is_empty(), "{file} has no scenario");
        for scenario in theme.scenarios {
            assert!(!scenario.title.is_empty() && !scenario.why.is_empty(), "{file}: {}", scenario.title);
            assert!(titles.insert(scenario.title.clone()), "{file}: a second {}", scenario.title);
        }
    }
}
