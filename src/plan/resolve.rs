//! Resolving: each transaction finds its kernel, decides what its inputs decide, and finds its cells. Chunks of a segment are resolved in
//! parallel; nothing is numbered or written here, and what comes out does not depend on threads.

use super::library::{Compiled, Finder, Library, Meets, Pattern, Target};
use super::ordered::{Cells, Kind, OrderedCall};
use super::segment::remove;
use crate::error::Result;
use crate::evm::{Entry, Pin};
use crate::ir::access::{NO_CELL, Shape, Side, flags};
use crate::ir::eval::{Call, Place, Run, World};
use crate::ir::{Kernel, Key, KeyId, LeafId};
use crate::state::{CellId, CellKey, Paths, Query, Slot, State};
use crate::tx::{Block, Transaction};
use crate::word::{LIMBS, to_word};
use alloy_primitives::{Address, U256};
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Transactions resolved as one piece of parallel work.
const CHUNK: usize = 1 << 13;

/// Calls whose cells are looked up side by side.
const GROUP: usize = 32;

/// The contract id under which native cells are cached.
const NATIVE_SPACE: u32 = u32::MAX;

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

/// Calls of one kernel in one chunk, column by column as `Walker` lays them out; cells are `Found`, encoded.
#[derive(Debug)]
pub struct Rows {
    pub compiled: Arc<Compiled>,
    /// The transaction of each row, its index in the batch.
    pub transactions: Vec<u32>,
    pub columns: Vec<Vec<u32>>,
    /// The kind of each row, an index into `kinds`.
    pub kind_of: Vec<u32>,
    pub kinds: Vec<Arc<Kind>>,
    known: HashMap<Pattern, u32>,
    /// The bits and the kind of the row before, where its keys all named different cells.
    last: Option<(Vec<u32>, u32)>,
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
    /// Transactions without value to accounts without code.
    pub empty: Vec<u32>,
    pub missing: Vec<CellKey>,
    /// What guards of rows and ordered calls ask besides amounts, where it is not the same for all calls.
    pub bounds: Vec<Held>,
    /// Paths that were found by hashing.
    pub learned: Vec<(Query, CellId)>,
    /// What was found hangs on words of the state, or on cells that it does not hold. Otherwise it stays so as long as code does.
    pub hangs: bool,
}

impl Chunk {
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

/// Resolves transactions, of which the first has index `first` in its batch.
pub fn resolve(state: &State, library: &Library, block: &Block, transactions: &[Transaction], first: usize) -> Result<Vec<Chunk>> {
    let chunks = transactions.par_chunks(CHUNK).enumerate();
    chunks.map(|(i, chunk)| Resolver::new(state, library, block).run(chunk, first + i * CHUNK)).collect()
}

/// Makes chunks, resolved from the first transaction of a batch on, what they would be on this state: code has not changed since.
pub fn resolve_again(state: &State, library: &Library, block: &Block, transactions: &[Transaction], chunks: &mut [Chunk]) -> Result<()> {
    let hang = transactions.par_chunks(CHUNK).zip(chunks).enumerate().filter(|(_, (_, chunk))| chunk.hangs);
    hang.try_for_each(|(i, (transactions, chunk))| {
        *chunk = Resolver::new(state, library, block).run(transactions, i * CHUNK)?;
        Ok(())
    })
}

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

struct Resolver<'a> {
    state: &'a State,
    library: &'a Library,
    block: &'a Block,
    chunk: Chunk,
    targets: HashMap<(Address, Entry), Vec<Pinned>, ahash::RandomState>,
    last: Option<((Address, Entry), Known)>,
    search: Search<'a>,
    pending: Vec<Pending>,
    spare: Vec<Vec<U256>>,
}

/// A call that waits for its cells.
struct Pending {
    index: u32,
    /// Its rows.
    at: usize,
    /// Its contract's id, for paths.
    contract: u32,
    registers: Vec<U256>,
}

/// The search for cells, and what a chunk has learned from it.
struct Search<'a> {
    state: &'a State,
    missing: Vec<CellKey>,
    missing_ids: HashMap<CellKey, u32, ahash::RandomState>,
    /// Of the calls that wait: a query a key, and what came of it.
    queries: Vec<Query>,
    found: Vec<Option<CellId>>,
    /// The cells of the call at hand.
    cells: Vec<Found>,
    learned: Vec<(Query, CellId)>,
    /// A key hangs on words.
    hangs: bool,
}

