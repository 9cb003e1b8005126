//! Whatever the file holds: an answer, never a panic; and what is accepted keeps its promises.

use std::path::Path;

use hostvip::config::{ConfigErrors, DEFAULT_STATE_DIR, whereabouts};
use proptest::prelude::*;

use crate::support::settings;

const GOOD: &str = r#"
node_name = "node-a"
uplink = "br-ex"
listen = "127.0.0.1:9476"
source = { files = ["/etc/hostvip/é.yaml"], external_ips = true }
[[pool]]
name = "edge"
addresses = ["192.0.2.96/27", "2001:db8:0:1::/64"]
placement = "uplink"
standby = "accept"
[[pool]]
name = "core"
addresses = ["203.0.113.0/24"]
[[vip]]
address = "192.0.2.100"
owner = "node-a"
[announce]
refresh = "60s"
"#;

/// Every error names a line of the file, and says what to do.
fn assert_useful(text: &str, errors: &ConfigErrors) {
    assert!(errors.iter().count() > 0);
    for error in errors {
        assert!(!error.message.is_empty() && !error.hint.is_empty());
        assert!(error.to_string().chars().all(|c| c == '\n' || !c.is_control()), "{error:?}");
        if let Some(at) = &error.position {
            assert!((1..=text.matches('\n').count() + 1).contains(&at.line) && at.column >= 1, "{error:?}");
        }
    }
}

fn assert_sound(text: &str) {
    match settings(text) {
        Err(errors) => assert_useful(text, &errors),
        Ok(settings) => {
            let nets: Vec<_> = settings.pools.iter().flat_map(|pool| &pool.addresses).collect();
            for (position, net) in nets.iter().enumerate() {
                assert_eq!(net.trunc(), **net);
                assert!(nets[..position].iter().all(|other| !other.contains(*net) && !net.contains(*other)));
            }
            assert!(settings.vips.keys().all(|vip| settings.pool_of(*vip).is_some()));
        }
    }
}

/// Lines such as a config has, in any order, with values of any kind.
fn line() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["name", "addresses", "placement", "address", "refresh", "files", "prefix", "via", "table", "mode"]);
    let value = prop::sample::select(vec![
        "1",
        "-1",
        "\"\"",
        "[]",
        "{}",
        "\"edge\"",
        "\"5s\"",
        "[\"192.0.2.0/28\"]",
        "\"lo\"",
        "[3]",
        "1979-05-27",
        "nan",
    ]);
    let heading =
        prop::sample::select(vec!["[[pool]]", "[[vip]]", "[[route]]", "[source]", "[announce]", "[pool]", "[[source]]", "[router]"]);
    prop_oneof![3 => (key, value).prop_map(|(key, value)| format!("{key} = {value}")), 1 => heading.prop_map(str::to_owned)]
}

#[test]
fn the_good_one_is_good() {
    settings(GOOD).unwrap();
}

#[test]
fn depth_without_end_is_refused() {
    for text in [format!("a = {}", "[".repeat(100_000)), format!("[{}a]", "a.".repeat(100_000)), format!("{}a = 1", "a.".repeat(100_000))] {
        assert_useful(&text, &settings(&text).unwrap_err());
    }
}

#[test]
fn a_file_of_another_program_is_refused_without_listing_all_of_it() {
    let lines: Vec<_> = (0..5000).map(|n| format!("key{n} = 1")).collect();
    let errors = settings(&lines.join("\n")).unwrap_err();
    assert_eq!(errors.iter().count(), 100);
}

#[test]
fn places_are_counted_in_characters_whatever_ends_the_line() {
    for text in ["# é\r\nsource.files = ['/é', 'é']\r\n", "\u{feff}# é\nsource.files = ['/é', 'é']"] {
        let said = settings(text).unwrap_err().to_string();
        assert!(
            said.starts_with("hostvip.toml:2:23: source.files[1]: \"é\" is no absolute path\n  | source.files = ['/é', 'é']\n"),
            "{said}"
        );
    }
}

#[test]
fn a_key_cannot_upset_the_terminal() {
    let said = settings("\"\\u001b[31m\\n`\" = 1\nlisten = \"\\u001b\"\n").unwrap_err().to_string();
    assert!(said.starts_with(r#"hostvip.toml:1:1: "\u{1b}[31m\n`": unknown key"#), "{said}");
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
}

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        assert_sound(&text);
    }

    #[test]
    fn any_lines(lines in prop::collection::vec(line(), 0..12)) {
        assert_sound(&lines.join("\n"));
    }

    #[test]
    fn a_good_config_with_pieces_replaced(edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..9, "\\PC{0,3}|[\"\\[\\]=.#\n]{0,2}"), 1..4)) {
        let mut chars: Vec<char> = GOOD.chars().collect();
        for (index, length, new) in edits {
            let start = index.index(chars.len());
            let end = (start + length).min(chars.len());
            chars.splice(start..end, new.chars());
        }
        assert_sound(&chars.into_iter().collect::<String>());
    }

    #[test]
    fn a_good_config_with_a_line_moved(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let mut lines: Vec<&str> = GOOD.lines().collect();
        let line = lines.remove(from.index(lines.len()));
        lines.insert(to.index(lines.len() + 1), line);
        assert_sound(&lines.join("\n"));
    }
}

proptest! {
    #[test]
    fn an_agent_is_found_behind_whatever_its_config_became(text in ".*", broken in "[a-z\\[\\]=\"\n ]*") {
        let _ = whereabouts(&text);
        let found = whereabouts(&format!("state_dir = \"/run/x\"\nlisten = \"[::1]:7\"\n{broken}"));
        prop_assert_eq!(found.listen, "[::1]:7".parse().unwrap());
        prop_assert_eq!(found.state_dir, Path::new("/run/x"));
    }
}

#[test]
fn what_cannot_be_made_out_is_the_default() {
    let defaults = whereabouts("");
    assert_eq!((defaults.listen, defaults.state_dir.as_path()), ("127.0.0.1:9476".parse().unwrap(), Path::new(DEFAULT_STATE_DIR)));
    for text in ["listen = 9000\nstate_dir = \"relative\"", "[source]\nlisten = \"127.0.0.1:9000\"\nstate_dir = \"/srv\""] {
        assert_eq!(whereabouts(text), defaults, "{text}");
    }
}
