//! How the demo looks: text as it goes along, or JSON at its end.

use std::io::Write;

use serde::Serialize;

use super::segment::DRAWING;
use super::step::Step;
use super::{Failure, Output};
use crate::cli::output::{BAD, GOOD, HEAD, paint, print_json};

/// Everything that was shown.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) well: bool,
    steps: Vec<ShownStep>,
}

/// One step, as it went.
#[derive(Debug, Serialize)]
pub(super) struct ShownStep {
    pub(super) number: usize,
    pub(super) title: &'static str,
    pub(super) acts: Vec<ShownAct>,
}

/// One act, as it went.
#[derive(Debug, Serialize)]
pub(super) struct ShownAct {
    pub(super) command: String,
    /// Its exit code; none for what goes on in the background, and for what a signal ended.
    pub(super) exit: Option<i32>,
    pub(super) output: String,
    pub(super) shows: String,
    /// What was not as it must be.
    pub(super) complaints: Vec<String>,
}

/// The show while it runs.
pub(super) struct Show {
    output: Output,
    pub(super) steps: Vec<ShownStep>,
}

impl Show {
    pub(super) fn begin(output: Output) -> Result<Self, Failure> {
        let show = Self { output, steps: Vec::new() };
        show.text(&format!("Three nodes, a client, a stranger and a router, each a network namespace of its own:\n\n{DRAWING}"))?;
        Ok(show)
    }

    pub(super) fn title(&self, number: usize, step: &Step) -> Result<(), Failure> {
        self.text(&format!("\n{}\n   {}", paint(HEAD, format!("{number}. {}", step.title)), step.about.replace('\n', "\n   ")))
    }

    pub(super) fn act(&self, act: &ShownAct) -> Result<(), Failure> {
        self.text(&format!("\n   {}", paint(HEAD, format!("# {}", act.command))))?;
        for line in act.output.lines() {
            self.text(format!("   {line}").trim_end())?;
        }
        if act.complaints.is_empty() {
            return self.text(&format!("   {} {}", paint(GOOD, "✓"), act.shows));
        }
        self.text(&format!("   {} not so: {}", paint(BAD, "✗"), act.shows))?;
        act.complaints.iter().try_for_each(|complaint| self.text(&format!("     {}", paint(BAD, complaint))))
    }

    pub(super) fn end(self) -> Result<Shown, Failure> {
        let failed: Vec<_> = self.steps.iter().filter(|step| !step.is_well()).collect();
        let shown = self.steps.iter().map(|step| step.acts.len()).sum::<usize>();
        if failed.is_empty() {
            self.text(&format!("\n{} {shown} checks in {} steps, all so", paint(GOOD, "✓"), self.steps.len()))?;
        }
        for step in &failed {
            self.text(&format!("\n{} not so: step {}, {}", paint(BAD, "✗"), step.number, step.title))?;
        }
        let shown = Shown { well: failed.is_empty(), steps: self.steps };
        if self.output == Output::Json {
            print_json(&shown)?;
        }
        Ok(shown)
    }

    fn text(&self, text: &str) -> Result<(), Failure> {
        if self.output == Output::Text {
            writeln!(anstream::stdout(), "{text}")?;
        }
        Ok(())
    }
}

impl ShownStep {
    fn is_well(&self) -> bool {
        self.acts.iter().all(|act| act.complaints.is_empty())
    }
}
