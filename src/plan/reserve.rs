//! What is held back of netted cells: for calls that do not clear, since those that keep an order may debit and credit such a cell too; and
//! below floors and above ceilings. Judge has to count on it. Each cell gets rows of a stream of its own, which demand and apply nothing.
//! Nothing here knows who asks.

use super::segment::{Program, Stream};
use crate::ir::access::Walker;
use crate::ir::{Input, Kernel, Key, KeyId, Leaf, Outcome};
use crate::word::{LIMBS, to_word};
use alloy_primitives::U256;
use std::collections::HashMap;
use std::sync::Arc;

/// Amounts held back, by the number of their cell: down and up.
#[derive(Debug, Default)]
pub struct Reserve {
    open: Vec<(u32, [U256; 2])>,
    /// By number the place in `open`, and one; 0: nothing is held.
    place_of: Vec<u32>,
    /// Rows whose next amount would not have fitted a word.
    full: Vec<(u32, [U256; 2])>,
    bounds: Bounds,
}

/// What bounds hold back. Most cells of a segment share a few pairs, so a cell keeps the index of its pair.
#[derive(Debug, Default)]
struct Bounds {
    /// By number; 0: nothing.
    pair_of: Vec<u32>,
    /// Down and up; those with an index from 1 on.
    pairs: Vec<[U256; 2]>,
    indices: HashMap<[U256; 2], u32>,
}

impl Bounds {
    fn raise(&mut self, number: u32, [down, up]: [U256; 2]) {
        let at = number as usize;
        if at >= self.pair_of.len() {
            self.pair_of.resize(at + 1, 0);
        }
        let held = self.pair_of[at].checked_sub(1).map_or([U256::ZERO; 2], |index| self.pairs[index as usize]);
        if down <= held[0] && up <= held[1] {
            return;
        }
        let pair = [down.max(held[0]), up.max(held[1])];
        let pairs = &mut self.pairs;
        self.pair_of[at] = *self.indices.entry(pair).or_insert_with(|| {
            pairs.push(pair);
            pairs.len() as u32
        });
    }

    fn rows(&self) -> impl Iterator<Item = (u32, [U256; 2])> + '_ {
        let numbered = (0..).zip(&self.pair_of);
        numbered.filter_map(|(number, index)| Some((number, self.pairs[index.checked_sub(1)? as usize])))
    }
}

impl Reserve {
    /// Adds to what is demanded of a cell.
    pub fn hold(&mut self, number: u32, down: U256, up: U256) {
        if down.is_zero() && up.is_zero() {
            return;
        }
        let at = number as usize;
        if at >= self.place_of.len() {
            self.place_of.resize(at + 1, 0);
        }
        if self.place_of[at] == 0 {
            self.open.push((number, Default::default()));
            self.place_of[at] = self.open.len() as u32;
        }
        let held = &mut self.open[self.place_of[at] as usize - 1].1;
        match (held[0].checked_add(down), held[1].checked_add(up)) {
            (Some(down), Some(up)) => *held = [down, up],
            _ => self.full.push((number, std::mem::replace(held, [down, up]))),
        }
    }

    /// Raises what is held back of a cell once, whoever asks: `down` to stay in it, `up` to stay free.
    pub fn bound(&mut self, number: u32, down: U256, up: U256) {
        self.bounds.raise(number, [down, up]);
    }

    /// What is demanded above cells, bounds left out.
    pub fn held_up(&self) -> Vec<(u32, U256)> {
        let held = self.full.iter().chain(&self.open);
        held.map(|(number, [_, up])| (*number, *up)).filter(|(_, up)| !up.is_zero()).collect()
    }

    /// The rows as a stream of `program`; `None` where nothing is held.
    pub fn stream(self, program: &Arc<Program>) -> Option<Stream> {
        let rows: Vec<(u32, [U256; 2])> = self.full.into_iter().chain(self.open).chain(self.bounds.rows()).collect();
        if rows.is_empty() {
            return None;
        }
        let walker = &program.walker;
        let mut columns = vec![0; rows.len() * walker.columns()];
        for (row, (number, amounts)) in rows.iter().enumerate() {
            columns[walker.cell_column(KeyId::from_index(0)) * rows.len() + row] = *number;
            for (param, amount) in amounts.iter().enumerate() {
                for (limb, word) in to_word(*amount).into_iter().enumerate() {
                    columns[(walker.param_column(param) + limb) * rows.len() + row] = word;
                }
            }
        }
        debug_assert_eq!(walker.columns(), 1 + 2 * LIMBS);
        Some(Stream::from_words(program.clone(), rows.len(), &columns))
    }
}

/// The kernel of the rows: one cell and two amounts, a guard that asks for them, and nothing that is applied.
pub fn kernel() -> (Kernel, Walker) {
    let mut kernel = Kernel::default();
    let (cell, down, up) = (Input::Caller, Input::Calldata(0), Input::Calldata(32));
    let [cell, down, up] = [cell, down, up].map(|input| kernel.exprs.input(input));
    let key = kernel.intern_key(Key::Native(cell));
    kernel.push_leaf(Leaf::new(Outcome::Return));
    let walker = Walker::asking(&kernel, key, down, up);
    (kernel, walker)
}
