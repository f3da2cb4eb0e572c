//! A cache in front of the cells' identity: from the key words of a contract's mapping straight to the cell, so that nothing is hashed with
//! Keccak as long as cells are reached the same way. It answers "not known" whenever it likes, and no result depends on what it holds.
//!
//! A look-up goes to one slot, which holds the whole path, and on to its neighbours where another path has taken it. Most key words are
//! addresses: they are kept in 20 bytes, so that a path of one fills half a line of the cache.

use super::{hash, key::CellId, large::Large};
use alloy_primitives::U256;
use std::hint::black_box;

/// The cells reached by one or two key words, by contract and template.
#[derive(Clone, Default)]
pub struct Paths {
    /// By address, word, two addresses, two words.
    tables: (Table<8>, Table<11>, Table<13>, Table<19>),
    /// One more than the highest cell and the highest contract that paths ever led to or from.
    cells: usize,
    contracts: u32,
}

/// A path to look up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query {
    pub space: u64,
    pub words: Words,
}

/// The key words of a path: up to two, or none where there are more than a path holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words {
    words: [U256; 2],
    len: u8,
}

impl FromIterator<U256> for Words {
    fn from_iter<I: IntoIterator<Item = U256>>(words: I) -> Self {
        let mut path = Self::default();
        for word in words {
            match path.words.get_mut(usize::from(path.len)) {
                Some(place) => *place = word,
                None => return Self::default(),
            }
            path.len += 1;
        }
        path
    }
}

impl Words {
    pub fn as_slice(&self) -> &[U256] {
        &self.words[..usize::from(self.len)]
    }
}

/// A path as a table keeps it: the space, the words, and room for the id, in limbs of 32 bits.
#[derive(Debug, Clone, Copy)]
enum Path {
    Address([u32; 8]),
    Word([u32; 11]),
    Addresses([u32; 13]),
    Words([u32; 19]),
}

impl Path {
    #[inline]
    fn new(space: u64, words: &[U256]) -> Option<Self> {
        Some(match words {
            [a] if is_address(a) => Self::Address(record::<5, 8>(space, &[a])),
            [a] => Self::Word(record::<8, 11>(space, &[a])),
            [a, b] if is_address(a) && is_address(b) => Self::Addresses(record::<5, 13>(space, &[a, b])),
            [a, b] => Self::Words(record::<8, 19>(space, &[a, b])),
            _ => return None,
        })
    }
}

#[inline]
fn is_address(word: &U256) -> bool {
    let [.., c, d] = word.as_limbs();
    *d == 0 && *c >> 32 == 0
}

/// So many limbs of each word.
#[inline]
fn record<const LIMBS: usize, const WIDTH: usize>(space: u64, words: &[&U256]) -> [u32; WIDTH] {
    let mut record = [FREE; WIDTH];
    (record[0], record[1]) = (space as u32, (space >> 32) as u32);
    for (limbs, word) in record[2..WIDTH - 1].chunks_exact_mut(LIMBS).zip(words) {
        limbs.iter_mut().enumerate().for_each(|(at, limb)| *limb = (word.as_limbs()[at / 2] >> (32 * (at % 2))) as u32);
    }
    record
}

impl Paths {
    /// The space of a key template, by the contract's id in this state and a number that stands for the template.
    #[inline]
    pub fn space(contract: u32, template: u32) -> u64 {
        u64::from(contract) << 32 | u64::from(template)
    }

    /// The cell at these key words, if it is known. Only paths of one or two words are ever known.
    #[inline]
    pub fn find(&self, space: u64, words: &[U256]) -> Option<CellId> {
        let path = Path::new(space, words)?;
        self.look(&path, self.start(&path))
    }

    /// What `find` gives for each query, into `found`. The look-ups go side by side, so that the processor waits for memory once for many:
    /// all hashes first, then nothing but loads, then the rest.
    pub fn find_all(&self, queries: &[Query], found: &mut Vec<Option<CellId>>) {
        const SIDE_BY_SIDE: usize = 64;
        found.clear();
        let mut starts = [(0, 0); SIDE_BY_SIDE];
        for queries in queries.chunks(SIDE_BY_SIDE) {
            for (start, Query { space, words }) in starts.iter_mut().zip(queries) {
                *start = Path::new(*space, words.as_slice()).map_or(NOWHERE, |path| self.start(&path));
            }
            black_box(starts[..queries.len()].iter().fold(0, |seen, start| seen ^ self.first(*start)));
            let look = |(Query { space, words }, start): (&Query, &Start)| self.look(&Path::new(*space, words.as_slice())?, *start);
            found.extend(queries.iter().zip(&starts).map(look));
        }
    }

