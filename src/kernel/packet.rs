//! ARP and neighbour discovery frames on one link (packet(7)).
//!
//! Two sockets, one per ethertype: one for all ethertypes would also be handed a copy of every packet that the host sends.
//! By the same token none of our own frames comes back.

use std::io::{self, Read};
use std::os::fd::AsRawFd;

use nix::ifaddrs::getifaddrs;
use nix::libc::{ETH_P_ARP, ETH_P_IPV6};
use nix::sys::socket::bind;
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::error::Error;
use crate::model::LinkName;

/// Frames are cut to this length: far longer than any that ARP or neighbour discovery has.
const SNAP: u16 = 1514;
const ETHERTYPE: std::ops::Range<usize> = 12..14;

/// Sends and hears ARP and neighbour discovery frames on one link. Bound to the link's index: a link that is created again needs
/// a new one.
#[derive(Debug)]
pub struct PacketSocket {
    link: LinkName,
    arp: AsyncFd<Socket>,
    nd: AsyncFd<Socket>,
}

impl PacketSocket {
    /// Opens the sockets on `link`, in the calling thread's network namespace. Needs a tokio runtime and `CAP_NET_RAW`.
    ///
    /// # Errors
    /// The link is not there, or the kernel gives no such socket.
    pub fn open(link: &LinkName) -> Result<Self, Error> {
        let failed = |source| Error::Packet { act: "open a packet socket", link: link.clone(), source };
        let arp = open(link, ETH_P_ARP, &arp_filter()).map_err(failed)?;
        let nd = open(link, ETH_P_IPV6, &nd_filter()).map_err(failed)?;
        Ok(Self { link: link.clone(), arp, nd })
    }

    /// Sends one Ethernet frame, header included.
    ///
    /// # Errors
    /// The link is down or gone, or its queue is full.
    pub fn send(&self, frame: &[u8]) -> Result<(), Error> {
        let socket = if frame.get(ETHERTYPE) == Some(&0x86dd_u16.to_be_bytes()) { &self.nd } else { &self.arp };
        let sent = socket.get_ref().send(frame);
        sent.map(drop).map_err(|source| Error::Packet { act: "send a frame", link: self.link.clone(), source })
    }

    /// The next ARP, neighbour solicitation or advertisement frame of others. Cancelling loses none.
    ///
    /// # Errors
    /// The link went down; told once per socket, so twice. A link that comes up again is heard again, one created anew is not.
    pub async fn recv(&mut self) -> Result<Vec<u8>, Error> {
        // A link that went down is an error without data, of which a bare READABLE would never hear.
        let interest = Interest::READABLE | Interest::ERROR;
        let received = tokio::select! {
            frame = self.arp.async_io(interest, receive) => frame,
            frame = self.nd.async_io(interest, receive) => frame,
        };
        received.map_err(|source| Error::Packet { act: "receive frames", link: self.link.clone(), source })
    }
}

fn open(link: &LinkName, ethertype: i32, filter: &[SockFilter]) -> io::Result<AsyncFd<Socket>> {
    let ethertype = u16::try_from(ethertype).map_err(io::Error::other)?;
    let socket = Socket::new(Domain::PACKET, Type::RAW.nonblocking().cloexec(), Some(Protocol::from(i32::from(ethertype.to_be()))))?;
    // Until it is bound a packet socket hears every link: shut it, throw away what came before that, open it.
    socket.attach_filter(&[SockFilter::new(RETURN, 0, 0, 0)])?;
    bind_to(&socket, link)?;
    while receive(&socket).is_ok() {}
    socket.attach_filter(filter)?;
    // A socket2 socket keeps its descriptor for life, which is what the successor of `new` needs `unsafe` to be told.
    #[expect(deprecated, reason = "`AsyncFd::register` is an unsafe function")]
    AsyncFd::new(socket)
}

/// Binds to one link. getifaddrs(3) hands out the link-level address that bind(2) wants ready-made; no safe interface builds one.
/// Its protocol is zero, which leaves the socket the one it was opened with.
fn bind_to(socket: &Socket, link: &LinkName) -> io::Result<()> {
    let of_link = |of: &nix::ifaddrs::InterfaceAddress| of.interface_name == link.as_str();
    let address = getifaddrs()?.filter(of_link).filter_map(|of| of.address).find(|address| address.as_link_addr().is_some());
    let address = address.ok_or(io::Error::from(nix::errno::Errno::ENODEV))?;
    Ok(bind(socket.as_raw_fd(), &address)?)
}

fn receive(mut socket: &Socket) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; usize::from(SNAP)];
    let length = socket.read(&mut frame)?;
    frame.truncate(length);
    Ok(frame)
}

// Classic BPF (kernel: Documentation/networking/filter.rst).
const LOAD_WORD: u16 = 0x20;
const LOAD_BYTE: u16 = 0x30;
const IF_EQUAL: u16 = 0x15;
const IF_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;
/// `SKF_AD_OFF + SKF_AD_PKTTYPE`: how the frame got here. From 4 on: sent by this host, or its loopback copy.
const PACKET_TYPE: u32 = 0xffff_f004;
const OWN: u32 = 4;

fn arp_filter() -> [SockFilter; 4] {
    [
        SockFilter::new(LOAD_WORD, 0, 0, PACKET_TYPE),
        SockFilter::new(IF_AT_LEAST, 1, 0, OWN),
        SockFilter::new(RETURN, 0, 0, SNAP.into()),
        SockFilter::new(RETURN, 0, 0, 0),
    ]
}

/// IPv6 next header 58 and `ICMPv6` type 135 or 136; RFC 4861 allows neighbour discovery no extension header that matters here.
fn nd_filter() -> [SockFilter; 9] {
    [
        SockFilter::new(LOAD_WORD, 0, 0, PACKET_TYPE),
        SockFilter::new(IF_AT_LEAST, 6, 0, OWN),
        SockFilter::new(LOAD_BYTE, 0, 0, 14 + 6),
        SockFilter::new(IF_EQUAL, 0, 4, 58),
        SockFilter::new(LOAD_BYTE, 0, 0, 14 + 40),
        SockFilter::new(IF_EQUAL, 1, 0, 135),
        SockFilter::new(IF_EQUAL, 0, 1, 136),
        SockFilter::new(RETURN, 0, 0, SNAP.into()),
        SockFilter::new(RETURN, 0, 0, 0),
    ]
}
