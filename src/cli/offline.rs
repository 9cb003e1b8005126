//! What the agent would decide, for commands that work without it.

use std::collections::BTreeSet;

use super::{Common, Failure, runtime};
use crate::agent::config_file::ConfigFile;
use crate::cluster::Files;
use crate::config::Settings;
use crate::decide::{self, Decision, Inputs};
use crate::kernel::Kernel;
use crate::model::Plan;

/// A decision made by this process, carried out by nobody.
pub(super) struct Offline {
    pub(super) settings: Settings,
    pub(super) kernel: Kernel,
    pub(super) decision: Decision,
    /// What is wrong with the sources.
    pub(super) problems: Vec<String>,
}

impl Offline {
    pub(super) fn decide(common: &Common) -> Result<Self, Failure> {
        let config = ConfigFile::read(&common.config)?;
        let kernel = Kernel::look(&config.config().state_dir())?;
        let settings = config.settings(kernel.host())?;
        let runtime = runtime()?;
        let _entered = runtime.enter();
        let files = Files::open(&settings.source.files)?;
        let services: Vec<_> = files.services().collect();
        let problems: Vec<_> = files.reports().into_iter().flat_map(|source| source.problems).collect();
        let unread = if problems.is_empty() { BTreeSet::new() } else { kernel.host().ours.vips().collect() };
        let inputs = Inputs { settings: &settings, services: &services, unread: &unread, host: kernel.host() };
        let decision = decide::decide(inputs);
        Ok(Self { settings, kernel, decision, problems })
    }

    /// The ordered operations, announcements included.
    pub(super) fn plan(&self) -> Plan {
        let mut plan = decide::plan(&self.decision.desired, &self.kernel.host().ours);
        let announcements = decide::announcements(&plan, &self.decision);
        plan.0.extend(announcements);
        plan
    }
}
