//! The touched cells of a segment, numbered from 0: totals, bases and results are arrays over these numbers. A cell that the state does
//! not hold yet has a number too; whether it comes to exist is decided at commit.

use super::newcomers::{Missing, Newcomers};
use crate::state::{CellId, CellKey, State};
use crate::word::Word;
use alloy_primitives::U256;
use rayon::prelude::*;
use std::collections::HashMap;
use std::mem::take;
use std::sync::Arc;

/// Cells a word of marks, and words of marks a word of groups.
const BITS: usize = 64;

/// Where a numbered cell is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// In the state's arena.
    Held(CellId),
    /// Nowhere yet: an index into the new keys.
    New(u32),
}

/// Cells that are known before anything is numbered get their numbers in the order of the arena: passes over them go through memory in one
/// direction, and finding a number asks two small tables. Where calls name as many cells as there are, each has its id for a number, touched
/// or not, and nothing is looked up. Others are numbered as they come.
#[derive(Debug, Default)]
pub struct Numbering {
    /// Cells whose numbers are their ids: all of the arena's, or none.
    whole: usize,
    marks: Marks,
    /// What other threads have marked, while they do.
    others: Vec<Marks>,
    /// For each word of marks that has any, the number of the first cell marked in it.
    ranks: Vec<u32>,
    /// By number the cells that are marked, in the order of their ids.
    held: Vec<CellId>,
    /// Where those are that are numbered behind these.
    rest: Vec<Home>,
    /// Held cells that came later.
    late: HashMap<CellId, u32, ahash::RandomState>,
    newcomers: Newcomers,
    /// By newcomer its number.
    new_numbers: Vec<u32>,
    /// Room for values.
    spare: Vec<Word>,
}

/// A set of cells of the arena.
#[derive(Debug, Default)]
struct Marks {
    /// A bit a cell.
    words: Vec<u64>,
    /// A bit a word: whether it has any.
    groups: Vec<u64>,
}

impl Marks {
    fn fit(&mut self, cells: usize) {
        self.words.resize(cells.div_ceil(BITS), 0);
        self.groups.resize(self.words.len().div_ceil(BITS), 0);
    }

    fn set(&mut self, id: CellId) {
        let (word, bit) = place(id);
        self.words[word] |= bit;
        self.groups[word / BITS] |= 1 << (word % BITS);
    }

    /// The words that have any, ascending.
    fn touched(&self) -> impl Iterator<Item = usize> + '_ {
        self.groups.iter().enumerate().flat_map(|(at, group)| bits(*group).map(move |bit| at * BITS + bit))
    }

    fn clear(&mut self) {
        for (at, group) in self.groups.iter_mut().enumerate() {
            bits(take(group)).for_each(|bit| self.words[at * BITS + bit] = 0);
        }
    }

    fn join(&mut self, other: &Self) {
        other.touched().for_each(|word| self.words[word] |= other.words[word]);
        self.groups.iter_mut().zip(&other.groups).for_each(|(group, other)| *group |= other);
    }
}

impl Numbering {
    /// Forgets all numbers; costs what the last segment touched, and a look at a word for every 4,096 cells of the state.
    pub fn clear(&mut self, state: &State) {
        self.whole = 0;
        self.marks.clear();
        self.marks.fit(state.len());
        self.ranks.resize(self.marks.words.len(), 0);
        self.held.clear();
        self.rest.clear();
        self.late.clear();
        self.newcomers.clear();
        self.new_numbers.clear();
    }

    /// Gives every cell of the state its id for a number, before any others.
    pub fn number_all(&mut self, state: &State) {
        debug_assert!(self.is_empty(), "cells of the arena are numbered first");
        self.whole = state.len();
    }

    /// Whether every cell of the state has its id for a number.
    pub fn is_whole(&self) -> bool {
        self.whole > 0
    }

    /// Numbers held cells, before any others. Each list is gone through by one thread, on marks of its own: threads that write to one
    /// place wait for each other.
    pub fn number_held<I: Iterator<Item = CellId> + Send>(&mut self, lists: Vec<I>) {
        debug_assert!(self.is_empty(), "cells of the arena are numbered first");
        let Self { marks, others, ranks, held, .. } = self;
        let cells = marks.words.len() * BITS;
        others.resize_with(lists.len().saturating_sub(1).max(others.len()), Marks::default);
        others.iter_mut().for_each(|other| other.fit(cells));
        let mark = |(marks, list): (&mut Marks, I)| list.for_each(|id| marks.set(id));
        [&mut *marks].into_iter().chain(&mut *others).zip(lists).collect::<Vec<_>>().into_par_iter().for_each(mark);
        for other in others {
            marks.join(other);
            other.clear();
        }
        for word in marks.touched() {
            ranks[word] = held.len() as u32;
            held.extend(bits(marks.words[word]).map(|bit| (word * BITS + bit) as CellId));
        }
    }

