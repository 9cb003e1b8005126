//! One YAML document to Services.

use serde::Deserialize;
use serde_saphyr::{Options, UserMessageFormatter};

use super::object::{Fault, Head, Kind, decode_object};
use super::split::{self, Chunk, List};
use super::{Position, Reading};
use crate::codec::service::ServiceObject;

/// A list that is not written in block style, such as `items: []`.
#[derive(Deserialize)]
struct FlowList {
    items: Option<Vec<ServiceObject>>,
}

/// Reads one document.
pub(super) fn decode_document(document: &Chunk<'_>, number: usize, reading: &mut Reading) {
    if let Some(list) = split::list(document) {
        return decode_list(document, &list, number, reading);
    }
    let read = decode::<ServiceObject>(document.text);
    let of_list = read.as_ref().ok().and_then(|object| Kind::of(object.api_version.as_deref(), object.kind.as_deref()).ok());
    match of_list.filter(|kind| matches!(kind, Kind::List | Kind::ServiceList)) {
        Some(kind) => decode_flow_list(document, kind, number, reading),
        None => take(reading, document, document.text, number, None, Kind::Other, read),
    }
}

fn decode_list(document: &Chunk<'_>, list: &List<'_>, number: usize, reading: &mut Reading) {
    let position = Position { line: document.line, document: number, item: None };
    let kind = match decode::<Head>(&list.head).and_then(|head| head.kind()) {
        Ok(Kind::Service | Kind::Other) => {
            reading.manifest.skipped += 1;
            return;
        }
        Ok(kind) => kind,
        // The items may be in order all the same.
        Err(fault) => {
            let position = if fault.line.is_none() { Position { line: document.content_line(), ..position } } else { position };
            reading.problem(position, fault);
            Kind::List
        }
    };
    for (at, item) in list.items.iter().enumerate() {
        let text = item.without_dash();
        take(reading, item, &text, number, Some(at + 1), kind, decode(&text));
    }
}

fn decode_flow_list(document: &Chunk<'_>, kind: Kind, number: usize, reading: &mut Reading) {
    let position = Position { line: document.line, document: number, item: None };
    match decode::<FlowList>(document.text) {
        Ok(list) => {
            for (at, object) in list.items.unwrap_or_default().into_iter().enumerate() {
                let position = Position { line: document.content_line(), item: Some(at + 1), ..position };
                reading.take(position, decode_object(Ok(object), kind, || None));
            }
        }
        Err(fault) => reading.problem(position, fault),
    }
}

/// Hands one object on; a fault without a line of its own belongs to the first line with content.
fn take(
    reading: &mut Reading,
    chunk: &Chunk<'_>,
    text: &str,
    document: usize,
    item: Option<usize>,
    list: Kind,
    read: Result<ServiceObject, Fault>,
) {
    let outcome = decode_object(read, list, || decode(text).ok());
    let has_line = matches!(&outcome, Err(Fault { line: Some(_), .. }));
    let line = if has_line { chunk.line } else { chunk.content_line() };
    reading.take(Position { line, document, item }, outcome);
}

/// To keep track of each field's path takes its time, and only an error needs one: then it is read again.
fn decode<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Fault> {
    let plain = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |deserializer| T::deserialize(deserializer));
    plain.or_else(|_| decode_with_path(text))
}

fn decode_with_path<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Fault> {
    let mut path = String::new();
    serde_saphyr::with_deserializer_from_str_with_options(text, options(), |deserializer| {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            path = error.path().to_string();
            error.into_inner()
        })
    })
    .map_err(|error| {
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok()).filter(|line| *line > 0);
        let message = error.render_with_formatter(&UserMessageFormatter);
        Fault::of_field(line, &path, without_position(message.lines().next().unwrap_or_default()))
    })
}

/// Our own position is that of the file; the parser's is that of the document.
fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(what, _)| what)
}

/// Aliases may repeat a few hundred nodes of one object, which is more than any Service has, but not multiply (a "billion laughs").
fn options() -> Options {
    serde_saphyr::options! {
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 4096, max_replay_stack_depth: 16 },
        budget: serde_saphyr::budget! { max_aliases: 1024, max_anchors: 1024, max_recorded_anchor_events: 65_536 },
    }
}
