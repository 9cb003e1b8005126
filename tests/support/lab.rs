//! The lab: hosts, segments, probes and captures made of real network namespaces, shared by the test crates.
//!
//! A crate takes it in by `#[path = "../support/lab.rs"] pub mod lab;`. Namespaces are held by file descriptors alone: they have no
//! name, so runs side by side cannot collide, and they vanish with the process. Frames are built and parsed here by hand, on
//! purpose not by the product's codec: a bug of the product must not be mirrored by its test.
#![allow(dead_code, reason = "shared by several test crates, none of which uses all of it")]

pub mod capture;
pub mod control_plane;
pub mod fault_proxy;
pub mod frame;
pub mod hostvip;
pub mod netns;
pub mod openvswitch;
pub mod ovnk;
pub mod probed;
pub mod prober;
pub mod process;
pub mod segment;
pub mod tcp;
pub mod tree;
pub mod wire;

use std::time::{Duration, Instant};

pub use netns::Netns;
pub use prober::Prober;
pub use segment::{Host, Segment};

/// How long a lab waits for what must happen: generous, because a busy machine is no bug.
pub const LIMIT: Duration = Duration::from_secs(30);

/// The proof that labs can run here: namespaces, veth links and bridges can be made.
#[derive(Clone, Copy)]
pub struct Lab(());

impl Lab {
    /// Tries what every lab needs. Where it cannot work: says SKIP with the reason, and fails when `CI=true`.
    pub fn start() -> Option<Self> {
        match Netns::new("preflight").and_then(|netns| netns.try_run("ip link add lab0 type veth peer name lab1")) {
            Ok(run) if run.status.success() => Some(Self(())),
            Ok(run) => skip(&format!("ip link add type veth: {}", String::from_utf8_lossy(&run.stderr).trim())),
            Err(error) => skip(&format!("no network namespace of its own ({error}): run as root, or by `make test`")),
        }
    }

    /// A namespace with `lo` up and nothing else.
    pub fn netns(self, name: &str) -> Netns {
        Netns::new(name).unwrap_or_else(|error| panic!("making namespace {name}: {error}"))
    }

    /// An Ethernet segment, not yet with any host.
    pub fn segment(self, name: &str) -> Segment {
        Segment::new(self.netns(name))
    }
}

/// Says why a lab cannot run. Where nothing may be left out (`CI=true`), that is a failure.
pub fn skip<T>(reason: &str) -> Option<T> {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "this lab cannot run, and with CI=true none may be skipped: {reason}");
    eprintln!("SKIP {}: {reason}", std::thread::current().name().unwrap_or("lab"));
    None
}

/// Waits until `look` yields something; panics with `what` when [`LIMIT`] has passed.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "not within {LIMIT:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until `condition` holds; panics with `what` when [`LIMIT`] has passed.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    eventually(what, || condition().then_some(()));
}
