//! `hostvip demo`: three agents on three nodes, shown at work step by step, with real packets, on this machine.
//!
//! Everything happens in namespaces of its own and vanishes with this process, however it ends. What is shown was really run:
//! each command is printed as it ran, with its own output, and checked. The story itself is data, in `script.rs`.

mod backend;
mod netns;
mod prober;
mod sandbox;
mod script;
mod segment;
mod show;
mod stage;
mod step;

use super::{Common, Exit, Failure, Output};
use show::{Shown, ShownStep};
use stage::Stage;

/// How to show it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// This process already is in namespaces of its own
    #[arg(long, hide = true)]
    inside: bool,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Failure> {
    if args.inside { play(common.output) } else { sandbox::enter(common.output) }
}

/// Plays every step, also after one that failed: the later ones tell more about it.
fn play(output: Output) -> Result<Exit, Failure> {
    sandbox::furnish()?;
    let mut show = show::Show::begin(output)?;
    let mut stage = Stage::build()?;
    for (number, step) in (1..).zip(script::steps()) {
        show.title(number, &step)?;
        let mut shown = ShownStep { number, title: step.title, acts: Vec::new() };
        for act in &step.acts {
            let act = stage.play(act)?;
            show.act(&act)?;
            shown.acts.push(act);
        }
        show.steps.push(shown);
    }
    let shown: Shown = show.end()?;
    Ok(if shown.well { Exit::Well } else { Exit::Finding })
}
