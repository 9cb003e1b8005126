//! Requests to rtnetlink: each one acknowledged, every dump seen to its end (docs/decisions/0001-netlink.md).
//!
//! A blocking socket: the kernel answers a request inside `sendmsg`, so there is nothing to wait for, and a reply that is
//! not there is an error, never a success. Deliberately without events: they have a socket of their own.

use std::io;
use std::time::Duration;

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;
use nix::libc::{MSG_DONTWAIT, MSG_TRUNC};
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeVal;

use super::fault::Fault;
use super::message::{self, Message};

/// Requests per `sendmsg`. Their acknowledgements fit the receive buffer that an unprivileged user namespace gets, too.
const PACK: usize = 128;
/// The kernel fills at most 32 KiB per datagram of a dump.
const INBOX: usize = 64 * 1024;
/// How often an inconsistent dump is begun anew.
const ATTEMPTS: u32 = 16;

/// How long an answer may take, and how many bytes of answers may wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Deadline of one answer.
    pub deadline: Duration,
    /// `SO_RCVBUF` in bytes.
    pub receive_buffer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(5), receive_buffer: 4 << 20 }
    }
}

/// One change to ask for.
#[derive(Clone, Debug)]
pub struct Request {
    /// What.
    pub message: RouteNetlinkMessage,
    /// `NLM_F_CREATE` and its kin; the acknowledgement is always asked for.
    pub flags: u16,
}

/// A socket for requests, bound to the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct RequestSocket {
    socket: Socket,
    deadline: Duration,
    sequence: u32,
    inbox: Vec<u8>,
}

impl RequestSocket {
    /// Opens a socket in the calling thread's network namespace.
    ///
    /// # Errors
    /// The kernel gives no such socket, or lacks an option of it (Linux 4.20 and newer have them).
    pub fn open(limits: Limits) -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        // Errors without the echoed request: an answer stays small. With the kernel's own words: they say which attribute it was.
        socket.set_cap_ack(true)?;
        socket.set_ext_ack(true)?;
        // A filter that the kernel does not know is an error then, not an answer to another question.
        socket.set_netlink_get_strict_chk(true)?;
        let seconds = i64::try_from(limits.deadline.as_secs()).unwrap_or(i64::MAX);
        let timeout = TimeVal::new(seconds, limits.deadline.subsec_micros().into());
        setsockopt(&socket, sockopt::ReceiveTimeout, &timeout)?;
        grow(&socket, limits.receive_buffer)?;
        Ok(Self { socket, deadline: limits.deadline, sequence: 0, inbox: vec![0; INBOX] })
    }

    /// Asks for changes, in order. One outcome per request; a failing one keeps none of the others back.
    pub fn submit(&mut self, requests: Vec<Request>) -> Vec<Result<(), Fault>> {
        let mut outcomes = Vec::with_capacity(requests.len());
        let mut requests = requests.into_iter();
        loop {
            let (first, mut datagram) = (self.sequence, Vec::new());
            for request in requests.by_ref().take(PACK) {
                message::encode(&mut datagram, request.message, request.flags | NLM_F_ACK, self.sequence);
                self.sequence = self.sequence.wrapping_add(1);
            }
            let count = self.sequence.wrapping_sub(first) as usize;
            if count == 0 {
                return outcomes;
            }
            match self.send(&datagram) {
                Ok(()) => outcomes.extend(self.collect(first, count)),
                Err(fault) => outcomes.extend(vec![Err(fault); count]),
            }
        }
    }

    /// Reads all objects of one kind, from the start again when they change meanwhile.
    ///
    /// # Errors
    /// The kernel refuses, at the beginning or at the end of the dump; the answer is not there; or it never stands still.
    pub fn dump<T>(&mut self, request: &RouteNetlinkMessage, decode: impl Fn(Message<'_>) -> Option<T>) -> Result<Vec<T>, Fault> {
        for _ in 0..ATTEMPTS {
            let (objects, consistent) = self.dump_once(request.clone(), &decode)?;
            if consistent {
                return Ok(objects);
            }
        }
        Err(Fault::Interrupted(ATTEMPTS))
    }

    fn dump_once<T>(&mut self, request: RouteNetlinkMessage, decode: impl Fn(Message<'_>) -> Option<T>) -> Result<(Vec<T>, bool), Fault> {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        let mut datagram = Vec::new();
        message::encode(&mut datagram, request, NLM_F_DUMP, sequence);
        self.send(&datagram)?;
        let (mut objects, mut consistent) = (Vec::new(), true);
        loop {
            let length = self.receive(0)?;
            for message in message::split(&self.inbox[..length]).filter(|message| message.sequence == sequence) {
                consistent &= message.flags & NLM_F_DUMP_INTR == 0;
                match message.kind {
                    NLMSG_DONE | NLMSG_ERROR => {
                        message.outcome().unwrap_or(Ok(()))?;
                        return Ok((objects, consistent));
                    }
                    _ => objects.extend(decode(message)),
                }
            }
        }
    }

    fn send(&self, datagram: &[u8]) -> Result<(), Fault> {
        self.socket.send(datagram, 0).map(drop).map_err(|source| Fault::Socket(errno(&source)))
    }

    /// The outcomes of `count` requests from sequence number `first` on.
    fn collect(&mut self, first: u32, count: usize) -> Vec<Result<(), Fault>> {
        let mut outcomes: Vec<Option<Result<(), Fault>>> = vec![None; count];
        let (mut missing, mut flags) = (count, 0);
        while missing > 0 {
            let length = match self.receive(flags) {
                Ok(length) => length,
                // Some answers were dropped; those that were not are there already, as the kernel answers inside sendmsg.
                Err(Fault::Socket(Errno::ENOBUFS)) => {
                    flags = MSG_DONTWAIT;
                    continue;
                }
                Err(fault) => return outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(fault.clone()))).collect(),
            };
            for message in message::split(&self.inbox[..length]) {
                let Some(slot) = outcomes.get_mut(message.sequence.wrapping_sub(first) as usize) else { continue };
                if slot.is_none() && message.kind == NLMSG_ERROR {
                    *slot = message.outcome();
                    missing -= 1;
                }
            }
        }
        outcomes.into_iter().map(|outcome| outcome.unwrap_or(Err(Fault::Lost))).collect()
    }

    fn receive(&mut self, flags: i32) -> Result<usize, Fault> {
        loop {
            match self.socket.recv_from(&mut &mut self.inbox[..], flags | MSG_TRUNC) {
                Ok((_, sender)) if sender.port_number() != 0 => {} // another process, not the kernel
                Ok((length, _)) if length > self.inbox.len() => return Err(Fault::Truncated(length)),
                Ok((length, _)) => return Ok(length),
                Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(source) if source.kind() == io::ErrorKind::WouldBlock && flags & MSG_DONTWAIT != 0 => return Err(Fault::Lost),
                Err(source) if source.kind() == io::ErrorKind::WouldBlock => return Err(Fault::Deadline(self.deadline)),
                Err(source) => return Err(Fault::Socket(errno(&source))),
            }
        }
    }
}

