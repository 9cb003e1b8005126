//! Gathers what the doctor judges (`decide::doctor`). Reads only: no lock is taken, no journal moved, no setting touched.

mod managers;

use std::path::Path;
use std::{fs, io};

use super::outlook::Outlook;
use super::{Error, lock};
use crate::agent::carry::render_error;
use crate::cluster::kubernetes;
use crate::decide::doctor::{Agent, Facts, Journal};
use crate::kernel::{journal, preflight, process};
use crate::telemetry::http;

/// The agent's name in /proc: a process id in an old lock file may be another program's by now.
const AGENT: &str = "hostvip";

/// Reads the config at `path`, the host, the sources, and asks the agent.
///
/// # Errors
/// The config is missing or wrong, or the host cannot be read at all; what else is amiss is a fact.
pub async fn gather(path: &Path) -> Result<Facts, Error> {
    let Outlook { settings, host, decision, sources, .. } = Outlook::take(path).await?;
    let processes = process::observe_processes();
    let holder = lock::observe(&settings.state_dir)
        .map(|holder| holder.pid)
        .filter(|pid| processes.iter().any(|process| process.pid == *pid && process.name == AGENT));
    let uplink = host.links.get(&settings.uplink);
    let runs = |name: &str| processes.iter().any(|process| process.name == name);
    let api = match &settings.source.kubernetes {
        Some(source) => Some(kubernetes::probe(source).await),
        None => None,
    };
    Ok(Facts {
        api,
        networkd: runs(managers::NETWORKD).then(|| managers::networkd(uplink)),
        network_manager: runs(managers::NETWORK_MANAGER).then(|| managers::network_manager(uplink)),
        journal: journal(&settings.state_dir),
        agent: ask(settings.listen).await,
        lock_holder: holder,
        privileges: preflight::observe_privileges(),
        kernel: preflight::observe_features(),
        settings,
        host,
        decision,
        sources: sources.files(),
        processes,
    })
}

/// The journal as it is on disk. Opening it as the agent does would move a damaged one aside.
fn journal(state_dir: &Path) -> Journal {
    let path = journal::path(state_dir);
    let bad = |error: &dyn std::error::Error| Journal::Bad { path: path.display().to_string(), error: render_error(error) };
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Journal::None,
        Err(error) => bad(&error),
        Ok(bytes) => journal::decode(&bytes).map_or_else(|error| bad(&error), |entries| Journal::Sound(entries.len())),
    }
}

async fn ask(listen: std::net::SocketAddr) -> Agent {
    match http::fetch_state(listen).await {
        Ok(report) => Agent::Answers {
            node: report.node,
            refused: report.config.refused,
            failing: report.failing.into_iter().map(|failing| format!("{}: {}", failing.op, failing.error)).collect(),
        },
        Err(http::Error::Connect { source, .. }) if source.kind() == io::ErrorKind::ConnectionRefused => Agent::Absent,
        Err(error) => Agent::Strange(render_error(&error)),
    }
}
