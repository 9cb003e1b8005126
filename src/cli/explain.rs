//! `hostvip explain`: the whole story of one VIP or one Service.

use std::collections::BTreeMap;

use serde::Serialize;

use super::output::{DOUBTFUL, GOOD, HEAD, paint, print_json};
use super::status::{fetch, print_finding};
use super::{Common, Exit, Failure, Output, outlook};
use crate::model::report::VipReport;
use crate::model::{Finding, ServiceKey, Verdict, Vip};

/// What to explain.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A VIP, or a Service as NAMESPACE/NAME
    subject: Subject,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    Vip(Vip),
    Service(ServiceKey),
}

#[derive(Serialize)]
struct Story {
    running: bool,
    vips: Vec<(Vip, VipReport)>,
    verdicts: Vec<Verdict>,
    findings: Vec<Finding>,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Failure> {
    let story = tell(common, &args.subject)?;
    match common.output {
        Output::Json => print_json(&story)?,
        Output::Text => print(&args.subject, &story),
    }
    let served = story.verdicts.iter().any(|verdict| verdict.reason.is_served());
    let trouble = story.verdicts.iter().any(|verdict| verdict.reason.is_trouble());
    Ok(if served && !trouble { Exit::Well } else { Exit::Finding })
}

fn tell(common: &Common, subject: &Subject) -> Result<Story, Failure> {
    let (running, vips, verdicts, findings) = match fetch(common) {
        Ok(report) => (true, report.vips, report.verdicts, report.findings),
        Err(failure) => {
            anstream::eprintln!("{failure}; this is what it would decide");
            let decision = outlook(common)?.decision;
            (false, BTreeMap::new(), decision.verdicts, decision.findings)
        }
    };
    let verdicts: Vec<_> = verdicts.into_iter().filter(|verdict| subject.is_about(verdict)).collect();
    let named = |vip: Vip| verdicts.iter().any(|verdict| verdict.address == Some(vip.0));
    let vips = vips.into_iter().filter(|(vip, _)| named(*vip)).collect();
    let findings = findings.into_iter().filter(|finding| verdicts.iter().any(|verdict| concerns(finding, verdict))).collect();
    Ok(Story { running, vips, verdicts, findings })
}

/// Findings name the VIP they are about as the first or a later word.
fn concerns(finding: &Finding, verdict: &Verdict) -> bool {
    let vip = verdict.address.map(|address| address.to_string());
    finding.what.split_whitespace().any(|word| vip.as_deref() == Some(word))
}

fn print(subject: &Subject, story: &Story) {
    if story.verdicts.is_empty() {
        anstream::println!("{subject}: no Service of the sources and no [[vip]] names it");
    }
    for verdict in &story.verdicts {
        let style = if verdict.reason.is_served() { GOOD } else { DOUBTFUL };
        anstream::println!("{}: {}", paint(HEAD, verdict.subject()), paint(style, &verdict.reason));
    }
    for (vip, part) in &story.vips {
        let services: Vec<_> = part.services.iter().map(ToString::to_string).collect();
        anstream::println!("{}", paint(HEAD, vip));
        anstream::println!("  pool       {}", part.pool);
        anstream::println!("  owner      {}", part.owner);
        anstream::println!("  placement  {} (announced on {})", part.placement, part.link);
        anstream::println!(
            "  services   {}",
            if services.is_empty() { "none: a [[vip]] of the config".to_owned() } else { services.join(", ") }
        );
        if let Some(ago) = part.announced_seconds_ago {
            anstream::println!("  announced  {} times, last {ago} s ago", part.announcements);
        }
    }
    story.findings.iter().for_each(print_finding);
}

impl Subject {
    fn is_about(&self, verdict: &Verdict) -> bool {
        match self {
            Self::Vip(vip) => verdict.address == Some(vip.0),
            Self::Service(key) => verdict.service.as_ref() == Some(key),
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(vip) = text.parse() {
            return Ok(Self::Vip(vip));
        }
        match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self::Service(ServiceKey { namespace: namespace.into(), name: name.into() }))
            }
            _ => Err("neither an address nor NAMESPACE/NAME".to_owned()),
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Vip(vip) => vip.fmt(f),
            Self::Service(key) => key.fmt(f),
        }
    }
}
