//! Namespaces, `ip`, and short forms of what the tests apply.

use std::net::IpAddr;
use std::process::Command;
use std::time::Duration;

use hostvip::kernel::{Error, Event, Events, Kernel, Limits, Request, RequestSocket};
use hostvip::model::{Address, AddressKey, Host, LinkName, Op, Route, RouteKey, Vip};
use netlink_packet_core::Parseable;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressHeader, AddressMessage, AddressProtocol, AddressScope};
use nix::sched::{CloneFlags, unshare};

/// A fresh namespace with `lo` up and a pair of links, `up0` and `peer`.
pub struct Lab {
    pub state: tempfile::TempDir,
}

impl Lab {
    pub fn kernel(&self) -> Kernel {
        Kernel::open(self.state.path()).unwrap()
    }

    /// What a fresh look shows.
    pub fn host(&self) -> Host {
        self.kernel().host().clone()
    }
}

/// Runs a test on a thread in a namespace of its own, inside a tokio runtime.
pub fn lab<F: Future>(test: impl FnOnce(Lab) -> F + Send + 'static) {
    let body = move || {
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
            assert!(std::env::var("CI").is_err(), "no network namespace in CI: {error}");
            eprintln!("SKIP: needs CAP_SYS_ADMIN for a network namespace: {error}");
            return;
        }
        // No link-local addresses, which come when they like: the tests compare whole hosts.
        std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1").unwrap();
        ip("link set lo up");
        ip("link add up0 address 02:00:00:00:00:01 type veth peer name peer address 02:00:00:00:00:02");
        ip("link set up0 up");
        ip("link set peer up");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { test(Lab { state: tempfile::tempdir().unwrap() }).await });
    };
    if let Err(panic) = std::thread::spawn(body).join() {
        std::panic::resume_unwind(panic);
    }
}

pub fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub fn vip(text: &str) -> Vip {
    text.parse().unwrap()
}

/// The n-th of many VIPs.
pub fn nth(n: u32) -> Vip {
    Vip(IpAddr::from((0x0a00_0000 + n).to_be_bytes()))
}

pub fn key(link: &str, text: &str) -> AddressKey {
    AddressKey { link: link.into(), vip: vip(text) }
}

pub fn bind(link: &str, vip: Vip) -> Op {
    Op::Bind { key: AddressKey { link: LinkName::from(link), vip }, address: Address::of(vip) }
}

pub fn unbind(link: &str, vip: Vip) -> Op {
    Op::Unbind { key: AddressKey { link: LinkName::from(link), vip } }
}

pub fn accept(vip: Vip) -> Op {
    Op::AddRoute { key: RouteKey::quiet(vip), route: Route::quiet() }
}

pub fn refuse(vip: Vip) -> Op {
    Op::DelRoute { key: RouteKey::quiet(vip) }
}

/// Applies operations of which each must succeed.
pub fn apply(kernel: &mut Kernel, ops: &[Op]) {
    let results = kernel.apply(ops);
    assert_eq!(results.len(), ops.len());
    for (op, result) in ops.iter().zip(results) {
        result.unwrap_or_else(|error| panic!("{op}: {}", chain(&error)));
    }
}

/// An error and its causes, as the agent prints them.
pub fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Takes in all events that are there. Those of a change are there once the change is acknowledged.
pub fn absorb_all(kernel: &mut Kernel, events: &mut Events) -> bool {
    let mut changed = false;
    while let Some(event) = events.try_next() {
        changed |= kernel.absorb(event).unwrap();
    }
    changed
}

/// Waits for an event, however long the machine takes.
pub async fn wait_for(events: &mut Events, wanted: impl Fn(&Event) -> bool) -> Event {
    let search = async {
        loop {
            let event = events.next().await.unwrap();
            if wanted(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), search).await.expect("the event never came")
}

pub fn requests() -> RequestSocket {
    RequestSocket::open(Limits::default()).unwrap()
}

/// Every address of the namespace as the typed decoder of netlink-packet-route shows it, not ours.
pub fn addresses() -> Vec<AddressMessage> {
    let all = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    requests().dump(&all, |message| AddressMessage::parse(message.payload).ok()).unwrap()
}

/// Adds a marked address of a form that hostvip itself never makes.
pub fn add_marked(link: &str, net: &str, scope: AddressScope, more: &[AddressAttribute]) {
    let net: ipnet::IpNet = net.parse().unwrap();
    let mut message = AddressMessage::default();
    let family = if net.addr().is_ipv4() { netlink_packet_route::AddressFamily::Inet } else { netlink_packet_route::AddressFamily::Inet6 };
    message.header = AddressHeader { family, prefix_len: net.prefix_len(), index: index(link), scope, ..AddressHeader::default() };
    message.attributes = vec![
        AddressAttribute::Local(net.addr()),
        AddressAttribute::Address(net.addr()),
        AddressAttribute::Flags(AddressFlags::Nodad),
        AddressAttribute::Protocol(AddressProtocol::Other(118)),
    ];
    message.attributes.extend_from_slice(more);
    let create = netlink_packet_core::NLM_F_CREATE | netlink_packet_core::NLM_F_EXCL;
    let request = Request { message: RouteNetlinkMessage::NewAddress(message), flags: create };
    assert_eq!(requests().submit(vec![request]), vec![Ok(())]);
}

pub fn index(link: &str) -> u32 {
    nix::net::if_::if_nametoindex(link).unwrap()
}
