//! Asks one segment who has a VIP, over a packet socket.
//!
//! Absent: any change to the host. Frames go out as this host's own questions, and no cache of others learns anything untrue.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::decide::whohas::{Here, Question, Station, default_link, here, names};
use crate::kernel::{self, Kernel, PacketSocket, clock};
use crate::model::{Host, Link, LinkName, Mac, Time, Vip};

/// From one probe to the next.
const INTERVAL: Duration = Duration::from_millis(100);

/// What to ask, and how.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// Whom it is about.
    pub vip: Vip,
    /// Link to ask on; none: the one that suits the VIP.
    pub link: Option<LinkName>,
    /// The uplink that the config names, where there is one.
    pub uplink: Option<LinkName>,
    /// Number of probes.
    pub count: u32,
    /// How long answers may take after the last probe.
    pub timeout: Duration,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The question as it was asked.
    pub question: Question,
    /// Link that it was asked on.
    pub link: LinkName,
    /// Every hardware address that answers, this host's own included.
    pub stations: BTreeMap<Mac, Station>,
    /// What each of them is known as.
    pub names: BTreeMap<Mac, Vec<String>>,
    /// How this host holds the VIP; none where it does not.
    pub here: Option<Here>,
}

/// Why nobody could be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is nobody's in particular.
    #[error("{vip} is {kind}: no one host answers for it; name one address that clients use")]
    NoHost {
        /// The address.
        vip: Vip,
        /// Of what kind.
        kind: &'static str,
    },
    /// The link that was named is not there.
    #[error("this host has no link {link}; links: {links}")]
    NoLink {
        /// The link.
        link: LinkName,
        /// Those that are there.
        links: String,
    },
    /// No link suits.
    #[error("no subnet of this host holds {vip}, and there is no default route: name the link with --interface; links: {links}")]
    NoDefaultLink {
        /// Whom the question is about.
        vip: Vip,
        /// Those that are there.
        links: String,
    },
    /// The link cannot ask.
    #[error("nobody can be asked on {link}: {why}; name another link with --interface, or mend this one")]
    Mute {
        /// The link.
        link: LinkName,
        /// Why.
        why: &'static str,
    },
    /// No packet socket for this user.
    #[error("whohas asks by its own packet socket, which takes CAP_NET_RAW: run it as root")]
    Forbidden(#[source] kernel::Error),
    /// The kernel edge failed.
    #[error(transparent)]
    Kernel(#[from] kernel::Error),
}

/// Asks, waits, and counts who answers.
///
/// # Errors
/// Nobody can be asked: no such link, no carrier, no privilege, or the link goes down meanwhile.
pub async fn whohas(kernel: &mut Kernel, inquiry: &Inquiry) -> Result<Found, Error> {
    let vip = inquiry.vip;
    if let Some(kind) = kind_of_many(vip) {
        return Err(Error::NoHost { vip, kind });
    }
    let link = link(kernel.host(), inquiry)?;
    let name = link.name.clone();
    let question = Question::on(kernel.host(), link, vip).ok_or(Error::Mute { link: name.clone(), why: "it has no Ethernet address" })?;
    let mut socket = PacketSocket::open(&name).map_err(forbidden)?;
    let mut stations = BTreeMap::new();
    for turn in 1..=inquiry.count {
        socket.send(&question.frame())?;
        let wait = if turn == inquiry.count { inquiry.timeout } else { INTERVAL };
        listen(&mut socket, &question, clock::now(), Instant::now() + wait, &mut stations).await?;
    }
    let accepted = kernel.delivers_here(vip)?;
    let here = here(kernel.host(), &name, vip, accepted);
    if here.as_ref().is_some_and(|here| here.answers) {
        stations.entry(question.mac).or_default();
    }
    let neighbours: Vec<_> = kernel.neighbours(&name)?.into_iter().map(|neighbour| (neighbour.address, neighbour.mac)).collect();
    let names = stations.keys().map(|mac| (*mac, names(kernel.host(), &neighbours, vip, *mac))).collect();
    Ok(Found { question, link: name, stations, names, here })
}

/// Counts the answers that come until `end`.
async fn listen(
    socket: &mut PacketSocket,
    question: &Question,
    asked: Time,
    end: Instant,
    stations: &mut BTreeMap<Mac, Station>,
) -> Result<(), Error> {
    while let Ok(frame) = timeout_at(end, socket.recv()).await {
        if let Some(answer) = question.answer(&frame?) {
            stations.entry(answer.mac).or_default().heard(answer, clock::now() - asked);
        }
    }
    Ok(())
}

fn link<'a>(host: &'a Host, inquiry: &'a Inquiry) -> Result<&'a Link, Error> {
    let name = inquiry.link.as_ref().or_else(|| default_link(host, inquiry.uplink.as_ref(), inquiry.vip));
    let name = name.ok_or_else(|| Error::NoDefaultLink { vip: inquiry.vip, links: links(host) })?;
    let link = host.links.get(name).ok_or_else(|| Error::NoLink { link: name.clone(), links: links(host) })?;
    match () {
        () if !link.up => Err(Error::Mute { link: name.clone(), why: "it is down" }),
        () if !link.carrier => Err(Error::Mute { link: name.clone(), why: "it has no carrier" }),
        () => Ok(link),
    }
}

fn links(host: &Host) -> String {
    let names: Vec<_> = host.links.values().filter(|link| link.mac.is_some()).map(|link| link.name.as_str()).collect();
    if names.is_empty() { "none with an Ethernet address".to_owned() } else { names.join(", ") }
}

fn kind_of_many(vip: Vip) -> Option<&'static str> {
    match vip.0 {
        address if address.is_multicast() => Some("a multicast address"),
        address if address.is_unspecified() => Some("the unspecified address"),
        address if address.is_loopback() => Some("a loopback address"),
        std::net::IpAddr::V4(address) if address.is_broadcast() => Some("the broadcast address"),
        _ => None,
    }
}

fn forbidden(error: kernel::Error) -> Error {
    match &error {
        kernel::Error::Packet { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Error::Forbidden(error),
        _ => Error::Kernel(error),
    }
}
