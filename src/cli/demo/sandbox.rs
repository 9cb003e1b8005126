//! Namespaces of its own for the demo: user, network, mount and process.
//!
//! Nothing here cleans up, on purpose. The first process of a process namespace takes all others with it, and the kernel drops
//! networks and mounts that nobody uses: so Ctrl-C and kill -9 leave as little behind as a good end.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, getegid, geteuid};

use super::{Exit, Failure, Output};

/// Where the demo keeps its files and runs its commands: on a tmpfs that only it sees.
pub(super) const DIRECTORY: &str = "/run/demo";
/// Programs that the demo shows at work, and the Debian packages that have them.
const TOOLS: [(&str, &str); 3] = [("ip", "iproute2"), ("curl", "curl"), ("diff", "diffutils")];
const HINT: &str = "the demo runs in namespaces of its own: run it as root, or let users make such namespaces \
    (sysctl user.max_user_namespaces; on Debian also kernel.unprivileged_userns_clone=1, on Ubuntu \
    kernel.apparmor_restrict_unprivileged_userns=0); in a container it takes --privileged";

/// Leaves the host behind, and runs the demo again from there.
pub(super) fn enter(output: Output) -> Result<Exit, Failure> {
    let path = format!("{DIRECTORY}:{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    for (tool, package) in TOOLS {
        if !path.split(':').any(|directory| Path::new(directory).join(tool).is_file()) {
            bail!("the demo needs the program {tool}, which is not there: install {package} (`make demo` does)");
        }
    }
    leave_host().map_err(|error| anyhow::anyhow!("{error:#}; {HINT}"))?;
    let form = if output == Output::Json { "json" } else { "text" };
    let mut command = Command::new("/proc/self/exe");
    command.args(["demo", "--inside", "--output", form]).env("PATH", path).env("LC_ALL", "C").env_remove("HOSTVIP_LOG");
    let status = command.status().context("start the demo in its namespaces")?;
    match status.code() {
        Some(0) => Ok(Exit::Well),
        Some(_) => Ok(Exit::Finding),
        None => bail!("the demo was ended: {status}"),
    }
}

/// Moves this process into new namespaces; its children begin the new process namespace.
fn leave_host() -> Result<(), Failure> {
    let (user, group) = (geteuid(), getegid());
    let others = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID;
    match unshare(CloneFlags::CLONE_NEWUSER | others) {
        Ok(()) => become_root(user, group),
        // Some machines have user namespaces switched off; root does without.
        Err(_) if user.is_root() => unshare(others).context("make network, mount and process namespaces"),
        Err(error) => Err(error).context("make user, network, mount and process namespaces"),
    }
}

/// Makes this user root of the new user namespace (`user_namespaces(7)`), and of nothing else.
fn become_root(user: Uid, group: Gid) -> Result<(), Failure> {
    for (file, text) in [("setgroups", "deny".to_owned()), ("uid_map", format!("0 {user} 1")), ("gid_map", format!("0 {group} 1"))] {
        let path = format!("/proc/self/{file}");
        fs::write(&path, text).with_context(|| format!("write {path}"))?;
    }
    Ok(())
}

/// Makes the place inside: ends with the process outside, a tmpfs on /run for `ip netns`, this program under its name.
pub(super) fn furnish() -> Result<(), Failure> {
    // The process outside may have ended just before: then the demo plays to its end, and vanishes all the same.
    set_pdeathsig(Signal::SIGKILL).context("tie the demo's life to the process that started it")?;
    let nothing = None::<&str>;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing).context("make the mounts private")?;
    mount(Some("demo"), "/run", Some("tmpfs"), MsFlags::empty(), nothing).context("mount a tmpfs on /run")?;
    fs::create_dir(DIRECTORY).with_context(|| format!("make {DIRECTORY}"))?;
    std::env::set_current_dir(DIRECTORY).with_context(|| format!("enter {DIRECTORY}"))?;
    // A copy: the program itself may be below /run, where it is hidden now.
    fs::copy("/proc/self/exe", "hostvip").context("copy this program")?;
    Ok(())
}
