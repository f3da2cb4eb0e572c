//! What rows store to cells of their own. It is written down by row, since a row may still go to the line, and done by ranges of cells: no
//! thread writes where another does, and no two rows store to one cell.

use super::ledger::{Change, RANGE, Sorted, Source};
use crate::exec::segment::TO_LINE;
use crate::ir::access::NO_CELL;
use crate::word::{LIMBS, Word};
use rayon::prelude::*;

/// The stores of some rows.
#[derive(Default)]
pub(super) struct Stores(Vec<Store>);

struct Store {
    /// Among these rows.
    row: u32,
    cell: u32,
    word: Word,
}

impl Stores {
    /// Makes room for as many as most rows have.
    pub fn reserve(&mut self, rows: usize) {
        if self.0.is_empty() {
            self.0.reserve(rows);
        }
    }

    pub fn push(&mut self, row: usize, cell: u32, word: Word) {
        if cell != NO_CELL {
            self.0.push(Store { row: row as u32, cell, word });
        }
    }
}

/// Stores with the outcomes of their rows: those count that do not go to the line.
#[derive(Clone, Copy)]
struct Kept<'a>(&'a Stores, &'a [u32]);

impl Source<LIMBS> for Vec<Kept<'_>> {
    fn each(&self, mut visit: impl FnMut(Change<LIMBS>)) {
        for Kept(stores, outcomes) in self {
            let kept = stores.0.iter().filter(|store| outcomes[store.row as usize] != TO_LINE);
            kept.for_each(|store| visit(Change { place: store.cell << 1, amount: store.word }));
        }
    }
}

/// Does what is to be stored, piece by piece of rows: what each has, with the outcomes.
pub(super) fn apply<'a>(pieces: Vec<Vec<(&'a Stores, &'a [u32])>>, values: &mut [Word]) {
    let ranges = values.len().div_ceil(RANGE);
    let sorted = pieces.into_par_iter().filter_map(|piece| {
        let kept: Vec<Kept<'_>> =
            piece.into_iter().filter(|(stores, _)| !stores.0.is_empty()).map(|(s, outcomes)| Kept(s, outcomes)).collect();
        (!kept.is_empty()).then(|| Sorted::new(&kept, ranges))
    });
    let sorted: Vec<Sorted<LIMBS>> = sorted.collect();
    if sorted.is_empty() {
        return;
    }
    values.par_chunks_mut(RANGE).enumerate().for_each(|(range, values)| {
        let stores = sorted.iter().flat_map(|sorted| sorted.of(range));
        stores.for_each(|store| values[store.place as usize / 2 - range * RANGE] = store.amount);
    });
}
