//! How fast hostvip is: each figure beside a peer, or what the machine itself can do, measured in the same run.
//!
//! Everything happens in network namespaces of its own, with the real agent where the agent is measured. A figure that misses its goal is
//! printed as such and fails nothing: speed depends on the machine, and only what is broken panics. Absent: figures of many runs over
//! time, which docs/benchmarks.md keeps.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a bench that cannot go on has to say where")]

#[path = "../../tests/support/lab.rs"]
pub mod lab;

pub mod announce;
pub mod bind;
pub mod change;
pub mod kubernetes;
pub mod memory;
pub mod probe;
pub mod reconcile;
pub mod repair;
pub mod site;
pub mod table;

use lab::{Lab, skip};
use table::Row;

/// A name for the command line, and what it measures.
type Measure = (&'static str, fn(Lab) -> Vec<Row>);

const MEASURES: [Measure; 7] = [
    ("bind", bind::rows),
    ("reconcile", reconcile::rows),
    ("change", change::rows),
    ("memory", memory::rows),
    ("repair", repair::rows),
    ("announce", announce::rows),
    ("kubernetes", kubernetes::rows),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // The test runner starts every target, to ask it for its tests: there are none.
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let Some(lab) = Lab::start() else { return };
    let wanted: Vec<_> = words.iter().filter(|word| !word.starts_with("--")).collect();
    let measures = MEASURES.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|word| word == name));
    let rows: Vec<Row> = measures.flat_map(|(_, measure)| measure(lab)).collect();
    if rows.is_empty() {
        let names = MEASURES.map(|(name, _)| name).join(", ");
        return skip::<()>(&format!("no measure is named so: there are {names}")).unwrap_or_default();
    }
    println!("\n{}", table::render(&rows));
}
