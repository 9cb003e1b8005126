//! `hostvip withdraw`: takes everything back, also when the agent crashed or its config is gone.

use std::path::PathBuf;

use serde::Serialize;

use super::output::{BAD, paint, print_json};
use super::{Common, Exit, Failure, Output};
use crate::agent::{config_file, life, lock};
use crate::kernel::Kernel;
use crate::telemetry;

/// Where the state is.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The agent's state directory, where the config that names it is gone
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
}

#[derive(Serialize)]
struct Outcome {
    removed: usize,
    failed: Vec<String>,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Failure> {
    let _log = telemetry::log::init();
    // A config that is missing or wrong must not keep anybody from cleaning up.
    let state_dir = args.state_dir.clone().unwrap_or_else(|| config_file::whereabouts(&common.config).state_dir);
    // A running agent would put everything back at once.
    let _lock = lock::Lock::take(&state_dir)?;
    let mut kernel = Kernel::open(&state_dir)?;
    let withdrawn = life::withdraw(&mut kernel);
    let outcome = Outcome { removed: withdrawn.done, failed: withdrawn.failed };
    match common.output {
        Output::Json => print_json(&outcome)?,
        Output::Text => {
            for failed in &outcome.failed {
                anstream::println!("{}", paint(BAD, failed));
            }
            anstream::println!("withdrew {} objects of hostvip, {} failed", outcome.removed, outcome.failed.len());
        }
    }
    Ok(if outcome.failed.is_empty() { Exit::Well } else { Exit::Finding })
}
