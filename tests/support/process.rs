//! A process inside a namespace, which ends with its guard: also when the test panics.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Netns, eventually, wait_for};

/// A running process with everything it wrote. Dropped: it is killed, and after a panic its output is shown.
pub struct Process {
    child: Child,
    label: String,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts `command` inside `netns`.
    pub fn spawn(netns: &Netns, mut command: Command) -> Self {
        let label = format!("{}: {}", netns.name(), command.get_program().display());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = netns.enter(|| command.spawn()).unwrap_or_else(|error| panic!("starting {label}: {error}"));
        let log = Arc::default();
        collect(child.stdout.take(), &log);
        collect(child.stderr.take(), &log);
        Self { child, label, log }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it wrote so far, standard output and error together.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until its output contains `text`.
    pub fn wait_log(&self, text: &str) {
        wait_for(&format!("{} writes {text:?}", self.label), || self.log().contains(text));
    }

    /// Sends it a signal; a stopped one can be killed and continued.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap_or_else(|error| panic!("{}: {signal}: {error}", self.label));
    }

    /// How it ended, where it has.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap_or_else(|error| panic!("waiting for {}: {error}", self.label))
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let label = self.label.clone();
        eventually(&format!("{label} ends"), || self.exited())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let status = self.child.try_wait();
        if let Ok(None) = status {
            // It may end by itself in between; then there is nothing left to do.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if thread::panicking() {
            eprintln!("--- {} (pid {}, {status:?}) wrote:\n{}---", self.label, self.child.id(), self.log());
        }
    }
}

fn collect(source: Option<impl Read + Send + 'static>, log: &Arc<Mutex<String>>) {
    let (Some(source), log) = (source, Arc::clone(log)) else { return };
    thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        while matches!(source.read_until(b'\n', &mut line), Ok(1..)) {
            log.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
}
