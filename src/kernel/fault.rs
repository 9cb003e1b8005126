//! What can go wrong between a request and the kernel's answer to it.

use std::time::Duration;

use nix::errno::Errno;

/// Why one netlink request has no success to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The kernel answered with an error.
    #[error("the kernel refused: {}{}", errno.desc(), reason.as_deref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused {
        /// The error number of the answer.
        errno: Errno,
        /// The kernel's own words, where it gives any (`NLMSGERR_ATTR_MSG`).
        reason: Option<String>,
    },
    /// The answer was dropped because the receive buffer was full: whether the request took effect is unknown.
    #[error("the kernel's answer was lost: the receive buffer of the netlink socket is too small")]
    Lost,
    /// No answer: whether the request took effect is unknown.
    #[error("the kernel did not answer within {0:?}")]
    Deadline(Duration),
    /// The object changed under every attempt to read it (`NLM_F_DUMP_INTR`).
    #[error("what was to be read changed during each of {0} attempts")]
    Interrupted(u32),
    /// A message larger than the kernel's own limit for dumps.
    #[error("the kernel's answer of {0} bytes exceeds the receive buffer")]
    Truncated(usize),
    /// The socket failed.
    #[error("the netlink socket failed: {}", .0.desc())]
    Socket(Errno),
}

impl Fault {
    /// The kernel's error number, where it answered with one.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused { errno, .. } => Some(*errno),
            _ => None,
        }
    }
}
