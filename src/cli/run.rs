//! `hostvip run`: the agent.

use super::{Common, Exit, Failure, wait};
use crate::{agent, telemetry};

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let log = telemetry::log::init();
    wait(agent::run(&common.config, log.dropped()))??;
    Ok(Exit::Well)
}
