//! What it takes to bring a state back to a mark: the former words and contracts of everything that existed at the mark, and the lengths of
//! all arenas. What was appended since needs no entry, and without a live mark nothing is written. The journal only remembers; the state
//! does the undoing.

use super::{contracts::Contract, key::CellId, memory::list_bytes};
use crate::{
    error::{Error, Result},
    word::Word,
};
use rayon::prelude::*;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A point that a state can be brought back to. Plain data: it keeps nothing alive, and is checked when it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark(u64);

/// The lengths of a state's parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lengths {
    pub(super) cells: usize,
    pub(super) contracts: usize,
}

/// A live mark: what there was, and how long the journal's lists were.
#[derive(Debug, Clone, Copy)]
struct Live {
    mark: Mark,
    lengths: Lengths,
    cells: usize,
    all_cells: usize,
    contracts: usize,
}

#[derive(Clone, Default)]
pub(super) struct Journal {
    /// Oldest first.
    live: Vec<Live>,
    /// Cells and contracts below these numbers existed at the newest mark; 0 without one.
    cell_floor: CellId,
    contract_floor: u32,
    cells: Vec<(CellId, Word)>,
    /// The words of all cells where all were replaced, and how many entries for single ones there were before.
    all_cells: Vec<(usize, Arc<Vec<Word>>)>,
    contracts: Vec<(u32, Contract)>,
}

/// What a state has to put back, newest first: after that everything has the lengths of then.
pub(super) struct Past {
    pub(super) lengths: Lengths,
    pub(super) cells: Vec<(CellId, Word)>,
    /// As in the journal, the entries counted here.
    pub(super) all_cells: Vec<(usize, Arc<Vec<Word>>)>,
    pub(super) contracts: Vec<(u32, Contract)>,
}

impl Journal {
    /// To be called with a cell's word before it changes.
    #[inline]
    pub(super) fn cell(&mut self, id: CellId, word: &Word) {
        if id < self.cell_floor {
            self.cells.push((id, *word));
        }
    }

    /// Cells below this number existed at the newest mark.
    pub(super) fn cell_floor(&self) -> CellId {
        self.cell_floor
    }

    /// To be called with the words of cells below the floor before they change.
    pub(super) fn cells(&mut self, words: impl IndexedParallelIterator<Item = (CellId, Word)>) {
        self.cells.par_extend(words);
    }

    /// To be called with the words of all cells after they were replaced; hands them back where nobody needs them.
    pub(super) fn all_cells(&mut self, words: Arc<Vec<Word>>) -> Option<Arc<Vec<Word>>> {
        if self.cell_floor == 0 {
            return Some(words);
        }
        self.all_cells.push((self.cells.len(), words));
        None
    }

    /// To be called with a contract that was replaced.
    pub(super) fn contract(&mut self, id: u32, contract: Contract) {
        if id < self.contract_floor {
            self.contracts.push((id, contract));
        }
    }

    pub(super) fn mark(&mut self, lengths: Lengths) -> Mark {
        // One count for all states: a mark means nothing to a state that neither made it nor is a clone of the one that did.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mark = Mark(NEXT.fetch_add(1, Ordering::Relaxed));
        let (cells, all_cells, contracts) = (self.cells.len(), self.all_cells.len(), self.contracts.len());
        self.live.push(Live { mark, lengths, cells, all_cells, contracts });
        self.set_floors();
        mark
    }

    /// Ends all marks newer than `mark` and hands out what happened since. The mark itself stays.
    pub(super) fn rewind(&mut self, mark: Mark) -> Result<Past> {
        let place = self.place(mark)?;
        let Live { lengths, cells, all_cells, contracts, .. } = self.live[place];
        self.live.truncate(place + 1);
        self.set_floors();
        let mut all_cells = self.all_cells.split_off(all_cells);
        all_cells.iter_mut().for_each(|(before, _)| *before -= cells);
        // Taken out one by one, so that the room stays: fresh memory costs more than it takes to fill it.
        Ok(Past { lengths, cells: self.cells.drain(cells..).collect(), all_cells, contracts: self.contracts.split_off(contracts) })
    }

    /// Ends `mark` alone, and drops what only it needed; the last words of all cells among that are handed back.
    pub(super) fn release(&mut self, mark: Mark) -> Result<Option<Arc<Vec<Word>>>> {
        let place = self.place(mark)?;
        self.live.remove(place);
        // Entries serve the marks before them: all that precedes the oldest mark serve none.
        let all = (self.cells.len(), self.all_cells.len(), self.contracts.len());
        let (cells, all_cells, contracts) = self.live.first().map_or(all, |oldest| (oldest.cells, oldest.all_cells, oldest.contracts));
        self.cells.drain(..cells);
        let dropped = self.all_cells.drain(..all_cells).next_back();
        self.all_cells.iter_mut().for_each(|(before, _)| *before -= cells);
        self.contracts.drain(..contracts);
        for live in &mut self.live {
            live.cells -= cells;
            live.all_cells -= all_cells;
            live.contracts -= contracts;
        }
        self.set_floors();
        Ok(dropped.map(|(_, words)| words))
    }

    fn place(&self, mark: Mark) -> Result<usize> {
        self.live.iter().rposition(|live| live.mark == mark).ok_or_else(|| {
            Error::input("the mark is not one of this state's, or was released, or the state was brought back to an older one")
        })
    }

    fn set_floors(&mut self) {
        let newest = self.live.last().map(|live| live.lengths);
        self.cell_floor = newest.map_or(0, |lengths| lengths.cells as CellId);
        self.contract_floor = newest.map_or(0, |lengths| lengths.contracts as u32);
    }

    /// What it has allocated.
    pub(super) fn size_bytes(&self) -> usize {
        let all_cells = self.all_cells.iter().map(|(_, words)| list_bytes(words)).sum::<usize>();
        list_bytes(&self.live) + list_bytes(&self.cells) + list_bytes(&self.all_cells) + all_cells + list_bytes(&self.contracts)
    }

    /// Entries held, for tests.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.cells.len() + self.contracts.len()
    }
}
