//! A packet socket (packet(7)) on one link, filtered in the kernel to ARP and neighbour discovery.
//!
//! No safe interface can bind a packet socket to a link, so it hears the whole namespace and keeps what came by its link.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use hostvip::model::Mac;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{LinkAddr, MsgFlags, recvfrom, sendto};
use nix::sys::time::TimeSpec;
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use super::frame::Frame;

/// `PACKET_OUTGOING` of packet(7): the copy of a frame that this namespace itself sent.
const OUTGOING: u8 = 4;
/// `ETH_P_ALL`, in network byte order as socket(2) wants it.
const EVERYTHING: i32 = 0x0003_u16.to_be() as i32;

/// Accepts ARP, and IPv6 whose next header is ICMPv6 of type 135 or 136: (code, jump if true, jump if false, value).
const FILTER: [(u16, u8, u8, u32); 10] = [
    (0x28, 0, 0, 12),
    (0x15, 6, 0, 0x0806),
    (0x15, 0, 6, 0x86dd),
    (0x30, 0, 0, 20),
    (0x15, 0, 4, 58),
    (0x30, 0, 0, 54),
    (0x15, 1, 0, 135),
    (0x15, 0, 1, 136),
    (0x06, 0, 0, 0xffff),
    (0x06, 0, 0, 0),
];

/// An open packet socket.
pub struct Wire {
    socket: Socket,
    address: LinkAddr,
    outgoing: bool,
}

impl Wire {
    /// Opens it on `link` of the calling thread's namespace. With `outgoing` it hears what the namespace itself sends, too.
    pub fn open(link: &str, outgoing: bool) -> Self {
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(Protocol::from(EVERYTHING))).unwrap();
        let filter: Vec<_> = FILTER.iter().map(|&(code, yes, no, value)| SockFilter::new(code, yes, no, value)).collect();
        socket.attach_filter(&filter).unwrap();
        socket.set_recv_buffer_size(8 << 20).unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = nix::ifaddrs::getifaddrs()
            .unwrap()
            .filter(|interface| interface.interface_name == link)
            .find_map(|interface| interface.address?.as_link_addr().copied());
        Self { socket, address: address.unwrap_or_else(|| panic!("no link {link} in this namespace")), outgoing }
    }

    /// Hardware address of the link when it was opened.
    pub fn mac(&self) -> Mac {
        Mac(self.address.addr().unwrap())
    }

    /// Sends a frame. False: the link is down.
    pub fn send(&self, frame: &[u8]) -> bool {
        match sendto(self.socket.as_raw_fd(), frame, &self.address, MsgFlags::empty()) {
            Ok(_) => true,
            Err(Errno::ENETDOWN | Errno::ENXIO) => false,
            Err(error) => panic!("sending a frame: {error}"),
        }
    }

    /// The next frame, waiting for it until `end`.
    pub fn receive(&self, end: Instant) -> Option<Frame> {
        let mut bytes = [0; 256];
        loop {
            match recvfrom::<LinkAddr>(self.socket.as_raw_fd(), &mut bytes) {
                Ok((length, from)) => {
                    let at = Instant::now();
                    let here =
                        from.is_some_and(|from| from.ifindex() == self.address.ifindex() && (self.outgoing || from.pkttype() != OUTGOING));
                    if let Some(frame) = Frame::decode(&bytes[..length.min(bytes.len())], at).filter(|_| here) {
                        return Some(frame);
                    }
                }
                // A link that goes down is reported once, then the socket goes on.
                Err(Errno::ENETDOWN | Errno::EINTR) => {}
                Err(Errno::EAGAIN) if Instant::now() >= end => return None,
                Err(Errno::EAGAIN) => self.wait(end.saturating_duration_since(Instant::now())),
                Err(error) => panic!("reading frames: {error}"),
            }
        }
    }

    /// ppoll, because the timeouts of poll (milliseconds) and of `SO_RCVTIMEO` (jiffies) are too coarse for a probe each 5 ms.
    fn wait(&self, limit: Duration) {
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut fds, Some(TimeSpec::from_duration(limit)), None) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => panic!("{}", io::Error::from(error)),
        }
    }
}
