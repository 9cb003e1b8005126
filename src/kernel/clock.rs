//! The one clock of the program.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::model::Time;

/// Time since boot, suspend included (`clock_gettime(2)`, `CLOCK_BOOTTIME`).
///
/// Linux 2.6.39 and newer always have this clock; without it time would stand at zero.
pub fn now() -> Time {
    clock_gettime(ClockId::CLOCK_BOOTTIME).map(|time| Time(Duration::from(time))).unwrap_or_default()
}
