//! Text that was made to do harm, or has come to harm.

use std::fmt::Write;

use hostvip::codec::decode_manifest;
use hostvip::codec::manifest::MAX_BYTES;
use proptest::prelude::*;

use crate::manifest::{BY_HAND, INGRESS_NGINX, KUBECTL_JSON, KUBECTL_LIST};

/// One problem, which mentions `expected`, and no Service.
fn assert_refused(text: &str, expected: &str) {
    let manifest = decode_manifest(text);
    assert_eq!((manifest.services.len(), manifest.problems.len()), (0, 1), "{:?}", manifest.problems);
    let found = manifest.problems[0].to_string();
    assert!(found.contains(expected), "{found}");
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = "apiVersion: v1\nkind: Service\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{before}]").unwrap();
    }
    assert_refused(&text, "total_replayed_events");
}

#[test]
fn deep_nesting_is_refused() {
    for depth in [100, 100_000] {
        let flow = format!("apiVersion: v1\nkind: Service\nx: {}{}", "[".repeat(depth), "]".repeat(depth));
        assert_refused(&flow, "line 3");
        assert_refused(&format!("{{\"x\": {}{}}}", "[".repeat(depth.max(200)), "]".repeat(depth.max(200))), "kind is missing");
    }
    let block = (0..2000).fold("kind: Service\napiVersion: v1\n".to_owned(), |text, depth| text + &" ".repeat(depth) + "x:\n");
    assert_refused(&block, "line ");
    assert_refused(&format!("apiVersion: v1\nkind: Service\nx:\n{}y\n", "- ".repeat(20_000)), "line ");
}

#[test]
fn huge_input_is_refused() {
    assert_refused(&" ".repeat(MAX_BYTES + 1), "at most");
}

#[test]
fn duplicate_keys_are_refused() {
    assert_refused("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {}\nspec: {}\n", "line 5, document 1");
    assert_refused(r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "name": "b"}}"#, "duplicate field");
}

fn sample() -> impl Strategy<Value = String> {
    prop::sample::select(vec![INGRESS_NGINX, BY_HAND, KUBECTL_LIST, KUBECTL_JSON]).prop_map(ToOwned::to_owned)
}

/// Every problem has a line of the text, and a message.
fn assert_sound(text: &str) {
    let manifest = decode_manifest(text);
    // YAML takes a lone carriage return for a line break.
    let lines = text.matches(['\n', '\r']).count() + 1;
    for problem in &manifest.problems {
        assert!((1..=lines).contains(&problem.line), "{problem} in {text:?}");
        assert!(!problem.what.is_empty() && problem.document > 0);
    }
    assert!(manifest.complete || !manifest.problems.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        assert_sound(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn arbitrary_yaml_like_text_does_no_harm(text in "(items:|kind: (List|Service|X)|apiVersion: v1|- |  |---|\\.\\.\\.|[{}\\[\\],:#&*!|>%'\"\\-]|a|1|\n|\t|\r|\u{feff}|é){0,60}") {
        assert_sound(&text);
    }

    #[test]
    fn a_mutated_manifest_does_no_harm(
        text in sample(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..12_usize, "[-{}\\[\\]:,\n\t #&*\"'a0]{0,3}"), 1..6),
    ) {
        let mut text: Vec<char> = text.chars().collect();
        for (at, removed, added) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + removed).min(text.len());
            text.splice(at..end, added.chars());
        }
        assert_sound(&text.into_iter().collect::<String>());
    }

    #[test]
    fn a_file_cut_short_never_invents_a_service(text in sample(), cut in any::<prop::sample::Index>()) {
        let whole: Vec<_> = decode_manifest(&text).services.into_iter().map(|service| service.key).collect();
        let cut = cut.index(text.len());
        if text.is_char_boundary(cut) {
            for service in decode_manifest(&text[..cut]).services {
                // A name that was itself cut is the one thing that no reader can know.
                prop_assert!(whole.iter().any(|key| key == &service.key || key.name.starts_with(&*service.key.name)), "{}", service.key);
            }
        }
    }
}
