//! One network namespace, held by a file descriptor.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use nix::sched::{CloneFlags, setns, unshare};

use super::process::Process;

/// IPv4 settings that a new namespace inherits from the machine, and which decide who answers.
const INHERITED: [&str; 7] = ["arp_accept", "arp_announce", "arp_filter", "arp_ignore", "forwarding", "proxy_arp", "rp_filter"];

/// A network namespace. Clones share it.
#[derive(Clone)]
pub struct Netns {
    name: Arc<str>,
    file: Arc<File>,
}

impl Netns {
    /// A namespace with `lo` up, whose settings do not depend on the machine's. Prints how to look into it.
    ///
    /// # Errors
    /// Where this process may not make namespaces, or not write their settings.
    pub fn new(name: &str) -> io::Result<Self> {
        // A thread of its own: `unshare` moves the thread that calls it.
        let file = thread::spawn(|| -> io::Result<File> {
            unshare(CloneFlags::CLONE_NEWNET)?;
            neutral_settings()?;
            File::open("/proc/thread-self/ns/net")
        });
        let file = file.join().map_err(|_| io::Error::other("the thread that makes namespaces panicked"))??;
        let netns = Self { name: name.into(), file: Arc::new(file) };
        eprintln!("lab: {name}: nsenter --net={}", netns.path());
        let run = netns.try_run("ip link set lo up")?;
        netns.check("ip link set lo up", &run);
        Ok(netns)
    }

    /// What the lab calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A path by which other processes can enter it, while this one lives.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }

    /// Runs `work` in a thread inside the namespace, and waits for it. A panic in there goes on here.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                self.join();
                work()
            });
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Runs `work` in a thread inside the namespace, beside the test.
    pub fn background<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        let netns = self.clone();
        thread::spawn(move || {
            netns.join();
            work()
        })
    }

    /// Moves the calling thread into the namespace.
    fn join(&self) {
        setns(&*self.file, CloneFlags::CLONE_NEWNET).unwrap_or_else(|error| panic!("entering namespace {}: {error}", self.name));
    }

    /// Runs a command line (words split at blanks, no shell) and gives its standard output; panics when it fails.
    pub fn run(&self, line: &str) -> String {
        let run = self.try_run(line).unwrap_or_else(|error| panic!("{}: {line}: {error}", self.name));
        self.check(line, &run)
    }

    /// As [`Netns::run`], with `input` as standard input: `nft -f -`, `ip -batch -`.
    pub fn feed(&self, line: &str, input: &str) -> String {
        let run = self.enter(|| -> io::Result<Output> {
            let mut child = command(line).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
            child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes()))?;
            child.wait_with_output()
        });
        let run = run.unwrap_or_else(|error| panic!("{}: {line}: {error}", self.name));
        self.check(&format!("{line} <<EOF\n{input}\nEOF"), &run)
    }

    /// Runs a command line and gives whatever came of it.
    ///
    /// # Errors
    /// Where the program cannot be started.
    pub fn try_run(&self, line: &str) -> io::Result<Output> {
        self.enter(|| command(line).output())
    }

    /// Runs a command to its end and gives its standard output; panics when it fails.
    pub fn demand(&self, mut command: Command) -> String {
        let line = format!("{command:?}");
        let run = self.enter(|| command.output()).unwrap_or_else(|error| panic!("{}: {line}: {error}", self.name));
        self.check(&line, &run)
    }

    /// Runs a command line's process beside the test; it ends with the guard.
    pub fn spawn(&self, command: Command) -> Process {
        Process::spawn(self, command)
    }

    /// Writes a setting: `sysctl("ipv4/conf/all/arp_ignore", 1)`.
    pub fn sysctl(&self, key: &str, value: i32) {
        let path = format!("/proc/sys/net/{key}");
        self.enter(|| fs::write(&path, value.to_string())).unwrap_or_else(|error| panic!("{}: writing {path}: {error}", self.name));
    }

    fn check(&self, line: &str, run: &Output) -> String {
        let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        assert!(run.status.success(), "{}: {line}: {}\n{out}{err}", self.name, run.status);
        out.into_owned()
    }
}

fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// Makes the calling thread's new namespace the same on every machine, and IPv6 addresses usable at once (no duplicate address detection).
fn neutral_settings() -> io::Result<()> {
    for link in ["all", "default"] {
        for knob in INHERITED {
            fs::write(format!("/proc/sys/net/ipv4/conf/{link}/{knob}"), "0")?;
        }
        for knob in ["accept_dad", "accept_ra", "disable_ipv6", "forwarding", "router_solicitations"] {
            fs::write(format!("/proc/sys/net/ipv6/conf/{link}/{knob}"), "0")?;
        }
    }
    Ok(())
}
