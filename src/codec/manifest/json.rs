//! JSON to Services: one object, a list, an array of objects, or several of these one after another.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::{Fault, Head, Kind, decode_object};
use super::split::Chunk;
use super::{Position, Reading};

#[derive(Deserialize)]
struct Items<'a> {
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

/// Reads one document; behind a syntax error nothing more of it can be found.
pub(super) fn decode_document(document: &Chunk<'_>, number: usize, reading: &mut Reading) {
    let body = document.body();
    let source = Source::new(document, number);
    for value in serde_json::Deserializer::from_str(body).into_iter::<&RawValue>() {
        match value {
            Ok(value) => source.decode_value(value, reading),
            Err(error) => {
                let position = Position { line: source.line_of(body), document: number, item: None };
                return reading
                    .problem(position, Fault::of_field(Some(error.line()), "", &format!("no JSON: {}", without_position(&error))));
            }
        }
    }
}

/// The text that raw values point into.
struct Source {
    /// Address of its first byte: raw values are slices of it, so that their distance is their offset.
    base: usize,
    /// Offsets of the line breaks.
    breaks: Vec<usize>,
    /// Line of its first line in the file, from 1.
    line: usize,
    document: usize,
}

impl Source {
    fn new(document: &Chunk<'_>, number: usize) -> Self {
        let breaks = document.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(offset, _)| offset).collect();
        Self { base: document.text.as_ptr().addr(), breaks, line: document.line, document: number }
    }

    fn line_of(&self, slice: &str) -> usize {
        let offset = slice.as_ptr().addr().saturating_sub(self.base);
        self.line + self.breaks.partition_point(|at| *at < offset)
    }

    fn decode_value(&self, value: &RawValue, reading: &mut Reading) {
        if value.get().starts_with('[') {
            return self.decode_items(value, decode(value), Kind::List, reading);
        }
        let kind = decode::<Head>(value).and_then(|head| head.kind());
        match kind {
            Ok(kind @ (Kind::List | Kind::ServiceList)) => {
                let items = decode::<Items<'_>>(value).map(|list| list.items.unwrap_or_default());
                self.decode_items(value, items, kind, reading);
            }
            _ => self.take(value, None, Kind::Other, reading),
        }
    }

    fn decode_items(&self, list: &RawValue, items: Result<Vec<&RawValue>, Fault>, kind: Kind, reading: &mut Reading) {
        match items {
            Ok(items) => {
                for (at, item) in items.into_iter().enumerate() {
                    self.take(item, Some(at + 1), kind, reading);
                }
            }
            Err(fault) => reading.problem(self.position(list, None), fault),
        }
    }

    fn take(&self, value: &RawValue, item: Option<usize>, list: Kind, reading: &mut Reading) {
        let outcome = decode_object(decode(value), list, || decode(value).ok());
        reading.take(self.position(value, item), outcome);
    }

    fn position(&self, value: &RawValue, item: Option<usize>) -> Position {
        Position { line: self.line_of(value.get()), document: self.document, item }
    }
}

fn decode<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Result<T, Fault> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(value.get())).map_err(|error| {
        let message = without_position(error.inner());
        Fault::of_field(Some(error.inner().line()), &error.path().to_string(), &message)
    })
}

fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(message.clone(), |(what, _)| what.to_owned())
}
