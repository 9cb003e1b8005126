//! `hostvip plan`: the dry run.

use serde::Serialize;

use super::output::{DOUBTFUL, paint, print_json};
use super::{Common, Exit, Failure, Output, outlook};
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
    let outlook = outlook(common)?;
    let (plan, problems) = (outlook.plan(), outlook.problems());
    if common.output == Output::Json {
        let ops = plan.0.iter().map(|op| Line { text: op.to_string(), op }).collect();
        print_json(&Planned { ops, verdicts: &outlook.decision.verdicts, problems: &problems })?;
        return Ok(Exit::Well);
    }
    for problem in &problems {
        anstream::eprintln!("{}", paint(DOUBTFUL, problem));
    }
    for op in &plan.0 {
        anstream::println!("{op}");
    }
    if plan.is_empty() {
        anstream::println!("nothing to do: the kernel holds what {} should hold", outlook.settings.node_name);
    }
    Ok(Exit::Well)
}
