//! What only a trial, or the kernel itself, can tell: capabilities, whether addresses keep our mark, whether nftables has the arp family.
//!
//! Trials run in a scratch network namespace, which ends with its thread: nothing on the host is touched.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::thread;

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST};
use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};

use super::address;
use super::fault::Fault;
use super::message;
use super::request::{Limits, Request, RequestSocket};
use crate::decide::doctor::{Features, Privileges, Trial};
use crate::model::{Address, Vip};

/// Bits of `CapEff` (linux/capability.h).
const CAP_NET_ADMIN: u32 = 12;
const CAP_NET_RAW: u32 = 13;

/// `lo` of a fresh namespace.
const LOOPBACK: u32 = 1;

/// The effective capabilities of the calling thread. What cannot be read counts as missing.
pub fn observe_privileges() -> Privileges {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let has = |bit: u32| mask & (1 << bit) != 0;
    Privileges { net_admin: has(CAP_NET_ADMIN), net_raw: has(CAP_NET_RAW) }
}

/// The running kernel and what it can.
pub fn observe_features() -> Features {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Features { release: release.trim().to_owned(), marks: in_scratch(try_mark), arp_tables: in_scratch(|| try_table(FAMILY_ARP)) }
}

/// Why a trial did not succeed.
enum Failed {
    /// It is not for this user.
    Forbidden(String),
    /// The kernel cannot.
    Unable(String),
}

fn in_scratch(trial: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    // A thread of its own: unshare(2) moves the thread that calls it.
    let work = move || {
        if let Err(errno) = unshare(CloneFlags::CLONE_NEWNET) {
            return Trial::Untried(format!("no scratch network namespace to try it in ({})", errno.desc()));
        }
        match trial() {
            Ok(()) => Trial::Works,
            Err(Failed::Forbidden(why)) => Trial::Untried(why),
            Err(Failed::Unable(why)) => Trial::Fails(why),
        }
    };
    thread::spawn(work).join().unwrap_or_else(|_| Trial::Untried("the trial broke off".to_owned()))
}

/// Kernels before 5.18 take the attribute, and forget it without a word.
fn try_mark() -> Result<(), Failed> {
    let mut requests = RequestSocket::open(Limits::default())?;
    let vip = Vip(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    let message = address::encode_bind(LOOPBACK, vip.prefix(), Address::of(vip));
    for outcome in requests.submit(vec![Request { message, flags: NLM_F_CREATE | NLM_F_EXCL }]) {
        outcome?;
    }
    let addresses = requests.dump(&address::dump_request(), address::decode)?;
    let marked = addresses.iter().any(|address| address.net.addr() == vip.0 && address.own.is_some());
    if marked { Ok(()) } else { Err(Failed::Unable("an address that was bound with it has none".to_owned())) }
}

// linux/netfilter/nfnetlink.h and nf_tables.h; the crate for it is to come with the fence.
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NEW_TABLE: u16 = 0x0a00;
const SUBSYSTEM: u16 = 0x0a;
const FAMILY_ARP: u8 = 3;
/// `NFTA_TABLE_NAME`: length 10, type 1, the text, and padding to four bytes.
const TABLE_NAME: [u8; 12] = *b"\x0a\x00\x01\x00trial\0\0\0";

/// Makes a table of a netfilter family.
fn try_table(family: u8) -> Result<(), Failed> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(5)).map_err(io::Error::from)?;
    let batch = [
        nft_message(BATCH_BEGIN, 0, 0, 0, SUBSYSTEM, &[]),
        nft_message(NEW_TABLE, NLM_F_ACK | NLM_F_CREATE, 1, family, 0, &TABLE_NAME),
        nft_message(BATCH_END, 0, 2, 0, SUBSYSTEM, &[]),
    ];
    socket.send(&batch.concat(), 0)?;
    let mut answer = vec![0; 4096];
    let length = socket.recv(&mut &mut answer[..], 0)?;
    let outcome = message::split(&answer[..length]).find_map(|message| message.outcome());
    Ok(outcome.unwrap_or(Err(Fault::Lost))?)
}

/// One message of nfnetlink: the netlink header, family, version 0 and resource id, then attributes.
fn nft_message(kind: u16, flags: u16, sequence: u32, family: u8, resource: u16, attributes: &[u8]) -> Vec<u8> {
    let [high, low] = resource.to_be_bytes();
    let body = [&[family, 0, high, low], attributes].concat();
    let length = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
    let head = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &(NLM_F_REQUEST | flags).to_ne_bytes(), &sequence.to_ne_bytes(), &[0; 4]];
    [head.concat(), body].concat()
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        match fault.errno() {
            Some(Errno::EPERM | Errno::EACCES) => Self::Forbidden("the trial takes CAP_NET_ADMIN".to_owned()),
            _ => Self::Unable(fault.to_string()),
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::Forbidden(error.to_string()),
            _ => Self::Unable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_that_is_not_there_is_found_out() {
        // NFPROTO_NUMPROTO is far below: no kernel has this one.
        let trial = in_scratch(|| try_table(200));
        assert!(matches!(trial, Trial::Fails(_) | Trial::Untried(_)), "{trial:?}");
    }
}
