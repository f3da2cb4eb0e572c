//! A cache in front of the cells' identity: from the key words of a contract's mapping straight to the cell, so that nothing is hashed with
//! Keccak as long as cells are reached the same way. It answers "not known" whenever it likes, and no result depends on what it holds.
//!
//! A look-up goes to one slot of 8 bytes (and its neighbours in the same cache line), then to one entry. Entries lie in the order they came;
//! taking back the newest is cutting them off: a slot that names an entry beyond the end, or another one's, is passed over, because an
//! entry is believed only if its whole path matches.

use super::{hash, key::CellId};
use alloy_primitives::U256;

/// The cells reached by one or two key words, by contract and template.
#[derive(Clone, Default)]
pub struct Paths {
    one: Table<1>,
    two: Table<2>,
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

/// How many entries there were.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filled {
    one: usize,
    two: usize,
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
        match *words {
            [a] => self.one.find(space, &[a]),
            [a, b] => self.two.find(space, &[a, b]),
            _ => None,
        }
    }

    /// What `find` gives for each query, into `found`. The look-ups go side by side, so that the processor waits for memory once for many.
    pub fn find_all(&self, queries: &[Query], found: &mut Vec<Option<CellId>>) {
        let first = queries.iter().map(|query| match query.words.as_slice() {
            [a] => self.one.first(query.space, &[*a]),
            [a, b] => self.two.first(query.space, &[*a, *b]),
            _ => None,
        });
        // What the first slots say is collected before any entry is opened.
        let first: Vec<Option<u32>> = first.collect();
        found.clear();
        found.extend(queries.iter().zip(first).map(|(query, first)| match query.words.as_slice() {
            [a] => self.one.open(first, query.space, &[*a]),
            [a, b] => self.two.open(first, query.space, &[*a, *b]),
            _ => None,
        }));
    }

    /// Remembers that these key words lead to `id`, a cell that the state has already. A path never leads elsewhere later: what is known
    /// stays. Does nothing for other than one or two words.
    pub fn insert(&mut self, space: u64, words: &[U256], id: CellId) {
        match *words {
            [a] => self.one.insert(space, [a], id),
            [a, b] => self.two.insert(space, [a, b], id),
            _ => {}
        }
    }

    /// The number of paths known.
    pub fn len(&self) -> usize {
        self.one.entries.len() + self.two.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn filled(&self) -> Filled {
        Filled { one: self.one.entries.len(), two: self.two.entries.len() }
    }

    /// Forgets what came after `filled` was taken.
    pub(super) fn truncate(&mut self, filled: Filled) {
        self.one.entries.truncate(filled.one);
        self.two.entries.truncate(filled.two);
    }
}

#[derive(Clone, Default)]
struct Table<const N: usize> {
    /// A power of two of them, or none; probed linearly.
    slots: Vec<Slot>,
    /// Slots that are not free: as many as there are entries, and those left over from entries cut off.
    taken: usize,
    entries: Vec<Entry<N>>,
}

#[derive(Clone, Copy)]
struct Slot {
    /// The upper half of the path's hash: entries of other paths are hardly ever looked at.
    tag: u32,
    entry: u32,
}

#[derive(Clone, Copy)]
struct Entry<const N: usize> {
    space: u64,
    words: [U256; N],
    id: CellId,
}

const FREE: Slot = Slot { tag: 0, entry: u32::MAX };

impl<const N: usize> Table<N> {
    /// The entry that the first slot of a path names, if it may be the path's.
    #[inline]
    fn first(&self, space: u64, words: &[U256; N]) -> Option<u32> {
        let hash = hash::words(space, words);
        let slot = self.slots[hash as usize & self.slots.len().checked_sub(1)?];
        (slot.entry != FREE.entry && slot.tag == tag(hash)).then_some(slot.entry)
    }

    /// The cell of a path whose first slot named `first`.
    #[inline]
    fn open(&self, first: Option<u32>, space: u64, words: &[U256; N]) -> Option<CellId> {
        match first.and_then(|entry| self.entries.get(entry as usize)) {
            Some(entry) if entry.space == space && entry.words == *words => Some(entry.id),
            _ => self.find(space, words),
        }
    }

    #[inline]
    fn find(&self, space: u64, words: &[U256; N]) -> Option<CellId> {
        let hash = hash::words(space, words);
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.entry == FREE.entry {
                return None;
            }
            if slot.tag == tag(hash)
                && let Some(entry) = self.entries.get(slot.entry as usize)
                && entry.space == space
                && entry.words == *words
            {
                return Some(entry.id);
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, space: u64, words: [U256; N], id: CellId) {
        if let Some(known) = self.find(space, &words) {
            debug_assert_eq!(known, id, "a path leads to two cells");
            return;
        }
        if self.entries.len() >= FREE.entry as usize {
            return;
        }
        // A quarter stays free: probes stay short, and every search ends at a free slot.
        if (self.taken + 1) * 4 > self.slots.len() * 3 {
            self.rebuild();
        }
        self.entries.push(Entry { space, words, id });
        self.occupy(hash::words(space, &words), self.entries.len() - 1);
    }

    /// New slots for the entries and as many to come, without what was left over.
    fn rebuild(&mut self) {
        let slots = ((self.entries.len() + 1) * 2).next_power_of_two().max(16);
        self.slots.clear();
        self.slots.resize(slots, FREE);
        self.taken = 0;
        for entry in 0..self.entries.len() {
            let Entry { space, words, .. } = &self.entries[entry];
            self.occupy(hash::words(*space, words), entry);
        }
    }

    fn occupy(&mut self, hash: u64, entry: usize) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].entry != FREE.entry {
            at = (at + 1) & mask;
        }
        self.slots[at] = Slot { tag: tag(hash), entry: entry as u32 };
        self.taken += 1;
    }
}

#[inline]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
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
    fn cut_off_paths_are_gone_and_may_come_back_elsewhere() {
        let mut paths = Paths::default();
        let word = |i: u32| [U256::from(i)];
        (0..100).for_each(|i| paths.insert(9, &word(i), i));
        let filled = paths.filled();
        // Often enough for the left-over slots to fill the table several times.
        for round in 0..50_u32 {
            (100..200).for_each(|i| paths.insert(9, &word(i), i * 1000 + round));
            (0..100).for_each(|i| assert_eq!(paths.find(9, &word(i)), Some(i)));
            (100..200).for_each(|i| assert_eq!(paths.find(9, &word(i)), Some(i * 1000 + round)));
            paths.truncate(filled);
            (0..100).for_each(|i| assert_eq!(paths.find(9, &word(i)), Some(i)));
            (100..200).for_each(|i| assert_eq!(paths.find(9, &word(i)), None));
        }
        assert!(paths.one.slots.len() <= 1024, "left-over slots are dropped, not grown around");
    }
}
