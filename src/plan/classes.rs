//! The classes of a segment's cells: every use of every call is joined, cell by cell, and what somebody needs in order is marked so. What
//! comes out is the segment for the device, and the calls for the line.

use super::ahead;
use super::cell_set::CellSet;
use super::demand::is_free;
use super::doomed::Doomed;
use super::fences::fences;
use super::levels::{Foreseen, LINE, levels};
use super::library::{Compiled, Library};
use super::newcomers::Missing;
use super::numbering::Numbering;
use super::ordered::{OrderedCall, hold_back};
use super::reserve::Reserve;
use super::resolve::{Chunk, Found, Rows};
use super::segment::{Segment, Stream};
use super::waves::{self, Share};
use crate::error::Result;
use crate::ir::access::{NO_CELL, Shape, Side, flags};
use crate::ir::{KeyId, LeafId};
use crate::state::{CellKey, State};
use crate::tx::BatchRef;
use alloy_primitives::U256;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A fallback transaction with the cells that it is expected to touch.
#[derive(Debug, Clone, Default)]
pub struct Prediction {
    pub transaction: u32,
    pub reads: Vec<CellKey>,
    pub stores: Vec<CellKey>,
}

/// A segment, and which transactions are in it.
#[derive(Debug, Default)]
pub struct Plan {
    /// All of them, by their indices in the batch.
    pub transactions: Range<u32>,
    /// Transactions before which the segment is to be cut first; where there are any, nothing else is here.
    pub fences: Vec<u32>,
    pub segment: Segment,
    /// For each stream, those of the waves last, the transaction of each row; none where a row stands for no transaction.
    pub rows: Vec<Vec<u32>>,
    /// For each such stream its kernel.
    pub compiled: Vec<Arc<Compiled>>,
    /// Calls for the line, ascending.
    pub ordered: Vec<OrderedCall>,
    /// Transactions for revm, ascending.
    pub fallbacks: Vec<Foreseen>,
    /// What making the rows of the waves took.
    pub waves_ns: u64,
    /// Whether a cell is ordered and calls of a wave use it; empty where there are none.
    pub waved: Vec<bool>,
    /// Calls that fail for certain.
    pub doomed: Vec<Doomed>,
    /// Whether a cell is one that these were found to fail for: nobody may bring it more than was reckoned with. Empty where there are none.
    pub relied_on: Vec<bool>,
    /// What is held back above cells for calls that keep an order.
    pub held_up: Vec<(u32, U256)>,
    /// Calls that touch no cell, with their leaf.
    pub decided: Vec<(u32, Arc<Compiled>, LeafId)>,
}

/// What a segment is made from.
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    pub state: &'a State,
    pub library: &'a Library,
    pub batch: BatchRef<'a>,
    /// Those of the segment.
    pub transactions: Range<u32>,
    /// It may be cut around writers of what very many read.
    pub may_fence: bool,
    pub share: Share<'a>,
    /// Calls that could be cleared keep their order too.
    pub no_clearing: bool,
}

/// Numbers the cells of resolved chunks and predicted fallbacks, and makes the segment of them.
pub fn classify(parts: Parts<'_>, numbering: &mut Numbering, mut chunks: Vec<Chunk>, predictions: &[Prediction]) -> Result<Plan> {
    if !parts.no_clearing
        && predictions.is_empty()
        && let Some(uses) = all_clear(&chunks)
    {
        return Ok(clear(parts, numbering, chunks, uses));
    }
    let (flags, mut calls) = number(parts.state, numbering, &mut chunks);
    let mut classes = Classes { state: parts.state, numbering, flags, reserve: Reserve::default(), restored: HashMap::new() };
    let mut plan = Plan { transactions: parts.transactions.clone(), ..Plan::default() };
    classes.keep_bounds_of_calls(&calls);
    for chunk in &mut chunks {
        classes.keep_bounds(chunk);
        plan.decided.append(&mut chunk.decided);
    }
    plan.fallbacks = predictions.iter().map(|prediction| classes.foresee(prediction)).collect();
    // Those that may escape are found later than those without a kernel.
    plan.fallbacks.sort_unstable_by_key(|fallback| fallback.transaction);
    classes.settle_restored();
    classes.order_unsettled(&chunks, &calls);
    if parts.no_clearing {
        classes.order_some();
    }
    classes.set_aside(&mut chunks, &mut calls, parts.no_clearing);
    if classes.look_ahead(parts.batch, &mut calls) {
        classes.order_unsettled(&chunks, &calls);
        classes.set_aside(&mut chunks, &mut calls, parts.no_clearing);
    }
    let (flags, reserve) = (classes.flags, classes.reserve);
    if parts.may_fence && !parts.no_clearing {
        plan.fences = fences(&calls, &plan.fallbacks, &flags, parts.transactions.clone());
        if !plan.fences.is_empty() {
            return Ok(plan);
        }
    }
    plan.segment.base = numbering.bases_recycled(parts.state);
    plan.segment.flags = flags;
    plan.clear(chunks);
    keep_order(parts, calls, reserve, &mut plan)?;
    Ok(plan)
}

