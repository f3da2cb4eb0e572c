//! From a key to its cell: a table of cell numbers alone, about 5 bytes a cell beside its load factor. The keys themselves are compared in
//! the keys arena, which every call must be given as it was when the numbers went in. Two cells never have the same key.

use super::{
    hash,
    key::{CellId, KeyRecord},
};
use crate::prefetch::prefetch;
use hashbrown::HashTable;
use rayon::prelude::*;

#[derive(Clone, Default)]
pub(super) struct Index {
    table: HashTable<CellId>,
}

impl Index {
    #[inline]
    pub(super) fn find(&self, keys: &[KeyRecord], key: &KeyRecord) -> Option<CellId> {
        self.table.find(hash::limbs(&key.limbs()), |id| keys[*id as usize] == *key).copied()
    }

    /// Has fetched what `find` looks at.
    #[inline]
    pub(super) fn fetch(&self, keys: &[KeyRecord], key: &KeyRecord) {
        // A search for what is nowhere, which hangs on no key: the processor goes on to the next before this one ends.
        let found = self.table.find(hash::limbs(&key.limbs()), |id| {
            prefetch(&keys[*id as usize]);
            false
        });
        debug_assert!(found.is_none());
    }

    /// Takes up the cell `id`, whose key is in `keys` already and was absent before.
    pub(super) fn insert(&mut self, keys: &[KeyRecord], id: CellId) {
        let hash_of = |id: &CellId| hash::limbs(&keys[*id as usize].limbs());
        self.table.insert_unique(hash_of(&id), id, hash_of);
    }

    /// Takes up the cells from `first` on, in the order of their places in the table: those are gone through in one direction.
    pub(super) fn extend(&mut self, keys: &[KeyRecord], first: usize) {
        let hash_of = |id: &CellId| hash::limbs(&keys[*id as usize].limbs());
        self.table.reserve(keys.len() - first, hash_of);
        let mut new: Vec<(u64, CellId)> = (first as CellId..keys.len() as CellId).into_par_iter().map(|id| (hash_of(&id), id)).collect();
        let places = self.table.num_buckets() as u64 - 1;
        new.par_sort_unstable_by_key(|(hash, _)| hash & places);
        new.into_iter().for_each(|(hash, id)| _ = self.table.insert_unique(hash, id, hash_of));
    }

    /// What it has allocated.
    pub(super) fn size_bytes(&self) -> usize {
        self.table.allocation_size()
    }

    /// Forgets all cells from `len` on. `keys` still has them.
    pub(super) fn truncate(&mut self, keys: &[KeyRecord], len: usize) {
        for (id, key) in keys.iter().enumerate().skip(len) {
            if let Ok(entry) = self.table.find_entry(hash::limbs(&key.limbs()), |other| *other as usize == id) {
                entry.remove();
            }
        }
    }
}
