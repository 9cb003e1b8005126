//! What changes on the host, as the kernel tells it. A socket apart from the one for requests: a shared one would take our
//! own notifications for replies.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;

use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{AsyncSocket, SocketAddr, TokioSocket};
use nix::libc::{
    ENOBUFS, MSG_DONTWAIT, RTM_DELADDR, RTM_DELLINK, RTM_DELROUTE, RTM_NEWADDR, RTM_NEWLINK, RTM_NEWROUTE, RTNLGRP_IPV4_IFADDR,
    RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE, RTNLGRP_LINK,
};

use super::address::{self, LinkAddress};
use super::error::Error;
use super::link;
use super::message::{self, Message};
use super::request::grow;
use super::route::{self, LinkRoute};
use crate::model::Link;

/// What [`Events::open`] listens to.
pub const GROUPS: [u32; 5] = [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE];

/// Some 20 000 waiting events.
const RECEIVE_BUFFER: usize = 8 << 20;
const INBOX: usize = 64 * 1024;

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A link appeared or changed.
    Link(Link),
    /// The link with this index is gone.
    LinkGone(u32),
    /// An address appeared or changed.
    Address(LinkAddress),
    /// An address is gone.
    AddressGone(LinkAddress),
    /// A route that we look at appeared, or one took a place that may have been ours.
    Route(LinkRoute),
    /// A route that we look at is gone.
    RouteGone(LinkRoute),
    /// Events were lost: read everything again.
    Overrun,
}

/// The kernel's events, in order.
pub struct Events {
    socket: TokioSocket,
    inbox: Vec<u8>,
    queue: VecDeque<Event>,
}

impl Events {
    /// Listens in the calling thread's network namespace. Open it before the first look at the host, or changes between fall through.
    ///
    /// # Errors
    /// The kernel gives no such socket. Needs a tokio runtime.
    pub fn open() -> Result<Self, Error> {
        Self::open_groups(&GROUPS)
    }

    /// Listens to these multicast groups (`RTNLGRP_*`); events of unknown kinds are passed over.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_groups(groups: &[u32]) -> Result<Self, Error> {
        let open = || {
            let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
            grow(socket.socket_ref(), RECEIVE_BUFFER)?;
            socket.socket_mut().bind(&SocketAddr::new(0, 0))?;
            groups.iter().try_for_each(|group| socket.socket_mut().add_membership(*group))?;
            Ok(socket)
        };
        let socket = open().map_err(|source| Error::Open { what: "events", source })?;
        Ok(Self { socket, inbox: Vec::with_capacity(INBOX), queue: VecDeque::new() })
    }

    /// The next event; waits for one. Cancelling loses none.
    ///
    /// # Errors
    /// The socket failed.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Ok(event);
            }
            self.inbox.clear();
            match poll_fn(|context| self.socket.poll_recv_from(context, &mut self.inbox)).await {
                Ok(sender) => self.queue(&sender),
                Err(source) if source.raw_os_error() == Some(ENOBUFS) => return Ok(self.overrun()),
                Err(source) => return Err(Error::Events(source)),
            }
        }
    }

    /// The next event that has arrived already.
    pub fn try_next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            match self.receive() {
                Ok(sender) => self.queue(&sender),
                Err(source) if source.kind() == io::ErrorKind::WouldBlock => return None,
                // Whatever failed: what we know is in doubt. A socket that is broken for good tells `next` so.
                Err(_) => return Some(self.overrun()),
            }
        }
    }

    fn receive(&mut self) -> io::Result<SocketAddr> {
        self.inbox.clear();
        self.socket.socket_ref().recv_from(&mut self.inbox, MSG_DONTWAIT).map(|(_, sender)| sender)
    }

    /// Events from before the loss must not be told after the fresh look that follows it: what undid them may be among the lost.
    fn overrun(&mut self) -> Event {
        self.queue.clear();
        loop {
            match self.receive() {
                Err(source) if source.raw_os_error() != Some(ENOBUFS) => return Event::Overrun,
                _ => {}
            }
        }
    }

    fn queue(&mut self, sender: &SocketAddr) {
        // Another process may send to our port; only the kernel's word counts.
        if sender.port_number() == 0 {
            self.queue.extend(message::split(&self.inbox).filter_map(decode));
        }
    }
}

fn decode(message: Message<'_>) -> Option<Event> {
    match message.kind {
        RTM_NEWLINK => link::decode(message).map(Event::Link),
        RTM_DELLINK => link::decode(message).map(|link| Event::LinkGone(link.index)),
        RTM_NEWADDR => address::decode(message).map(Event::Address),
        RTM_DELADDR => address::decode(message).map(Event::AddressGone),
        RTM_NEWROUTE => route::decode(message).map(Event::Route),
        RTM_DELROUTE => route::decode(message).map(Event::RouteGone),
        _ => None,
    }
}
