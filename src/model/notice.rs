//! What is told to the owner of a Service: a Kubernetes Event.

use super::{LinkName, Mac, ServiceKey, Vip};

/// One thing to tell about one Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// The Service.
    pub service: ServiceKey,
    /// Its `metadata.uid`: an Event about a namesake that is gone would mislead.
    pub uid: Box<str>,
    /// What.
    pub news: News,
}

impl Notice {
    /// The VIP that this node answers for now, where that is what is told.
    pub fn announces(&self) -> Option<Vip> {
        match self.news {
            News::Announcing { vip, .. } => Some(vip),
            News::NotAnnounced { .. } | News::AddressConflict { .. } => None,
        }
    }
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// This node answers for the VIP now.
    Announcing {
        /// The VIP.
        vip: Vip,
        /// Node.
        node: String,
        /// Link that answers.
        link: LinkName,
    },
    /// Nobody answers for what the Service asks for, as far as this node decides about it.
    NotAnnounced {
        /// What it is about, and the reason, as the log spells it.
        why: String,
    },
    /// Another host claims the VIP that this node answers for.
    AddressConflict {
        /// The VIP.
        vip: Vip,
        /// The other host.
        mac: Mac,
        /// Link on which it was heard.
        link: LinkName,
    },
}

/// What became of the notices since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Written, repeats included.
    pub written: u64,
    /// Refused by the API server, or it was away.
    pub failed: u64,
    /// Not tried: the queue was full, or the Service has had too many.
    pub dropped: u64,
}