/// Sets the receive buffer: beyond `net.core.rmem_max` where we may, up to it where we may not.
pub(super) fn grow(socket: &Socket, bytes: usize) -> io::Result<()> {
    match setsockopt(socket, sockopt::RcvBufForce, &bytes) {
        Ok(()) => Ok(()),
        Err(_) => setsockopt(socket, sockopt::RcvBuf, &bytes).map_err(io::Error::from),
    }
}

fn errno(source: &io::Error) -> Errno {
    source.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const BRIEF: Limits = Limits { deadline: Duration::from_millis(50), receive_buffer: 1 << 20 };

    fn get_links() -> RouteNetlinkMessage {
        RouteNetlinkMessage::GetLink(netlink_packet_route::link::LinkMessage::default())
    }

    #[test]
    fn a_missing_ack_is_an_error() {
        let mut socket = RequestSocket::open(BRIEF).unwrap();
        assert_eq!(socket.collect(7, 3), vec![Err(Fault::Deadline(BRIEF.deadline)); 3]);
    }

    #[test]
    fn a_socket_that_dies_is_an_error() {
        let mut socket = RequestSocket::open(BRIEF).unwrap();
        // No socket has this port, so each send is refused as if the other end had died.
        socket.socket.connect(&SocketAddr::new(u32::MAX, 0)).unwrap();
        let requests = vec![Request { message: get_links(), flags: 0 }; 200];
        assert_eq!(socket.submit(requests), vec![Err(Fault::Socket(Errno::ECONNREFUSED)); 200]);
        assert_eq!(socket.dump(&get_links(), |_| Some(())), Err(Fault::Socket(Errno::ECONNREFUSED)));
    }
}
