//! Operations become requests, and their outcomes results.

use nix::errno::Errno;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::RouteNetlinkMessage;

use super::error::Error;
use super::fault::Fault;
use super::message::Message;
use super::request::Request;
use super::{Kernel, address, route, sysctl};
use crate::model::{AddressKey, Family, LinkName, Op, Route, RouteKey, Sysctl, SysctlState};

/// Operations made into requests at a time: those of ten thousand VIPs at once would be the most memory that the agent ever needs.
const BATCH: usize = 1024;

impl Kernel {
    /// Carries out operations in order. One result per operation; a failing one keeps none of the others back.
    ///
    /// What is there already as asked, or gone already, is success. Announcements are the agent's and always succeed here.
    pub fn apply(&mut self, ops: &[Op]) -> Vec<Result<(), Error>> {
        self.forget_absent_links();
        let mut results = Vec::with_capacity(ops.len());
        // Netlink operations side by side go out together: the kernel takes them in order all the same.
        for run in ops.chunk_by(|one, next| is_netlink(one) && is_netlink(next)) {
            match run {
                [Op::SetSysctl { sysctl, value, .. }] => results.push(self.set_sysctl(&run[0], sysctl, *value)),
                [Op::RestoreSysctl { sysctl, .. }] => results.push(self.restore_sysctl(&run[0], sysctl)),
                [Op::Announce { .. }] => results.push(Ok(())),
                _ => results.extend(run.chunks(BATCH).flat_map(|batch| self.apply_netlink(batch))),
            }
        }
        results
    }

    fn apply_netlink(&mut self, ops: &[Op]) -> Vec<Result<(), Error>> {
        let mut requests = Vec::with_capacity(ops.len());
        let encoded: Vec<Result<usize, Error>> = ops
            .iter()
            .map(|op| {
                let own = self.encode(op)?;
                let count = own.len();
                requests.extend(own);
                Ok(count)
            })
            .collect();
        let mut outcomes = self.requests.submit(requests).into_iter();
        let mut in_doubt = false;
        let answers: Vec<Result<Option<Fault>, Error>> = encoded
            .into_iter()
            .zip(ops)
            .map(|(count, op)| {
                // The last request of an operation is the one that matters; those before it make room.
                let fault = outcomes.by_ref().take(count?).last().and_then(Result::err);
                match &fault {
                    None => self.mirror.confirm(op),
                    Some(_) => in_doubt = true,
                }
                Ok(fault)
            })
            .collect();
        // One fresh look settles all: what is there now, and whose it is.
        let looked = if in_doubt { self.resync().map(drop) } else { Ok(()) };
        if let Err(error) = &looked {
            tracing::warn!(%error, "cannot look at what became of failed operations");
        }
        let settle = |(answer, op): (Result<Option<Fault>, Error>, &Op)| match answer? {
            None => Ok(()),
            Some(fault) if looked.is_ok() => self.settle(op, fault),
            Some(source) => Err(Error::Change { op: op.to_string(), source }),
        };
        answers.into_iter().zip(ops).map(settle).collect()
    }

    /// The requests of one operation: the last one is the change itself.
    fn encode(&self, op: &Op) -> Result<Vec<Request>, Error> {
        let add = |message| Request { message, flags: NLM_F_CREATE | NLM_F_EXCL };
        match op {
            Op::Bind { key, address } => {
                let index = self.index(op, &key.link)?;
                // Neither scope nor label of an address can be changed in place, nor can IPv6 have it twice.
                let differs = self.mirror.host.ours.addresses.get(key).is_some_and(|present| present != address);
                let mut requests = if differs { self.encode_unbind(op, key)? } else { Vec::new() };
                requests.push(add(address::encode_bind(index, key.vip.prefix(), *address)));
                Ok(requests)
            }
            Op::Unbind { key } => self.encode_unbind(op, key),
            Op::AddRoute { key, route: Route::Local(link) } => {
                let index = self.index(op, link)?;
                let own = self.mirror.host.ours.routes.get(key);
                let differs = own.is_some_and(|present| *present != Route::Local(link.clone()));
                let room = differs.then(|| delete(route::encode_delete(key)));
                Ok(room.into_iter().chain([add(route::encode_local(key, index))]).collect())
            }
            Op::AddRoute { route: Route::Other, .. } => Err(Error::NoSuchRoute { op: op.to_string() }),
            Op::DelRoute { key } => Ok(vec![delete(route::encode_delete(key))]),
            Op::SetSysctl { .. } | Op::RestoreSysctl { .. } | Op::Announce { .. } => Ok(Vec::new()),
        }
    }

