//! `hostvip status`: what the running agent holds.

use std::net::SocketAddr;

use anstyle::Style;

use super::output::{BAD, DOUBTFUL, GOOD, HEAD, paint, print_json, print_table};
use super::{Common, Exit, Failure, Output, runtime};
use crate::agent::{config_file, lock};
use crate::model::report::{Report, SourceReport, WatchReport};
use crate::model::{Finding, Severity};
use crate::telemetry::http;

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let report = fetch(common)?;
    match common.output {
        Output::Json => print_json(&report)?,
        Output::Text => print(&report),
    }
    Ok(if is_well(&report) { Exit::Well } else { Exit::Finding })
}

/// Asks the agent that this config belongs to.
fn fetch(common: &Common) -> Result<Report, Failure> {
    Ok(runtime()?.block_on(http::fetch_state(listen(common)))?)
}

/// Where the agent that this config belongs to listens.
pub(super) fn listen(common: &Common) -> SocketAddr {
    let whereabouts = config_file::whereabouts(&common.config);
    lock::observe(&whereabouts.state_dir).and_then(|holder| holder.listen).unwrap_or(whereabouts.listen)
}

/// Whether nobody has to look into anything.
fn is_well(report: &Report) -> bool {
    let troubles = [
        report.config.refused.is_some(),
        !report.failing.is_empty(),
        report.sources.iter().any(|source| !source.problems.is_empty()),
        report.watches.iter().any(|watch| !watch.problems.is_empty() || watch.away().is_some()),
        report.verdicts.iter().any(|verdict| verdict.reason.is_trouble()),
        report.findings.iter().any(|finding| finding.severity == Severity::Error),
    ];
    !troubles.contains(&true)
}

fn print(report: &Report) {
    anstream::println!(
        "{} hostvip {}, up {} s, uplink {}",
        paint(HEAD, &report.node),
        report.version,
        report.uptime_seconds,
        report.uplink
    );
    match &report.config.refused {
        None => anstream::println!("config {} in force", report.config.path),
        Some(why) => anstream::println!("config {}: {}\n{why}", report.config.path, paint(BAD, "refused, the former one stays in force")),
    }
    report.sources.iter().for_each(print_source);
    report.watches.iter().for_each(print_watch);
    let rows = report.vips.iter().map(|(vip, part)| {
        let announced = part.announced_seconds_ago.map_or_else(|| "-".to_owned(), |ago| format!("announced {ago} s ago"));
        vec![vip.to_string(), part.role.to_string(), part.owner.clone(), part.placement.to_string(), part.link.to_string(), announced]
    });
    if !report.vips.is_empty() {
        anstream::println!("\n{}", paint(HEAD, "VIPs"));
        print_table(&rows.collect::<Vec<_>>());
    }
    if !report.verdicts.is_empty() {
        anstream::println!("\n{}", paint(HEAD, "Verdicts"));
    }
    for verdict in &report.verdicts {
        let style = if verdict.reason.is_served() { GOOD } else { DOUBTFUL };
        anstream::println!("  {verdict_of}: {}", paint(style, &verdict.reason), verdict_of = verdict.subject());
    }
    report.findings.iter().for_each(print_finding);
    for failing in &report.failing {
        anstream::println!(
            "{} {} ({} tries, next in {} ms)",
            paint(BAD, &failing.op),
            failing.error,
            failing.attempts,
            failing.retry_in_ms
        );
    }
}

fn print_source(source: &SourceReport) {
    anstream::println!("source {}: {} Services, {} documents of other kinds skipped", source.path, source.services, source.skipped);
    source.problems.iter().for_each(|problem| anstream::println!("  {}", paint(DOUBTFUL, problem)));
}

fn print_watch(watch: &WatchReport) {
    let style = if watch.away().is_some() { BAD } else { Style::new() };
    anstream::println!("watch {}: {}", watch.resource, paint(style, render_watch(watch)));
    watch.problems.iter().for_each(|problem| anstream::println!("  {}", paint(DOUBTFUL, problem)));
}

/// "812 objects, listed 40 s ago", or since when it is away and why.
fn render_watch(watch: &WatchReport) -> String {
    let listed = match watch.listed_seconds_ago {
        Some(ago) => format!("{} objects, listed {ago} s ago", watch.objects),
        None if watch.required || watch.away_seconds.is_some() => "not listed yet".to_owned(),
        None => "not in this cluster".to_owned(),
    };
    let error = watch.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    match watch.away() {
        Some(away) => format!("{listed}, away since {away} s{error}"),
        None => listed + &error,
    }
}

/// What, why it matters, how to mend it.
pub(super) fn print_finding(finding: &Finding) {
    let style = match finding.severity {
        Severity::Error => BAD,
        Severity::Warning => DOUBTFUL,
        Severity::Ok => GOOD,
    };
    anstream::println!("{} {}", paint(style, finding.severity), finding.what);
    for (head, text) in [("why", &finding.why), ("fix", &finding.fix)] {
        if !text.is_empty() {
            anstream::println!("    {head}: {text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_well, render_watch};
    use crate::model::report::{Report, WatchReport};

    fn watch(required: bool, listed: Option<u64>, away: Option<u64>) -> WatchReport {
        let error = away.map(|_| "connection refused".to_owned());
        WatchReport { required, objects: 812, listed_seconds_ago: listed, away_seconds: away, error, ..WatchReport::default() }
    }

    #[test]
    fn a_watch_says_since_when_it_is_away_and_that_is_not_well() {
        for (watch, text, well) in [
            (watch(true, Some(40), None), "812 objects, listed 40 s ago", true),
            (watch(true, Some(400), Some(12)), "812 objects, listed 400 s ago, away since 12 s: connection refused", false),
            (watch(true, None, Some(12)), "not listed yet, away since 12 s: connection refused", false),
            (watch(false, None, Some(12)), "not listed yet: connection refused", true),
            (watch(false, None, None), "not in this cluster", true),
        ] {
            assert_eq!(render_watch(&watch), text);
            let report = Report { watches: vec![watch], ..Report::default() };
            assert_eq!(is_well(&report), well, "{text}");
        }
    }
}
