//! Beginning and end: signals, and taking everything back.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use super::carry;
use crate::decide;
use crate::kernel::Kernel;
use crate::model::{KernelState, Plan};

/// What a signal asks for.
pub(super) enum Wish {
    /// SIGHUP: read the config again.
    Reload,
    /// SIGTERM, SIGINT: stop as `on_stop` says.
    Stop,
    /// SIGQUIT: stop for a restart (systemd: `RestartKillSignal=SIGQUIT`), so leave everything in place.
    Restart,
}

/// The signals that the agent listens to.
pub(super) struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
}

impl Signals {
    pub(super) fn install() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    pub(super) async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.hangup.recv() => Wish::Reload,
            _ = self.terminate.recv() => Wish::Stop,
            _ = self.interrupt.recv() => Wish::Stop,
            _ = self.quit.recv() => Wish::Restart,
        }
    }
}

/// What `withdraw` did.
#[derive(Debug, Default)]
pub struct Withdrawn {
    /// Operations that succeeded.
    pub done: usize,
    /// Those that did not, with the error.
    pub failed: Vec<String>,
}

/// Removes everything that bears our mark and gives the settings back.
pub fn withdraw(kernel: &mut Kernel) -> Withdrawn {
    let mut withdrawn = Withdrawn::default();
    let plan = decide::plan(&KernelState::default(), &kernel.host().ours);
    for (op, result) in carry::carry_out(kernel, plan, &Plan::default()) {
        match result {
            Ok(()) => {
                info!(op = op.kind(), vip = op.vip().map(tracing::field::display), "{op}");
                withdrawn.done += 1;
            }
            Err(error) => {
                warn!(op = op.kind(), vip = op.vip().map(tracing::field::display), "{error}");
                withdrawn.failed.push(error);
            }
        }
    }
    withdrawn
}
