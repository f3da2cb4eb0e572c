//! Resolving: each transaction finds its kernel, decides what its inputs decide, and finds its cells. Chunks of a segment are resolved in
//! parallel; nothing is numbered or written here, and what comes out does not depend on threads.

use super::library::{Compiled, Finder, Library, Pattern, Target};
use crate::error::Result;
use crate::evm::Entry;
use crate::ir::KeyId;
use crate::ir::access::{NO_CELL, Shape};
use crate::ir::eval::{Call, Place, Run, World};
use crate::state::{CellId, CellKey, Paths, Slot, State};
use crate::tx::{Block, Transaction};
use crate::word::{LIMBS, to_word};
use alloy_primitives::{Address, U256};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// Transactions resolved as one piece of parallel work.
const CHUNK: usize = 1 << 13;

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
    /// The shape of each row, an index into `shapes`.
    pub shape_of: Vec<u32>,
    pub shapes: Vec<Arc<Shape>>,
    known: HashMap<Pattern, u32>,
    /// The bits and the shape of the row before, where its keys all named different cells.
    last: Option<(Vec<u32>, u32)>,
    registers: Vec<U256>,
    cells: Vec<Found>,
}

/// A call that clearing cannot take, with the cells it is known to name.
#[derive(Debug)]
pub struct Ordered {
    pub transaction: u32,
    pub compiled: Arc<Compiled>,
    /// By key.
    pub cells: Vec<Found>,
    pub shape: Arc<Shape>,
}

/// What became of a chunk of transactions.
#[derive(Debug, Default)]
pub struct Chunk {
    pub rows: Vec<Rows>,
    pub ordered: Vec<Ordered>,
    /// Calls for revm.
    pub fallbacks: Vec<u32>,
    /// Transactions that are decided without a kernel: no value, no code.
    pub empty: Vec<u32>,
    pub missing: Vec<CellKey>,
    /// Paths that were found by hashing.
    pub learned: Vec<(u64, Vec<U256>, CellId)>,
}

/// Resolves transactions, of which the first has index `first` in its batch.
pub fn resolve(state: &State, library: &Library, block: &Block, transactions: &[Transaction], first: usize) -> Result<Vec<Chunk>> {
    transactions
        .par_chunks(CHUNK)
        .enumerate()
        .map(|(i, chunk)| {
            let mut resolver =
                Resolver { state, library, block, chunk: Chunk::default(), targets: HashMap::default(), missing: HashMap::new() };
            for (j, transaction) in chunk.iter().enumerate() {
                resolver.transaction((first + i * CHUNK + j) as u32, transaction)?;
            }
            Ok(resolver.chunk)
        })
        .collect()
}

/// What a call runs, in this chunk.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// The rows of its kernel, and the contract's id, for paths.
    Rows(usize, u32),
    Fallback,
    Empty,
}

struct Resolver<'a> {
    state: &'a State,
    library: &'a Library,
    block: &'a Block,
    chunk: Chunk,
    targets: HashMap<(Address, Entry), Known, ahash::RandomState>,
    missing: HashMap<CellKey, u32>,
}

impl Resolver<'_> {
    fn transaction(&mut self, index: u32, transaction: &Transaction) -> Result<()> {
        match self.target(transaction)? {
            Known::Rows(rows, contract) => self.call(index, transaction, rows, contract),
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
        let entry = Entry::of(&transaction.data, with_value);
        if let Some(known) = self.targets.get(&(transaction.to, entry)) {
            return Ok(*known);
        }
        let known = match self.library.target(self.state, transaction)? {
            Target::Kernel(compiled) => {
                let contract = self.state.contract_id(&transaction.to).unwrap_or(NATIVE_SPACE);
                Known::Rows(self.rows_of(&compiled), contract)
            }
            Target::Fallback => Known::Fallback,
            Target::Empty => Known::Empty,
        };
        self.targets.insert((transaction.to, entry), known);
        Ok(known)
    }

    fn rows_of(&mut self, compiled: &Arc<Compiled>) -> usize {
        let rows = &mut self.chunk.rows;
        rows.iter().position(|rows| Arc::ptr_eq(&rows.compiled, compiled)).unwrap_or_else(|| {
            rows.push(Rows::new(compiled.clone()));
            rows.len() - 1
        })
    }

    fn call(&mut self, index: u32, transaction: &Transaction, at: usize, contract: u32) {
        let compiled = self.chunk.rows[at].compiled.clone();
        let call = Call { transaction, block: self.block };
        let (mut registers, mut cells) = self.chunk.rows[at].scratch();
        compiled.tape.run(call, &mut registers);
        self.find(&compiled, call, &registers, contract, &mut cells);
        let rows = &mut self.chunk.rows[at];
        let shape = rows.shape(&registers, &cells);
        if rows.shapes[shape as usize].escapes {
            // Off the tree it may touch what no key names: revm tells.
            self.chunk.fallbacks.push(index);
        } else if rows.shapes[shape as usize].clears() {
            rows.push(index, shape, &registers, &cells);
        } else {
            let shape = rows.shapes[shape as usize].clone();
            self.chunk.ordered.push(Ordered { transaction: index, compiled, cells: cells.clone(), shape });
        }
        let rows = &mut self.chunk.rows[at];
        (rows.registers, rows.cells) = (registers, cells);
    }

    /// Finds the cell of each key.
    fn find(&mut self, compiled: &Compiled, call: Call<'_>, registers: &[U256], contract: u32, cells: &mut Vec<Found>) {
        cells.clear();
        for (key, finder) in compiled.finders.iter().enumerate() {
            let (space, words) = match finder {
                Finder::Path { template, holes } => {
                    (Paths::space(contract, *template), Words::new(holes.iter().map(|hole| registers[*hole])))
                }
                Finder::Native { address } => (Paths::space(NATIVE_SPACE, 0), Words::new([registers[*address]])),
                Finder::State => (0, Words::default()),
            };
            cells.push(match self.state.paths().find(space, words.get()) {
                Some(id) => Found::Held(id),
                None => self.hash(compiled, call, KeyId::from_index(key), space, words),
            });
        }
    }

    /// The cell by its real slot; the path to it is remembered.
    fn hash(&mut self, compiled: &Compiled, call: Call<'_>, key: KeyId, space: u64, words: Words) -> Found {
        let mut world = Start { state: self.state };
        let mut run = Run::new(&compiled.program.kernel, call);
        let place = run.place(key, &mut world);
        let key = cell_key(&call.transaction.to, place);
        match self.state.find(&key) {
            Some(id) => {
                if !words.get().is_empty() {
                    self.chunk.learned.push((space, words.get().to_vec(), id));
                }
                Found::Held(id)
            }
            None => {
                let missing = &mut self.chunk.missing;
                Found::Missing(*self.missing.entry(key).or_insert_with(|| {
                    missing.push(key);
                    missing.len() as u32 - 1
                }))
            }
        }
    }
}

