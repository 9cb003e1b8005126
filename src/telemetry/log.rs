//! The log: one line an event, to standard error, by way of a thread that drops lines rather than hold up the agent.

use std::io::IsTerminal;

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Lines that wait to be written at the most.
const QUEUE: usize = 12_288;

/// The log while it is written. What is still queued is written when this is dropped.
pub struct Log {
    dropped: ErrorCounter,
    _writer: WorkerGuard,
}

/// The number of lines that were dropped.
#[derive(Clone, Debug)]
pub struct Dropped(ErrorCounter);

impl Log {
    /// A counter to keep where lines are counted.
    pub fn dropped(&self) -> Dropped {
        Dropped(self.dropped.clone())
    }
}

impl Dropped {
    /// Lines dropped so far because standard error took none.
    pub fn lines(&self) -> u64 {
        u64::try_from(self.0.dropped_lines()).unwrap_or(u64::MAX)
    }
}

/// Starts logging.
///
/// The level is `info`, or what the environment variable `HOSTVIP_LOG` says (`debug`, `hostvip=trace`).
pub fn init() -> Log {
    let (writer, guard) = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE).finish(std::io::stderr());
    let dropped = writer.error_counter();
    let wanted = std::env::var("HOSTVIP_LOG").unwrap_or_default();
    let filter = filter(&wanted).unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(std::io::stderr().is_terminal()).with_target(false);
    tracing_subscriber::registry().with(filter).with(lines).init();
    Log { dropped, _writer: guard }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// A lone word is a level or nothing: taken for the name of a module, it would silence the log.
fn filter(wanted: &str) -> Option<Targets> {
    let names_something = wanted.contains('=') || LEVELS.iter().any(|level| level.eq_ignore_ascii_case(wanted));
    names_something.then(|| wanted.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn nonsense_does_not_silence_the_log() {
        for sound in ["debug", "WARN", "hostvip=trace", "info,hostvip::agent=debug"] {
            assert!(filter(sound).is_some(), "{sound}");
        }
        for nonsense in ["", "verbose", "hostvip", "hostvip=loud"] {
            assert!(filter(nonsense).is_none(), "{nonsense}");
        }
    }
}
