//! A chunk on its way: each transaction finds what it runs, and calls of one kernel wait for each other until there are enough of them to
//! be gone through side by side.

use super::rows::{Bits, Rows};
use super::search::{Ahead, Calls, NATIVE_SPACE, Search};
use super::{Chunk, Found, Held, Ordered, Present};
use crate::error::Result;
use crate::evm::{Entry, Pin};
use crate::ir::Kernel;
use crate::ir::access::Shape;
use crate::ir::eval::{Call, Run, inputs};
use crate::limits;
use crate::plan::library::{Compiled, Library, Meets, Target};
use crate::prefetch::prefetch_ends;
use crate::state::State;
use crate::tx::{BatchRef, TransactionRef};
use alloy_primitives::{Address, U256};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Calls that are gone through side by side: their words, and what is fetched for them, fit a core's first cache.
const GROUP: usize = 16;
/// Transactions whose calldata is fetched while others are decoded.
const AHEAD: usize = 8;

/// Functions that are remembered by the last byte of their selector.
const RECENT: usize = 16;

/// What a call runs, in this chunk.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// The rows of its kernel, and the contract's id, for paths.
    Rows(usize, u32),
    Fallback,
    Empty,
}

/// What calls run that bring these words.
type Pinned = (Arc<[Pin]>, Known);

pub(super) struct Resolver<'a> {
    state: &'a State,
    library: &'a Library,
    batch: BatchRef<'a>,
    /// The transactions of the chunk.
    range: Range<usize>,
    chunk: Chunk,
    targets: HashMap<(Address, Entry), Vec<Pinned>, ahash::RandomState>,
    /// What was looked up last, by the place that its selector has here.
    recent: [Option<((Address, Entry), Known)>; RECENT],
    /// The rows of plain transfers.
    transfers: Option<usize>,
    /// As many as there are rows.
    waiting: Vec<Waiting>,
    search: Search<'a>,
    bits: Bits,
    /// Calls that have been started, and room for the next: `turn` says which is which. They stay where they are, since what has just been
    /// written in words is slow to move in larger ones.
    groups: [Group; 2],
    turn: usize,
    /// The nodes that may still be analysed.
    budget: usize,
}

/// Calls of a kernel that wait for others.
struct Waiting {
    compiled: Arc<Compiled>,
    transactions: Vec<u32>,
    /// For each its contract's id, for paths.
    contracts: Vec<u32>,
}

/// Calls of a kernel on their way: what inputs decide is evaluated, and their paths are being fetched while other calls are answered.
#[derive(Default)]
struct Group {
    /// The rows of the kernel.
    at: usize,
    transactions: Vec<u32>,
    contracts: Vec<u32>,
    /// The tape's.
    words: Vec<U256>,
    /// Where the look-ups start.
    starts: Vec<usize>,
}

impl<'a> Resolver<'a> {
    pub fn new(state: &'a State, library: &'a Library, batch: BatchRef<'a>, range: Range<usize>) -> Self {
        let (chunk, targets, waiting, bits, groups) = Default::default();
        Self {
            state,
            library,
            batch,
            range,
            chunk,
            targets,
            recent: [None; RECENT],
            transfers: None,
            waiting,
            search: Search::new(state),
            bits,
            groups,
            turn: 0,
            budget: limits::ANALYSED,
        }
    }

    pub fn run(mut self) -> Result<Chunk> {
        for at in self.range.clone() {
            self.fetch_ahead(at);
            let index = at as u32;
            match self.target(self.batch.get(at))? {
                Known::Rows(rows, contract) => self.wait(index, rows, contract),
                Known::Fallback => self.chunk.fallbacks.push(index),
                // Without value, to an account without code: nothing happens, and it succeeds.
                Known::Empty => {}
            }
        }
        (0..self.waiting.len()).for_each(|at| self.start(at));
        self.answer();
        // Some were found to be such only when their kernel was asked.
        self.chunk.fallbacks.sort_unstable();
        let Search { missing, missing_hashes, learned, hangs, .. } = self.search;
        let hangs = self.chunk.hangs || hangs || !(missing.is_empty() && self.chunk.bounds.is_empty());
        Ok(Chunk { missing, missing_hashes, learned, hangs, ..self.chunk })
    }