/// The words of a path: one where there are none, so that a fixed slot has a path too.
#[derive(Default)]
struct Words {
    words: [U256; 2],
    len: usize,
}

impl Words {
    fn new(words: impl IntoIterator<Item = U256>) -> Self {
        let mut path = Self { words: [U256::ZERO; 2], len: 0 };
        for word in words {
            if path.len < 2 {
                path.words[path.len] = word;
            }
            path.len += 1;
        }
        path.len = path.len.max(1);
        path
    }

    /// Empty where there are more than a path holds.
    fn get(&self) -> &[U256] {
        if self.len <= 2 { &self.words[..self.len] } else { &[] }
    }
}

pub fn cell_key(contract: &Address, place: Place) -> CellKey {
    match place {
        Place::Storage(slot) => CellKey { address: *contract, slot: Slot::Storage(slot) },
        Place::Native(address) => CellKey { address, slot: Slot::Native },
    }
}

/// The state as it is at the start of the segment.
struct Start<'a> {
    state: &'a State,
}

impl World for Start<'_> {
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
    /// Buffers of the row before, to be put back.
    fn scratch(&mut self) -> (Vec<U256>, Vec<Found>) {
        (std::mem::take(&mut self.registers), std::mem::take(&mut self.cells))
    }

    fn new(compiled: Arc<Compiled>) -> Self {
        let columns = vec![vec![]; compiled.program.walker.columns()];
        Self {
            compiled,
            transactions: vec![],
            columns,
            shape_of: vec![],
            shapes: vec![],
            known: HashMap::new(),
            last: None,
            registers: vec![],
            cells: vec![],
        }
    }

    /// The index of the shape of a call. Most calls have the shape of the one before.
    fn shape(&mut self, registers: &[U256], cells: &[Found]) -> u32 {
        let distinct = all_differ(cells);
        if let Some((bits, shape)) = &self.last
            && distinct
            && self.bits(registers).eq(bits.iter().copied())
        {
            return *shape;
        }
        let pattern = Pattern { bits: self.bits(registers).collect(), class: if distinct { vec![] } else { classes(cells) } };
        let next = self.shapes.len() as u32;
        let index = *self.known.entry(pattern.clone()).or_insert(next);
        if index == next {
            self.shapes.push(self.compiled.shape(&pattern));
        }
        if distinct {
            self.last = Some((pattern.bits, index));
        }
        index
    }

    fn bits<'a>(&'a self, registers: &'a [U256]) -> impl Iterator<Item = u32> + 'a {
        self.compiled.bits.chunks(32).map(|conditions| gather(conditions, registers))
    }

    fn push(&mut self, transaction: u32, shape: u32, registers: &[U256], cells: &[Found]) {
        let flags = &self.shapes[shape as usize].flags;
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
                column.push(limb);
            }
        }
        self.transactions.push(transaction);
        self.shape_of.push(shape);
    }
}

/// Up to 32 conditions as bits.
fn gather(conditions: &[usize], registers: &[U256]) -> u32 {
    conditions.iter().enumerate().fold(0, |word, (i, condition)| word | u32::from(!registers[*condition].is_zero()) << i)
}

fn all_differ(cells: &[Found]) -> bool {
    cells.iter().enumerate().all(|(i, cell)| !cells[..i].contains(cell))
}

/// For each key the first that names the same cell.
fn classes(cells: &[Found]) -> Vec<usize> {
    cells.iter().map(|cell| cells.iter().position(|first| first == cell).unwrap_or_default()).collect()
}
