//! Findings: what is wrong or risky on this host, for `check`, `status` and the log.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that an administrator should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// Short stable name: `arp_ignore_all`, `foreign_address`.
    pub code: String,
    /// What was found, naming the object.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// How to mend it.
    pub fix: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something cannot work.
    Error,
    /// Works now, may fail later.
    Warning,
    /// In order: `check` shows what it looked at.
    Ok,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Ok => "ok",
        })
    }
}
