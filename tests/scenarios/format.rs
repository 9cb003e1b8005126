//! What stands in a file of scenarios.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// What the scenarios have in common, for the reader.
    #[allow(dead_code, reason = "for readers of the file")]
    pub about: String,
    /// The node's config (TOML), for scenarios that have none of their own.
    pub config: String,
    /// Objects of every scenario: Nodes, above all.
    #[serde(default)]
    pub objects: Vec<Value>,
    pub scenarios: Vec<Scenario>,
}

/// One scenario.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What is so, in one sentence.
    pub title: String,
    /// Why it should be so.
    pub why: String,
    pub config: Option<String>,
    /// The node that decides.
    #[serde(default = "node_a")]
    pub node: String,
    /// What differs from a sound host.
    #[serde(default)]
    pub host: HostChange,
    /// Objects as `kubectl get -o yaml` shows them, as far as they matter.
    #[serde(default)]
    pub objects: Vec<Value>,
    /// By "namespace/name address", or "namespace/name" where the verdict has no address; "[[vip]]" stands for the config.
    pub verdicts: BTreeMap<String, Expected>,
}

/// The code of a verdict, or codes with their texts. A verdict on a Service as a whole may be one of several.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Expected {
    Code(String),
    Codes(Vec<String>),
    Text(BTreeMap<String, String>),
}

/// What differs from a host with `lo` and `br-ex`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostChange {
    /// Addresses that somebody else bound: "lo 192.0.2.100/32".
    pub addresses: Vec<String>,
    /// `net.ipv4.conf.all.arp_ignore`.
    pub all_arp_ignore: i32,
    /// The uplink went away after the start.
    pub uplink_missing: bool,
}

fn node_a() -> String {
    "node-a".to_owned()
}