    fn target(&mut self, transaction: TransactionRef<'_>) -> Result<Known> {
        let with_value = !transaction.value().is_zero();
        // Recipients are many: they are not remembered one by one.
        if with_value && transaction.data().is_empty() && self.library.is_plain(self.state, transaction.to()) {
            let rows = match self.transfers {
                Some(rows) => rows,
                None => self.rows_of(&self.library.transfer()?),
            };
            self.transfers = Some(rows);
            return Ok(Known::Rows(rows, NATIVE_SPACE));
        }
        let key = (*transaction.to(), Entry::of(transaction.data(), with_value));
        // Batches tend to call a few functions of a contract.
        let place = usize::from(key.1.selector.map_or(0, |[.., last]| last)) % RECENT;
        if let Some((recent, known)) = &self.recent[place]
            && *recent == key
        {
            return Ok(*known);
        }
        let (pins, known) = self.look_up(transaction, key)?;
        if pins.is_empty() {
            self.recent[place] = Some((key, known));
        }
        Ok(known)
    }

    /// What a call runs, and which words of its own that hangs on. What else it hangs on stays as it is while a segment is resolved.
    fn look_up(&mut self, transaction: TransactionRef<'_>, key: (Address, Entry)) -> Result<Pinned> {
        let meets = Meets { state: self.state, transaction };
        let holds = |pins: &[Pin]| pins.iter().all(|pin| pin.holds(&meets));
        let known = self.targets.get(&key).into_iter().flatten().find(|(pins, _)| holds(pins));
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let (target, pins) = self.library.target_with_pins(self.state, transaction)?;
        self.chunk.hangs |= pins.iter().any(|pin| matches!(pin, Pin::Storage { .. }));
        let known = match target {
            Target::Kernel(compiled) => {
                let contract = self.state.contract_id(transaction.to()).unwrap_or(NATIVE_SPACE);
                Known::Rows(self.rows_of(&compiled), contract)
            }
            Target::Fallback => Known::Fallback,
            Target::Empty => Known::Empty,
        };
        let known = (pins.iter().filter(|pin| pin.is_of_call()).copied().collect(), known);
        self.targets.entry(key).or_default().push(known.clone());
        Ok(known)
    }

    fn rows_of(&mut self, compiled: &Arc<Compiled>) -> usize {
        let rows = &mut self.chunk.rows;
        rows.iter().position(|rows| Arc::ptr_eq(&rows.compiled, compiled)).unwrap_or_else(|| {
            rows.push(Rows::new(compiled.clone()));
            self.waiting.push(Waiting { compiled: compiled.clone(), transactions: vec![], contracts: vec![] });
            rows.len() - 1
        })
    }

    /// Has transactions fetched that come soon, and the calldata of those that come sooner.
    fn fetch_ahead(&self, at: usize) {
        let end = self.range.end;
        if at + 2 * AHEAD < end {
            self.batch.fetch(at + 2 * AHEAD);
        }
        if at + AHEAD < end {
            prefetch_ends(self.batch.get(at + AHEAD).data());
        }
    }

    fn wait(&mut self, index: u32, at: usize, contract: u32) {
        let waiting = &mut self.waiting[at];
        waiting.transactions.push(index);
        waiting.contracts.push(contract);
        if waiting.transactions.len() == GROUP {
            self.start(at);
        }
    }

    /// Decides what the inputs of the calls that wait for a kernel decide, and aims at their cells. Those that were started before are answered:
    /// what they look for has come by now.
    fn start(&mut self, at: usize) {
        let Self { waiting, search, groups, turn, batch, .. } = self;
        let Waiting { compiled, transactions, contracts } = &mut waiting[at];
        if transactions.is_empty() {
            return;
        }
        let group = &mut groups[1 - *turn];
        group.at = at;
        group.transactions.append(transactions);
        group.contracts.append(contracts);
        let indices = &group.transactions;
        compiled.tape.run(indices.len(), |input, words| inputs(*input, *batch, indices.iter().copied(), words), &mut group.words);
        let evaluated = compiled.tape.evaluated(indices.len(), &group.words);
        search.aim(Calls { compiled, batch: *batch, transactions: indices, contracts: &group.contracts, evaluated }, &mut group.starts);
        self.answer();
        self.turn = 1 - self.turn;
    }