impl<'a> Resolver<'a> {
    fn new(state: &'a State, library: &'a Library, block: &'a Block) -> Self {
        let search = Search {
            state,
            missing: vec![],
            missing_ids: HashMap::default(),
            queries: vec![],
            found: vec![],
            cells: vec![],
            learned: vec![],
            hangs: false,
        };
        let chunk = Chunk::default();
        Self { state, library, block, chunk, targets: HashMap::default(), last: None, search, pending: vec![], spare: vec![] }
    }

    /// Resolves a chunk, of which the first transaction has index `first` in its batch.
    fn run(mut self, chunk: &[Transaction], first: usize) -> Result<Chunk> {
        for (i, group) in chunk.chunks(GROUP).enumerate() {
            for (j, transaction) in group.iter().enumerate() {
                self.transaction((first + i * GROUP + j) as u32, transaction)?;
            }
            self.answer(chunk, first);
        }
        Ok(self.finish())
    }

    fn transaction(&mut self, index: u32, transaction: &Transaction) -> Result<()> {
        match self.target(transaction)? {
            Known::Rows(rows, contract) => self.ask(index, transaction, rows, contract),
            Known::Fallback => self.chunk.fallbacks.push(index),
            Known::Empty => self.chunk.empty.push(index),
        }
        Ok(())
    }

    fn target(&mut self, transaction: &Transaction) -> Result<Known> {
        let with_value = !transaction.value.is_zero();
        // Recipients are many: they are not remembered one by one.
        if with_value && transaction.data.is_empty() && self.library.is_plain(self.state, &transaction.to) {
            let transfer = self.library.transfer()?;
            return Ok(Known::Rows(self.rows_of(&transfer), NATIVE_SPACE));
        }
        let key = (transaction.to, Entry::of(&transaction.data, with_value));
        // Batches tend to call one function of one contract.
        if let Some((last, known)) = &self.last
            && *last == key
        {
            return Ok(*known);
        }
        let (pins, known) = self.look_up(transaction, key)?;
        self.last = pins.is_empty().then_some((key, known));
        Ok(known)
    }

    /// What a call runs, and which words of its own that hangs on. What else it hangs on stays as it is while a segment is resolved.
    fn look_up(&mut self, transaction: &Transaction, key: (Address, Entry)) -> Result<Pinned> {
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
                let contract = self.state.contract_id(&transaction.to).unwrap_or(NATIVE_SPACE);
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
            rows.len() - 1
        })
    }

    /// Decides what the inputs of a call decide, and asks for its cells.
    fn ask(&mut self, index: u32, transaction: &Transaction, at: usize, contract: u32) {
        let rows = &self.chunk.rows[at];
        let mut registers = self.spare.pop().unwrap_or_default();
        rows.compiled.tape.run(Call { transaction, block: self.block }, &mut registers);
        self.search.ask(&rows.compiled, &registers, contract);
        self.pending.push(Pending { index, at, contract, registers });
    }

    /// Gives the calls that have asked their cells.
    fn answer(&mut self, transactions: &[Transaction], first: usize) {
        self.search.look();
        let mut asked = 0;
        for Pending { index, at, contract, registers } in self.pending.drain(..) {
            let rows = &mut self.chunk.rows[at];
            let call = Call { transaction: &transactions[index as usize - first], block: self.block };
            self.search.cells(asked, &rows.compiled, call, contract);
            asked += rows.compiled.finders.len();
            let cells = &self.search.cells;
            let kind = rows.kind(&registers, cells);
            let shape = &rows.kinds[kind as usize].shape;
            let gone = shape.escapes && escapes(&rows.compiled, call, self.state, cells);
            self.chunk.hangs |= shape.escapes;
            if !gone {
                self.chunk.bounds.extend(held(self.state, &rows.compiled.program.kernel, shape, call, cells));
            }
            if let Some(leaf) = shape.leaf {
                self.chunk.decided.push((index, rows.compiled.clone(), leaf));
            } else if gone {
                // Off the tree it may touch what no key names: revm tells.
                self.chunk.fallbacks.push(index);
            } else if shape.clears() && rows.compiled.on_device {
                rows.push(index, kind, &registers, cells);
            } else {
                let kind = rows.kinds[kind as usize].clone();
                let cells = cells.iter().map(|cell| cell.encode()).collect();
                self.chunk.ordered.push(Ordered { transaction: index, kind, cells });
            }
            self.spare.push(registers);
        }
        self.search.queries.clear();
    }

    fn finish(self) -> Chunk {
        let Search { missing, learned, hangs, .. } = self.search;
        let hangs = self.chunk.hangs || hangs || !(missing.is_empty() && self.chunk.bounds.is_empty());
        Chunk { missing, learned, hangs, ..self.chunk }
    }
}

