//! The classes of a segment's cells: every use of every call is joined, cell by cell, and what somebody needs in order is marked so. What
//! comes out is the segment for the device, and the calls for the line.

use super::library::Compiled;
use super::numbering::Numbering;
use super::reserve::Reserve;
use super::resolve::{Chunk, Found, Rows};
use super::segment::{Program, Segment, Stream};
use crate::ir::access::{NO_CELL, Shape, Side, flags};
use crate::ir::{KeyId, LeafId};
use crate::state::{CellKey, State};
use alloy_primitives::U256;
use std::collections::HashMap;
use std::sync::Arc;

/// A fallback transaction with the cells that it is expected to touch.
#[derive(Debug, Clone, Default)]
pub struct Prediction {
    pub transaction: u32,
    pub reads: Vec<CellKey>,
    pub stores: Vec<CellKey>,
}

/// A call that runs in the line, through the interpreter.
#[derive(Debug, Clone)]
pub struct LineCall {
    pub transaction: u32,
    pub compiled: Arc<Compiled>,
    /// The numbers of the cells it names, by key; `NO_CELL` where that is not known.
    pub cells: Vec<u32>,
}

/// A segment, and which transactions are in it.
#[derive(Debug, Default)]
pub struct Plan {
    pub segment: Segment,
    /// For each stream the transaction of each row.
    pub rows: Vec<Vec<u32>>,
    /// For each stream its kernel.
    pub compiled: Vec<Arc<Compiled>>,
    pub ordered: Vec<LineCall>,
    /// Transactions for revm, ascending.
    pub fallbacks: Vec<u32>,
    /// Transactions that touch no cell: those of a kernel with their leaf, the others succeed.
    pub decided: Vec<(u32, Arc<Compiled>, LeafId)>,
    pub empty: Vec<u32>,
}

/// Numbers the cells of resolved chunks and predicted fallbacks, and makes the segment of them. The rows of `reserve`, a program of what is
/// held back, come last and are nobody's.
pub fn classify(
    state: &State,
    numbering: &mut Numbering,
    mut chunks: Vec<Chunk>,
    predictions: &[Prediction],
    reserve: &Arc<Program>,
) -> Plan {
    let mut classes = Classes { state, numbering, flags: vec![], reserve: Reserve::default(), restored: HashMap::new() };
    let mut plan = Plan::default();
    for chunk in &mut chunks {
        classes.number_rows(chunk);
        classes.keep_bounds(chunk);
        plan.ordered.extend(classes.number_ordered(chunk));
        plan.fallbacks.append(&mut chunk.fallbacks);
        plan.decided.append(&mut chunk.decided);
        plan.empty.append(&mut chunk.empty);
    }
    for prediction in predictions {
        prediction.reads.iter().for_each(|key| classes.join_key(*key, flags::READ));
        prediction.stores.iter().for_each(|key| classes.join_key(*key, flags::WRITE));
    }
    classes.settle_restored();
    classes.order_unsettled_amounts(&chunks);
    let held = classes.reserve.stream(reserve);
    plan.segment.flags = classes.flags;
    plan.segment.base = numbering.bases(state);
    for parts in by_kernel(chunks) {
        plan.compiled.push(parts[0].compiled.clone());
        let (stream, rows) = stream(parts);
        plan.segment.streams.push(stream);
        plan.rows.push(rows);
    }
    plan.segment.streams.extend(held);
    plan
}

struct Classes<'a> {
    state: &'a State,
    numbering: &'a mut Numbering,
    flags: Vec<u32>,
    reserve: Reserve,
    /// The constants that cells come to hold again, by number; `None` where calls differ.
    restored: HashMap<u32, Option<U256>>,
}

