//! A story for people: the verdict first, then where it comes from, then what the host has.

use std::fmt::Display;

use crate::cli::output::{BAD, DOUBTFUL, GOOD, HEAD, paint};
use crate::cli::status::print_finding;
use crate::model::Reason;
use crate::model::report::{Candidate, PoolStory, Role, ServiceStory, Story, SysctlStory, VipReport, VipStory};

pub(super) fn print(story: &Story) {
    if story.verdicts.is_empty() {
        let known = if story.problems.is_empty() { "" } else { ", as far as is known" };
        anstream::println!("{}: no Service of the sources and no [[vip]] asks for an address by it{known}", story.subject);
    }
    story.problems.iter().for_each(|problem| anstream::println!("{}", paint(DOUBTFUL, problem)));
    for verdict in &story.verdicts {
        anstream::println!("{}: {}", paint(HEAD, verdict.subject()), paint_reason(&verdict.reason));
    }
    story.findings.iter().for_each(print_finding);
    story.services.iter().for_each(print_service);
    story.vips.iter().for_each(|vip| print_vip(vip, &story.node));
}

fn paint_reason(reason: &Reason) -> String {
    let style = match reason {
        reason if reason.is_served() => GOOD,
        reason if reason.is_trouble() => BAD,
        _ => DOUBTFUL,
    };
    paint(style, reason)
}

fn print_service(service: &ServiceStory) {
    let ServiceStory { key, source, kind, .. } = service;
    let deleting = if service.deleting { ", being deleted" } else { "" };
    anstream::println!("\n{} ({kind}{deleting})", paint(HEAD, format!("Service {key}")));
    lines("source", [source]);
    lines("policy", [format!("externalTrafficPolicy {}", service.external_traffic_policy)]);
    lines("class", &service.load_balancer_class);
    lines("ports", listed(&service.ports));
    lines("ingress", listed(&service.ingress));
    lines("externalIPs", listed(&service.external_ips));
}

fn print_vip(told: &VipStory, node: &str) {
    anstream::println!("\n{}", paint(HEAD, told.vip));
    match &told.pool {
        Some(pool) => print_pool(pool),
        None => lines("pool", ["none of this node holds it"]),
    }
    if let Some(part) = &told.part {
        print_part(part, node);
    }
    lines("nodes", told.candidates.iter().map(candidate));
    lines("settings", told.sysctls.iter().map(sysctl));
    if told.held.is_empty() {
        lines("kernel", ["holds nothing for it"]);
    }
    lines("kernel", &told.held);
}

fn print_pool(pool: &PoolStory) {
    lines("pool", [format!("{}: {} holds it", pool.name, pool.cidr)]);
    match &pool.owner {
        Some(owner) => lines("owner", [format!("{owner} (by {})", pool.owner_from)]),
        None => lines("owner", [format!("none: {} names none", pool.owner_from)]),
    }
}

fn print_part(part: &VipReport, node: &str) {
    lines("this node", [format!("{node}: {}, placement {}, announced on {}", part.role, part.placement, part.link)]);
    let ago = part.announced_seconds_ago.map_or_else(String::new, |ago| format!(", last {ago} s ago"));
    lines("announced", (part.role == Role::Owner).then(|| format!("{} times{ago}", part.announcements)));
}

fn candidate(candidate: &Candidate) -> String {
    let marks =
        [(candidate.owner, "owner"), (candidate.ready, "Ready"), (!candidate.ready, "not Ready"), (candidate.preferred, "asked for")];
    let marks: Vec<_> = marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect();
    let why_not = candidate.why_not.as_ref().map_or_else(|| "may have it".to_owned(), |reason| paint(DOUBTFUL, format!("no: {reason}")));
    format!("{} ({}): {why_not}", candidate.node, marks.join(", "))
}

/// The value that counts; the link's own and the wanted one where they tell more.
fn sysctl(told: &SysctlStory) -> String {
    let Some(value) = told.value else { return format!("{}: this kernel has none", told.sysctl) };
    let own = if value == told.effective { String::new() } else { format!(", {} by all", told.effective) };
    let line = format!("{} = {value}{own}: {}", told.sysctl, told.meaning);
    match told.wanted {
        Some(wanted) if wanted != told.effective => paint(BAD, format!("{line}; wanted: {wanted}")),
        Some(_) => format!("{line} (as wanted)"),
        None => line,
    }
}

fn listed(items: &[impl Display]) -> Option<String> {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    (!items.is_empty()).then(|| items.join(", "))
}

/// Lines under one head, which stands before the first.
fn lines(head: &str, lines: impl IntoIterator<Item = impl Display>) {
    for (position, line) in lines.into_iter().enumerate() {
        let head = if position == 0 { head } else { "" };
        anstream::println!("  {head:<11} {line}");
    }
}
