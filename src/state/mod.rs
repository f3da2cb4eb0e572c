//! The state that batches change: cells (native balances and storage words), their keys, and the contracts, each in an arena whose bytes
//! are what is hashed, uploaded and exported; with a root over all of it, kept incrementally, and an undo.
//!
//! A cell's id is its place in the arenas. It is given when the cell is appended and does not change; whoever appends decides the order, and
//! with it the root. A cell once there stays, even at zero; absent ones read as zero. Only an undo takes cells away, and gives their ids
//! again. Nothing is executed or judged here: any word may be set, and the sum of native balances is checked on import alone.
//!
//! Ids and marks come from the state that they are used with (or its clone); an id that is out of range panics.

mod arena;
mod contracts;
mod dirty;
mod hash;
mod import;
mod index;
mod journal;
mod key;
mod large;
mod memory;
mod paths;
mod root;
#[cfg(test)]
mod tests;
mod tree;

pub use contracts::Contract;
pub use journal::Mark;
pub use key::{CellId, CellKey, Slot};
pub use memory::Memory;
pub use paths::{Paths, Query, UNKNOWN};
pub use root::FORMAT;

use crate::{
    error::Result,
    prefetch::prefetch,
    word::{Word, from_word, to_word},
};
use alloy_primitives::{Address, Bytes, U256};
use arena::Arena;
use contracts::Contracts;
use index::Index;
use journal::{Journal, Lengths, Past};
use key::KeyRecord;
use rayon::prelude::*;
use std::{fmt, mem, slice, sync::Arc};

/// Cells that are worth a thread of their own.
const SIDE_BY_SIDE: usize = 1 << 12;
/// Cells that are fetched while others are set.
const AHEAD: usize = 16;

/// Cells, contracts and what finds them. Empty by default. Clones are independent.
#[derive(Clone, Default)]
pub struct State {
    cells: Arena<Word>,
    keys: Arena<KeyRecord>,
    index: Index,
    contracts: Contracts,
    paths: Paths,
    journal: Journal,
    room: Room,
}

/// Words that are no longer used. A clone has none.
#[derive(Default)]
struct Room(Vec<Word>);

impl Clone for Room {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Cells.
impl State {
    /// The cell with this key, if there is one.
    #[inline]
    pub fn find(&self, key: &CellKey) -> Option<CellId> {
        self.index.find(self.keys.records(), &key.into())
    }

    /// Has fetched what `find` looks at.
    pub fn fetch(&self, key: &CellKey) {
        self.index.fetch(self.keys.records(), &key.into());
    }

    #[inline]
    pub fn key(&self, id: CellId) -> CellKey {
        CellKey::from(&self.keys.records()[id as usize])
    }

    #[inline]
    pub fn value(&self, id: CellId) -> U256 {
        from_word(self.word(id))
    }

    #[inline]
    pub fn word(&self, id: CellId) -> &Word {
        &self.words()[id as usize]
    }

    /// All cells' words by id.
    #[inline]
    pub fn words(&self) -> &[Word] {
        self.cells.records()
    }

    /// The value at this key: 0 if there is no such cell.
    pub fn read(&self, key: &CellKey) -> U256 {
        self.find(key).map_or(U256::ZERO, |id| self.value(id))
    }

    /// The number of cells.
    #[inline]
    pub fn len(&self) -> usize {
        self.words().len()
    }

    pub fn is_empty(&self) -> bool {
        self.words().is_empty()
    }

    /// Adds a cell that is absent, at the next id. Panics at 2^32 - 1 cells.
    pub fn append(&mut self, key: CellKey, value: U256) -> CellId {
        debug_assert!(self.find(&key).is_none(), "{key} is there already");
        self.push(KeyRecord::from(&key), to_word(value))
    }

    /// Adds cells that are absent, none twice, at the next ids.
    pub fn append_all(&mut self, cells: impl ExactSizeIterator<Item = (CellKey, U256)>) {
        self.push_all(cells.map(|(key, value)| (KeyRecord::from(&key), to_word(value))));
    }

    #[inline]
    pub fn set(&mut self, id: CellId, value: U256) {
        self.set_word(id, to_word(value));
    }

    /// Like [`State::set`]. Setting the word that is there changes nothing, and nothing is hashed again for it.
    #[inline]
    pub fn set_word(&mut self, id: CellId, word: Word) {
        let old = &self.cells.records()[id as usize];
        if *old != word {
            self.journal.cell(id, old);
            self.cells.set(id, word);
        }
    }

    /// Sets cells, whose ids ascend, to a word each.
    pub fn set_words(&mut self, ids: &[CellId], words: &[Word]) {
        debug_assert!(ids.is_sorted() && ids.len() == words.len());
        if ids.len() < SIDE_BY_SIDE {
            for (at, (id, word)) in ids.iter().zip(words).enumerate() {
                ids.get(at + AHEAD).into_iter().for_each(|soon| prefetch(self.word(*soon)));
                self.set_word(*id, *word);
            }
            return;
        }
        let old = ids[..ids.partition_point(|id| *id < self.journal.cell_floor())].par_iter().with_min_len(SIDE_BY_SIDE);
        self.journal.cells(old.map(|id| (*id, self.cells.records()[*id as usize])));
        self.cells.blocks_mut().for_each(|mut block| {
            let ids_of_block = block.ids();
            let [from, to] = [ids_of_block.start, ids_of_block.end].map(|bound| ids.partition_point(|id| (*id as usize) < bound));
            ids[from..to].iter().zip(&words[from..to]).for_each(|(id, word)| block.set(*id, word));
        });
    }

