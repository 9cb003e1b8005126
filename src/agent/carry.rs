//! Carries a plan out. A failed operation neither hides nor blocks another, but for two that would do harm:
//! a quiet route where the link could not be silenced, and a looser setting where something that would answer could not be removed.

use crate::decide::{Stage, stage};
use crate::kernel::Kernel;
use crate::model::{Family, Op, Plan, Vip};

/// Each operation with its result, the error as text that ends with its deepest source.
pub type Results = Vec<(Op, Result<(), String>)>;

/// Tries every operation of `plan` in its order. `waiting` failed before and is not due: for what depends on it, that is a failure too.
pub fn carry_out(kernel: &mut Kernel, plan: Plan, waiting: &Plan) -> Results {
    let (silence, rest): (Vec<_>, Vec<_>) = plan.0.into_iter().partition(|op| stage(op) == Stage::Silence);
    let (change, loosen): (Vec<_>, Vec<_>) = rest.into_iter().partition(|op| stage(op) < Stage::Loosen);

    let mut results = apply(kernel, silence);
    let waits = |stages: &[Stage]| waiting.0.iter().find(|op| stages.contains(&stage(op))).cloned();
    let loud = first_failure(&results).or_else(|| waits(&[Stage::Silence]));
    let (held, change) = hold_back(change, loud, |op| matches!(op, Op::AddRoute { .. }) && is_ipv4(op));
    results.extend(held);
    let changed = apply(kernel, change);
    let removals = changed.iter().filter(|(op, _)| matches!(op, Op::Unbind { .. } | Op::DelRoute { .. }));
    let left = first_failure(removals).or_else(|| waits(&[Stage::Unbind, Stage::Refuse]));
    let (held, loosen) = hold_back(loosen, left, |_| true);
    results.extend(changed);
    results.extend(held);
    results.extend(apply(kernel, loosen));
    results
}

fn apply(kernel: &mut Kernel, ops: Vec<Op>) -> Results {
    let results = kernel.apply(&ops);
    let text = |result: Result<(), _>| result.map_err(|error| render_error(&error));
    ops.into_iter().zip(results.into_iter().map(text)).collect()
}

/// An error with all its sources, on one line.
pub fn render_error(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

fn first_failure<'a>(results: impl IntoIterator<Item = &'a (Op, Result<(), String>)>) -> Option<Op> {
    results.into_iter().find(|(_, result)| result.is_err()).map(|(op, _)| op.clone())
}

fn hold_back(ops: Vec<Op>, failed: Option<Op>, harmful: impl Fn(&Op) -> bool) -> (Results, Vec<Op>) {
    let Some(failed) = failed else { return (Vec::new(), ops) };
    let (held, go): (Vec<_>, Vec<_>) = ops.into_iter().partition(|op| harmful(op));
    let refused = |op: Op| {
        let error = format!("{op}: held back, because this failed: {failed}");
        (op, Err(error))
    };
    (held.into_iter().map(refused).collect(), go)
}

fn is_ipv4(op: &Op) -> bool {
    op.vip().map(Vip::family) == Some(Family::Ipv4)
}
