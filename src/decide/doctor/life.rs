//! The agent and what it lives on: its sources, its journal, its config in force.

use super::{Agent, Facts, Journal, finding, ok};
use crate::model::{Finding, Severity};

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<_> = facts.sources.iter().flat_map(source).collect();
    findings.push(journal(facts));
    findings.extend(agent(facts));
    findings
}

fn source(source: &crate::model::report::SourceReport) -> Vec<Finding> {
    if source.problems.is_empty() {
        return vec![ok(
            "source",
            format!("{}: {} Services, {} documents of other kinds skipped", source.path, source.services, source.skipped),
        )];
    }
    let problem = |problem: &String| {
        finding(
            Severity::Error,
            "source",
            problem.clone(),
            "a Service that cannot be read is not served anew, and until then nothing that it may have named is removed",
            format!("correct it; {} is watched, so that the agent needs no restart", source.path),
        )
    };
    source.problems.iter().map(problem).collect()
}

fn journal(facts: &Facts) -> Finding {
    match &facts.journal {
        Journal::None => ok("journal", "no kernel setting was changed by hostvip"),
        Journal::Sound(count) => ok("journal", format!("the former values of {count} changed kernel settings are kept for withdraw")),
        Journal::Bad { path, error } => finding(
            Severity::Error,
            "journal",
            format!("{path} cannot be used: {error}"),
            "the agent will not start over it, and withdraw could not give the kernel settings back",
            format!(
                "make it readable; where it is damaged, compare it with `sysctl net.ipv4.conf`, give back by hand what it names, and remove {path}"
            ),
        ),
    }
}

fn agent(facts: &Facts) -> Vec<Finding> {
    let listen = facts.settings.listen;
    match &facts.agent {
        Agent::Answers { node, refused, failing } => {
            let mut findings = vec![ok("agent", format!("the agent of {node} answers on {listen}"))];
            findings.extend(refused.as_ref().map(|why| {
                finding(
                    Severity::Error,
                    "config_refused",
                    "the running agent refused the config as it is now",
                    format!("the former one stays in force until this is mended: {why}"),
                    "correct the file; what only a restart can change takes systemctl restart hostvip",
                )
            }));
            let failing = failing.iter().map(|op| {
                finding(
                    Severity::Error,
                    "failing",
                    op.clone(),
                    "the agent tries it again and again",
                    "see hostvip status, and the log of the agent",
                )
            });
            findings.extend(failing);
            findings
        }
        Agent::Absent if facts.lock_holder.is_none() => vec![finding(
            Severity::Warning,
            "agent",
            "no agent runs",
            "nothing is bound, announced or repaired until it does",
            "systemctl start hostvip (or hostvip run)",
        )],
        Agent::Absent => vec![hung(facts, "nobody listens")],
        Agent::Strange(error) => vec![hung(facts, error)],
    }
}

fn hung(facts: &Facts, error: &str) -> Finding {
    let process = facts.lock_holder.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
    finding(
        Severity::Error,
        "agent",
        format!("the agent{process} does not answer on {}: {error}", facts.settings.listen),
        "it hangs, or it runs with another config, or another program has its port: what it does with the VIPs is not known",
        "compare its config with this one (listen, state_dir); systemctl restart hostvip",
    )
}
