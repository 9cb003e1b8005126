//! What this floor reports. Each error names the operation and its object; the cause is its source.

use std::io;
use std::path::PathBuf;

use ipnet::IpNet;

use super::fault::Fault;
use super::journal::MalformedJournal;
use crate::model::LinkName;

/// An operation on the kernel that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No socket for requests or events.
    #[error("cannot open a netlink socket for {what}")]
    Open {
        /// What it was for.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// A dump failed.
    #[error("cannot read the {what} of this host")]
    Observe {
        /// Which objects.
        what: &'static str,
        /// The cause.
        source: Fault,
    },
    /// The event socket failed.
    #[error("cannot receive the kernel's events")]
    Events(#[source] io::Error),
    /// A change was not made, or it is unknown whether it was.
    #[error("cannot {op}")]
    Change {
        /// The operation.
        op: String,
        /// The cause.
        source: Fault,
    },
    /// The link that an operation names is not there.
    #[error("cannot {op}: there is no link {link}")]
    NoLink {
        /// The operation.
        op: String,
        /// The link.
        link: LinkName,
    },
    /// Somebody else's address is in the way.
    #[error("cannot {op}: {link} bears {net} without our mark; it is left alone, remove it by: ip address del {net} dev {link}")]
    AddressTaken {
        /// The operation.
        op: String,
        /// The link.
        link: LinkName,
        /// The address that is there.
        net: IpNet,
    },
    /// Somebody else's route is in the way.
    #[error("cannot {op}: routing protocol {protocol} made a route with this table, prefix and metric; it is left alone")]
    RouteTaken {
        /// The operation.
        op: String,
        /// `rtm_protocol` of the route that is there.
        protocol: u8,
    },
    /// A marked address whose removal would take somebody else's address with it.
    #[error("cannot {op}: the kernel would remove {other} with {net}; remove {net} by hand")]
    Entangled {
        /// The operation.
        op: String,
        /// Our address.
        net: IpNet,
        /// The address of others in the same subnet.
        other: IpNet,
    },
    /// A route that is only ever removed was to be added.
    #[error("cannot {op}: only local routes are added")]
    NoSuchRoute {
        /// The operation.
        op: String,
    },
    /// A kernel setting could not be read or written.
    #[error("cannot {op}")]
    Sysctl {
        /// The operation.
        op: String,
        /// The cause.
        source: io::Error,
    },
    /// The kernel kept another value than the one written.
    #[error("cannot {op}: the kernel keeps {kept}")]
    SysctlKept {
        /// The operation.
        op: String,
        /// The value that is there.
        kept: i32,
    },
    /// The journal could not be read or written; the setting was left as it was.
    #[error("cannot keep the values before our changes in {path}: make its directory writable, or set state_dir")]
    Journal {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The journal is damaged, or another program's.
    #[error(
        "{path} does not hold the kernel settings as they were before our changes; it was moved to {aside}: \
         compare it with `sysctl net.ipv4.conf net.ipv6.conf`, give back by hand what it names, and start again"
    )]
    MalformedJournal {
        /// The file.
        path: PathBuf,
        /// Where it is now.
        aside: PathBuf,
        /// What is wrong with it.
        source: MalformedJournal,
    },
    /// The packet socket failed.
    #[error("cannot {act} on {link}")]
    Packet {
        /// What was tried.
        act: &'static str,
        /// The link.
        link: LinkName,
        /// The cause.
        source: io::Error,
    },
}
