//! Resolving: each transaction finds its kernel, decides what its inputs decide, and finds its cells. Chunks of a segment are resolved in
//! parallel; nothing is numbered or written here. What comes out depends on threads in one thing: which calls go to revm when callers make more
//! shapes than a chunk may look into, since chunks share those that are known.

mod resolver;
mod rows;
mod search;

pub use rows::Rows;
pub(super) use rows::push_words;

use super::library::{Compiled, Library};
use super::ordered::{Cells, Kind, OrderedCall};
use crate::error::Result;
use crate::ir::access::{NO_CELL, Side, flags};
use crate::ir::eval::{Place, Run, World};
use crate::ir::{KeyId, LeafId};
use crate::state::{CellId, CellKey, Query, Slot, State};
use crate::tx::BatchRef;
use alloy_primitives::{Address, U256};
use rayon::prelude::*;
use resolver::Resolver;
use std::ops::Range;
use std::sync::Arc;

/// Transactions resolved as one piece of parallel work.
const CHUNK: usize = 1 << 13;

/// A cell that a chunk has found: one of the state, or an index into the chunk's missing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Held(CellId),
    Missing(u32),
    Untouched,
}

/// `Found` in a column, before numbering.
const MISSING: u32 = 1 << 31;

impl Found {
    fn encode(self) -> u32 {
        match self {
            Self::Held(id) => id,
            Self::Missing(index) => MISSING | index,
            Self::Untouched => NO_CELL,
        }
    }

    pub fn decode(column: u32) -> Self {
        match column {
            NO_CELL => Self::Untouched,
            id if id < MISSING => Self::Held(id),
            index => Self::Missing(index & !MISSING),
        }
    }
}

/// A call that clearing cannot take, with the cells it is known to name.
#[derive(Debug)]
pub struct Ordered {
    transaction: u32,
    kind: Arc<Kind>,
    /// By key, encoded.
    cells: Cells,
}

/// A bound on a cell, with what it asks; `None` where no value keeps to it.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub cell: Found,
    pub side: Side,
    pub amount: Option<U256>,
}

/// What became of a chunk of transactions.
#[derive(Debug, Default)]
pub struct Chunk {
    pub rows: Vec<Rows>,
    pub ordered: Vec<Ordered>,
    /// Calls for revm.
    pub fallbacks: Vec<u32>,
    /// Calls whose inputs decide their leaf, and that touch nothing.
    pub decided: Vec<(u32, Arc<Compiled>, LeafId)>,
    pub missing: Vec<CellKey>,
    pub missing_hashes: Vec<u64>,
    /// What guards of rows and ordered calls ask besides amounts, where it is not the same for all calls.
    pub bounds: Vec<Held>,
    /// Paths that were found by hashing.
    pub learned: Vec<(Query, CellId)>,
    /// What was found hangs on words of the state, or on cells that it does not hold. Otherwise it stays so as long as code does.
    pub hangs: bool,
}

impl Chunk {
    /// How many cells its calls name, at most.
    pub fn names(&self) -> usize {
        let in_rows = self.rows.iter().map(|rows| rows.transactions.len() * rows.cells().len());
        in_rows.sum::<usize>() + self.ordered.iter().map(|call| call.cells.len()).sum::<usize>()
    }

    /// The cells of the state that its calls name.
    pub fn held(&self) -> impl Iterator<Item = CellId> + '_ {
        let columns = self.rows.iter().flat_map(|rows| &rows.columns[rows.cells()]).flatten();
        let in_rows = columns.map(|cell| Found::decode(*cell));
        let in_order = self.ordered.iter().flat_map(|call| call.used()).map(|(found, _)| found);
        let bounds = self.bounds.iter().map(|held| held.cell);
        in_rows.chain(in_order).chain(bounds).filter_map(|found| match found {
            Found::Held(id) => Some(id),
            Found::Missing(_) | Found::Untouched => None,
        })
    }

    /// Puts numbers in the place of what was found, and tells `join` how each call uses its cells. Out come the calls that cannot be cleared.
    pub fn number(&mut self, number: impl Fn(Found) -> u32, mut join: impl FnMut(u32, u32)) -> Vec<OrderedCall> {
        for rows in &mut self.rows {
            for (key, column) in rows.cells().enumerate() {
                let uses: Vec<u32> = rows.kinds.iter().map(|kind| kind.shape.flags[key]).collect();
                for (cell, kind) in rows.columns[column].iter_mut().zip(&rows.kind_of) {
                    *cell = number(Found::decode(*cell));
                    if *cell != NO_CELL {
                        join(*cell, uses[*kind as usize]);
                    }
                }
            }
        }
        let calls = self.ordered.drain(..).map(|call| {
            let mut cells = Cells::from_elem(NO_CELL, call.cells.len());
            for (key, (found, uses)) in call.used().enumerate() {
                cells[key] = number(found);
                if cells[key] != NO_CELL {
                    join(cells[key], uses);
                }
            }
            OrderedCall { transaction: call.transaction, kind: call.kind, cells }
        });
        calls.collect()
    }
}

impl Ordered {
    /// By key what it uses and how; what is only shown it does not.
    fn used(&self) -> impl Iterator<Item = (Found, u32)> + '_ {
        self.cells.iter().zip(&self.kind.shape.flags).map(|(found, uses)| match (*uses, Found::decode(*found)) {
            (0 | flags::SHOWN, _) => (Found::Untouched, 0),
            (uses, found) => {
                debug_assert!(found != Found::Untouched, "a cell that is used is not looked for");
                (found, uses)
            }
        })
    }
}

/// The pieces of work that a range of a batch's transactions is.
fn pieces(range: Range<usize>) -> impl IndexedParallelIterator<Item = Range<usize>> {
    let Range { start, end } = range;
    let piece = move |at: usize| start + at * CHUNK..end.min(start + (at + 1) * CHUNK);
    (0..range.len().div_ceil(CHUNK)).into_par_iter().map(piece)
}

/// Resolves some transactions of a batch.
pub fn resolve(state: &State, library: &Library, batch: BatchRef<'_>, range: Range<usize>) -> Result<Vec<Chunk>> {
    pieces(range).map(|piece| Resolver::new(state, library, batch, piece).run()).collect()
}

/// Makes what was resolved of them on another state what it would be on this one: code has not changed since.
pub fn resolve_again(state: &State, library: &Library, batch: BatchRef<'_>, range: Range<usize>, chunks: &mut [Chunk]) -> Result<()> {
    let hang = pieces(range).zip(chunks).filter(|(_, chunk)| chunk.hangs);
    hang.try_for_each(|(piece, chunk)| {
        *chunk = Resolver::new(state, library, batch, piece).run()?;
        Ok(())
    })
}

pub fn cell_key(contract: &Address, place: Place) -> CellKey {
    match place {
        Place::Storage(slot) => CellKey { address: *contract, slot: Slot::Storage(slot) },
        Place::Native(address) => CellKey { address, slot: Slot::Native },
    }
}

/// The state as it is held, for kernels.
pub struct Present<'a> {
    pub state: &'a State,
}

impl World for Present<'_> {
    type Cell = CellKey;

    fn cell(&mut self, key: KeyId, run: &mut Run<'_>) -> CellKey {
        let place = run.place(key, self);
        cell_key(run.call.transaction.to(), place)
    }

    fn value(&mut self, cell: CellKey) -> U256 {
        self.state.read(&cell)
    }
}
