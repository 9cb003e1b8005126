//! Text of a label selector to its conditions.

use std::collections::BTreeSet;

use super::{Operator, Requirement};

/// Why a text is no label selector; each names the part that is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseSelectorError {
    /// The text ends or goes on in a way that no selector does.
    #[error("{expected} expected, found {found} in the label selector {text:?}")]
    Unexpected {
        /// What could stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
        /// The whole text.
        text: String,
    },
    /// The name of a label breaks its rules.
    #[error("{key:?} is no label key: {why}")]
    Key {
        /// The key.
        key: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// The value of a label breaks its rules.
    #[error("{value:?} is no value of label {key}: {why}")]
    Value {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// The rule that it breaks.
        why: &'static str,
    },
}

const NAME_RULE: &str = "at most 63 letters, digits, '-', '_' and '.', with a letter or digit first and last";
const PREFIX_RULE: &str = "the part before '/' must be a DNS name in lower case of at most 253 characters";
const SYMBOLS: [char; 7] = ['=', '!', '(', ')', ',', '<', '>'];

pub(super) fn decode_selector(text: &str) -> Result<Vec<Requirement>, ParseSelectorError> {
    let mut parser = Parser { text, rest: text };
    let mut requirements = Vec::new();
    if parser.peek().is_empty() {
        return Ok(requirements);
    }
    loop {
        requirements.push(parser.requirement()?);
        match parser.next() {
            "" => return Ok(requirements),
            "," => {}
            found => return Err(parser.unexpected("',' or the end", found)),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// The next word or symbol and what follows it; an empty one at the end.
    fn split(&self) -> (&'a str, &'a str) {
        let rest = self.rest.trim_start();
        let longest = ["==", "!="].into_iter().find(|symbol| rest.starts_with(symbol)).map(str::len);
        let length = longest.unwrap_or_else(|| match rest.find(|c: char| c.is_whitespace() || SYMBOLS.contains(&c)) {
            Some(0) => rest.chars().next().map_or(0, char::len_utf8),
            Some(end) => end,
            None => rest.len(),
        });
        rest.split_at(length)
    }

    fn peek(&self) -> &'a str {
        self.split().0
    }

    fn next(&mut self) -> &'a str {
        let (token, rest) = self.split();
        self.rest = rest;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, ParseSelectorError> {
        if self.peek() == "!" {
            self.next();
            return Ok(Requirement { key: self.key()?, operator: Operator::Missing });
        }
        let key = self.key()?;
        let operator = match self.peek() {
            "" | "," => Operator::Exists,
            "=" | "==" => Operator::In(self.value(&key)?),
            "!=" => Operator::NotIn(self.value(&key)?),
            "in" => Operator::In(self.values(&key)?),
            "notin" => Operator::NotIn(self.values(&key)?),
            found => return Err(self.unexpected("'=', '!=', 'in', 'notin', ',' or the end", found)),
        };
        Ok(Requirement { key, operator })
    }

    fn key(&mut self) -> Result<String, ParseSelectorError> {
        match self.next() {
            // Kubernetes reads these as operators wherever a key could stand.
            found @ ("" | "in" | "notin") => Err(self.unexpected("a label key", found)),
            found if found.starts_with(SYMBOLS) => Err(self.unexpected("a label key", found)),
            key => check_key(key).map(|()| key.to_owned()),
        }
    }

    /// The single value after an operator; it may be empty, as in `a=`.
    fn value(&mut self, key: &str) -> Result<BTreeSet<String>, ParseSelectorError> {
        self.next();
        let value = match self.peek() {
            "" | "," => "",
            found if found.starts_with(SYMBOLS) => return Err(self.unexpected("a label value", found)),
            _ => self.next(),
        };
        check_value(key, value)?;
        Ok(BTreeSet::from([value.to_owned()]))
    }

    /// The values in parentheses after an operator; any may be empty, as in `a in (,x)`.
    fn values(&mut self, key: &str) -> Result<BTreeSet<String>, ParseSelectorError> {
        self.next();
        match self.next() {
            "(" => {}
            found => return Err(self.unexpected("'('", found)),
        }
        let mut values = BTreeSet::new();
        loop {
            let value = match self.peek() {
                "," | ")" => "",
                _ => self.next(),
            };
            if value.starts_with(SYMBOLS) {
                return Err(self.unexpected("a label value", value));
            }
            check_value(key, value)?;
            values.insert(value.to_owned());
            match self.next() {
                "," => {}
                ")" => return Ok(values),
                found => return Err(self.unexpected("',' or ')'", found)),
            }
        }
    }

    fn unexpected(&self, expected: &'static str, found: &str) -> ParseSelectorError {
        let found = if found.is_empty() { "the end".to_owned() } else { format!("{found:?}") };
        ParseSelectorError::Unexpected { expected, found, text: self.text.to_owned() }
    }
}

/// `IsQualifiedName`: an optional DNS subdomain, a slash, a name.
fn check_key(key: &str) -> Result<(), ParseSelectorError> {
    let bad = |why| ParseSelectorError::Key { key: key.to_owned(), why };
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if prefix.is_some_and(|prefix| !is_subdomain(prefix)) {
        return Err(bad(PREFIX_RULE));
    }
    if name.is_empty() || !is_name(name) { Err(bad(NAME_RULE)) } else { Ok(()) }
}

/// `IsValidLabelValue`: a name, or nothing.
fn check_value(key: &str, value: &str) -> Result<(), ParseSelectorError> {
    if is_name(value) { Ok(()) } else { Err(ParseSelectorError::Value { key: key.to_owned(), value: value.to_owned(), why: NAME_RULE }) }
}

fn is_name(name: &str) -> bool {
    name.len() <= 63 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) && has_alphanumeric_ends(name)
}

/// RFC 1123 §2.1 labels in lower case, joined by dots.
fn is_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && has_alphanumeric_ends(label)
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

fn has_alphanumeric_ends(name: &str) -> bool {
    name.bytes().next().is_none_or(|b| b.is_ascii_alphanumeric()) && name.bytes().last().is_none_or(|b| b.is_ascii_alphanumeric())
}
