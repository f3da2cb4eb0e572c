//! A cache in front of the cells' identity: from the key words of a contract's mapping straight to the cell, so that nothing is hashed with
//! Keccak as long as cells are reached the same way. It answers "not known" whenever it likes, and no result depends on what it holds.
//!
//! A look-up goes to one slot, which holds the whole path, and on to its neighbours where another path has taken it. Most key words are
//! addresses: they are kept in 20 bytes, so that a path of one fills half a line of the cache.

use super::{hash, key::CellId, large::Large};
use crate::prefetch::prefetch;
use alloy_primitives::U256;
use std::hint::{black_box, select_unpredictable};

/// The cells reached by one or two key words, by contract and template.
#[derive(Clone, Default)]
pub struct Paths {
    /// By address, word, two addresses, two words.
    tables: (Table<4>, Table<6>, Table<7>, Table<10>),
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

/// A path as a table keeps it: the space, the words, and room for the id in the upper half of the last limb.
#[derive(Debug, Clone, Copy)]
enum Path {
    Address([u64; 4]),
    Word([u64; 6]),
    Addresses([u64; 7]),
    Words([u64; 10]),
}

impl Path {
    #[inline]
    fn new(space: u64, words: &[U256]) -> Option<Self> {
        Some(match words {
            [a] if is_address(a) => Self::Address(address(space, a)),
            [a] => {
                let [a, b, c, d] = *a.as_limbs();
                Self::Word([space, a, b, c, d, FREE])
            }
            [a, b] if is_address(a) && is_address(b) => Self::Addresses(addresses(space, a, b)),
            [a, b] => {
                let ([a, b, c, d], [e, f, g, h]) = (*a.as_limbs(), *b.as_limbs());
                Self::Words([space, a, b, c, d, e, f, g, h, FREE])
            }
            _ => return None,
        })
    }
}

#[inline]
fn is_address(word: &U256) -> bool {
    let [.., c, d] = word.as_limbs();
    *d == 0 && *c >> 32 == 0
}

#[inline]
fn address(space: u64, word: &U256) -> [u64; 4] {
    let [a, b, c, _] = *word.as_limbs();
    [space, a, b, c | FREE]
}

#[inline]
fn addresses(space: u64, one: &U256, two: &U256) -> [u64; 7] {
    let ([a, b, c, _], [d, e, f, _]) = (*one.as_limbs(), *two.as_limbs());
    [space, a, b, d, e, c | f << 32, FREE]
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
        let (address, word, addresses, both) = &self.tables;
        match Path::new(space, words)? {
            Path::Address(path) => address.find(&path),
            Path::Word(path) => word.find(&path),
            Path::Addresses(path) => addresses.find(&path),
            Path::Words(path) => both.find(&path),
        }
    }