    fn encode_unbind(&self, op: &Op, key: &AddressKey) -> Result<Vec<Request>, Error> {
        let host = &self.mirror.host;
        let Some(link) = host.links.get(&key.link) else { return Ok(Vec::new()) }; // it went with its link
        let mut requests = Vec::new();
        for net in self.mirror.leftovers_of(key) {
            if let Some(other) = self.mirror.entangled(&key.link, net) {
                return Err(Error::Entangled { op: op.to_string(), net, other });
            }
            requests.push(delete(address::encode_unbind(link.index, net, false)));
        }
        let net = key.vip.prefix();
        if !host.foreign.contains(&(key.link.clone(), net)) {
            // The label makes sure, for IPv4, that it is still ours by the time the kernel reads this.
            let labelled = host.ours.addresses.get(key).map_or(key.vip.family() == Family::Ipv4, |address| address.labelled);
            requests.push(delete(address::encode_unbind(link.index, net, labelled)));
        }
        Ok(requests)
    }

    /// What a failed request comes to, after a fresh look.
    fn settle(&mut self, op: &Op, fault: Fault) -> Result<(), Error> {
        let ours = &self.mirror.host.ours;
        let as_wanted = match op {
            Op::Bind { key, address } => ours.addresses.get(key) == Some(address),
            Op::AddRoute { key, route } => ours.routes.get(key) == Some(route),
            Op::Unbind { key } => !ours.addresses.contains_key(key),
            Op::DelRoute { key } => !ours.routes.contains_key(key),
            Op::SetSysctl { .. } | Op::RestoreSysctl { .. } | Op::Announce { .. } => false,
        };
        match (fault.errno(), op) {
            (Some(Errno::EEXIST), Op::Bind { .. } | Op::AddRoute { .. }) if as_wanted => Ok(()),
            (Some(Errno::EADDRNOTAVAIL | Errno::ENODEV | Errno::ENOENT | Errno::ESRCH), Op::Unbind { .. } | Op::DelRoute { .. })
                if as_wanted =>
            {
                Ok(())
            }
            (Some(Errno::EEXIST), Op::Bind { key, .. }) => {
                let holder = self.mirror.host.foreign.iter().find(|(link, net)| *link == key.link && net.addr() == key.vip.0);
                match holder {
                    Some((link, net)) => Err(Error::AddressTaken { op: op.to_string(), link: link.clone(), net: *net }),
                    None => Err(Error::Change { op: op.to_string(), source: fault }),
                }
            }
            (Some(Errno::EEXIST), Op::AddRoute { key, .. }) => match self.maker_of(key) {
                Some(protocol) => Err(Error::RouteTaken { op: op.to_string(), protocol }),
                None => Err(Error::Change { op: op.to_string(), source: fault }),
            },
            _ => Err(Error::Change { op: op.to_string(), source: fault }),
        }
    }

    /// `rtm_protocol` of the route with this key.
    fn maker_of(&mut self, key: &RouteKey) -> Option<u8> {
        let request = route::dump_request(Family::of(key.prefix.addr()));
        let of_key = |message: Message<'_>| route::decode_any(message).filter(|route| route.key == *key);
        self.requests.dump(&request, of_key).ok()?.first().map(|route| route.protocol)
    }

    fn set_sysctl(&mut self, op: &Op, sysctl: &Sysctl, value: i32) -> Result<(), Error> {
        let index = self.mirror.host.links.get(&sysctl.link).map(|link| link.index);
        let state = sysctl::set(&mut self.journal, op, sysctl, index, value);
        self.show_sysctl(sysctl, state.map(Some))
    }

    fn restore_sysctl(&mut self, op: &Op, sysctl: &Sysctl) -> Result<(), Error> {
        let state = sysctl::restore(&mut self.journal, op, sysctl);
        self.show_sysctl(sysctl, state)
    }

    fn show_sysctl(&mut self, sysctl: &Sysctl, state: Result<Option<SysctlState>, Error>) -> Result<(), Error> {
        let shown = &mut self.mirror.host.ours.sysctls;
        match state? {
            Some(state) => drop(shown.insert(sysctl.clone(), state)),
            None => drop(shown.remove(sysctl)),
        }
        Ok(())
    }

    fn index(&self, op: &Op, link: &LinkName) -> Result<u32, Error> {
        let found = self.mirror.host.links.get(link);
        found.map(|link| link.index).ok_or_else(|| Error::NoLink { op: op.to_string(), link: link.clone() })
    }
}

fn delete(message: RouteNetlinkMessage) -> Request {
    Request { message, flags: 0 }
}

fn is_netlink(op: &Op) -> bool {
    matches!(op, Op::Bind { .. } | Op::Unbind { .. } | Op::AddRoute { .. } | Op::DelRoute { .. })
}
