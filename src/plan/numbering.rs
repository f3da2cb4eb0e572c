//! The touched cells of a segment, numbered from 0: totals, bases and results are arrays over these numbers. A cell that the state does
//! not hold yet has a number too; whether it comes to exist is decided at commit.

use crate::state::{CellId, CellKey, State};
use crate::word::Word;
use alloy_primitives::U256;
use rayon::prelude::*;
use std::collections::HashMap;

const UNNUMBERED: u32 = u32::MAX;

/// Where a numbered cell is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// In the state's arena.
    Held(CellId),
    /// Nowhere yet: an index into the new keys.
    New(u32),
}

#[derive(Debug, Default)]
pub struct Numbering {
    /// The number of each cell of the arena.
    numbers: Vec<u32>,
    homes: Vec<Home>,
    new_keys: Vec<CellKey>,
    new_numbers: HashMap<CellKey, u32, ahash::RandomState>,
}

impl Numbering {
    /// Forgets all numbers; costs what the last segment touched.
    pub fn clear(&mut self, state: &State) {
        for home in self.homes.drain(..) {
            if let Home::Held(id) = home
                && let Some(number) = self.numbers.get_mut(id as usize)
            {
                *number = UNNUMBERED;
            }
        }
        self.numbers.resize(state.len(), UNNUMBERED);
        self.new_keys.clear();
        self.new_numbers.clear();
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
        &self.new_keys
    }

    /// The number of a held cell, given now where it has none.
    pub fn of_held(&mut self, id: CellId) -> u32 {
        let number = &mut self.numbers[id as usize];
        if *number == UNNUMBERED {
            *number = self.homes.len() as u32;
            self.homes.push(Home::Held(id));
        }
        *number
    }

    /// The number of a cell that the state does not hold.
    pub fn of_new(&mut self, key: CellKey) -> u32 {
        let (homes, new_keys) = (&mut self.homes, &mut self.new_keys);
        *self.new_numbers.entry(key).or_insert_with(|| {
            new_keys.push(key);
            homes.push(Home::New(new_keys.len() as u32 - 1));
            homes.len() as u32 - 1
        })
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
            Some(id) => self.numbers.get(id as usize).copied().filter(|number| *number != UNNUMBERED),
            None => self.new_numbers.get(key).copied(),
        }
    }

    pub fn key(&self, state: &State, number: u32) -> CellKey {
        match self.homes[number as usize] {
            Home::Held(id) => state.key(id),
            Home::New(index) => self.new_keys[index as usize],
        }
    }

    /// Every cell's value before the segment.
    pub fn bases(&self, state: &State) -> Vec<Word> {
        let base = |home: &Home| match home {
            Home::Held(id) => *state.word(*id),
            Home::New(_) => Word::default(),
        };
        self.homes.par_iter().with_min_len(1 << 12).map(base).collect()
    }

    /// The cell's value before the segment.
    pub fn base(&self, state: &State, number: u32) -> U256 {
        match self.homes[number as usize] {
            Home::Held(id) => state.value(id),
            Home::New(_) => U256::ZERO,
        }
    }
}
