//! Netlink datagrams as a row of messages (RFC 3549 §2.2). Deliberately without their content: each noun decodes its own.

use netlink_packet_core::{
    NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer, NetlinkMessage, NlasIterator,
};
use netlink_packet_route::RouteNetlinkMessage;
use nix::errno::Errno;

use super::fault::Fault;

/// `NLMSGERR_ATTR_MSG`: the kernel's error text.
const ERROR_TEXT: u16 = 1;
/// Length of the netlink header that an error message echoes.
const HEADER: usize = 16;

/// One message of a datagram.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// `nlmsg_type`: one of `RTM_*` or `NLMSG_*`.
    pub kind: u16,
    /// `nlmsg_flags`.
    pub flags: u16,
    /// `nlmsg_seq`: the request that it answers.
    pub sequence: u32,
    /// What follows the header.
    pub payload: &'a [u8],
}

/// The messages of a datagram; a malformed rest is left out.
pub(super) fn split(mut datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let buffer = NetlinkBuffer::new_checked(datagram).ok()?;
        let length = usize::try_from(buffer.length()).ok()?;
        let message =
            Message { kind: buffer.message_type(), flags: buffer.flags(), sequence: buffer.sequence_number(), payload: buffer.payload() };
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

/// Appends one request to a datagram.
pub(super) fn encode(datagram: &mut Vec<u8>, message: RouteNetlinkMessage, flags: u16, sequence: u32) {
    let mut netlink = NetlinkMessage::from(message);
    netlink.header.flags = NLM_F_REQUEST | flags;
    netlink.header.sequence_number = sequence;
    netlink.finalize();
    let start = datagram.len();
    datagram.resize(start + netlink.buffer_len().next_multiple_of(4), 0);
    netlink.serialize(&mut datagram[start..]);
}

impl Message<'_> {
    /// The outcome that the message states, where it ends a request: an acknowledgement, an error or the end of a dump.
    pub fn outcome(&self) -> Option<Result<(), Fault>> {
        if !matches!(self.kind, NLMSG_ERROR | NLMSG_DONE) {
            return None;
        }
        let code = self.payload.first_chunk().map_or(0, |bytes| i32::from_ne_bytes(*bytes));
        // A finished dump reports its error in NLMSG_DONE; a positive code there is a count.
        let refused = |errno| Fault::Refused { errno, reason: self.reason() };
        Some(if code < 0 { Err(refused(Errno::from_raw(code.saturating_neg()))) } else { Ok(()) })
    }

    fn reason(&self) -> Option<String> {
        if self.flags & NLM_F_ACK_TLVS == 0 {
            return None;
        }
        let after_code = self.payload.get(4..)?;
        let attributes = if self.kind == NLMSG_DONE {
            after_code
        } else if self.flags & NLM_F_CAPPED == 0 {
            let echoed = usize::try_from(u32::from_ne_bytes(*after_code.first_chunk()?)).ok()?;
            after_code.get(echoed.next_multiple_of(4)..)?
        } else {
            after_code.get(HEADER..)?
        };
        let text = NlasIterator::new(attributes).flatten().find(|attribute| attribute.kind() == ERROR_TEXT)?;
        Some(String::from_utf8_lossy(text.value()).trim_end_matches('\0').to_owned())
    }
}
