//! Services by key, over all files: the first file in order wins.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::file::Services;
use crate::model::{Service, ServiceKey};

/// Position of a file: the source's place in the config, then the path.
pub(super) type Rank = (usize, Arc<Path>);

/// Who names which Service. Kept up to date file by file, so that a change costs what the file costs.
#[derive(Default)]
pub(super) struct Index {
    /// Never empty, sorted by rank.
    claims: BTreeMap<ServiceKey, Vec<(Rank, Arc<Service>)>>,
}

impl Index {
    /// The Services in force, by key.
    pub(super) fn services(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.claims.values().filter_map(|claims| claims.first()).map(|(_, service)| service)
    }

    /// The file whose Service of this key is in force.
    pub(super) fn origin(&self, key: &ServiceKey) -> Option<&Path> {
        self.claims.get(key)?.first().map(|((_, path), _)| &**path)
    }

    /// Services that several files name: the rank that counts, and one that does not.
    pub(super) fn doubles(&self) -> impl Iterator<Item = (&ServiceKey, &Rank, &Rank)> {
        self.claims.iter().flat_map(|(key, claims)| {
            let first = claims.first();
            first.into_iter().flat_map(move |(first, _)| claims.iter().skip(1).map(move |(other, _)| (key, first, other)))
        })
    }

    /// Replaces what the file of `rank` names.
    pub(super) fn replace(&mut self, rank: &Rank, before: &Services, after: &Services) {
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            if let Some(claims) = self.claims.get_mut(key) {
                claims.retain(|(other, _)| other != rank);
                if claims.is_empty() {
                    self.claims.remove(key);
                }
            }
        }
        for (key, service) in after {
            if before.get(key).is_some_and(|known| Arc::ptr_eq(known, service)) {
                continue;
            }
            let claims = self.claims.entry(key.clone()).or_insert_with(|| Vec::with_capacity(1));
            match claims.binary_search_by(|(other, _)| other.cmp(rank)) {
                Ok(at) => claims[at].1 = Arc::clone(service),
                Err(at) => claims.insert(at, (rank.clone(), Arc::clone(service))),
            }
        }
    }
}