    /// All cells' words as they are now. Where cells are set while somebody has these, all are copied.
    pub fn all_words(&self) -> Arc<Vec<Word>> {
        self.cells.shared()
    }

    /// Sets all cells, by id, to these words.
    pub fn replace_words(&mut self, words: Vec<Word>) {
        assert_eq!(words.len(), self.len(), "every cell has a word");
        let old = self.cells.replace(Arc::new(words));
        let old = self.journal.all_cells(old);
        self.keep_room(old);
    }

    /// Room for as many words as there are cells, or none: fresh memory costs more than it takes to fill it.
    pub fn take_room(&mut self) -> Vec<Word> {
        mem::take(&mut self.room.0)
    }

    fn keep_room(&mut self, words: Option<Arc<Vec<Word>>>) {
        if let Some(words) = words.and_then(|words| Arc::try_unwrap(words).ok()) {
            self.room = Room(words);
        }
    }

    fn push(&mut self, key: KeyRecord, word: Word) -> CellId {
        let id = self.cells.push(word);
        self.keys.push(key);
        self.index.insert(self.keys.records(), id);
        id
    }

    fn push_all(&mut self, cells: impl ExactSizeIterator<Item = (KeyRecord, Word)>) {
        let first = self.len();
        self.cells.reserve(cells.len());
        self.keys.reserve(cells.len());
        for (key, word) in cells {
            self.cells.push(word);
            self.keys.push(key);
        }
        self.index.extend(self.keys.records(), first);
    }

    /// The cache from mapping keys to cells.
    #[inline]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// To insert paths of cells that are there.
    #[inline]
    pub fn paths_mut(&mut self) -> &mut Paths {
        &mut self.paths
    }
}

/// Contracts.
impl State {
    /// The contract at this address. `None`: an account without code and contract nonce.
    pub fn contract(&self, address: &Address) -> Option<&Contract> {
        self.contract_id(address).map(|id| &self.contracts.list()[id as usize])
    }

    /// Its number in the accounts arena, dense from 0; it stays until an undo takes the contract away.
    pub fn contract_id(&self, address: &Address) -> Option<u32> {
        self.contracts.id(address)
    }

    /// All contracts by id.
    pub fn contracts(&self) -> slice::Iter<'_, Contract> {
        self.contracts.list().iter()
    }

    /// Gives the account this nonce and runtime code, whatever it had. An account that was in no list and gets neither stays in none.
    pub fn set_contract(&mut self, address: Address, nonce: u64, code: Bytes) {
        match self.contract_id(&address) {
            Some(id) => {
                let contract = self.contracts.intern(address, nonce, code);
                let old = self.contracts.replace(id, contract);
                self.journal.contract(id, old);
            }
            None if nonce == 0 && code.is_empty() => {}
            None => {
                let contract = self.contracts.intern(address, nonce, code);
                self.contracts.push(contract);
            }
        }
    }
}

/// Marks and undo.
impl State {
    /// Marks the state as it is. Until the mark is released every word that is set costs its undo: 36 bytes if it existed here.
    /// Marks nest; any number may be live.
    pub fn mark(&mut self) -> Mark {
        let lengths = Lengths { cells: self.len(), contracts: self.contracts.list().len() };
        self.journal.mark(lengths)
    }

    /// Brings everything back to what it was at `mark`, the root included; paths to what is gone are forgotten, which
    /// goes through all paths where there are such. Newer marks end; this one stays live, until it is released.
    ///
    /// An input error, and nothing changes, if the mark is not live: unknown here, released, or ended by an undo to an older one.
    pub fn undo(&mut self, mark: Mark) -> Result<()> {
        let Past { lengths, mut cells, all_cells, contracts } = self.journal.rewind(mark)?;
        for (before, words) in all_cells.into_iter().rev() {
            cells.drain(before..).rev().for_each(|(id, word)| self.cells.set(id, word));
            let old = self.cells.replace(words);
            self.keep_room(Some(old));
        }
        cells.into_iter().rev().for_each(|(id, word)| self.cells.set(id, word));
        self.index.truncate(self.keys.records(), lengths.cells);
        self.keys.truncate(lengths.cells);
        self.cells.truncate(lengths.cells);
        self.paths.truncate(lengths.cells, lengths.contracts);
        if !contracts.is_empty() || self.contracts.list().len() > lengths.contracts {
            for (id, contract) in contracts.into_iter().rev() {
                self.contracts.replace(id, contract);
            }
            self.contracts.truncate(lengths.contracts);
            self.contracts.forget_codes();
        }
        Ok(())
    }

    /// Ends `mark`: what happened since can no longer be undone, unless an older mark is live. Newer marks stay.
    ///
    /// An input error if the mark is not live, as for [`State::undo`].
    pub fn release(&mut self, mark: Mark) -> Result<()> {
        let dropped = self.journal.release(mark)?;
        self.keep_room(dropped);
        Ok(())
    }
}

/// Its sizes: the contents may be gigabytes.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("cells", &self.len())
            .field("contracts", &self.contracts.list().len())
            .field("paths", &self.paths.len())
            .finish_non_exhaustive()
    }
}
