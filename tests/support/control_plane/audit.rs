//! The API server's audit log: who asked for what.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The requests that were answered, in order. A watch is there from when it was opened.
#[derive(Clone, Debug)]
pub struct Audit(Vec<Request>);

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asked: `system:serviceaccount:default:hostvip`.
    pub user: String,
    /// `get`, `list`, `watch`, `create`, …
    pub verb: String,
    /// `services`, `events.events.k8s.io/status`; else the path.
    pub resource: String,
    /// Status code of the answer.
    pub code: u64,
}

impl Audit {
    /// Reads the log as it is now; without one, nothing was asked yet.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        let mut seen = BTreeSet::new();
        // The last line may be half written.
        let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Self(events.filter(|event| seen.insert(event["auditID"].to_string())).map(|event| Request::decode(&event)).collect())
    }

    /// How many there are, to ask later for what is new.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Without the first ones.
    #[must_use]
    pub fn since(self, count: usize) -> Self {
        Self(self.0.into_iter().skip(count).collect())
    }

    /// Those of one user.
    pub fn of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a Request> {
        self.0.iter().filter(move |request| request.user == user)
    }

    /// What one user asked for, each with how often: `("services", "list")`.
    pub fn counts(&self, user: &str) -> BTreeMap<(String, String), usize> {
        let mut counts = BTreeMap::new();
        for request in self.of(user) {
            *counts.entry((request.resource.clone(), request.verb.clone())).or_default() += 1;
        }
        counts
    }

    /// What one user was refused.
    pub fn refused(&self, user: &str) -> Vec<Request> {
        self.of(user).filter(|request| matches!(request.code, 401 | 403)).cloned().collect()
    }
}

impl Request {
    fn decode(event: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let object = &event["objectRef"];
        let mut resource = text(&object["resource"]);
        if resource.is_empty() {
            resource = text(&event["requestURI"]);
        }
        for (separator, key) in [(".", "apiGroup"), ("/", "subresource")] {
            if let Some(part) = object[key].as_str() {
                resource = format!("{resource}{separator}{part}");
            }
        }
        let code = event["responseStatus"]["code"].as_u64().unwrap_or_default();
        Self { user: text(&event["user"]["username"]), verb: text(&event["verb"]), resource, code }
    }
}
