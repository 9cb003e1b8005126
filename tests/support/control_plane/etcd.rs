//! etcd, as the API server's store. Nothing of it outlives the test, so nothing waits for a disk.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::Programs;
use crate::lab::process::Process;
use crate::lab::{Host, wait_for};

/// Where clients reach it, inside its host.
pub const URL: &str = "http://127.0.0.1:2379";
const PEERS: &str = "http://127.0.0.1:2380";

/// Starts it on `host` with its data in `data`.
pub fn start(programs: &Programs, host: &Host, data: &Path) -> Process {
    let mut command = programs.command("etcd");
    command.args(["--name", "lab", "--unsafe-no-fsync", "--log-level", "error", "--data-dir"]).arg(data);
    command.args(["--listen-client-urls", URL, "--advertise-client-urls", URL, "--listen-peer-urls", PEERS]);
    command.args(["--initial-advertise-peer-urls", PEERS, "--initial-cluster", &format!("lab={PEERS}")]);
    let mut etcd = host.spawn(command);
    wait_for("etcd is healthy", || {
        assert!(etcd.exited().is_none(), "etcd ended:\n{}", etcd.log());
        let answer = host.try_run(&format!("curl --silent --max-time 5 {URL}/health"));
        answer.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).contains("true"))
    });
    etcd
}

/// Drops every revision but the newest, and returns that one.
pub fn compact(host: &Host) -> String {
    // Key "\0", in base64: any will do, the answer's head tells the revision.
    let head = call(host, "range", r#"{"key": "AA=="}"#);
    let revision = head["header"]["revision"].as_str().unwrap_or_else(|| panic!("etcd tells no revision: {head}")).to_owned();
    let done = call(host, "compaction", &format!(r#"{{"revision": "{revision}", "physical": true}}"#));
    assert!(done["header"].is_object(), "etcd does not compact: {done}");
    revision
}

/// A call by the JSON gateway of etcd.
fn call(host: &Host, method: &str, body: &str) -> Value {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail-with-body", "--max-time", "30", "--data", body, &format!("{URL}/v3/kv/{method}")]);
    let answer = host.demand(curl);
    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("etcd {method}: {error}: {answer}"))
}
