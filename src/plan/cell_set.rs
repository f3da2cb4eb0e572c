//! A set of a segment's cells, a bit each: what is asked of many cells is asked in a core's cache.

use rayon::prelude::*;

/// Cells a word.
const BITS: usize = u64::BITS as usize;
/// Words that a thread fills at once.
const GRAIN: usize = 1 << 8;

#[derive(Debug, Clone, Default)]
pub struct CellSet {
    words: Vec<u64>,
}

impl CellSet {
    /// None of so many cells.
    pub fn none(cells: usize) -> Self {
        Self { words: vec![0; cells.div_ceil(BITS)] }
    }

    /// The cells of which what is known, by number, says so.
    pub fn of<T: Sync>(cells: &[T], is_in: impl Fn(&T) -> bool + Sync) -> Self {
        let word = |cells: &[T]| cells.iter().rev().fold(0, |word, cell| word << 1 | u64::from(is_in(cell)));
        Self { words: cells.par_chunks(BITS).with_min_len(GRAIN).map(word).collect() }
    }

    /// `NO_CELL` is in no set.
    #[inline]
    pub fn has(&self, cell: u32) -> bool {
        self.words.get(cell as usize / BITS).is_some_and(|word| word >> (cell as usize % BITS) & 1 == 1)
    }

    pub fn insert(&mut self, cell: u32) {
        self.words[cell as usize / BITS] |= 1 << (cell as usize % BITS);
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::access::NO_CELL;

    #[test]
    fn it_has_what_was_put_in() {
        let cells: Vec<u32> = (0..200).collect();
        let mut set = CellSet::of(&cells, |cell| cell % 3 == 0);
        set.insert(64);
        assert!(cells.iter().all(|cell| set.has(*cell) == (cell % 3 == 0 || *cell == 64)));
        assert!(!set.has(200) && !set.has(NO_CELL) && !set.is_empty());
        assert!(CellSet::none(200).is_empty() && CellSet::of(&[] as &[u32], |_| true).is_empty());
    }
}
