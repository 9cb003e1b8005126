//! Floor 3, the lower edge: reads this host's network stack and changes what bears our mark, over rtnetlink and `/proc/sys`.
//!
//! Deliberately without decisions: what should be is floor 2's, and foreign objects are shown, never touched.

mod address;
mod apply;
pub mod clock;
mod error;
mod event;
mod fault;
pub mod journal;
mod link;
mod message;
mod mirror;
mod neighbour;
mod packet;
pub mod preflight;
pub mod process;
mod request;
mod route;
mod sysctl;

use std::path::Path;

pub use address::LinkAddress;
pub use error::Error;
pub use event::{Event, Events, GROUPS};
pub use fault::Fault;
pub use message::Message;
pub use neighbour::Neighbour;
pub use packet::PacketSocket;
pub use request::{Limits, Request, RequestSocket};
pub use route::{Kind, LinkRoute};

use crate::model::{Family, Host, Knob, LinkName, Sysctl, Vip};
use journal::Journal;
use mirror::{Effect, Mirror};

/// The network stack of one network namespace: that of the thread which opened it, and which must go on using it.
#[derive(Debug)]
pub struct Kernel {
    requests: RequestSocket,
    journal: Journal,
    mirror: Mirror,
}

impl Kernel {
    /// Opens the edge and takes the first look. Open [`Events`] before, or changes between the two fall through.
    ///
    /// # Errors
    /// No netlink socket; the host cannot be read; the journal in `state_dir` cannot be read, or is malformed (then it is moved aside).
    pub fn open(state_dir: &Path) -> Result<Self, Error> {
        let requests = RequestSocket::open(Limits::default()).map_err(|source| Error::Open { what: "requests", source })?;
        Self::over(requests, state_dir)
    }

    /// As [`Self::open`], over a socket with limits of its own.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn over(requests: RequestSocket, state_dir: &Path) -> Result<Self, Error> {
        let mut kernel = Self { requests, journal: Journal::open(state_dir)?, mirror: Mirror::default() };
        kernel.resync()?;
        Ok(kernel)
    }

    /// Takes one look, for commands that change nothing.
    ///
    /// # Errors
    /// No netlink socket, or the host cannot be read.
    pub fn look(state_dir: &Path) -> Result<Self, Error> {
        let requests = RequestSocket::open(Limits::default()).map_err(|source| Error::Open { what: "requests", source })?;
        let mut kernel = Self { requests, journal: Journal::look(state_dir), mirror: Mirror::default() };
        kernel.resync()?;
        Ok(kernel)
    }

    /// The host as last seen, our own changes included.
    pub fn host(&self) -> &Host {
        &self.mirror.host
    }

    /// Reads everything again. True when something differs from what was known. On an error the mirror stays as it was.
    ///
    /// # Errors
    /// The host cannot be read.
    pub fn resync(&mut self) -> Result<bool, Error> {
        let mut mirror = Mirror::default();
        let links = self.requests.dump(&link::dump_request(), link::decode).map_err(|source| observe("links", source))?;
        for link in links {
            mirror.link(link);
        }
        let addresses = self.requests.dump(&address::dump_request(), address::decode).map_err(|source| observe("addresses", source))?;
        for address in addresses {
            mirror.address(&address);
        }
        mirror.set_routes(&self.observe_routes()?);
        self.journal.follow(&mirror.host.links);
        let all = LinkName::all();
        let links = mirror.host.links.keys().chain([&all]);
        mirror.host.ours.sysctls = links.flat_map(|link| sysctl::observe(link, &self.journal)).collect();
        let differs = mirror.host != self.mirror.host;
        self.mirror = mirror;
        Ok(differs)
    }

    /// Reads the kernel settings of `links` and of `all` again, which tell of no change by themselves. True when one differs.
    pub fn refresh_sysctls(&mut self, links: &[LinkName]) -> bool {
        let all = LinkName::all();
        let mut differs = false;
        for link in links.iter().chain([&all]) {
            let mut present = sysctl::observe(link, &self.journal);
            let ours = &mut self.mirror.host.ours.sysctls;
            for knob in Knob::ALL {
                let sysctl = Sysctl { link: link.clone(), knob };
                differs |= match present.remove(&sysctl) {
                    Some(state) => ours.insert(sysctl, state) != Some(state),
                    None => ours.remove(&sysctl).is_some(),
                };
            }
        }
        differs
    }

    /// Takes an event in. True when something changed that we look at.
    ///
    /// # Errors
    /// The event asks for another look at the host, which failed: call [`Self::resync`].
    pub fn absorb(&mut self, event: Event) -> Result<bool, Error> {
        let effect = match event {
            Event::Link(link) => {
                let name = link.name.clone();
                let appeared = !self.mirror.host.links.contains_key(&name);
                let effect = self.mirror.link(link);
                if appeared {
                    self.mirror.host.ours.sysctls.extend(sysctl::observe(&name, &self.journal));
                }
                effect
            }
            Event::LinkGone(index) => {
                let effect = self.mirror.link_gone(index);
                self.forget_absent_links();
                effect
            }
            Event::Address(address) => self.mirror.address(&address),
            Event::AddressGone(address) => self.mirror.address_gone(&address),
            Event::Route(route) => self.mirror.route(&route),
            Event::RouteGone(route) => self.mirror.route_gone(&route),
            Event::Overrun => Effect::Everything,
        };
        match effect {
            Effect::Nothing | Effect::Changed => {}
            Effect::Routes => {
                let routes = self.observe_routes()?;
                self.mirror.set_routes(&routes);
            }
            Effect::Everything => return self.resync(),
        }
        Ok(effect > Effect::Nothing)
    }

    /// The stations on a link whose hardware address is known, and not known to be unreachable.
    ///
    /// # Errors
    /// The neighbour table cannot be read. A link that is not there has no neighbours.
    pub fn neighbours(&mut self, link: &LinkName) -> Result<Vec<Neighbour>, Error> {
        let Some(index) = self.mirror.host.links.get(link).map(|link| link.index) else { return Ok(Vec::new()) };
        let of_link = |message: Message<'_>| neighbour::decode(message, index);
        self.requests.dump(&neighbour::dump_request(), of_link).map_err(|source| observe("neighbours", source))
    }

    /// Whether packets for `vip` are delivered on this host, by whosever local route: an administrator's, too.
    ///
    /// # Errors
    /// The routes cannot be read.
    pub fn delivers_here(&mut self, vip: Vip) -> Result<bool, Error> {
        let local = self.requests.dump(&route::dump_request(vip.family()), route::decode_local);
        let local = local.map_err(|source| observe("routes", source))?;
        Ok(local.iter().any(|route| route.key.prefix.contains(&vip.0)))
    }

    fn observe_routes(&mut self) -> Result<Vec<LinkRoute>, Error> {
        let mut routes = Vec::new();
        for family in [Family::Ipv4, Family::Ipv6] {
            let dump = self.requests.dump(&route::dump_request(family), route::decode);
            routes.extend(dump.map_err(|source| observe("routes", source))?);
        }
        Ok(routes)
    }

    /// The settings of a link vanish with it; its namesake starts with values of its own. Not part of a look: whoever only looks
    /// must not write the journal of an agent that runs.
    fn forget_absent_links(&mut self) {
        self.journal.follow(&self.mirror.host.links);
        if let Err(error) = self.journal.save() {
            tracing::warn!(%error, "cannot forget the settings of a link that is gone");
        }
    }
}

fn observe(what: &'static str, source: Fault) -> Error {
    Error::Observe { what, source }
}
