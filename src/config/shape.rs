//! Reads the TOML tree into [`Written`] and reports every unknown key, wrong type and malformed value at once.
//!
//! serde stops at the first error. So each offending node is noted and taken out of the tree, and the rest is read again.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::Document;
use super::error::{ConfigError, ConfigErrors};
use super::written::Written;

/// More than these in one file, and it is no config of ours; reading it again for each would only take long.
const MOST_ERRORS: usize = 100;

/// How like a known word an unknown one must be to be taken for a slip of the pen (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;

pub(super) fn decode(document: &Document, mut table: Spanned<DeTable<'_>>) -> Result<Written, ConfigErrors> {
    let mut errors = Vec::new();
    loop {
        let error = match Written::deserialize(toml::Deserializer::from(table.clone())) {
            Ok(written) if errors.is_empty() => return Ok(written),
            Ok(_) => return Err(ConfigErrors::new(errors)),
            Err(error) => error,
        };
        errors.push(describe(document, &error));
        let removed = error.span().is_some_and(|span| remove(table.get_mut(), &span));
        if !removed || errors.len() == MOST_ERRORS {
            return Err(ConfigErrors::new(errors));
        }
    }
}

/// Takes the outermost node at `span` out of the tree.
fn remove(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let here = table.iter().find(|(key, value)| key.span() == *span || value.span() == *span).map(|(key, _)| key.clone());
    match here {
        Some(key) => table.remove(&key).is_some(),
        None => table.iter_mut().any(|(_, value)| remove_within(value.get_mut(), span)),
    }
}

fn remove_within(value: &mut DeValue<'_>, span: &Range<usize>) -> bool {
    match value {
        DeValue::Table(table) => remove(table, span),
        DeValue::Array(array) => {
            let before = array.len();
            *array = array.iter().filter(|element| element.span() != *span).cloned().collect();
            array.len() < before || array.iter_mut().any(|element| remove_within(element.get_mut(), span))
        }
        _ => false,
    }
}

fn describe(document: &Document, error: &toml::de::Error) -> ConfigError {
    let node = error.span().and_then(|span| document.nodes().iter().find(|node| node.is_at(&span)));
    let path = node.map_or_else(String::new, |node| node.path.clone());
    // What is well-formed but not known, serde names between backticks, and after it what it knows.
    let mut quoted = error.message().split('`').skip(1).step_by(2);
    let (message, hint) = if error.message().starts_with("unknown field") {
        let word = quoted.next().unwrap_or_default();
        (format!("unknown key {word:?}"), suggest(word, &quoted.collect::<Vec<_>>(), "keys here"))
    } else if error.message().starts_with("unknown variant") {
        let word = quoted.next().unwrap_or_default();
        let known: Vec<_> = quoted.map(|word| format!("{word:?}")).collect();
        (format!("unknown value {word:?}"), suggest(&format!("{word:?}"), &known, "values"))
    } else if let Some((message, hint)) = error.message().rsplit_once('\n') {
        (message.to_owned(), hint.to_owned())
    } else {
        (in_toml_words(error.message()), type_hint(error.message()).to_owned())
    };
    document.error(error.span(), path, message, hint)
}

/// Names the known word that was probably meant, and all of them.
fn suggest(word: &str, known: &[impl AsRef<str>], what: &str) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(word, known);
    let names: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    let closest = names.iter().map(|name| (likeness(name), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    let all = format!("{what}: {}", names.join(", "));
    match closest {
        Some((alike, name)) if alike >= ALIKE => format!("did you mean {name}? {all}"),
        _ => all,
    }
}

/// serde speaks of its own types, TOML of lists and tables.
fn in_toml_words(message: &str) -> String {
    let words =
        [("invalid type", "wrong type"), (": map, ", ": table, "), (": sequence, ", ": list, "), ("a sequence", "a list"), ("`", "")];
    let words = words.into_iter().chain([("expected u16", "expected a number"), ("expected u32", "expected a number")]);
    words.fold(message.to_owned(), |message, (from, to)| message.replace(from, to))
}

fn type_hint(message: &str) -> &'static str {
    match message.rsplit_once("expected ").map(|(_, expected)| expected) {
        Some("a string") => "write it in quotes",
        Some("a sequence") => "write a list, [ … ]; a table of which there may be several has a heading in double brackets",
        Some("a table") => "write its keys under a heading in single brackets",
        Some("a boolean") => "write true or false, without quotes",
        Some("u16") => "write a whole number from 0 to 65535, without quotes",
        Some("u32") => "write a whole number from 0 to 4294967295, without quotes",
        _ => "docs/configuration.md lists each key with its type",
    }
}