    /// Finds the cells of the calls that were started last, and makes rows of them.
    fn answer(&mut self) {
        let Self { chunk, waiting, search, bits, groups, turn, budget, .. } = self;
        let Group { at, transactions, contracts, words, starts } = &mut groups[*turn];
        if transactions.is_empty() {
            return;
        }
        let (at, compiled) = (*at, &*waiting[*at].compiled);
        let evaluated = compiled.tape.evaluated(transactions.len(), words);
        let calls = Calls { compiled, batch: self.batch, transactions, contracts, evaluated };
        let rows = &mut chunk.rows[at];
        bits.gather(calls);
        search.find(calls, starts, |call, key| rows.touches(call, key, bits));
        match rows.common_kind(bits, search).filter(|kind| rows.kinds[*kind as usize].in_rows) {
            Some(kind) => rows.push(transactions, kind, 0..transactions.len(), calls, bits, search),
            None => {
                let mut places = Places { chunk, at, state: self.state, transactions, calls, bits, search, budget };
                (0..transactions.len()).for_each(|call| places.put(call));
            }
        }
        transactions.clear();
        contracts.clear();
    }
}

/// Where calls of a kernel are put one by one.
struct Places<'p, 'a> {
    chunk: &'p mut Chunk,
    at: usize,
    state: &'a State,
    transactions: &'p [u32],
    calls: Calls<'p>,
    bits: &'p Bits,
    search: &'p mut Search<'a>,
    budget: &'p mut usize,
}

impl Places<'_, '_> {
    fn put(&mut self, call: usize) {
        let Self { chunk, state, transactions, calls, bits, search, budget, .. } = self;
        let (rows, index) = (&mut chunk.rows[self.at], transactions[call]);
        let cells = search.of_call(call);
        let Some(kind) = rows.kind(call, bits, cells, budget) else {
            chunk.fallbacks.push(index);
            return;
        };
        if rows.kinds[kind as usize].is_bounded_often {
            chunk.fallbacks.push(index);
            return;
        }
        let shape = &rows.kinds[kind as usize].shape;
        let gone = shape.escapes && escapes(calls.compiled, calls.call(call), state, cells);
        chunk.hangs |= shape.escapes;
        if !gone {
            chunk.bounds.extend(held(state, &calls.compiled.program.kernel, shape, calls.call(call), cells));
        }
        if let Some(leaf) = shape.leaf {
            chunk.decided.push((index, rows.compiled.clone(), leaf));
        } else if gone {
            // Off the tree it may touch what no key names: revm tells.
            chunk.fallbacks.push(index);
        } else if rows.kinds[kind as usize].clears {
            rows.push(transactions, kind, call..call + 1, *calls, bits, search);
        } else {
            let kind = rows.kinds[kind as usize].clone();
            let cells = cells.iter().map(|cell| cell.encode()).collect();
            chunk.ordered.push(Ordered { transaction: index, kind, cells });
        }
    }
}

/// The bounds of a call that are not the same for all calls, on the state at the start: what they hang on does not change in the segment,
/// or their cells are ordered.
fn held(state: &State, kernel: &Kernel, shape: &Shape, call: Call<'_>, cells: &[Found]) -> Vec<Held> {
    let mut open = shape.bounds.iter().filter(|(_, bound)| bound.fixed(kernel).is_none()).peekable();
    if open.peek().is_none() {
        return vec![];
    }
    let mut run = Run::new(kernel, call);
    let held = open.filter_map(|(key, bound)| {
        let limit = run.word(bound.limit.word()?, &mut Present { state });
        Some(Held { cell: cells[key.index()], side: bound.side, amount: bound.held(limit) })
    });
    held.collect()
}

/// Whether a call that finds these cells at the start of the segment leaves its kernel. If others change what this hangs on, the call is in
/// the line, which sees to it.
fn escapes(compiled: &Compiled, call: Call<'_>, state: &State, cells: &[Found]) -> bool {
    let kernel = &compiled.program.kernel;
    let leaf = Run::new(kernel, call).leaf(&mut Ahead { state, cells });
    kernel.leaf(leaf).outcome.status().is_none()
}
