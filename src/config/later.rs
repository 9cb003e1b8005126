//! What the contract promises and this version cannot do yet. It is parsed and checked like the rest, and refused by name
//! unless it says what is the case anyway. Whoever builds a part removes its lines here.

use super::document::Problems;

/// Key (without indices) and the TOML of the one value it may have; none: it must not stand in the file at all.
const LATER: &[(&str, Option<&str>)] = &[
    ("coordination.mode", Some(r#""static""#)),
    ("coordination.namespace", Some(r#""hostvip""#)),
    ("coordination.renew_interval", Some(r#""5s""#)),
    ("coordination.lease_duration", Some(r#""15s""#)),
    ("coordination.detect", Some(r#""wire""#)),
    ("coordination.on_api_loss", Some(r#""hold""#)),
    ("coordination.probe_interval", Some(r#""100ms""#)),
    ("coordination.look", Some(r#""30ms""#)),
    ("coordination.rebalance", Some(r#""gentle""#)),
    ("coordination.directory", Some(r#""/run/hostvip/claims""#)),
    ("pool[].announce", Some(r#""l2""#)),
    ("pool[].slices", Some("1")),
    // With a fixed owner there is no second answerer that a fence would keep apart: it could only silence the first.
    ("fence.mode", Some(r#""nftables""#)),
    ("fence.timeout", Some(r#""10s""#)),
    ("shield.mode", Some(r#""off""#)),
    ("router.table", Some("254")),
    ("router.next_hops", Some("[]")),
    ("route[]", None),
];

pub(super) fn check(problems: &mut Problems<'_>) {
    let document = problems.document();
    for node in document.nodes() {
        let key = without_indices(&node.path);
        match LATER.iter().find(|(later, _)| *later == key) {
            None => {}
            Some((_, None)) => problems.at(node.span.clone(), "is not yet available", "remove it"),
            Some((_, Some(only))) if document.value(node) == only.parse().ok() => {}
            Some((_, Some(only))) => {
                let hint = format!("remove the key, or write {only}: all that this version can do");
                problems.at(node.span.clone(), "is not yet available", hint);
            }
        }
    }
}

/// `pool[3].name` as `pool[].name`. No key of the contract has a digit.
fn without_indices(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).collect()
}
