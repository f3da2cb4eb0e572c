//! What is held back of netted cells: for calls that do not clear, since those that keep an order may debit and credit such a cell too; and
//! below floors and above ceilings. Judge has to count on it. Each cell gets rows of a stream of its own, which demand and apply nothing.
//! Nothing here knows who asks.

use super::resolve::push_words;
use super::segment::{Program, Stream};
use crate::ir::access::Walker;
use crate::ir::{Input, Kernel, Key, KeyId, Leaf, Outcome};
use crate::word::LIMBS;
use alloy_primitives::U256;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// Bounds that are written as one part of a stream.
const ROWS: usize = 1 << 13;

/// The number of a cell, and what is held back of it, down and up.
pub type Held = (u32, [U256; 2]);

/// Amounts held back.
#[derive(Debug, Default)]
pub struct Reserve {
    parts: Vec<Vec<Held>>,
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

    fn rows(&self) -> impl Iterator<Item = Held> + '_ {
        let numbered = (0..).zip(&self.pair_of);
        numbered.filter_map(|(number, index)| Some((number, self.pairs[index.checked_sub(1)? as usize])))
    }
}

impl Reserve {
    /// Adds to what is demanded of cells.
    pub fn hold(&mut self, parts: Vec<Vec<Held>>) {
        self.parts.extend(parts);
    }

    /// Raises what is held back of a cell once, whoever asks: `down` to stay in it, `up` to stay free.
    pub fn bound(&mut self, number: u32, down: U256, up: U256) {
        self.bounds.raise(number, [down, up]);
    }

    /// What is demanded above cells, bounds left out; of some cells more than once.
    pub fn held_up(&self) -> Vec<(u32, U256)> {
        let up = |part: &Vec<Held>| part.iter().filter(|(_, [_, up])| !up.is_zero()).map(|(number, [_, up])| (*number, *up)).collect();
        let up: Vec<Vec<(u32, U256)>> = self.parts.par_iter().map(up).collect();
        up.concat()
    }

    /// The rows as a stream of `program`; `None` where nothing is held.
    pub fn stream(self, program: &Arc<Program>) -> Option<Stream> {
        let bounds: Vec<Held> = self.bounds.rows().collect();
        let mut parts = self.parts;
        parts.extend(bounds.chunks(ROWS).map(<[Held]>::to_vec));
        parts.retain(|part| !part.is_empty());
        if parts.is_empty() {
            return None;
        }
        let parts: Vec<_> = parts.par_iter().map(|part| (part.len(), columns(&program.walker, part))).collect();
        Some(Stream::new(program.clone(), parts))
    }
}

fn columns(walker: &Walker, part: &[Held]) -> Vec<Vec<u32>> {
    let mut columns = vec![vec![]; walker.columns()];
    columns[walker.cell_column(KeyId::from_index(0))] = part.iter().map(|(number, _)| *number).collect();
    let limbs = &mut columns[walker.param_column(0)..];
    for (side, limbs) in limbs.chunks_exact_mut(LIMBS).enumerate() {
        push_words(limbs, 0, part.iter().map(|(_, amounts)| &amounts[side]));
    }
    debug_assert_eq!(walker.columns(), 1 + 2 * LIMBS);
    columns
}

/// Adds up what is held of one cell, as far as sums fit a word.
pub fn join(part: &[Held]) -> Vec<Held> {
    let mut order: Vec<(u32, u32)> = part.iter().map(|(number, _)| *number).zip(0..).collect();
    order.sort_unstable();
    let mut joined: Vec<Held> = Vec::with_capacity(part.len());
    for (number, at) in order {
        let more = part[at as usize].1;
        let sums = |held: &[U256; 2]| Some([held[0].checked_add(more[0])?, held[1].checked_add(more[1])?]);
        match joined.last_mut().filter(|(known, _)| *known == number).and_then(|(_, held)| Some((sums(held)?, held))) {
            Some((sums, held)) => *held = sums,
            None => joined.push((number, more)),
        }
    }
    joined
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