/// How calls use their cells, all taken together, where each of them is cleared whoever else uses its cells.
fn all_clear(chunks: &[Chunk]) -> Option<u32> {
    let kinds = || chunks.iter().flat_map(|chunk| &chunk.rows).flat_map(|rows| &rows.kinds);
    let uses = kinds().flat_map(|kind| &kind.shape.flags).fold(0, |all, uses| all | uses);
    // What these say of one cell is not so of others.
    let is_clear = !flags::ordered(uses) && uses & (flags::SENTINEL | flags::RESTORE | flags::UNGUARDED) == 0;
    let is_bounded = kinds().any(|kind| !kind.shape.bounds.is_empty()) || chunks.iter().any(|chunk| !chunk.bounds.is_empty());
    (is_clear && !is_bounded && chunks.iter().all(|chunk| chunk.ordered.is_empty())).then_some(uses)
}

/// A segment of calls that are all cleared. What one cell is guarded against all are: whoever falls short where nothing guards is put in line,
/// where it does as it would have.
fn clear(parts: Parts<'_>, numbering: &mut Numbering, mut chunks: Vec<Chunk>, uses: u32) -> Plan {
    let missing = number_cells(parts.state, numbering, &chunks);
    if !numbering.is_whole() || missing.iter().any(|missing| !missing.is_empty()) {
        let number = |(chunk, missing): (&mut Chunk, &Vec<u32>)| _ = chunk.number(|found| number_of(numbering, missing, found), |_, _| {});
        chunks.par_iter_mut().zip(&missing).for_each(number);
    }
    let mut plan = Plan { transactions: parts.transactions, ..Plan::default() };
    chunks.iter_mut().for_each(|chunk| plan.decided.append(&mut chunk.decided));
    plan.segment.base = numbering.bases_recycled(parts.state);
    plan.segment.flags = vec![uses; numbering.len()];
    plan.clear(chunks);
    plan
}

impl Plan {
    /// Takes the rows of the chunks in, to be cleared.
    fn clear(&mut self, chunks: Vec<Chunk>) {
        for parts in by_kernel(chunks) {
            self.compiled.push(parts[0].compiled.clone());
            let (stream, rows) = stream(parts);
            self.segment.streams.push(stream);
            self.rows.push(rows);
        }
    }
}

/// Shares the calls that keep an order out between waves and the line. What they may ask of netted cells is held back, as bounds are.
fn keep_order(parts: Parts<'_>, calls: Vec<OrderedCall>, mut reserve: Reserve, plan: &mut Plan) -> Result<()> {
    hold_back(&plan.segment, parts.batch, &calls, &mut reserve);
    plan.held_up = reserve.held_up();
    let flags = &plan.segment.flags;
    if let Some(stream) = reserve.stream(&parts.library.reserve()?.program) {
        plan.segment.streams.push(stream);
        plan.compiled.push(parts.library.reserve()?);
        plan.rows.push(vec![]);
    }
    if calls.is_empty() {
        return Ok(());
    }
    let of_calls = levels(&calls, &plan.fallbacks, flags);
    let levels = parts.share.levels(&of_calls.of_call);
    let waved = waves::rows(parts.batch, &calls, &of_calls.of_call, levels);
    plan.compiled.extend(waved.compiled);
    plan.rows.extend(waved.rows);
    plan.segment.waves = waved.waves;
    plan.waves_ns = waved.spent_ns;
    if levels > 0 {
        plan.waved = of_calls.use_below(levels as u32, flags.len());
    }
    let is_waved = |level: &u32| *level != LINE && (*level as usize) < levels;
    plan.ordered = calls.into_iter().zip(&of_calls.of_call).filter(|(_, level)| !is_waved(level)).map(|(call, _)| call).collect();
    Ok(())
}

