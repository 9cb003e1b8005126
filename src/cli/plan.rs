//! `hostvip plan`: the dry run.

use serde::Serialize;

use super::output::{DOUBTFUL, paint, print_json};
use super::{Common, Exit, Failure, Output, outlook};
use crate::model::{Op, Verdict};

#[derive(Serialize)]
struct Planned<'a> {
    /// Whether anything was decided: nothing is before the cluster has been listed.
    decided: bool,
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
    let exit = if outlook.decided { Exit::Well } else { Exit::Finding };
    if common.output == Output::Json {
        let ops = plan.0.iter().map(|op| Line { text: op.to_string(), op }).collect();
        print_json(&Planned { decided: outlook.decided, ops, verdicts: &outlook.decision.verdicts, problems: &problems })?;
        return Ok(exit);
    }
    for problem in &problems {
        anstream::eprintln!("{}", paint(DOUBTFUL, problem));
    }
    for op in &plan.0 {
        anstream::println!("{op}");
    }
    if !outlook.decided {
        anstream::println!("nothing is decided before the cluster has been listed: the kernel keeps what it holds");
    } else if plan.is_empty() {
        anstream::println!("nothing to do: the kernel holds what {} should hold", outlook.settings.node_name);
    }
    Ok(exit)
}