impl Classes<'_> {
    fn join(&mut self, number: u32, flags: u32) {
        let at = number as usize;
        if at >= self.flags.len() {
            self.flags.resize(at + 1, 0);
        }
        self.flags[at] |= flags;
    }

    fn join_key(&mut self, key: CellKey, flags: u32) {
        let number = self.numbering.of(self.state, key);
        self.join(number, flags);
    }

    fn number(&mut self, missing: &[CellKey], found: Found) -> u32 {
        match found {
            Found::Held(id) => self.numbering.of_held(id),
            Found::Missing(index) => self.numbering.of_new(missing[index as usize]),
            Found::Untouched => NO_CELL,
        }
    }

    /// Puts numbers in the place of what the rows have found, and joins their uses.
    fn number_rows(&mut self, chunk: &mut Chunk) {
        let Chunk { rows, missing, .. } = chunk;
        for rows in rows {
            for key in 0..rows.compiled.finders.len() {
                let column = rows.compiled.program.walker.cell_column(KeyId::from_index(key));
                for (cell, shape) in rows.columns[column].iter_mut().zip(&rows.shape_of) {
                    let number = self.number(missing, Found::decode(*cell));
                    if number != NO_CELL {
                        self.join(number, rows.shapes[*shape as usize].flags[key]);
                    }
                    *cell = number;
                }
            }
        }
    }

    /// Keeps the bounds of the rows' guards, once a cell, and notes what is restored. The rows have their numbers.
    fn keep_bounds(&mut self, chunk: &Chunk) {
        for held in &chunk.bounds {
            let number = self.number(&chunk.missing, held.cell);
            self.bound(number, held.side, held.amount);
        }
        for rows in &chunk.rows {
            let kernel = &rows.compiled.program.kernel;
            let column = |key: KeyId| rows.compiled.program.walker.cell_column(key);
            let fixed = |shape: &Arc<Shape>| {
                let bounds = shape.bounds.iter();
                let fixed = bounds.filter_map(|(key, bound)| Some((column(*key), bound.side, bound.held(bound.fixed(kernel)?))));
                fixed.collect::<Vec<_>>()
            };
            let fixed: Vec<_> = rows.shapes.iter().map(fixed).collect();
            for (row, shape) in rows.shape_of.iter().enumerate() {
                for (column, side, amount) in &fixed[*shape as usize] {
                    self.bound(rows.columns[*column][row], *side, *amount);
                }
                for (key, word) in &rows.shapes[*shape as usize].restores {
                    self.restore(rows.columns[column(*key)][row], *word);
                }
            }
        }
    }

    fn bound(&mut self, number: u32, side: Side, amount: Option<U256>) {
        match (amount, side) {
            (Some(amount), Side::Floor) => self.reserve.bound(number, amount, U256::ZERO),
            (Some(amount), Side::Ceiling) => self.reserve.bound(number, U256::ZERO, amount),
            (None, _) => self.join(number, flags::WRITE),
        }
    }

    fn restore(&mut self, number: u32, word: U256) {
        let known = self.restored.entry(number).or_insert(Some(word));
        if *known != Some(word) {
            *known = None;
        }
    }

    /// A cell that everybody leaves as it is, though not all the while, is only read; otherwise they write it.
    fn settle_restored(&mut self) {
        for (number, word) in std::mem::take(&mut self.restored) {
            let unchanged = word.is_some_and(|word| self.numbering.base(self.state, number) == word);
            let flags = &mut self.flags[number as usize];
            let free = *flags & !(flags::READ | flags::SHOWN | flags::RESTORE) == 0 && unchanged;
            *flags = (*flags & !flags::RESTORE) | if free { flags::READ } else { flags::WRITE };
        }
    }

    /// Calls for the line keep all they may change in order.
    fn number_ordered(&mut self, chunk: &mut Chunk) -> Vec<LineCall> {
        let ordered = std::mem::take(&mut chunk.ordered);
        let numbered = ordered.into_iter().map(|call| {
            let cells = call.cells.iter().zip(&call.shape.flags).map(|(found, uses)| match *uses {
                0 | flags::SHOWN => NO_CELL,
                uses => {
                    let number = self.number(&chunk.missing, *found);
                    let keeps = flags::READ | flags::SHOWN | flags::RESTORE;
                    self.join(number, if uses & !keeps == 0 { flags::READ | (uses & flags::RESTORE) } else { flags::WRITE });
                    number
                }
            });
            let cells: Vec<u32> = cells.collect();
            call.shape.restores.iter().for_each(|(key, word)| self.restore(cells[key.index()], *word));
            LineCall { transaction: call.transaction, compiled: call.compiled, cells }
        });
        numbered.collect()
    }

    /// A call that reads what somebody changes goes to the line, and until then its path and its amounts are not known: whatever it may
    /// debit or credit is ordered too.
    fn order_unsettled_amounts(&mut self, chunks: &[Chunk]) {
        let settled = |flags: u32| flags & !(flags::READ | flags::SHOWN) == 0;
        if !self.flags.iter().any(|flags| flags & flags::READ != 0 && !settled(*flags)) {
            return;
        }
        for rows in chunks.iter().flat_map(|chunk| &chunk.rows) {
            for (row, shape) in rows.shape_of.iter().enumerate() {
                let uses = &rows.shapes[*shape as usize].flags;
                let unsettled = cells_of(rows, row).zip(uses).any(|(cell, uses)| {
                    let reads = cell != NO_CELL && uses & flags::READ != 0;
                    reads && !settled(self.flags[cell as usize])
                });
                if unsettled {
                    let netted = cells_of(rows, row).zip(uses).filter(|(cell, uses)| *cell != NO_CELL && **uses & flags::NETTED != 0);
                    netted.map(|(cell, _)| cell).collect::<Vec<_>>().into_iter().for_each(|cell| self.join(cell, flags::WRITE));
                }
            }
        }
    }
}

fn cells_of(rows: &Rows, row: usize) -> impl Iterator<Item = u32> + '_ {
    let first = rows.compiled.program.walker.cell_column(KeyId::from_index(0));
    rows.columns[first..first + rows.compiled.finders.len()].iter().map(move |column| column[row])
}

/// The rows of each kernel, the chunks one after another.
fn by_kernel(chunks: Vec<Chunk>) -> Vec<Vec<Rows>> {
    let mut by_kernel: Vec<Vec<Rows>> = Vec::new();
    for rows in chunks.into_iter().flat_map(|chunk| chunk.rows).filter(|rows| !rows.transactions.is_empty()) {
        match by_kernel.iter_mut().find(|of_kernel| Arc::ptr_eq(&of_kernel[0].compiled, &rows.compiled)) {
            Some(of_kernel) => of_kernel.push(rows),
            None => by_kernel.push(vec![rows]),
        }
    }
    by_kernel
}

fn stream(parts: Vec<Rows>) -> (Stream, Vec<u32>) {
    let program = parts[0].compiled.program.clone();
    let rows = parts.iter().map(|part| part.transactions.len()).sum();
    let mut columns = Vec::with_capacity(rows * program.walker.columns());
    for column in 0..program.walker.columns() {
        parts.iter().for_each(|part| columns.extend_from_slice(&part.columns[column]));
    }
    let transactions = parts.into_iter().flat_map(|part| part.transactions).collect();
    (Stream { program, rows, columns }, transactions)
}