/// Numbers the cells that the chunks name. Out come, by chunk, the numbers of those that the state does not hold.
fn number_cells(state: &State, numbering: &mut Numbering, chunks: &[Chunk]) -> Vec<Vec<u32>> {
    // What costs no more than a look at each name is not looked up name by name.
    if chunks.iter().map(Chunk::names).sum::<usize>() >= state.len() {
        numbering.number_all(state);
    } else {
        numbering.number_held(chunks.chunks(share(chunks)).map(|chunks| chunks.iter().flat_map(Chunk::held)).collect());
    }
    let missing: Vec<Missing> = chunks.iter().map(|chunk| Missing { keys: &chunk.missing, hashes: &chunk.missing_hashes }).collect();
    numbering.number_missing(&missing)
}

/// Chunks for one thread.
fn share(chunks: &[Chunk]) -> usize {
    chunks.len().div_ceil(rayon::current_num_threads()).max(1)
}

/// The number of what was found by a chunk with these missing cells.
fn number_of(numbering: &Numbering, missing: &[u32], found: Found) -> u32 {
    match found {
        Found::Held(id) => numbering.of_marked(id).expect("what is held was numbered"),
        Found::Missing(index) => missing[index as usize],
        Found::Untouched => NO_CELL,
    }
}

/// Numbers the cells of the chunks and puts the numbers in the place of what was found. Out come the joined uses of each cell, and the calls
/// that cannot be cleared.
fn number(state: &State, numbering: &mut Numbering, chunks: &mut [Chunk]) -> (Vec<u32>, Vec<OrderedCall>) {
    let missing = number_cells(state, numbering, chunks);
    let share = share(chunks);
    let of_share = chunks.par_chunks_mut(share).zip(missing.par_chunks(share)).map(|(chunks, missing)| {
        let (mut flags, mut calls) = (vec![0; numbering.len()], vec![]);
        for (chunk, missing) in chunks.iter_mut().zip(missing) {
            let join = |number: u32, uses: u32| {
                debug_assert!(uses <= u32::from(u16::MAX), "half a word holds all flags");
                let known = &mut flags[number as usize];
                *known = together(*known, uses as u16);
            };
            calls.extend(chunk.number(|found| number_of(numbering, missing, found), join));
        }
        (flags, calls)
    });
    let (flags, calls): (Vec<Vec<u16>>, Vec<Vec<OrderedCall>>) = of_share.collect();
    let joined = |cell: usize| match u32::from(flags.iter().fold(0, |joined, flags| together(joined, flags[cell]))) {
        joined if joined & flags::SHARED == 0 => flags::alone(joined),
        joined => joined & !flags::SHARED,
    };
    let mut all = Vec::with_capacity(calls.iter().map(Vec::len).sum());
    calls.into_iter().for_each(|mut calls| all.append(&mut calls));
    ((0..numbering.len()).into_par_iter().with_min_len(1 << 12).map(joined).collect(), all)
}

