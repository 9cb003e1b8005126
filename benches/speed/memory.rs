//! Memory of the agent once it has settled, and what it costs to keep it running.

use std::fs;
use std::time::Duration;

use super::lab::Lab;
use super::lab::process::Process;
use super::site::{SETTLED, Site, cpu_time, manifest, manifests, vip};
use super::table::{Goal, Row};

/// How long an idle agent is watched: with `refresh = "30s"` it announces every VIP about once in that time.
const IDLE: Duration = Duration::from_secs(30);

pub fn rows(lab: Lab) -> Vec<Row> {
    let mut rows = with(lab, 1_000, "one file each", 12.0, |site| {
        (0..1_000).for_each(|number| site.write(&format!("{number}.yaml"), &manifest(&format!("web-{number}"), vip(number))));
    });
    for (count, most) in [(1_000, 12.0), (10_000, 30.0)] {
        rows.extend(with(lab, count, "in one file", most, |site| site.write("all.yaml", &manifests(count))));
    }
    rows
}

fn with(lab: Lab, count: u32, files: &str, most: f64, write: impl Fn(&Site)) -> Vec<Row> {
    let site = Site::new(lab, "uplink");
    write(&site);
    let (agent, took) = site.start(vip(count - 1));
    std::thread::sleep(SETTLED);
    let what = format!("{count} Services, {files}");
    let mut rows = vec![
        Row::times(format!("start -> the last VIP is answered, {what}"), &[took]),
        Row::numbers(format!("resident memory (VmRSS), {what}"), "MiB", vec![mebibytes(&agent, "status", "VmRSS:")])
            .goal(Goal::AtMost(most)),
        Row::numbers(format!("its own share (PSS), {what}"), "MiB", vec![mebibytes(&agent, "smaps_rollup", "Pss:")]),
    ];
    if files == "one file each" {
        let before = cpu_time(&agent);
        std::thread::sleep(IDLE);
        let share = cpu_time(&agent).saturating_sub(before).as_secs_f64() / IDLE.as_secs_f64();
        rows.push(Row::numbers(
            format!("CPU of an idle agent over 30 s, {what}, announced every 30 s"),
            "% of a core",
            vec![share * 100.0],
        ));
    }
    rows
}

fn mebibytes(process: &Process, file: &str, field: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{}/{file}", process.pid())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kibibytes / 1024.0
}
