//! The touched cells of a segment, numbered from 0: totals, bases and results are arrays over these numbers. A cell that the state does
//! not hold yet has a number too; whether it comes to exist is decided at commit.

use super::newcomers::{Missing, Newcomers};
use crate::state::{CellId, CellKey, State};
use crate::word::Word;
use alloy_primitives::U256;
use rayon::prelude::*;
use std::collections::HashMap;
use std::mem::take;

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
/// direction, and finding a number asks two small tables. Others are numbered as they come.
#[derive(Debug, Default)]
pub struct Numbering {
    marks: Marks,
    /// What other threads have marked, while they do.
    others: Vec<Marks>,
    /// For each word of marks that has any, the number of the first cell marked in it.
    ranks: Vec<u32>,
    homes: Vec<Home>,
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
        self.marks.clear();
        self.marks.fit(state.len());
        self.ranks.resize(self.marks.words.len(), 0);
        self.homes.clear();
        self.late.clear();
        self.newcomers.clear();
        self.new_numbers.clear();
    }

    /// Numbers held cells, before any others. Each list is gone through by one thread, on marks of its own: threads that write to one
    /// place wait for each other.
    pub fn number_held<I: Iterator<Item = CellId> + Send>(&mut self, lists: Vec<I>) {
        debug_assert!(self.homes.is_empty(), "cells of the arena are numbered first");
        let Self { marks, others, ranks, homes, .. } = self;
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
            ranks[word] = homes.len() as u32;
            homes.extend(bits(marks.words[word]).map(|bit| Home::Held((word * BITS + bit) as CellId)));
        }
    }

    /// The number of a held cell that was numbered first.
    #[inline]
    pub fn of_marked(&self, id: CellId) -> Option<u32> {
        let (word, bit) = place(id);
        let marks = self.marks.words.get(word)?;
        (marks & bit != 0).then(|| self.ranks[word] + (marks & (bit - 1)).count_ones())
    }

    pub fn len(&self) -> usize {
        self.homes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.homes.is_empty()
    }

    pub fn homes(&self) -> &[Home] {
        &self.homes
    }

    pub fn new_keys(&self) -> &[CellKey] {
        self.newcomers.keys()
    }

    /// The number of a held cell, given now where it has none.
    pub fn of_held(&mut self, id: CellId) -> u32 {
        self.of_marked(id).unwrap_or_else(|| {
            let homes = &mut self.homes;
            *self.late.entry(id).or_insert_with(|| {
                homes.push(Home::Held(id));
                homes.len() as u32 - 1
            })
        })
    }

    /// Numbers what chunks name and the state does not hold, before any other such cell.
    pub fn number_missing(&mut self, chunks: &[Missing<'_>]) -> Vec<Vec<u32>> {
        let (mut indices, first) = (self.newcomers.add_all(chunks), self.homes.len() as u32);
        let count = self.newcomers.keys().len() as u32;
        self.homes.extend((0..count).map(Home::New));
        self.new_numbers.extend(first..first + count);
        indices.iter_mut().flatten().for_each(|index| *index += first);
        indices
    }

    /// The number of a cell that the state does not hold.
    pub fn of_new(&mut self, key: CellKey) -> u32 {
        let index = self.newcomers.add(key);
        if index as usize == self.new_numbers.len() {
            self.new_numbers.push(self.homes.len() as u32);
            self.homes.push(Home::New(index));
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
        match self.homes[number as usize] {
            Home::Held(id) => state.key(id),
            Home::New(index) => self.newcomers.keys()[index as usize],
        }
    }

    /// Every cell's value before the segment, in the room of what was recycled.
    pub fn bases_recycled(&mut self, state: &State) -> Vec<Word> {
        let room = take(&mut self.spare);
        self.bases(state, room)
    }

    /// Every cell's value before the segment; `bases` is room for them.
    pub fn bases(&self, state: &State, mut bases: Vec<Word>) -> Vec<Word> {
        let base = |home: &Home| match home {
            Home::Held(id) => *state.word(*id),
            Home::New(_) => Word::default(),
        };
        self.homes.par_iter().with_min_len(1 << 12).map(base).collect_into_vec(&mut bases);
        bases
    }

    /// Takes values back that are no longer needed: fresh memory costs more than it takes to fill it.
    pub fn recycle(&mut self, bases: Vec<Word>) {
        self.spare = bases;
    }

    /// The cell's value before the segment.
    pub fn base(&self, state: &State, number: u32) -> U256 {
        match self.homes[number as usize] {
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