/// The uses of several.
fn together(some: u16, others: u16) -> u16 {
    let shared = if some != 0 && others != 0 { flags::SHARED as u16 } else { 0 };
    some | others | shared
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
    fn join(&mut self, number: u32, uses: u32) {
        let at = number as usize;
        if at >= self.flags.len() {
            self.flags.resize(at + 1, 0);
        }
        let known = &mut self.flags[at];
        if *known & flags::OWN != 0 {
            // Somebody uses it besides.
            *known = (*known & !flags::OWN) | flags::READ | flags::WRITE;
        }
        *known |= uses;
    }

    fn foresee(&mut self, prediction: &Prediction) -> Foreseen {
        let mut join = |keys: &[CellKey], flags: u32| {
            let number = |key: &CellKey| {
                let number = self.numbering.of(self.state, *key);
                self.join(number, flags);
                number
            };
            keys.iter().map(number).collect()
        };
        let (reads, stores) = (join(&prediction.reads, flags::READ), join(&prediction.stores, flags::WRITE));
        Foreseen { transaction: prediction.transaction, reads, stores }
    }

    fn number(&mut self, missing: &[CellKey], found: Found) -> u32 {
        match found {
            Found::Held(id) => self.numbering.of_held(id),
            Found::Missing(index) => self.numbering.of_new(missing[index as usize]),
            Found::Untouched => NO_CELL,
        }
    }

    /// Keeps the bounds of the rows' guards, once a cell, and notes what is restored. The rows have their numbers.
    fn keep_bounds(&mut self, chunk: &Chunk) {
        for held in &chunk.bounds {
            let number = self.number(&chunk.missing, held.cell);
            self.bound(number, held.side, held.amount);
        }
        let has_any = |rows: &&Rows| rows.kinds.iter().any(|kind| !(kind.shape.bounds.is_empty() && kind.shape.restores.is_empty()));
        for rows in chunk.rows.iter().filter(has_any) {
            let fixed: Vec<_> = rows.kinds.iter().map(|kind| fixed(&rows.compiled, &kind.shape)).collect();
            let column = |key: KeyId| &rows.columns[rows.compiled.program.walker.cell_column(key)];
            for (row, kind) in rows.kind_of.iter().enumerate() {
                for (key, side, amount) in &fixed[*kind as usize] {
                    self.bound(column(*key)[row], *side, *amount);
                }
                for (key, word) in &rows.kinds[*kind as usize].shape.restores {
                    self.restore(column(*key)[row], *word);
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

    fn keep_bounds_of_calls(&mut self, calls: &[OrderedCall]) {
        for call in calls.iter().filter(|call| !(call.kind.shape.bounds.is_empty() && call.kind.shape.restores.is_empty())) {
            let bounds = fixed(&call.kind.compiled, &call.kind.shape).into_iter();
            bounds.for_each(|(key, side, amount)| self.bound(call.cells[key.index()], side, amount));
            call.kind.shape.restores.iter().for_each(|(key, word)| self.restore(call.cells[key.index()], *word));
        }
    }

    /// Where an amount of a call hangs on what somebody changes, it is not known before the call's turn: whatever the call may change is
    /// ordered.
    fn order_unsettled(&mut self, chunks: &[Chunk], calls: &[OrderedCall]) {
        if !self.flags.iter().any(|flags| flags & flags::READ != 0 && !is_free(*flags)) {
            return;
        }
        // Ordering changes no cell that is free: who is unsettled does not hang on who was found before.
        let unsettled = |chunk: &Chunk| chunk.rows.iter().map(|rows| self.unsettled(rows)).collect();
        let unsettled: Vec<Vec<Vec<usize>>> = chunks.par_iter().map(unsettled).collect();
        for (rows, unsettled) in chunks.iter().flat_map(|chunk| &chunk.rows).zip(unsettled.into_iter().flatten()) {
            for row in unsettled {
                self.order(&rows.kinds[rows.kind_of[row] as usize].shape, cells_of(rows, row));
            }
        }
        for call in calls {
            if self.is_unsettled(&call.kind.shape, call.cells.iter().copied()) {
                self.order(&call.kind.shape, call.cells.iter().copied());
            }
        }
    }

    /// Takes the rows that use an ordered cell out of the rows that are cleared; the calls ascend by transaction again.
    fn set_aside(&self, chunks: &mut [Chunk], calls: &mut Vec<OrderedCall>, all: bool) {
        if all || self.flags.iter().any(|flags| flags::ordered(*flags)) {
            let ordered = CellSet::of(&self.flags, |flags| flags::ordered(*flags));
            let aside = |chunk: &mut Chunk| chunk.rows.iter_mut().flat_map(|rows| set_aside(rows, &ordered, all)).collect();
            let aside: Vec<Vec<OrderedCall>> = chunks.par_iter_mut().map(aside).collect();
            aside.into_iter().for_each(|mut aside| calls.append(&mut aside));
        }
        calls.par_sort_unstable_by_key(|call| call.transaction);
    }

    /// Orders the cells that keys come to name and change which hang on what others change; `false` where there are none.
    fn look_ahead(&mut self, batch: BatchRef<'_>, calls: &mut [OrderedCall]) -> bool {
        let moved = ahead::look(self.state, self.numbering, batch, calls);
        for (cell, uses) in &moved {
            self.join(*cell, if is_free(*uses) { *uses } else { *uses | flags::WRITE });
        }
        self.flags.resize(self.numbering.len(), 0);
        !moved.is_empty()
    }

    /// Which rows are.
    fn unsettled(&self, rows: &Rows) -> Vec<usize> {
        if !rows.kinds.iter().any(|kind| kind.shape.feeds.contains(&true)) {
            return vec![];
        }
        let kinds = rows.kind_of.iter().enumerate();
        let is_unsettled = |(row, kind): &(usize, &u32)| self.is_unsettled(&rows.kinds[**kind as usize].shape, cells_of(rows, *row));
        kinds.filter(is_unsettled).map(|(row, _)| row).collect()
    }

    fn is_unsettled(&self, shape: &Shape, cells: impl Iterator<Item = u32>) -> bool {
        let mut feeding = cells.zip(&shape.feeds).filter(|(cell, feeds)| **feeds && *cell != NO_CELL);
        feeding.any(|(cell, _)| !is_free(self.flags[cell as usize]))
    }

    fn order(&mut self, shape: &Shape, cells: impl Iterator<Item = u32>) {
        for (cell, uses) in cells.zip(&shape.flags).filter(|(cell, _)| *cell != NO_CELL) {
            // What is restored stays as it is whichever leaf the call takes.
            if !is_free(*uses & !flags::RESTORE) {
                self.join(cell, flags::WRITE);
            }
        }
    }

    /// Orders every other cell that could be netted: for tests, which compare what becomes of either.
    fn order_some(&mut self) {
        let netted = self.flags.iter_mut().filter(|flags| **flags & flags::NETTED != 0);
        netted.step_by(2).for_each(|flags| *flags |= flags::WRITE);
    }
}

/// The bounds of a shape that are the same for all calls, with what they ask; `None` where no value keeps to one.
fn fixed(compiled: &Compiled, shape: &Shape) -> Vec<(KeyId, Side, Option<U256>)> {
    let kernel = &compiled.program.kernel;
    let bounds = shape.bounds.iter();
    bounds.filter_map(|(key, bound)| Some((*key, bound.side, bound.held(bound.fixed(kernel)?)))).collect()
}

/// Takes those that use an ordered cell out of the rows of one kernel.
fn set_aside(rows: &mut Rows, ordered: &CellSet, all: bool) -> Vec<OrderedCall> {
    let mut keeps_order = vec![all; rows.transactions.len()];
    for column in rows.cells().filter(|_| !all) {
        keeps_order.iter_mut().zip(&rows.columns[column]).for_each(|(keeps_order, cell)| *keeps_order |= ordered.has(*cell));
    }
    let aside: Vec<usize> = (0..keeps_order.len()).filter(|row| keeps_order[*row]).collect();
    let calls = aside.iter().map(|row| {
        let kind = rows.kinds[rows.kind_of[*row] as usize].clone();
        OrderedCall { transaction: rows.transactions[*row], kind, cells: cells_of(rows, *row).collect() }
    });
    let calls = calls.collect();
    rows.remove(&aside);
    calls
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
    let transactions = parts.iter().flat_map(|part| &part.transactions).copied().collect();
    (Stream::new(program, parts.into_iter().map(|part| (part.transactions.len(), part.columns))), transactions)
}
