//! The parts of the story: steps made of acts, each with what must come of it. Pure.

/// One step.
pub(super) struct Step {
    pub(super) title: &'static str,
    /// What it is about, in plain words.
    pub(super) about: &'static str,
    pub(super) acts: Vec<Act>,
}

/// One thing that happens before the reader's eyes.
pub(super) enum Act {
    /// A command.
    Run(Run),
    /// A command, while the client asks for the VIP every 5 ms.
    Probed(Run, std::net::Ipv4Addr),
    /// The agent of a node starts.
    Start(&'static str),
    /// The agent of a node gets a signal, which ends it.
    End(&'static str, nix::sys::signal::Signal),
}

/// A shell command and what must come of it.
pub(super) struct Run {
    pub(super) line: String,
    /// What it shows when all is as it must be, in plain words.
    pub(super) shows: String,
    exit: i32,
    says: Vec<&'static str>,
    never: Vec<&'static str>,
}

impl Run {
    /// A command that must succeed.
    pub(super) fn new(line: impl Into<String>, shows: impl Into<String>) -> Self {
        Self { line: line.into(), shows: shows.into(), exit: 0, says: Vec::new(), never: Vec::new() }
    }

    /// It must exit with this code.
    pub(super) fn exits(self, exit: i32) -> Self {
        Self { exit, ..self }
    }

    /// Each of these must stand in its output.
    pub(super) fn says(self, texts: &[&'static str]) -> Self {
        Self { says: texts.to_vec(), ..self }
    }

    /// None of these may stand in its output.
    pub(super) fn never(self, texts: &[&'static str]) -> Self {
        Self { never: texts.to_vec(), ..self }
    }

    /// What is not as it must be.
    pub(super) fn complaints(&self, exit: Option<i32>, output: &str) -> Vec<String> {
        let mut complaints = Vec::new();
        if exit != Some(self.exit) {
            let exit = exit.map_or_else(|| "a signal ended it".to_owned(), |exit| format!("it exited with {exit}"));
            complaints.push(format!("{exit}, not with {}", self.exit));
        }
        complaints.extend(self.says.iter().filter(|text| !output.contains(**text)).map(|text| format!("its output lacks {text:?}")));
        complaints.extend(self.never.iter().filter(|text| output.contains(**text)).map(|text| format!("its output has {text:?}")));
        complaints
    }
}

impl From<Run> for Act {
    fn from(run: Run) -> Self {
        Self::Run(run)
    }
}

#[cfg(test)]
mod tests {
    use super::Run;

    #[test]
    fn a_run_complains_of_all_that_is_not_so() {
        let run = Run::new("whohas", "one answers").says(&["mac-a"]).never(&["mac-b"]);
        assert_eq!(run.complaints(Some(0), "mac-a"), Vec::<String>::new());
        let complaints = run.complaints(Some(1), "mac-b");
        assert_eq!(complaints, ["it exited with 1, not with 0", "its output lacks \"mac-a\"", "its output has \"mac-b\""]);
        assert_eq!(run.exits(3).complaints(None, "mac-a"), ["a signal ended it, not with 3"]);
    }
}
