//! `hostvip explain`: the whole story of one VIP or one Service.

mod text;
mod wire;

use serde::Serialize;

use super::output::print_json;
use super::status::listen;
use super::{Common, Exit, Failure, Output, outlook, runtime};
use crate::agent::carry::render_error;
use crate::decide::whohas::Count;
use crate::model::report::{Story, Subject};
use crate::telemetry::http;
use wire::Wire;

/// What to explain.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 served as it should be, 1 it is not, or no agent runs, 2 usage or config.")]
pub(super) struct Args {
    /// A VIP, or a Service as NAMESPACE/NAME
    subject: Subject,
    /// Do not ask the segment who answers now
    #[arg(long)]
    no_probe: bool,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    story: &'a Story,
    wire: Vec<wire::Heard<'a>>,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Failure> {
    let story = tell(common, &args.subject)?;
    let wire = if args.no_probe { Vec::new() } else { wire::probe(common, &story)? };
    match common.output {
        Output::Json => print_json(&Told { story: &story, wire: wire.iter().map(Wire::heard).collect() })?,
        Output::Text => {
            text::print(&story);
            wire::print(&wire, &story);
        }
    }
    Ok(if is_well(&story, &wire) { Exit::Well } else { Exit::Finding })
}

/// Asks the agent; where none answers, decides as it would.
fn tell(common: &Common, subject: &Subject) -> Result<Story, Failure> {
    let asked = runtime()?.block_on(http::fetch_story(listen(common), subject));
    asked.or_else(|error| {
        anstream::eprintln!("{}; this is what it would decide", render_error(&error));
        Ok(outlook(common)?.story(subject))
    })
}

/// Whether nobody has to look into it.
fn is_well(story: &Story, wire: &[Wire]) -> bool {
    let served = story.verdicts.iter().any(|verdict| verdict.reason.is_served());
    let trouble = story.verdicts.iter().any(|verdict| verdict.reason.is_trouble());
    let is_served = |vip| story.verdicts.iter().any(|verdict| verdict.address == Some(vip) && verdict.reason.is_served());
    let odd = wire.iter().any(|wire| is_served(wire.vip.0) && wire.count().is_some_and(|count| count != Count::One));
    story.running && served && !trouble && !odd
}
