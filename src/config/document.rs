//! The text of a config file and where each key stands in it.
//!
//! A check knows only the span of the value it looks at; line, column and key path are found from the span here.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, ConfigErrors, Position};

/// Longest line that an error repeats, in characters.
const LONGEST_LINE: usize = 120;

/// The text of a config file, indexed.
#[derive(Clone, Debug)]
pub(super) struct Document {
    file: PathBuf,
    text: String,
    nodes: Vec<Node>,
}

/// One value, under a key or in a list.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Its path: `pool[0].addresses[1]`.
    pub(super) path: String,
    /// Where it stands; of a table, its heading.
    pub(super) span: Range<usize>,
    key: Option<Range<usize>>,
}

/// The problems found so far.
pub(super) struct Problems<'a> {
    document: &'a Document,
    found: Vec<ConfigError>,
}

impl Document {
    /// Parses `text` as TOML.
    pub(super) fn parse<'t>(file: &Path, text: &'t str) -> Result<(Self, Spanned<DeTable<'t>>), ConfigErrors> {
        let mut document = Self { file: file.to_owned(), text: text.to_owned(), nodes: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        if let Some(error) = errors.iter().min_by_key(|error| error.span().map_or(0, |span| span.start)) {
            let hint = "this is no TOML (https://toml.io): text stands in quotes, lists in brackets, each key once";
            return Err(ConfigErrors::new(vec![document.error(error.span(), String::new(), error.message(), hint)]));
        }
        document.index_table(table.get_ref(), "");
        Ok((document, table))
    }

    fn index_table(&mut self, table: &DeTable<'_>, parent: &str) {
        for (key, value) in table {
            let name = as_written(key.get_ref());
            let path = if parent.is_empty() { name } else { format!("{parent}.{name}") };
            self.index_value(Some(key.span()), value, &path);
        }
    }

    fn index_value(&mut self, key: Option<Range<usize>>, value: &Spanned<DeValue<'_>>, path: &str) {
        self.nodes.push(Node { path: path.to_owned(), span: value.span(), key });
        match value.get_ref() {
            DeValue::Table(table) => self.index_table(table, path),
            DeValue::Array(array) => {
                for (position, element) in array.iter().enumerate() {
                    self.index_value(None, element, &format!("{path}[{position}]"));
                }
            }
            _ => {}
        }
    }

    /// Every value; what contains another comes first.
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The value of a node, where it is one that stands in one place: no table with a heading of its own.
    pub(super) fn value(&self, node: &Node) -> Option<toml::Value> {
        self.text.get(node.span.clone())?.parse().ok()
    }

    /// An error at `span`, if it has one.
    pub(super) fn error(
        &self,
        span: Option<Range<usize>>,
        key: String,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> ConfigError {
        let position = span.map(|span| self.position(span.start));
        ConfigError { file: self.file.clone(), position, key, message: message.into(), hint: hint.into() }
    }

    fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let mut text: String = line.trim().chars().take(LONGEST_LINE).map(|c| if c.is_control() { ' ' } else { c }).collect();
        if text.len() < line.trim().len() {
            text.push('…');
        }
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        Position { line: before.matches('\n').count() + 1, column, text }
    }
}

/// A key as TOML writes it: bare, or in quotes with what could upset a terminal escaped.
fn as_written(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { format!("{key:?}") }
}

impl Node {
    /// Whether the value, or its key, stands at `span`.
    pub(super) fn is_at(&self, span: &Range<usize>) -> bool {
        self.span == *span || self.key.as_ref() == Some(span)
    }
}

impl<'a> Problems<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self { document, found: Vec::new() }
    }

    /// The file that is looked at.
    pub(super) fn document(&self) -> &'a Document {
        self.document
    }

    /// Something wrong at `span`. Of nodes that share a span (a `[[pool]]` list and its first element) the innermost is meant.
    pub(super) fn at(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let key = self.document.nodes.iter().rfind(|node| node.is_at(&span)).map_or_else(String::new, |node| node.path.clone());
        self.found.push(self.document.error(Some(span), key, message, hint));
    }

    /// Something wrong with a key that is not in the file.
    pub(super) fn absent(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.found.push(self.document.error(None, key.to_owned(), message, hint));
    }

    /// The line of `span`, for messages that name a second place.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.document.position(span.start).line
    }

    /// # Errors
    /// Whatever was found.
    pub(super) fn finish(self) -> Result<(), ConfigErrors> {
        if self.found.is_empty() { Ok(()) } else { Err(ConfigErrors::new(self.found)) }
    }
}
