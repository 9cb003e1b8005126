//! The process itself, out of /proc, by the names that Prometheus' client libraries give it.

use std::fs;

use nix::unistd::{SysconfVar, sysconf};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

/// What this process uses now. What cannot be read is left out.
pub(super) fn observe_process() -> Registry {
    let mut registry = Registry::with_prefix("process");
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten().filter(|ticks| *ticks > 0);
    if let Some(stat) = fs::read_to_string("/proc/self/stat").ok().zip(ticks).and_then(|(text, ticks)| decode_stat(&text, seconds(ticks))) {
        registry.register_with_unit("cpu", "User and system CPU time spent", Unit::Seconds, ConstCounter::new(stat.cpu));
        // Whole seconds, as the kernel says them: computed from two clocks it would differ from one scrape to the next.
        if let Some(boot) = fs::read_to_string("/proc/stat").ok().and_then(|text| decode_boot(&text)) {
            let help = "Start time of the process since the Unix epoch";
            registry.register_with_unit("start_time", help, Unit::Seconds, ConstGauge::new(boot + stat.started));
        }
    }
    if let Some(bytes) = fs::read_to_string("/proc/self/status").ok().and_then(|text| decode_resident(&text)) {
        registry.register_with_unit("resident_memory", "Resident memory size", Unit::Bytes, ConstGauge::new(bytes));
    }
    // Less the one that reads the directory.
    if let Some(open) = fs::read_dir("/proc/self/fd").ok().and_then(|entries| i64::try_from(entries.count()).ok()) {
        registry.register("open_fds", "Number of open file descriptors", ConstGauge::new(open - 1));
    }
    registry
}

/// Part of `/proc/PID/stat` (proc(5)), in seconds; the start counts from boot.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stat {
    cpu: f64,
    started: f64,
}

fn decode_stat(text: &str, ticks: f64) -> Option<Stat> {
    // The second field is the program's name, and may hold blanks and parentheses itself.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let user: f64 = fields.nth(11)?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    let started: f64 = fields.nth(6)?.parse().ok()?;
    Some(Stat { cpu: (user + system) / ticks, started: started / ticks })
}

/// `VmRSS` of `/proc/PID/status`, in bytes.
fn decode_resident(text: &str) -> Option<i64> {
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn seconds(ticks: i64) -> f64 {
    u32::try_from(ticks).map_or(1.0, f64::from)
}

/// `btime` of `/proc/stat`: when the host was booted, in seconds since the Unix epoch.
fn decode_boot(text: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_behind_whatever_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 3 0 5000000050 1000 200 18446744073709551615";
        let decoded = decode_stat(stat, 100.0);
        assert_eq!(decoded, Some(Stat { cpu: 3.0, started: 50_000_000.5 }), "a host may be up for years");
        for cut in ["", "42", "42 (name) S 1 2 3", "42 (name) S 1 42 42 0 -1 4194560 1 2 3 4 x 50 0 0 20 0 3 0 12345"] {
            assert_eq!(decode_stat(cut, 100.0), None, "{cut}");
        }
    }

    #[test]
    fn resident_memory_is_in_bytes() {
        assert_eq!(decode_resident("Name:\thostvip\nVmRSS:\t    8192 kB\nRssAnon:\t 1 kB\n"), Some(8192 * 1024));
        assert_eq!(decode_resident("Name:\tkthread\n"), None);
    }

    #[test]
    fn the_boot_time_is_one_line_of_many() {
        assert_eq!(decode_boot("cpu  1 2 3\nctxt 9\nbtime 1700000000\nprocesses 3\n"), Some(1.7e9));
        assert_eq!(decode_boot("cpu  1 2 3\n"), None);
    }

    #[test]
    fn this_process_is_there_whole() {
        let mut text = String::new();
        prometheus_client::encoding::text::encode_registry(&mut text, &observe_process()).unwrap();
        for name in ["cpu_seconds_total", "start_time_seconds", "resident_memory_bytes", "open_fds"] {
            assert!(text.lines().any(|line| line.starts_with(&format!("process_{name} "))), "{name} is missing in\n{text}");
        }
    }
}
