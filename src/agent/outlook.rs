//! What an agent would decide now, for commands that look and change nothing.

use std::collections::BTreeSet;
use std::path::Path;

use super::Error;
use super::config_file::ConfigFile;
use super::pass::is_complete;
use crate::cluster::Files;
use crate::config::Settings;
use crate::decide::explain::{Source, explain};
use crate::decide::{self, Decision, Inputs};
use crate::kernel::Kernel;
use crate::model::report::{SourceReport, Story, Subject};
use crate::model::{Host, Plan, Vip};

/// A decision made by this process, carried out by nobody.
pub struct Outlook {
    /// The config as it is on disk.
    pub settings: Settings,
    /// The host as it is.
    pub host: Host,
    /// The decision.
    pub decision: Decision,
    /// The sources, and what is wrong with them.
    pub sources: Vec<SourceReport>,
    files: Files,
    /// As in [`Inputs::unread`].
    unread: BTreeSet<Vip>,
}

impl Outlook {
    /// Reads the config at `path`, the host and the sources, and decides. Needs a tokio runtime.
    ///
    /// # Errors
    /// The config is missing or wrong, or the host cannot be read.
    pub fn take(path: &Path) -> Result<Self, Error> {
        let config = ConfigFile::read(path)?;
        let host = Kernel::look(&config.config().state_dir())?.host().clone();
        let settings = config.settings(&host)?;
        let files = Files::open(&settings.source.files)?;
        let sources = files.reports();
        let services: Vec<_> = files.services().collect();
        let unread = if is_complete(&sources) { BTreeSet::new() } else { host.ours.vips().collect() };
        let decision = decide::decide(Inputs { settings: &settings, services: &services, cluster: None, unread: &unread, host: &host });
        drop(services);
        Ok(Self { settings, host, decision, sources, files, unread })
    }

    /// The whole story of `subject`, as it would be.
    pub fn story(&self, subject: &Subject) -> Story {
        let services: Vec<_> = self.files.services().collect();
        let inputs = Inputs { settings: &self.settings, services: &services, cluster: None, unread: &self.unread, host: &self.host };
        let source = Source {
            inputs,
            decision: &self.decision,
            findings: &[],
            running: false,
            origin: &|key| self.files.origin(key).map(|path| path.display().to_string()).unwrap_or_default(),
            history: &|_| (0, None),
            candidates: &|_| Vec::new(),
        };
        explain(source, subject)
    }

    /// The ordered operations, announcements included.
    pub fn plan(&self) -> Plan {
        let mut plan = decide::plan(&self.decision.desired, &self.host.ours);
        let announcements = decide::announcements(&plan, &self.decision);
        plan.0.extend(announcements);
        plan
    }

    /// What is wrong with the sources.
    pub fn problems(&self) -> Vec<&str> {
        self.sources.iter().flat_map(|source| &source.problems).map(String::as_str).collect()
    }
}
