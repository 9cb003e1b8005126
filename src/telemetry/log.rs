//! The log: one line an event, to standard error, by way of a thread that drops lines rather than hold up the agent.

use std::io::IsTerminal;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Lines that wait to be written at the most.
const QUEUE: usize = 16_384;

/// Starts logging. What is still queued is written when the guard is dropped.
///
/// The level is `info`, or what the environment variable `HOSTVIP_LOG` says (`debug`, `hostvip=trace`).
pub fn init() -> WorkerGuard {
    let (writer, guard) = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE).finish(std::io::stderr());
    let filter = EnvFilter::try_from_env("HOSTVIP_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(writer).with_env_filter(filter).with_ansi(terminal).with_target(false).init();
    guard
}
