//! The objects of one resource, with the memory of which of them the list under way has shown.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Namespace and name; the namespace is empty where the resource has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
}

/// Objects by key. One that cannot be understood keeps what it said before.
#[derive(Debug)]
pub(super) struct Table<T> {
    rows: BTreeMap<Key, Row<T>>,
    /// Number of the last list that began.
    round: u32,
    problems: BTreeMap<Key, String>,
}

#[derive(Debug)]
struct Row<T> {
    seen: u32,
    says: Option<T>,
}

impl Key {
    /// A key of its own; a table shares the texts of its keys as far as its caller does.
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), round: 0, problems: BTreeMap::new() }
    }
}

/// A table, whatever its objects say.
pub(super) trait Rows {
    /// A list begins.
    fn begin(&mut self);
    /// An object is there and cannot be understood. True where that is new.
    fn spoil(&mut self, key: Key, why: String) -> bool;
    /// The list is complete: the keys that it did not show.
    fn unseen(&self) -> Vec<Key>;
    /// Every key.
    fn keys(&self) -> Vec<Key>;
    /// How many objects there are, understood or not.
    fn len(&self) -> usize;
    /// The objects that cannot be understood, and why.
    fn problems(&self) -> &BTreeMap<Key, String>;
}

impl<T: PartialEq> Rows for Table<T> {
    fn begin(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    fn spoil(&mut self, key: Key, why: String) -> bool {
        let row = self.rows.entry(key.clone()).or_insert(Row { seen: self.round, says: None });
        row.seen = self.round;
        self.problems.insert(key, why.clone()) != Some(why)
    }

    fn unseen(&self) -> Vec<Key> {
        self.rows.iter().filter(|(_, row)| row.seen != self.round).map(|(key, _)| key.clone()).collect()
    }

    fn keys(&self) -> Vec<Key> {
        self.rows.keys().cloned().collect()
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn problems(&self) -> &BTreeMap<Key, String> {
        &self.problems
    }
}

impl<T: PartialEq> Table<T> {
    /// An object says this. Gives what it said before, where that was something else.
    pub(super) fn put(&mut self, key: Key, says: T) -> Change<T> {
        self.problems.remove(&key);
        let row = self.rows.entry(key).or_insert(Row { seen: self.round, says: None });
        row.seen = self.round;
        if row.says.as_ref() == Some(&says) { Change::Same } else { Change::From(row.says.replace(says)) }
    }

    /// An object is gone. Gives what it said last.
    pub(super) fn remove(&mut self, key: &Key) -> Option<T> {
        self.problems.remove(key);
        self.rows.remove(key)?.says
    }

    /// What an object says, where that is known.
    pub(super) fn get(&self, key: &Key) -> Option<&T> {
        self.rows.get(key)?.says.as_ref()
    }

    /// What the objects say, by key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &T)> {
        self.rows.iter().filter_map(|(key, row)| Some((key, row.says.as_ref()?)))
    }
}

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change<T> {
    /// It says what it said.
    Same,
    /// It says something new; what it said before, if it was there.
    From(Option<T>),
}
