//! The figures, as a table in Markdown.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

/// One line of the table: a figure by its samples, beside a peer.
#[derive(Clone)]
pub struct Row {
    what: String,
    unit: &'static str,
    ours: Vec<f64>,
    peer: Option<(&'static str, Vec<f64>)>,
    goal: Goal,
}

/// What is aimed at.
#[derive(Clone, Copy)]
pub enum Goal {
    /// The median, in the unit of the row.
    AtMost(f64),
    /// As many times as fast as the peer.
    Ratio(f64),
    /// Told for its own sake.
    None,
}

impl Row {
    /// Durations, shown in milliseconds.
    pub fn times(what: impl Into<String>, ours: &[Duration]) -> Self {
        Self::numbers(what, "ms", ours.iter().map(milliseconds).collect())
    }

    /// Any other figure.
    pub fn numbers(what: impl Into<String>, unit: &'static str, ours: Vec<f64>) -> Self {
        let what = what.into();
        eprintln!("bench: {what}: {ours:.3?} {unit}, load {}", load());
        Self { what, unit, ours, peer: None, goal: Goal::None }
    }

    /// What it is compared with.
    #[must_use]
    pub fn against(mut self, peer: &'static str, theirs: &[Duration]) -> Self {
        self.peer = Some((peer, theirs.iter().map(milliseconds).collect()));
        self
    }

    /// What it should be.
    #[must_use]
    pub fn goal(mut self, goal: Goal) -> Self {
        self.goal = goal;
        self
    }

    /// How many times as fast as the peer, by the medians.
    fn ratio(&self) -> Option<f64> {
        self.peer.as_ref().map(|(_, theirs)| median(theirs) / median(&self.ours))
    }

    fn render(&self) -> String {
        let Self { what, unit, ours, .. } = self;
        let samples = if ours.len() > 1 {
            format!(" (max {:.2}, n {})", ours.iter().copied().fold(0.0, f64::max), ours.len())
        } else {
            String::new()
        };
        let peer = self.peer.as_ref().map_or_else(|| "-".to_owned(), |(name, theirs)| format!("{:.2} {unit}, {name}", median(theirs)));
        let ratio = self.ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        let (goal, met) = match self.goal {
            Goal::AtMost(most) => (format!("<= {most} {unit}"), Some(median(ours) <= most)),
            Goal::Ratio(least) => (format!("ratio >= {least}"), self.ratio().map(|ratio| ratio >= least)),
            Goal::None => ("-".to_owned(), None),
        };
        let met = met.map_or("-", |met| if met { "yes" } else { "NO" });
        format!("| {what} | {:.2} {unit}{samples} | {peer} | {ratio} | {goal} | {met} |", median(ours))
    }
}

/// The whole table, with the machine it is of.
pub fn render(rows: &[Row]) -> String {
    let mut text = format!("{}; load average at the end {}\n\n", machine(), load());
    text.push_str("| what | hostvip (median) | peer or limit (median) | ratio | goal | met |\n|---|---|---|---|---|---|\n");
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", row.render());
    }
    text
}

fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| Some(line.split_once(": ").filter(|(key, _)| key.starts_with("model name"))?.1.to_owned()));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{} ({cores} cores), Linux {}", processor.unwrap_or_default(), read("/proc/sys/kernel/osrelease").trim())
}

/// Running tasks, averaged over the last minute.
fn load() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
}

fn milliseconds(time: &Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}
