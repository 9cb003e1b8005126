//! `hostvip withdraw`: takes everything back, also when the agent crashed or its config is gone.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::output::{BAD, paint, print_json};
use super::{Common, Exit, Failure, Output};
use crate::agent::carry::render_error;
use crate::agent::config_file::{self, ConfigFile};
use crate::agent::{life, lock};
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
    let state_dir = args.state_dir.clone().unwrap_or_else(|| state_dir(&common.config));
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

/// A config that is missing or wrong must not keep anybody from cleaning up.
fn state_dir(config: &Path) -> PathBuf {
    let state_dir = config_file::whereabouts(config).state_dir;
    if let Err(error) = ConfigFile::read(config) {
        let error = render_error(&error);
        anstream::eprintln!("{error}\nwithdrawing with the state directory {} (--state-dir names another)", state_dir.display());
    }
    state_dir
}
