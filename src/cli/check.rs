//! `hostvip check`: the doctor.

use std::collections::BTreeMap;

use serde::Serialize;

use super::output::{BAD, DOUBTFUL, GOOD, HEAD, paint, print_json};
use super::status::print_finding;
use super::{Common, Exit, Failure, Output, wait};
use crate::agent::doctor::gather;
use crate::decide::doctor::{diagnose, is_ill};
use crate::model::{Finding, Severity};

/// Findings of one kind that are shown as text; the others are counted. JSON has all.
const MOST_SHOWN: usize = 3;

/// What to show.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 nothing keeps it from working, 1 something does, 2 the config is wrong.")]
pub(super) struct Args {
    /// Leave out what is in order
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Serialize)]
struct Diagnosis<'a> {
    node: &'a str,
    uplink: &'a str,
    errors: usize,
    warnings: usize,
    findings: Vec<&'a Finding>,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Failure> {
    let facts = wait(gather(&common.config))??;
    let findings = diagnose(&facts);
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let diagnosis = Diagnosis {
        node: &facts.settings.node_name,
        uplink: facts.settings.uplink.as_str(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        findings: findings.iter().filter(|finding| !args.quiet || finding.severity != Severity::Ok).collect(),
    };
    match common.output {
        Output::Json => print_json(&diagnosis)?,
        Output::Text => print(&diagnosis),
    }
    Ok(if is_ill(&findings) { Exit::Finding } else { Exit::Well })
}

fn print(diagnosis: &Diagnosis<'_>) {
    anstream::println!("{} by its uplink {}", paint(HEAD, diagnosis.node), diagnosis.uplink);
    let mut kinds: BTreeMap<(Severity, &str), usize> = BTreeMap::new();
    for finding in &diagnosis.findings {
        let shown = kinds.entry((finding.severity, &finding.code)).or_default();
        *shown += 1;
        if *shown <= MOST_SHOWN || finding.severity == Severity::Ok {
            print_finding(finding);
        }
    }
    for ((_, code), shown) in kinds.iter().filter(|((severity, _), shown)| *severity != Severity::Ok && **shown > MOST_SHOWN) {
        anstream::println!("and {} more of {code} (--output json lists them)", shown - MOST_SHOWN);
    }
    let style = match (diagnosis.errors, diagnosis.warnings) {
        (0, 0) => GOOD,
        (0, _) => DOUBTFUL,
        _ => BAD,
    };
    anstream::println!("{}", paint(style, format!("{}, {}", several(diagnosis.errors, "error"), several(diagnosis.warnings, "warning"))));
}

fn several(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
