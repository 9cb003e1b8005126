//! Label selectors in Kubernetes' text form, as `kubectl -l` takes them (apimachinery `labels.Parse`).
//!
//! Absent: the numeric operators `<` and `>`, which no selector field of the Kubernetes API has.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

mod parse;

pub use parse::ParseSelectorError;

use super::Labels;

/// A label selector; empty matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

/// One condition; all conditions of a selector must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Exists,
    Missing,
}

impl Selector {
    /// Whether an object with these labels is selected.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether there is no condition: everything matches.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

impl Requirement {
    fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match &self.operator {
            Operator::In(values) => value.is_some_and(|value| values.contains(value)),
            // An object without the key has no forbidden value either: Kubernetes selects it.
            Operator::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::Missing => value.is_none(),
        }
    }
}

impl FromStr for Selector {
    type Err = ParseSelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::decode_selector(text).map(|requirements| Self { requirements })
    }
}

impl fmt::Display for Selector {
    /// The canonical text: it parses to an equal selector.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, requirement) in self.requirements.iter().enumerate() {
            write!(f, "{}{requirement}", if position == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, operator } = self;
        let (values, sign, word) = match operator {
            Operator::Exists => return f.write_str(key),
            Operator::Missing => return write!(f, "!{key}"),
            Operator::In(values) => (values, "=", "in"),
            Operator::NotIn(values) => (values, "!=", "notin"),
        };
        let mut texts = values.iter().map(String::as_str);
        match (texts.next(), texts.next()) {
            (Some(only), None) => write!(f, "{key}{sign}{only}"),
            _ => write!(f, "{key} {word} ({})", values.iter().map(String::as_str).collect::<Vec<_>>().join(",")),
        }
    }
}
