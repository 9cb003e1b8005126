//! Who answers for the VIPs of a story on the wire now.

use std::time::Duration;

use serde::Serialize;

use crate::agent::carry::render_error;
use crate::agent::config_file::{self, ConfigFile};
use crate::agent::whohas::{Error, Found, Inquiry, whohas};
use crate::cli::output::{DOUBTFUL, HEAD, paint};
use crate::cli::whohas::{Outcome, next, outcome, print as print_found};
use crate::cli::{Common, Failure, runtime};
use crate::decide::whohas::{Count, count};
use crate::kernel::Kernel;
use crate::model::Vip;
use crate::model::report::Story;

/// VIPs that are asked for; a Service may have hundreds.
const MOST: usize = 8;

/// Probes for each VIP.
const PROBES: u32 = 3;

/// Shorter than `hostvip whohas` waits: a host that answers by proxy may be missed, and explain is to be quick.
const PATIENCE: Duration = Duration::from_millis(300);

/// What came of asking for one VIP.
pub(super) struct Wire {
    pub(super) vip: Vip,
    asked: Result<Answered, Error>,
}

struct Answered {
    found: Found,
    inquiry: Inquiry,
    next: String,
}

/// As JSON: what `hostvip whohas` prints, or why nobody could be asked.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Heard<'a> {
    Answered(Outcome<'a>),
    Failed { vip: Vip, error: String },
}

/// Asks the segment for the first few VIPs of the story.
pub(super) fn probe(common: &Common, story: &Story) -> Result<Vec<Wire>, Failure> {
    let mut kernel = Kernel::look(&config_file::whereabouts(&common.config).state_dir)?;
    let settings = ConfigFile::read(&common.config).and_then(|file| file.settings(kernel.host()));
    let uplink = settings.ok().map(|settings| settings.uplink);
    let runtime = runtime()?;
    let ask = |vip| {
        let inquiry = Inquiry { vip, link: None, uplink: uplink.clone(), count: PROBES, timeout: PATIENCE };
        let asked = runtime.block_on(whohas(&mut kernel, &inquiry));
        Wire { vip, asked: asked.map(|found| Answered { next: next(&found), found, inquiry }) }
    };
    Ok(story.vips.iter().take(MOST).map(|told| told.vip).map(ask).collect())
}

impl Wire {
    /// How many answer; none: nobody could be asked.
    pub(super) fn count(&self) -> Option<Count> {
        self.asked.as_ref().ok().map(|answered| count(&answered.found.stations))
    }

    pub(super) fn heard(&self) -> Heard<'_> {
        match &self.asked {
            Ok(answered) => Heard::Answered(outcome(&answered.found, &answered.inquiry, &answered.next)),
            Err(error) => Heard::Failed { vip: self.vip, error: render_error(error) },
        }
    }
}

pub(super) fn print(wire: &[Wire], story: &Story) {
    if wire.is_empty() {
        return;
    }
    anstream::println!("\n{}", paint(HEAD, "On the wire now"));
    for wire in wire {
        match &wire.asked {
            Ok(answered) => print_found(&answered.found, &answered.inquiry, &answered.next),
            Err(error @ Error::Forbidden(_)) => {
                // The same for every VIP: said once.
                anstream::println!("  {}", paint(DOUBTFUL, format!("not asked: {error}")));
                return;
            }
            Err(error) => anstream::println!("{}: {}", paint(HEAD, wire.vip), paint(DOUBTFUL, render_error(error))),
        }
    }
    let left = story.vips.len() - wire.len();
    if left > 0 {
        anstream::println!("  {left} more were not asked for: `hostvip whohas VIP` asks for each");
    }
}
