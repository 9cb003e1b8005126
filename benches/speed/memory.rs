//! Memory of the agent once it has settled, and what it costs to keep it running.

use std::fs;
use std::time::Duration;

use super::lab::Lab;
use super::lab::process::Process;
use super::site::{SETTLED, Site, config, cpu_time, manifest, manifests, vip};
use super::table::{Goal, Row};

/// How long an idle agent is watched: with `refresh = "30s"` it announces every VIP about once in that time.
const IDLE: Duration = Duration::from_secs(30);

pub fn rows(lab: Lab) -> Vec<Row> {
    let apart =
        |site: &Site| (0..1_000).for_each(|number| site.write(&format!("{number}.yaml"), &manifest(&format!("web-{number}"), vip(number))));
    let mut rows = Vec::from(settled(lab, 1_000, "one file each", 12.0, apart));
    for (count, most) in [(1_000, 12.0), (10_000, 30.0)] {
        rows.extend(settled(lab, count, "in one file", most, |site| site.write("all.yaml", &manifests(count))));
    }
    rows.push(idle(lab));
    rows
}

fn settled(lab: Lab, count: u32, files: &str, most: f64, write: impl Fn(&Site)) -> [Row; 3] {
    let site = Site::new(lab, "uplink");
    write(&site);
    let (agent, took) = site.start(vip(count - 1));
    std::thread::sleep(SETTLED);
    let what = format!("{count} Services, {files}");
    [
        Row::times(format!("start -> the last VIP is answered, {what}"), &[took]),
        Row::numbers(format!("resident memory (VmRSS), {what}"), "MiB", vec![mebibytes(&agent, "status", "VmRSS:")])
            .goal(Goal::AtMost(most)),
        Row::numbers(format!("its own share (PSS), {what}"), "MiB", vec![mebibytes(&agent, "smaps_rollup", "Pss:")]),
    ]
}

fn idle(lab: Lab) -> Row {
    let site = Site::new(lab, "uplink");
    site.hostvip.configure(&config("uplink", "30s"));
    site.write("all.yaml", &manifests(1_000));
    let (agent, _) = site.start(vip(999));
    std::thread::sleep(SETTLED);
    let before = cpu_time(&agent);
    std::thread::sleep(IDLE);
    let share = cpu_time(&agent).saturating_sub(before).as_secs_f64() / IDLE.as_secs_f64();
    Row::numbers("CPU of an idle agent over 30 s, 1000 VIPs, each announced once in that time", "% of a core", vec![share * 100.0])
}

/// A field of a process' file in `/proc`.
pub fn mebibytes(process: &Process, file: &str, field: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{}/{file}", process.pid())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kibibytes / 1024.0
}
