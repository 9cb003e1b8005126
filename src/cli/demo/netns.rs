//! Work inside a host of the demo: a thread that lives in the host's network namespace.

use std::fs::File;
use std::thread::{self, JoinHandle};

use anyhow::Context;
use nix::sched::{CloneFlags, setns};

use super::Failure;

/// Runs `work` in a thread of its own in the namespace that `ip netns` knows as `host`.
pub(super) fn spawn<T: Send + 'static>(
    host: &'static str,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> JoinHandle<Result<T, Failure>> {
    thread::spawn(move || {
        let path = format!("/run/netns/{host}");
        let file = File::open(&path).with_context(|| format!("open {path}"))?;
        setns(file, CloneFlags::CLONE_NEWNET).with_context(|| format!("enter the namespace of {host}"))?;
        work()
    })
}