    /// Aims at the paths that `path` gives by their places, as many as there are `starts`: has fetched where `find_all` is to look, and notes
    /// it. Whatever is done in between, the processor does not wait for memory.
    pub fn aim<'w, const WORDS: usize>(&self, path: impl Fn(usize) -> (u64, [&'w U256; WORDS]), starts: &mut [usize]) {
        let all_addresses = (0..starts.len()).all(|at| path(at).1.into_iter().all(is_address));
        let (table, _, both, _) = &self.tables;
        match (WORDS, all_addresses) {
            (1, true) => table.aim(|at| address(path(at).0, path(at).1[0]), starts),
            (2, true) => both.aim(|at| addresses(path(at).0, path(at).1[0], path(at).1[WORDS - 1]), starts),
            _ => starts.fill(NOWHERE),
        }
    }

    /// What `find` gives for each of the paths that were aimed at, `UNKNOWN` for none.
    pub fn find_all<'w, const WORDS: usize>(
        &self,
        path: impl Fn(usize) -> (u64, [&'w U256; WORDS]),
        starts: &[usize],
        found: &mut [CellId],
    ) {
        let (table, _, both, _) = &self.tables;
        match (WORDS, starts.first()) {
            (1, Some(start)) if *start != NOWHERE => table.find_all(|at| address(path(at).0, path(at).1[0]), starts, found),
            (2, Some(start)) if *start != NOWHERE => {
                both.find_all(|at| addresses(path(at).0, path(at).1[0], path(at).1[WORDS - 1]), starts, found);
            }
            _ => found.iter_mut().enumerate().for_each(|(at, found)| {
                let (space, words) = path(at);
                *found = self.find(space, &words.map(|word| *word)).unwrap_or(UNKNOWN);
            }),
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

    /// Remembers each of these.
    pub fn insert_all(&mut self, paths: &[(Query, CellId)]) {
        for (at, (path, id)) in paths.iter().enumerate() {
            paths.get(at + AHEAD).into_iter().for_each(|(soon, _)| self.fetch(soon));
            self.insert(path.space, path.words.as_slice(), *id);
        }
    }

    /// Has fetched where the search for a path starts.
    fn fetch(&self, path: &Query) {
        let (address, word, addresses, both) = &self.tables;
        match Path::new(path.space, path.words.as_slice()) {
            None => {}
            Some(Path::Address(path)) => address.fetch(&path),
            Some(Path::Word(path)) => word.fetch(&path),
            Some(Path::Addresses(path)) => addresses.fetch(&path),
            Some(Path::Words(path)) => both.fetch(&path),
        }
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

/// Tables of fewer bytes are a third full at most, others two thirds: a search that goes on past its first line costs as much as two that do
/// not, of which there are a sixth in a table that is half full.
const ROOMY: usize = 256 << 20;

/// Paths that are looked ahead while many are inserted.
const AHEAD: usize = 12;

/// Where no search starts.
const NOWHERE: usize = usize::MAX;

/// No cell has this id.
pub const UNKNOWN: CellId = CellId::MAX;

/// The last limb of a slot that is taken by no path, but for the half that is not the id.
const FREE: u64 = (UNKNOWN as u64) << 32;

#[derive(Clone, Default)]
struct Table<const LIMBS: usize> {
    /// A power of two of them, or none; probed linearly.
    slots: Large<[u64; LIMBS]>,
    /// Slots that are not free.
    taken: usize,
}

impl<const LIMBS: usize> Table<LIMBS> {
    const LAST: usize = LIMBS - 1;

    #[inline]
    fn find(&self, path: &[u64; LIMBS]) -> Option<CellId> {
        Some(find(&self.slots, path, start(self.slots.len(), path))).filter(|id| *id != UNKNOWN)
    }

    fn size_bytes(&self) -> usize {
        size_of_val(&*self.slots)
    }

    #[inline]
    fn fetch(&self, path: &[u64; LIMBS]) {
        self.slots.get(start(self.slots.len(), path)).into_iter().for_each(prefetch);
    }

    #[inline]
    fn aim(&self, path: impl Fn(usize) -> [u64; LIMBS], starts: &mut [usize]) {
        for (at, place) in starts.iter_mut().enumerate() {
            *place = start(self.slots.len(), &path(at));
            self.slots.get(*place).into_iter().for_each(prefetch);
        }
    }

    #[inline]
    fn find_all(&self, path: impl Fn(usize) -> [u64; LIMBS], starts: &[usize], found: &mut [CellId]) {
        let slots: &[[u64; LIMBS]] = &self.slots;
        let looked = found.iter_mut().zip(starts).enumerate();
        looked.for_each(|(at, (found, start))| *found = find(slots, &path(at), *start));
    }

    fn insert(&mut self, mut path: [u64; LIMBS], id: CellId) {
        if let Some(known) = self.find(&path) {
            debug_assert_eq!(known, id, "a path leads to two cells");
            return;
        }
        if id == UNKNOWN {
            return;
        }
        // Probes stay short, and every search ends at a free slot.
        let thirds = if self.size_bytes() < ROOMY { 1 } else { 2 };
        if (self.taken + 1) * 3 > self.slots.len() * thirds {
            self.rebuild(|_, _| true);
        }
        path[Self::LAST] = u64::from(path[Self::LAST] as u32) | u64::from(id) << 32;
        self.occupy(path);
    }

    /// New slots for those that stay, by contract and cell, and as many to come.
    fn rebuild(&mut self, stays: impl Fn(u32, CellId) -> bool) {
        let old = std::mem::take(&mut self.slots);
        let kept = || old.iter().filter(|slot| !is_free(slot) && stays((slot[0] >> 32) as u32, id(slot)));
        let slots = |each: usize| ((kept().count() + 1) * each).next_power_of_two().max(16);
        let slots = if slots(4) * size_of::<[u64; LIMBS]>() <= ROOMY { slots(4) } else { slots(2) };
        (self.slots, self.taken) = (Large::new([FREE; LIMBS], slots), 0);
        kept().for_each(|slot| self.occupy(*slot));
    }

    fn occupy(&mut self, slot: [u64; LIMBS]) {
        let mut path = slot;
        path[Self::LAST] |= FREE;
        let (mask, mut at) = (self.slots.len() - 1, start(self.slots.len(), &path));
        while !is_free(&self.slots[at]) {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
        self.taken += 1;
    }
}

/// Where the search for a path starts.
#[inline]
fn start<const LIMBS: usize>(slots: usize, path: &[u64; LIMBS]) -> usize {
    // Two slots of an address are a line of the cache: a search starts at the first of them.
    hash::limbs(path) as usize & slots.wrapping_sub(1) & !1
}

/// The cell that a path leads to, or `UNKNOWN`.
///
/// Looks at the slots of one line of the cache at once, without deciding between them: which of them it is cannot be foreseen.
#[inline]
fn find<const LIMBS: usize>(slots: &[[u64; LIMBS]], path: &[u64; LIMBS], mut at: usize) -> CellId {
    if LIMBS > 4 {
        return find_in_steps(slots, path, at);
    }
    loop {
        let Some([one, two]) = slots.get(at..at + 2) else { return UNKNOWN };
        let (in_one, in_two) = (differ(one, path), differ(two, path));
        let is_one = in_one == 0;
        // Or else the compiler sees that it may decide after all.
        if black_box(select_unpredictable(is_one, in_one, in_two)) == 0 {
            return id_of(select_unpredictable(is_one, one[LIMBS - 1], two[LIMBS - 1]));
        }
        if is_free(one) | is_free(two) {
            return UNKNOWN;
        }
        at = (at + 2) & (slots.len() - 1);
    }
}

#[inline]
fn find_in_steps<const LIMBS: usize>(slots: &[[u64; LIMBS]], path: &[u64; LIMBS], mut at: usize) -> CellId {
    while let Some(slot) = slots.get(at) {
        if differ(slot, path) == 0 || is_free(slot) {
            return id(slot);
        }
        at = (at + 1) & (slots.len() - 1);
    }
    UNKNOWN
}

/// 0 where a slot has this path. A free one may seem to: it leads to `UNKNOWN`.
#[inline]
fn differ<const LIMBS: usize>(slot: &[u64; LIMBS], path: &[u64; LIMBS]) -> u64 {
    let (words, last) = path.split_at(LIMBS - 1);
    let differ = u64::from(slot[LIMBS - 1] as u32 ^ last[0] as u32);
    slot.iter().zip(words).fold(differ, |differ, (slot, path)| differ | (slot ^ path))
}

#[inline]
fn is_free<const LIMBS: usize>(slot: &[u64; LIMBS]) -> bool {
    slot[LIMBS - 1] >= FREE
}

fn id<const LIMBS: usize>(slot: &[u64; LIMBS]) -> CellId {
    id_of(slot[LIMBS - 1])
}

fn id_of(last: u64) -> CellId {
    (last >> 32) as CellId
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
