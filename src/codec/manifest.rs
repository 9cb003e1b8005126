//! Kubernetes manifests as text: multi-document YAML, JSON, and lists as `kubectl get services -A -o yaml` prints them.
//!
//! A file is cut into documents, and a list into its items, before any of it is parsed, so that what is malformed hides
//! only itself. Absent: files, UTF-8 decoding, and YAML anchors that reach from one item of a list into another.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use crate::model::{Service, ServiceKey};

mod json;
mod object;
mod split;
mod yaml;

use object::{Fault, Outcome};

/// Longest text that [`decode_manifest`] reads, in bytes: more than 20 000 Services as kubectl prints them.
pub const MAX_BYTES: usize = 64 << 20;

/// Problems that are listed.
const MAX_LISTED: usize = 100;

/// Past this many problems a text is no manifest, and reading on only takes time.
const MAX_PROBLEMS: usize = 10_000;

/// What a text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The Services, each key once.
    pub services: Vec<Service>,
    /// Documents and list items of other kinds.
    pub skipped: usize,
    /// What could not be read, in the order of the text.
    pub problems: Vec<Problem>,
    /// Everything was understood: a Service that is not among [`Self::services`] is not in the text.
    pub complete: bool,
}

/// Something that could not be read, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line in the text, from 1.
    pub line: usize,
    /// Document in the text, from 1; documents of nothing but comments do not count.
    pub document: usize,
    /// Item in its list, from 1.
    pub item: Option<usize>,
    /// `namespace/name` of the Service, as far as it could be read.
    pub object: Option<String>,
    /// What is wrong, beginning with the field where that is known.
    pub what: String,
}

/// Reads Services out of a text. Never fails as a whole: what is malformed is in [`Manifest::problems`].
pub fn decode_manifest(text: &str) -> Manifest {
    let mut reading = Reading::new();
    if text.len() > MAX_BYTES {
        let what = format!("{} bytes of text: at most {MAX_BYTES} are read", text.len());
        reading.problem(Position { line: 1, document: 1, item: None }, Fault::new(what));
        return reading.manifest;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, document) in split::documents(text).enumerate() {
        if reading.failures > MAX_PROBLEMS {
            break;
        }
        if document.is_json() {
            json::decode_document(&document, number + 1, &mut reading);
        } else {
            yaml::decode_document(&document, number + 1, &mut reading);
        }
    }
    reading.manifest
}

/// Where an object begins.
#[derive(Clone, Copy)]
struct Position {
    line: usize,
    document: usize,
    item: Option<usize>,
}

/// A manifest in the making.
struct Reading {
    manifest: Manifest,
    lines: BTreeMap<ServiceKey, usize>,
    failures: usize,
}

impl Reading {
    fn new() -> Self {
        Self {
            manifest: Manifest { services: Vec::new(), skipped: 0, problems: Vec::new(), complete: true },
            lines: BTreeMap::new(),
            failures: 0,
        }
    }

    /// Takes what one object turned out to be; `position.line` is the line of its first line.
    fn take(&mut self, position: Position, outcome: Result<Outcome, Fault>) {
        match outcome {
            Ok(Outcome::Service(service)) => self.service(position, *service),
            Ok(Outcome::Skipped) => self.manifest.skipped += 1,
            Err(fault) => self.problem(position, fault),
        }
    }

    fn service(&mut self, position: Position, service: Service) {
        if let Some(first) = self.lines.get(&service.key) {
            let what = format!("named a second time: line {first} counts, this one does not");
            let problem = Problem { object: Some(service.key.to_string()), ..Fault::new(what).at(position) };
            return self.list(problem);
        }
        self.lines.insert(service.key.clone(), position.line);
        self.manifest.services.push(service);
    }

    fn problem(&mut self, position: Position, fault: Fault) {
        self.manifest.complete = false;
        self.list(fault.at(position));
    }

    fn list(&mut self, problem: Problem) {
        self.failures += 1;
        match self.failures.cmp(&(MAX_LISTED + 1)) {
            Ordering::Less => self.manifest.problems.push(problem),
            Ordering::Equal => {
                self.manifest.problems.push(Problem { object: None, what: "and more problems from here on".to_owned(), ..problem });
            }
            Ordering::Greater => {}
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, document {}", self.line, self.document)?;
        if let Some(item) = self.item {
            write!(f, ", item {item}")?;
        }
        if let Some(object) = &self.object {
            write!(f, ", Service {object}")?;
        }
        write!(f, ": {}", self.what)
    }
}
