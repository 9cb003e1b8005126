//! What has to be before the agent counts as ready.

use crate::model::report::{ConfigReport, Guard, SourceReport, WatchReport};

/// Every guard, in the order in which an agent that starts passes them. `decided`: a decision was made and carried out.
///
/// Ready means that this agent does what its sources say. So a watch has to have listed once; that it is away later leaves what it said in
/// force, and a refused config leaves the former one: both are shown, and neither makes a node that answers for its VIPs unready. Were it
/// otherwise, one API server that is away would make every node unready at the same moment.
pub fn guards(config: &ConfigReport, sources: &[SourceReport], watches: &[WatchReport], decided: bool) -> Vec<Guard> {
    let mut guards = vec![of_config(config)];
    guards.extend(sources.iter().map(of_source));
    guards.extend(watches.iter().map(of_watch));
    let detail = if decided { String::new() } else { "none was made yet".to_owned() };
    guards.push(Guard { name: "decision".to_owned(), ok: decided, required: true, detail });
    // The answer comes from the loop itself.
    guards.push(Guard { name: "loop".to_owned(), ok: true, required: true, detail: String::new() });
    guards
}

fn of_config(config: &ConfigReport) -> Guard {
    let refused = config.refused.as_ref().map(|why| format!("refused, the former one stays in force: {}", one_line(why)));
    Guard { name: "config".to_owned(), ok: refused.is_none(), required: false, detail: refused.unwrap_or_default() }
}

fn of_source(source: &SourceReport) -> Guard {
    let detail = match source.problems.as_slice() {
        [] => format!("{} Services", source.services),
        problems => one_line(&problems.join("; ")),
    };
    Guard { name: format!("source {}", source.path), ok: source.problems.is_empty(), required: true, detail }
}

fn of_watch(watch: &WatchReport) -> Guard {
    let error = watch.error.as_ref().map(|error| format!(": {}", one_line(error))).unwrap_or_default();
    let (ok, required, detail) = match (watch.listed_seconds_ago, watch.away()) {
        (None, Some(away)) => (false, watch.required, format!("not listed yet, away since {away} s{error}")),
        (None, None) if watch.required => (false, true, format!("not listed yet{error}")),
        (None, None) if watch.away_seconds.is_some() => (false, false, format!("not listed yet{error}")),
        (None, None) => (true, false, "not in this cluster".to_owned()),
        (Some(_), Some(away)) => (false, false, format!("away since {away} s, what it said stays in force{error}")),
        (Some(ago), None) => (true, watch.required, format!("{} objects, listed {ago} s ago", watch.objects)),
    };
    Guard { name: format!("watch {}", watch.resource), ok, required, detail }
}

/// One guard is one line.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}