impl Search<'_> {
    fn ask(&mut self, compiled: &Compiled, registers: &[U256], contract: u32) {
        self.queries.extend(compiled.finders.iter().map(|finder| match finder {
            Finder::Path { template, holes } if holes.is_empty() => {
                Query { space: Paths::space(contract, *template), words: [U256::ZERO].into_iter().collect() }
            }
            Finder::Path { template, holes } => {
                Query { space: Paths::space(contract, *template), words: holes.iter().map(|hole| registers[*hole]).collect() }
            }
            Finder::Native { address } => {
                Query { space: Paths::space(NATIVE_SPACE, 0), words: [registers[*address]].into_iter().collect() }
            }
            Finder::State { .. } | Finder::Shown => Query::default(),
        }));
    }

    fn look(&mut self) {
        self.state.paths().find_all(&self.queries, &mut self.found);
    }

    /// The cells of a call whose keys were asked for from `asked` on.
    fn cells(&mut self, asked: usize, compiled: &Compiled, call: Call<'_>, contract: u32) {
        self.cells.clear();
        for (at, finder) in compiled.finders.iter().enumerate() {
            let key = KeyId::from_index(at);
            let cell = match (self.found[asked + at], finder) {
                (Some(id), _) => Found::Held(id),
                (None, Finder::Shown) => Found::Untouched,
                (None, Finder::State { template, holes }) => {
                    self.hangs = true;
                    let mut run = Run::new(&compiled.program.kernel, call);
                    let mut ahead = Ahead { state: self.state, cells: &self.cells };
                    let words = holes.iter().map(|hole| run.word(*hole, &mut ahead)).collect();
                    let native = matches!(compiled.program.kernel.key(key), Key::Native(_));
                    let space = if native { Paths::space(NATIVE_SPACE, 0) } else { Paths::space(contract, *template) };
                    let path = Query { space, words };
                    let known = self.state.paths().find(path.space, path.words.as_slice());
                    known.map_or_else(|| self.hash(compiled, call, key, path), Found::Held)
                }
                (None, _) => self.hash(compiled, call, key, self.queries[asked + at]),
            };
            self.cells.push(cell);
        }
    }

    /// The cell by its real slot; the path to it is remembered. The keys before it have their cells.
    fn hash(&mut self, compiled: &Compiled, call: Call<'_>, key: KeyId, path: Query) -> Found {
        let mut run = Run::new(&compiled.program.kernel, call);
        let place = run.place(key, &mut Ahead { state: self.state, cells: &self.cells });
        let key = cell_key(&call.transaction.to, place);
        match self.state.find(&key) {
            Some(id) => {
                if !path.words.as_slice().is_empty() {
                    self.learned.push((path, id));
                }
                Found::Held(id)
            }
            None => {
                let missing = &mut self.missing;
                Found::Missing(*self.missing_ids.entry(key).or_insert_with(|| {
                    missing.push(key);
                    missing.len() as u32 - 1
                }))
            }
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

pub fn cell_key(contract: &Address, place: Place) -> CellKey {
    match place {
        Place::Storage(slot) => CellKey { address: *contract, slot: Slot::Storage(slot) },
        Place::Native(address) => CellKey { address, slot: Slot::Native },
    }
}

/// Whether a call that finds these cells at the start of the segment leaves its kernel. If others change what this hangs on, the call is in
/// the line, which sees to it.
fn escapes(compiled: &Compiled, call: Call<'_>, state: &State, cells: &[Found]) -> bool {
    let kernel = &compiled.program.kernel;
    let leaf = Run::new(kernel, call).leaf(&mut Ahead { state, cells });
    kernel.leaf(leaf).outcome.status().is_none()
}

/// The state at the start of the segment, for one call.
struct Ahead<'a> {
    state: &'a State,
    /// By key, as far as they have been found.
    cells: &'a [Found],
}

impl World for Ahead<'_> {
    type Cell = Found;

    fn cell(&mut self, key: KeyId, run: &mut Run<'_>) -> Found {
        self.cells.get(key.index()).copied().unwrap_or_else(|| {
            let place = run.place(key, self);
            self.state.find(&cell_key(&run.call.transaction.to, place)).map_or(Found::Untouched, Found::Held)
        })
    }

    fn value(&mut self, cell: Found) -> U256 {
        match cell {
            Found::Held(id) => self.state.value(id),
            Found::Missing(_) | Found::Untouched => U256::ZERO,
        }
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
        cell_key(&run.call.transaction.to, place)
    }

    fn value(&mut self, cell: CellKey) -> U256 {
        self.state.read(&cell)
    }
}

