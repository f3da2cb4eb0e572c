//! What a state takes of the host's memory: all that its parts have allocated, used so far or not.

use super::State;
use std::iter::Sum;

/// Bytes by part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// The cells' words.
    pub words: usize,
    pub keys: usize,
    /// What the root is kept in.
    pub hashes: usize,
    /// From keys to cells.
    pub index: usize,
    /// From mapping keys to cells.
    pub paths: usize,
    pub journal: usize,
    /// The contracts with their code.
    pub contracts: usize,
}

impl Memory {
    pub fn parts(&self) -> [(&'static str, usize); 7] {
        let Self { words, keys, hashes, index, paths, journal, contracts } = *self;
        [
            ("words", words),
            ("keys", keys),
            ("hashes", hashes),
            ("index", index),
            ("paths", paths),
            ("journal", journal),
            ("contracts", contracts),
        ]
    }

    pub fn total(&self) -> usize {
        self.parts().iter().map(|(_, bytes)| bytes).sum()
    }
}

impl Sum for Memory {
    fn sum<I: Iterator<Item = Self>>(states: I) -> Self {
        states.fold(Self::default(), |a, b| Self {
            words: a.words + b.words,
            keys: a.keys + b.keys,
            hashes: a.hashes + b.hashes,
            index: a.index + b.index,
            paths: a.paths + b.paths,
            journal: a.journal + b.journal,
            contracts: a.contracts + b.contracts,
        })
    }
}

impl State {
    /// What it takes of the host's memory, in bytes.
    pub fn memory(&self) -> Memory {
        Memory {
            words: self.cells.size_bytes() + list_bytes(&self.room.0),
            keys: self.keys.size_bytes(),
            hashes: self.cells.tree_bytes() + self.keys.tree_bytes(),
            index: self.index.size_bytes(),
            paths: self.paths.size_bytes(),
            journal: self.journal.size_bytes(),
            contracts: self.contracts.size_bytes(),
        }
    }
}

/// What a list has allocated.
pub(super) fn list_bytes<T>(list: &Vec<T>) -> usize {
    list.capacity() * size_of::<T>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::CellKey;
    use alloy_primitives::{Address, Bytes, U256};

    #[test]
    fn a_state_takes_what_its_cells_and_code_need_and_not_much_more() {
        let cells = (1..=1_u64 << 16).map(|i| (CellKey::native(Address::left_padding_from(&i.to_be_bytes())), U256::from(i)));
        let code = Bytes::from(vec![1; 10_000]);
        let mut state = State::import(cells, [(Address::ZERO, 1, code)]).expect("it is consistent");
        state.root();
        let memory = state.memory();
        assert_eq!((memory.words, memory.keys), (32 << 16, 64 << 16), "nothing is reserved that is not needed");
        assert!((10_000..12_000).contains(&memory.contracts), "{memory:?}");
        assert_eq!((memory.paths, memory.journal), (0, 0), "nobody has met the cells");
        assert!(memory.index > 4 << 16 && memory.hashes > 0, "{memory:?}");
        assert!(memory.total() < 115 << 16, "{memory:?}");
    }
}