    /// Where the search for a path starts: the table, and the slot.
    #[inline]
    fn start(&self, path: &Path) -> Start {
        let (address, word, addresses, words) = &self.tables;
        match path {
            Path::Address(path) => (0, address.start(path)),
            Path::Word(path) => (1, word.start(path)),
            Path::Addresses(path) => (2, addresses.start(path)),
            Path::Words(path) => (3, words.start(path)),
        }
    }

    /// What lies there.
    #[inline]
    fn first(&self, (table, at): Start) -> CellId {
        let (address, word, addresses, words) = &self.tables;
        match table {
            0 => address.first(at),
            1 => word.first(at),
            2 => addresses.first(at),
            3 => words.first(at),
            _ => FREE,
        }
    }

    #[inline]
    fn look(&self, path: &Path, (_, start): Start) -> Option<CellId> {
        let (address, word, addresses, words) = &self.tables;
        match path {
            Path::Address(path) => address.find(path, start),
            Path::Word(path) => word.find(path, start),
            Path::Addresses(path) => addresses.find(path, start),
            Path::Words(path) => words.find(path, start),
        }
    }

    /// Remembers that these key words lead to `id`, a cell that the state has already. A path never leads elsewhere later: what is known
    /// stays. Does nothing for other than one or two words.
    pub fn insert(&mut self, space: u64, words: &[U256], id: CellId) {
        let (address, word, addresses, both) = &mut self.tables;
        match Path::new(space, words) {
            None => return,
            Some(Path::Address(path)) => address.insert(path, id),
            Some(Path::Word(path)) => word.insert(path, id),
            Some(Path::Addresses(path)) => addresses.insert(path, id),
            Some(Path::Words(path)) => both.insert(path, id),
        }
        self.cells = self.cells.max(id as usize + 1);
        // The highest of all stands for no contract.
        self.contracts = self.contracts.max(((space >> 32) as u32).wrapping_add(1));
    }

    /// The number of paths known.
    pub fn len(&self) -> usize {
        let (address, word, addresses, words) = &self.tables;
        address.taken + word.taken + addresses.taken + words.taken
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the tables have allocated.
    pub(super) fn size_bytes(&self) -> usize {
        let (address, word, addresses, words) = &self.tables;
        address.size_bytes() + word.size_bytes() + addresses.size_bytes() + words.size_bytes()
    }

    /// Forgets the paths to cells from `cells` on, and from contracts from `contracts` on: their ids will be given again.
    pub(super) fn truncate(&mut self, cells: usize, contracts: usize) {
        let contracts = contracts.try_into().unwrap_or(u32::MAX);
        if self.cells <= cells && self.contracts <= contracts {
            return;
        }
        (self.cells, self.contracts) = (self.cells.min(cells), self.contracts.min(contracts));
        let stays = |contract: u32, id: CellId| (id as usize) < cells && (contract < contracts || contract == u32::MAX);
        let (address, word, addresses, words) = &mut self.tables;
        address.rebuild(stays);
        word.rebuild(stays);
        addresses.rebuild(stays);
        words.rebuild(stays);
    }
}

type Start = (u8, usize);

/// Paths that are in no table are not looked for.
const NOWHERE: Start = (u8::MAX, 0);

/// No cell has this id.
const FREE: CellId = CellId::MAX;

#[derive(Clone, Default)]
struct Table<const WIDTH: usize> {
    /// A power of two of them, or none; probed linearly. The id comes last.
    slots: Large<[u32; WIDTH]>,
    /// Slots that are not free.
    taken: usize,
}

impl<const WIDTH: usize> Table<WIDTH> {
    const ID: usize = WIDTH - 1;

    #[inline]
    fn start(&self, path: &[u32; WIDTH]) -> usize {
        // Two slots of an address are one line of the cache: a search starts at the first of them.
        hash::words(&path[..Self::ID]) as usize & self.slots.len().wrapping_sub(1) & !1
    }

    fn size_bytes(&self) -> usize {
        size_of_val(&*self.slots)
    }

