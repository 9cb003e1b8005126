//! Verdicts: what was decided for one VIP of one Service, with exactly one reason.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Reason, ServiceKey};

/// What was decided for one address that one Service, or the config, asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Verdict {
    /// The Service; none for a `[[vip]]` of the config.
    pub service: Option<ServiceKey>,
    /// The address; none where the Service names only a host name or no valid address.
    pub address: Option<IpAddr>,
    /// Why.
    pub reason: Reason,
}

impl Verdict {
    /// What the verdict is about: "192.0.2.10 of default/web".
    pub fn subject(&self) -> String {
        let of = self.service.as_ref().map_or_else(|| "[[vip]]".to_owned(), ToString::to_string);
        self.address.map_or_else(|| of.clone(), |address| format!("{address} of {of}"))
    }
}
