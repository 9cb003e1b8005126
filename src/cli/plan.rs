//! `hostvip plan`: the dry run.

use serde::Serialize;

use super::offline::Offline;
use super::output::{DOUBTFUL, paint, print_json};
use super::{Common, Exit, Failure, Output};
use crate::model::{Op, Verdict};

#[derive(Serialize)]
struct Planned<'a> {
    ops: Vec<Line<'a>>,
    verdicts: &'a [Verdict],
    problems: &'a [String],
}

/// An operation, with the text that the log prints.
#[derive(Serialize)]
struct Line<'a> {
    text: String,
    #[serde(flatten)]
    op: &'a Op,
}

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let offline = Offline::decide(common)?;
    let plan = offline.plan();
    if common.output == Output::Json {
        let ops = plan.0.iter().map(|op| Line { text: op.to_string(), op }).collect();
        print_json(&Planned { ops, verdicts: &offline.decision.verdicts, problems: &offline.problems })?;
        return Ok(Exit::Well);
    }
    for problem in &offline.problems {
        anstream::eprintln!("{}", paint(DOUBTFUL, problem));
    }
    for op in &plan.0 {
        anstream::println!("{op}");
    }
    if plan.is_empty() {
        anstream::println!("nothing to do: the kernel holds what {} should hold", offline.settings.node_name);
    }
    Ok(Exit::Well)
}