    #[inline]
    fn first(&self, at: usize) -> CellId {
        self.slots.get(at).map_or(FREE, |slot| slot[Self::ID])
    }

    #[inline]
    fn find(&self, path: &[u32; WIDTH], mut at: usize) -> Option<CellId> {
        loop {
            let slot = self.slots.get(at).filter(|slot| slot[Self::ID] != FREE)?;
            if (0..Self::ID).fold(0, |differ, limb| differ | (slot[limb] ^ path[limb])) == 0 {
                return Some(slot[Self::ID]);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    fn insert(&mut self, mut path: [u32; WIDTH], id: CellId) {
        if let Some(known) = self.find(&path, self.start(&path)) {
            debug_assert_eq!(known, id, "a path leads to two cells");
            return;
        }
        if id == FREE {
            return;
        }
        // A third stays free: probes stay short, and every search ends at a free slot.
        if (self.taken + 1) * 3 > self.slots.len() * 2 {
            self.rebuild(|_, _| true);
        }
        path[Self::ID] = id;
        self.occupy(path);
    }

    /// New slots for those that stay, by contract and cell, and as many to come.
    fn rebuild(&mut self, stays: impl Fn(u32, CellId) -> bool) {
        let old = std::mem::take(&mut self.slots);
        let kept = || old.iter().filter(|slot| slot[Self::ID] != FREE && stays(slot[1], slot[Self::ID]));
        let slots = ((kept().count() + 1) * 2).next_power_of_two().max(16);
        (self.slots, self.taken) = (Large::new([FREE; WIDTH], slots), 0);
        kept().for_each(|slot| self.occupy(*slot));
    }

    fn occupy(&mut self, slot: [u32; WIDTH]) {
        let (mask, mut at) = (self.slots.len() - 1, self.start(&slot));
        while self.slots[at][Self::ID] != FREE {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
        self.taken += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tests::SplitMix64;
    use std::collections::HashMap;

    #[test]
    fn what_went_in_is_found_and_nothing_else() {
        let mut random = SplitMix64(3);
        let mut paths = Paths::default();
        let mut model = HashMap::new();
        for id in 0..5_000 {
            let space = Paths::space(random.below(3) as u32, random.below(3) as u32);
            let words: Vec<U256> = (0..1 + random.below(2)).map(|_| U256::from(random.below(100_000))).collect();
            let id = *model.entry((space, words.clone())).or_insert(id);
            paths.insert(space, &words, id);
        }
        assert_eq!(paths.len(), model.len());
        for ((space, words), id) in &model {
            assert_eq!(paths.find(*space, words), Some(*id));
            assert_eq!(paths.find(*space + 7, words), None);
            assert_eq!(paths.find(*space, &[words[0] + (U256::from(1) << 128)]), None);
        }
    }

    #[test]
    fn other_lengths_are_not_kept() {
        let mut paths = Paths::default();
        paths.insert(0, &[], 1);
        paths.insert(0, &[U256::ZERO; 3], 1);
        assert!(paths.is_empty());
        assert_eq!(paths.find(0, &[]), None);
        assert_eq!(paths.find(0, &[U256::ZERO; 3]), None);
    }

    #[test]
    fn forgotten_paths_are_gone_and_may_come_back_elsewhere() {
        let mut paths = Paths::default();
        let word = |i: u32| [U256::from(i) << (i % 3 * 100)];
        (0..100).for_each(|i| paths.insert(Paths::space(9, 1), &word(i), i));
        for round in 0..50_u32 {
            (100..200).for_each(|i| paths.insert(Paths::space(9, 1), &word(i), i * 1000 + round));
            (0..100).for_each(|i| assert_eq!(paths.find(Paths::space(9, 1), &word(i)), Some(i)));
            (100..200).for_each(|i| assert_eq!(paths.find(Paths::space(9, 1), &word(i)), Some(i * 1000 + round)));
            paths.truncate(100, 10);
            assert_eq!(paths.len(), 100);
            (100..200).for_each(|i| assert_eq!(paths.find(Paths::space(9, 1), &word(i)), None));
        }
        paths.insert(Paths::space(u32::MAX, 0), &word(7), 7);
        paths.truncate(100, 9);
        assert_eq!(paths.len(), 1, "whose contract is gone is gone too");
        assert_eq!(paths.find(Paths::space(u32::MAX, 0), &word(7)), Some(7));
        assert!(paths.tables.0.slots.len() <= 1024);
    }
}
