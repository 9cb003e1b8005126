//! What readiness depends on, one named guard each.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that `/readyz` looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Name: "watch services".
    pub name: String,
    /// Whether all is well with it.
    pub ok: bool,
    /// Whether the agent is ready only while it is ok. The others are shown, so that whoever looks sees them.
    pub required: bool,
    /// What is known about it; empty: nothing more.
    pub detail: String,
}

impl Guard {
    /// Whether it keeps the agent from being ready.
    pub fn is_shut(&self) -> bool {
        self.required && !self.ok
    }
}

impl fmt::Display for Guard {
    /// As kube-apiserver prints its own (`/readyz?verbose`); `[!]` is not ok, and does not count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match (self.ok, self.required) {
            (true, _) => '+',
            (false, true) => '-',
            (false, false) => '!',
        };
        write!(f, "[{mark}]{}", self.name)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}
