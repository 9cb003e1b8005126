//! `hostvip run`: the agent.

use super::{Common, Exit, Failure, runtime};
use crate::{agent, telemetry};

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let log = telemetry::log::init();
    runtime()?.block_on(agent::run(&common.config, log.dropped()))?;
    Ok(Exit::Well)
}
