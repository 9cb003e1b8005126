//! The shipped config and the documentation name every key, and say the truth about defaults.

use std::collections::BTreeSet;
use std::path::Path;

use hostvip::config::{self, Settings};

use crate::support::settings;

const SHIPPED: &str = include_str!("../../systemd/hostvip.toml");
const DOCUMENTED: &str = include_str!("../../docs/configuration.md");

/// Prose starts with "# ", a default with "#".
fn uncommented() -> String {
    let lines =
        SHIPPED.lines().map(|line| line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c != ' ' && c != '#')).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The keys that the parser knows in the table at `path`, as it tells them whoever writes a wrong one.
fn known_keys(heading: &str) -> Vec<String> {
    let errors = config::parse(Path::new("x"), &format!("{heading}\n0 = 0\n")).unwrap_err();
    let error = errors.iter().next().unwrap();
    let (_, keys) = error.hint.split_once("keys here: ").unwrap();
    keys.split(", ").map(str::to_owned).collect()
}

/// Every table of the contract: its heading, and where it stands in the parsed file.
const TABLES: [(&str, &[&str]); 11] = [
    ("", &[]),
    ("[source]", &["source"]),
    ("[source.kubernetes]", &["source", "kubernetes"]),
    ("[coordination]", &["coordination"]),
    ("[[pool]]", &["pool"]),
    ("[[vip]]", &["vip"]),
    ("[announce]", &["announce"]),
    ("[fence]", &["fence"]),
    ("[shield]", &["shield"]),
    ("[router]", &["router"]),
    ("[[route]]", &["route"]),
];

#[test]
fn as_shipped_it_changes_no_default() {
    assert_eq!(settings(SHIPPED).unwrap(), settings("").unwrap());
}

#[test]
fn what_it_shows_as_default_is_the_default() {
    let text = uncommented();
    assert!(config::parse(Path::new("x"), &text).is_ok());
    // What is not yet available has no default to compare.
    let (text, route) = text.split_once("[[route]]").unwrap();
    assert!(route.contains("prefix"));
    let text = text.replace("kubernetes = ", "# ");
    let shown = settings(&text).unwrap();
    let default = settings("[[pool]]\nname = 'edge'\naddresses = ['192.0.2.96/27', '2001:db8:0:1::/64']\nowner = 'node-a'\n").unwrap();
    let mut pools = shown.pools.clone();
    assert_eq!(pools[0].standby_of(hostvip::model::Family::Ipv4), default.pools[0].standby_of(hostvip::model::Family::Ipv4));
    pools[0].standby = None;
    assert_eq!(Settings { pools, vips: default.vips.clone(), ..shown }, default);
}

#[test]
fn of_all_it_shows_only_what_is_named_as_not_yet_available_is_refused() {
    let errors = settings(&uncommented()).unwrap_err();
    let refused: Vec<_> = errors.iter().map(|error| (error.key.as_str(), error.message.as_str())).collect();
    assert_eq!(refused, [("route[0]", "is not yet available")]);
}

#[test]
fn it_names_every_key() {
    let document: toml::Table = uncommented().parse().unwrap();
    for (heading, path) in TABLES {
        let mut table = &toml::Value::Table(document.clone());
        for key in path {
            let value = &table[key];
            table = value.get(0).unwrap_or(value);
        }
        let shown: BTreeSet<_> = table.as_table().unwrap().keys().cloned().collect();
        assert_eq!(shown, known_keys(heading).into_iter().collect(), "keys of {heading:?}");
    }
}

#[test]
fn the_list_of_tables_is_complete() {
    let nested = known_keys("").into_iter().filter(|key| {
        // A key that takes a table refuses a number as no table, or as no list.
        let errors = config::parse(Path::new("x"), &format!("{key} = 0\n")).unwrap_err();
        let message = &errors.iter().next().unwrap().message;
        message.contains("a table") || message.contains("a list")
    });
    let listed = TABLES.iter().filter(|(_, path)| path.len() == 1).map(|(_, path)| path[0].to_owned());
    assert_eq!(nested.collect::<BTreeSet<_>>(), listed.collect());
}

#[test]
fn the_documentation_names_every_key() {
    for (heading, _) in TABLES {
        let start = if heading.is_empty() {
            0
        } else {
            DOCUMENTED.find(&format!("## `{heading}`")).unwrap_or_else(|| panic!("no section {heading}"))
        };
        let section = DOCUMENTED[start..].split("\n## ").find(|part| part.contains("| `")).unwrap();
        for key in known_keys(heading).into_iter().filter(|key| !heading.is_empty() || !DOCUMENTED.contains(&format!("[{key}]"))) {
            assert!(section.contains(&format!("| `{key}` |")), "docs/configuration.md: {key:?} is missing in the section {heading:?}");
        }
    }
}
