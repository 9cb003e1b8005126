//! Puts announcements on the wire.

use std::net::IpAddr::{self, V4, V6};
use std::time::Duration;

use tracing::warn;

use super::carry::render_error;
use crate::codec::arp::Arp;
use crate::codec::ndp::Nd;
use crate::decide::announce::{Due, Unicast};
use crate::kernel::{self, Kernel, Neighbour, PacketSocket, clock};
use crate::model::{LinkName, Mac, Op, Time, Vip};
use crate::telemetry::metrics::Metrics;

/// Neighbours spoken to one by one for each VIP.
const MOST_NEIGHBOURS: usize = 32;

/// How long the list of neighbours counts as fresh: thousands of VIPs share one look.
const FRESH: Duration = Duration::from_secs(1);

/// The packet socket of the uplink, opened when it is first needed and again when the link was created anew.
#[derive(Default)]
pub(super) struct Speaker {
    socket: Option<(u32, PacketSocket)>,
    listeners: Option<(Time, Listeners)>,
}

/// Who is spoken to by unicast.
#[derive(Default)]
struct Listeners {
    gateways: Vec<IpAddr>,
    neighbours: Vec<Neighbour>,
}

impl Speaker {
    /// Sends every frame of each announcement.
    pub(super) fn speak(&mut self, kernel: &mut Kernel, uplink: &LinkName, due: &[Due], metrics: &Metrics) {
        let Some(index) = kernel.host().links.get(uplink).map(|link| link.index) else { return };
        let now = clock::now();
        let fresh = self.listeners.take().filter(|(looked, _)| now - *looked < FRESH);
        let listeners = fresh.unwrap_or_else(|| (now, Listeners::observe(kernel, uplink)));
        for due in due {
            let sent = listeners.1.frames(due).iter().try_for_each(|frame| self.send(uplink, index, frame));
            metrics.operation(&Op::Announce { vip: due.vip, link: uplink.clone() }, sent.is_ok());
            if sent.is_ok() {
                metrics.announced(due.vip.family());
            }
            if let Err(error) = sent {
                warn!(vip = %due.vip, "announce {} on {uplink}: {}", due.vip, render_error(&error));
                self.socket = None;
            }
        }
        self.listeners = Some(listeners);
    }

    /// A socket that was open while the link was down first hands out that old error: another one is tried.
    fn send(&mut self, uplink: &LinkName, index: u32, frame: &[u8]) -> Result<(), kernel::Error> {
        let first = self.send_once(uplink, index, frame);
        first.or_else(|_| {
            self.socket = None;
            self.send_once(uplink, index, frame)
        })
    }

    fn send_once(&mut self, uplink: &LinkName, index: u32, frame: &[u8]) -> Result<(), kernel::Error> {
        let socket = match self.socket.take() {
            Some((bound, socket)) if bound == index => socket,
            _ => PacketSocket::open(uplink)?,
        };
        self.socket.insert((index, socket)).1.send(frame)
    }
}

impl Listeners {
    fn observe(kernel: &mut Kernel, uplink: &LinkName) -> Self {
        let neighbours = kernel.neighbours(uplink).unwrap_or_else(|error| {
            warn!("{}", render_error(&error));
            Vec::new()
        });
        let gateways = kernel.host().gateways.iter().filter(|gateway| gateway.link == *uplink);
        Self { gateways: gateways.filter_map(|gateway| gateway.via).collect(), neighbours }
    }

    /// The frames of one announcement: gratuitous ones first, then a request from the VIP to the gateway and to neighbours, which also
    /// reaches devices that ignore gratuitous frames (docs/kernel.md §5).
    fn frames(&self, due: &Due) -> Vec<Vec<u8>> {
        let Due { vip, mac, unicast } = *due;
        let mut frames = match vip.0 {
            V4(vip) => [Arp::gratuitous_request(mac, vip), Arp::gratuitous_reply(mac, vip)].map(|arp| arp.encode().to_vec()).to_vec(),
            V6(vip) => vec![Nd::unsolicited(mac, vip).encode()],
        };
        let known = |address: IpAddr| self.neighbours.iter().find(|known| known.address == address).map(|known| known.mac);
        if unicast != Unicast::Nobody {
            frames.extend(self.gateways.iter().filter_map(|via| request(vip, mac, *via, known(*via))));
        }
        if unicast == Unicast::Neighbours {
            let others = self.neighbours.iter().filter(|known| !self.gateways.contains(&known.address) && known.address != vip.0);
            frames.extend(others.filter_map(|known| request(vip, mac, known.address, Some(known.mac))).take(MOST_NEIGHBOURS));
        }
        frames
    }
}

/// "Who has `target`, tell VIP": by unicast where the hardware address of the target is known.
fn request(vip: Vip, mac: Mac, target: IpAddr, to: Option<Mac>) -> Option<Vec<u8>> {
    match (vip.0, target) {
        (V4(vip), V4(target)) => {
            let request = Arp::request(mac, vip, target);
            Some(to.map_or(request, |to| request.unicast(to)).encode().to_vec())
        }
        (V6(vip), V6(target)) => {
            let solicitation = Nd::solicitation(mac, vip, target);
            Some(to.map_or(solicitation, |to| solicitation.unicast(to)).encode())
        }
        _ => None,
    }
}
