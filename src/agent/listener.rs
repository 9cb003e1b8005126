//! Hears the uplink for other hosts that claim a VIP of this node.
//!
//! Absent: sending. A frame that is no such claim never leaves this file, so a busy segment does not turn the loop.

use tracing::warn;

use super::Agent;
use super::carry::render_error;
use crate::decide::conflict::{Claim, claim};
use crate::decide::{self, announce::Voice};
use crate::kernel::{PacketSocket, clock};
use crate::model::{Host, LinkName, News, Vip};

/// A socket of its own: the one of the speaker is opened anew whenever a frame could not be sent.
#[derive(Default)]
pub(super) struct Listener {
    socket: Option<(u32, PacketSocket)>,
    /// Why there is no socket, as it was last told.
    failed: Option<String>,
}

impl Listener {
    /// Listens on `uplink` while it can carry a `voice`; a link that was created anew is another one. Call it whenever the uplink may
    /// have changed, and now and then: what failed is tried again.
    pub(super) fn tune(&mut self, uplink: &LinkName, voice: Option<Voice>) {
        self.socket.take_if(|(index, _)| voice.is_none_or(|voice| voice.index != *index));
        let (Some(voice), None) = (voice, &self.socket) else { return };
        match PacketSocket::open(uplink) {
            Ok(socket) => {
                self.socket = Some((voice.index, socket));
                self.failed = None;
            }
            Err(error) => {
                let error = render_error(&error);
                if self.failed.as_ref() != Some(&error) {
                    warn!("cannot hear who else claims VIPs: {error}");
                    self.failed = Some(error);
                }
            }
        }
    }

    /// The next claim of another host than `host` to a VIP that `owns` says is answered here. Cancelling loses none.
    pub(super) async fn heard(&mut self, host: &Host, owns: impl Fn(Vip) -> bool) -> Claim {
        loop {
            let Some((_, socket)) = &mut self.socket else { return std::future::pending().await };
            match socket.recv().await {
                Ok(frame) => {
                    if let Some(claim) = claim(&frame).filter(|claim| owns(claim.vip) && claim.is_foreign(host)) {
                        return claim;
                    }
                }
                // The link went down. Another socket is opened when the uplink is tuned in again.
                Err(_) => self.socket = None,
            }
        }
    }
}

impl Agent {
    /// Another host claims a VIP of ours: counted, kept for status, and told. It goes on being answered here.
    pub(super) fn contest(&mut self, claim: Claim) {
        let now = clock::now();
        let heard = self.conflicts.hear(claim, &self.settings.uplink, now);
        self.metrics.conflict(heard.new);
        if heard.report {
            let (link, Claim { vip, mac }) = (&self.settings.uplink, claim);
            let services = self.decision.vips.get(&vip).map_or(&[][..], |part| &part.services);
            let news = News::AddressConflict { vip, mac, link: link.clone() };
            for notice in decide::tell(&self.sources.services(), services, &news) {
                self.sources.post(notice);
            }
            warn!(vip = %vip, mac = %mac, finding = "address_conflict", "{vip}: another host claims it, {mac}, heard on {link}");
        }
    }
}