    /// The number of a held cell that was numbered first.
    #[inline]
    pub fn of_marked(&self, id: CellId) -> Option<u32> {
        if self.is_whole() {
            return ((id as usize) < self.whole).then_some(id);
        }
        let (word, bit) = place(id);
        let marks = self.marks.words.get(word)?;
        (marks & bit != 0).then(|| self.ranks[word] + (marks & (bit - 1)).count_ones())
    }

    pub fn len(&self) -> usize {
        self.first() + self.rest.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many were numbered first.
    fn first(&self) -> usize {
        self.whole + self.held.len()
    }

    pub fn home(&self, number: u32) -> Home {
        match (number as usize).checked_sub(self.first()) {
            Some(behind) => self.rest[behind],
            None if self.is_whole() => Home::Held(number),
            None => Home::Held(self.held[number as usize]),
        }
    }

    /// Sets the cells that the state holds to values, which are by number. Out comes room for others.
    pub fn write(&self, state: &mut State, mut values: Vec<Word>) -> Vec<Word> {
        let rest = values.split_off(self.first());
        for (home, value) in self.rest.iter().zip(rest) {
            if let Home::Held(id) = home {
                state.set_word(*id, value);
            }
        }
        if self.is_whole() {
            state.replace_words(values);
            return state.take_room();
        }
        state.set_words(&self.held, &values);
        values
    }

    pub fn new_keys(&self) -> &[CellKey] {
        self.newcomers.keys()
    }

    /// The number of a held cell, given now where it has none.
    pub fn of_held(&mut self, id: CellId) -> u32 {
        self.of_marked(id).unwrap_or_else(|| {
            let (next, rest) = (self.len() as u32, &mut self.rest);
            *self.late.entry(id).or_insert_with(|| {
                rest.push(Home::Held(id));
                next
            })
        })
    }

    /// Numbers what chunks name and the state does not hold, before any other such cell.
    pub fn number_missing(&mut self, chunks: &[Missing<'_>]) -> Vec<Vec<u32>> {
        let (mut indices, first) = (self.newcomers.add_all(chunks), self.len() as u32);
        let count = self.newcomers.keys().len() as u32;
        self.rest.extend((0..count).map(Home::New));
        self.new_numbers.extend(first..first + count);
        indices.iter_mut().flatten().for_each(|index| *index += first);
        indices
    }

    /// The number of a cell that the state does not hold.
    pub fn of_new(&mut self, key: CellKey) -> u32 {
        let index = self.newcomers.add(key);
        if index as usize == self.new_numbers.len() {
            self.new_numbers.push(self.len() as u32);
            self.rest.push(Home::New(index));
        }
        self.new_numbers[index as usize]
    }

    pub fn of(&mut self, state: &State, key: CellKey) -> u32 {
        match state.find(&key) {
            Some(id) => self.of_held(id),
            None => self.of_new(key),
        }
    }

    /// The number of a cell that has one: no transaction of the segment stores to the others.
    pub fn find(&self, state: &State, key: &CellKey) -> Option<u32> {
        match state.find(key) {
            Some(id) => self.of_marked(id).or_else(|| self.late.get(&id).copied()),
            None => self.newcomers.find(key).map(|index| self.new_numbers[index as usize]),
        }
    }

    pub fn key(&self, state: &State, number: u32) -> CellKey {
        match self.home(number) {
            Home::Held(id) => state.key(id),
            Home::New(index) => self.newcomers.keys()[index as usize],
        }
    }

    /// Every cell's value before the segment, in the room of what was recycled. Where every cell has its id for a number the state's own
    /// words are shared: they must be back before the state changes.
    pub fn bases_recycled(&mut self, state: &State) -> Arc<Vec<Word>> {
        if self.is_whole() && self.rest.is_empty() {
            return state.all_words();
        }
        let room = take(&mut self.spare);
        Arc::new(self.bases(state, room))
    }

    /// Every cell's value before the segment; `bases` is room for them.
    pub fn bases(&self, state: &State, mut bases: Vec<Word>) -> Vec<Word> {
        bases.clear();
        match self.is_whole() {
            true => bases.par_extend(state.words().par_iter().with_min_len(1 << 12)),
            false => bases.par_extend(self.held.par_iter().with_min_len(1 << 12).map(|id| *state.word(*id))),
        }
        bases.extend(self.rest.iter().map(|home| match home {
            Home::Held(id) => *state.word(*id),
            Home::New(_) => Word::default(),
        }));
        bases
    }

    /// Takes values back that are no longer needed: fresh memory costs more than it takes to fill it.
    pub fn recycle(&mut self, bases: Arc<Vec<Word>>) {
        if let Ok(bases) = Arc::try_unwrap(bases) {
            self.spare = bases;
        }
    }

    /// The cell's value before the segment.
    pub fn base(&self, state: &State, number: u32) -> U256 {
        match self.home(number) {
            Home::Held(id) => state.value(id),
            Home::New(_) => U256::ZERO,
        }
    }
}

/// The word of marks that a cell has its mark in, and the mark.
fn place(id: CellId) -> (usize, u64) {
    (id as usize / BITS, 1 << (id as usize % BITS))
}

/// The places of the bits that are set, ascending.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(bit)
    })
}
