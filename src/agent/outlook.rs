//! What an agent would decide now, for commands that look and change nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::Error;
use super::config_file::ConfigFile;
use super::sources::Sources;
use crate::config::Settings;
use crate::decide::explain::{self, explain};
use crate::decide::{self, Decision, Inputs};
use crate::kernel::Kernel;
use crate::model::report::{Story, Subject};
use crate::model::{Host, Plan, Service, Vip};

/// How long the API server may take to list everything.
const PATIENCE: Duration = Duration::from_secs(10);

/// A decision made by this process, carried out by nobody.
pub struct Outlook {
    /// The config as it is on disk.
    pub settings: Settings,
    /// The host as it is.
    pub host: Host,
    /// The decision; empty, and content with what the kernel holds, while [`Self::decided`] is not.
    pub decision: Decision,
    /// The cluster was listed, where there is one: before, an agent decides nothing either.
    pub decided: bool,
    /// Where the Services came from.
    pub sources: Sources,
    /// As in [`Inputs::unread`].
    unread: BTreeSet<Vip>,
}

impl Outlook {
    /// Reads the config at `path`, the host and the sources, and decides.
    ///
    /// # Errors
    /// The config is missing or wrong, or the host cannot be read.
    pub async fn take(path: &Path) -> Result<Self, Error> {
        let config = ConfigFile::read(path)?;
        let host = Kernel::look(&config.config().state_dir())?.host().clone();
        let settings = config.settings(&host)?;
        let mut sources = Sources::open(&settings.source, &settings.node_name)?;
        // What came too late, or not at all, the watches tell.
        let _late = tokio::time::timeout(PATIENCE, sources.listed()).await;
        let decided = sources.are_listed();
        let unread = if sources.are_complete() { BTreeSet::new() } else { host.ours.vips().collect() };
        let decision = Decision { desired: host.ours.clone(), ..Decision::default() };
        let mut outlook = Self { settings, host, decision, decided, sources, unread };
        if decided {
            outlook.decision = decide::decide(outlook.inputs(&outlook.sources.services()));
        }
        Ok(outlook)
    }

    /// The whole story of `subject`, as it would be.
    pub fn story(&self, subject: &Subject) -> Story {
        let services = self.sources.services();
        let source = explain::Source {
            inputs: self.inputs(&services),
            decision: &self.decision,
            findings: &[],
            problems: &self.problems(),
            running: false,
            origin: &|key| self.sources.origin(key),
            history: &|_| (0, None),
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
    pub fn problems(&self) -> Vec<String> {
        self.sources.problems()
    }

    fn inputs<'a>(&'a self, services: &'a [&'a Service]) -> Inputs<'a> {
        Inputs { settings: &self.settings, services, cluster: self.sources.cluster(), unread: &self.unread, host: &self.host }
    }
}