impl Rows {
    /// The columns of the cells.
    fn cells(&self) -> Range<usize> {
        let first = self.compiled.program.walker.cell_column(KeyId::from_index(0));
        first..first + self.compiled.finders.len()
    }

    fn new(compiled: Arc<Compiled>) -> Self {
        let columns = vec![vec![]; compiled.program.walker.columns()];
        Self { compiled, transactions: vec![], columns, kind_of: vec![], kinds: vec![], known: HashMap::new(), last: None }
    }

    /// Takes out rows, whose numbers ascend.
    pub(super) fn remove(&mut self, rows: &[usize]) {
        let Self { transactions, columns, kind_of, .. } = self;
        columns.iter_mut().chain([transactions, kind_of]).for_each(|list| remove(list, rows));
    }

    /// The index of the kind of a call. Most calls are of the kind of the one before.
    fn kind(&mut self, registers: &[U256], cells: &[Found]) -> u32 {
        let distinct = all_differ(cells);
        if let Some((bits, kind)) = &self.last
            && distinct
            && self.bits(registers).eq(bits.iter().copied())
        {
            return *kind;
        }
        let pattern = Pattern { bits: self.bits(registers).collect(), class: if distinct { vec![] } else { classes(cells) } };
        let next = self.kinds.len() as u32;
        let index = *self.known.entry(pattern.clone()).or_insert(next);
        if index == next {
            self.kinds.push(Arc::new(Kind::new(self.compiled.clone(), self.compiled.shape(&pattern))));
        }
        if distinct {
            self.last = Some((pattern.bits, index));
        }
        index
    }

    fn bits<'a>(&'a self, registers: &'a [U256]) -> impl Iterator<Item = u32> + 'a {
        self.compiled.bits.chunks(32).map(|conditions| gather(conditions, registers))
    }

    fn push(&mut self, transaction: u32, kind: u32, registers: &[U256], cells: &[Found]) {
        let flags = &self.kinds[kind as usize].shape.flags;
        let (bits, rest) = self.columns.split_at_mut(self.compiled.bits.len().div_ceil(32));
        let (names, params) = rest.split_at_mut(cells.len());
        for (column, conditions) in bits.iter_mut().zip(self.compiled.bits.chunks(32)) {
            column.push(gather(conditions, registers));
        }
        for (column, (cell, flags)) in names.iter_mut().zip(cells.iter().zip(flags)) {
            column.push(if *flags == 0 { NO_CELL } else { cell.encode() });
        }
        for (limbs, param) in params.chunks_exact_mut(LIMBS).zip(&self.compiled.params) {
            for (column, limb) in limbs.iter_mut().zip(to_word(registers[*param])) {
                push_limb(column, self.transactions.len(), limb);
            }
        }
        self.transactions.push(transaction);
        self.kind_of.push(kind);
    }
}

/// Adds to a column of `rows` rows, which has no words as long as all are 0.
pub(super) fn push_limb(column: &mut Vec<u32>, rows: usize, limb: u32) {
    if limb != 0 && column.is_empty() {
        column.resize(rows, 0);
    }
    if limb != 0 || !column.is_empty() {
        column.push(limb);
    }
}

/// Up to 32 conditions as bits.
pub(super) fn gather(conditions: &[usize], registers: &[U256]) -> u32 {
    conditions.iter().enumerate().fold(0, |word, (i, condition)| word | u32::from(!registers[*condition].is_zero()) << i)
}

fn all_differ(cells: &[Found]) -> bool {
    cells.iter().enumerate().all(|(i, cell)| *cell == Found::Untouched || !cells[..i].contains(cell))
}

/// For each key the first that names the same cell.
fn classes(cells: &[Found]) -> Vec<usize> {
    let first =
        |(i, cell): (usize, &Found)| if *cell == Found::Untouched { i } else { cells.iter().position(|first| first == cell).unwrap_or(i) };
    cells.iter().enumerate().map(first).collect()
}
