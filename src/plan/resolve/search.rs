//! The search for the cells that calls name: by paths, and by hashing where no path leads there yet.

use super::{Found, cell_key};
use crate::ir::eval::{Call, Run, World};
use crate::ir::{Key, KeyId};
use crate::plan::library::{Compiled, Finder};
use crate::plan::tape::{Evaluated, Register};
use crate::state::{CellId, CellKey, Paths, Query, State};
use alloy_primitives::U256;
use hashbrown::HashTable;
use std::mem::take;

/// The contract id under which native cells are cached.
pub(super) const NATIVE_SPACE: u32 = u32::MAX;

/// Calls of one kernel.
#[derive(Clone, Copy)]
pub(super) struct Calls<'a> {
    pub compiled: &'a Compiled,
    pub calls: &'a [Call<'a>],
    /// For each the id of its contract, for paths.
    pub contracts: &'a [u32],
    pub evaluated: Evaluated<'a>,
}

/// The search, and what a chunk has learned from it.
pub(super) struct Search<'a> {
    state: &'a State,
    pub missing: Vec<CellKey>,
    pub missing_hashes: Vec<u64>,
    missing_ids: HashTable<u32>,
    /// Paths that were found by hashing.
    pub learned: Vec<(Query, CellId)>,
    /// A key hangs on words.
    pub hangs: bool,
    /// What came of the calls at hand: for each key a cell a call.
    cells: Vec<Found>,
    calls: usize,
    /// What paths lead to, of one key.
    found: Vec<Option<CellId>>,
    /// The cells of one call.
    of_call: Vec<Found>,
}

impl<'a> Search<'a> {
    pub fn new(state: &'a State) -> Self {
        let (missing, missing_hashes, missing_ids, learned, hangs, cells, found, of_call) = Default::default();
        Self { state, missing, missing_hashes, missing_ids, learned, hangs, cells, calls: 0, found, of_call }
    }

    /// The cells that a key of the calls at hand names.
    pub fn of_key(&self, key: usize) -> &[Found] {
        &self.cells[key * self.calls..(key + 1) * self.calls]
    }

    /// The cells of one of the calls at hand.
    pub fn of_call(&mut self, call: usize) -> &[Found] {
        let (keys, of_call) = (self.cells.len() / self.calls.max(1), &mut self.of_call);
        of_call.clear();
        of_call.extend((0..keys).map(|key| self.cells[key * self.calls + call]));
        of_call
    }

    /// Whether no two keys of a call name one cell.
    pub fn all_differ(&self, call: usize) -> bool {
        let of_call = |at: usize| self.cells[at * self.calls + call];
        let keys = self.cells.len() / self.calls.max(1);
        (1..keys).all(|key| of_call(key) == Found::Untouched || (0..key).all(|before| of_call(before) != of_call(key)))
    }

    /// Finds the cells of all keys of some calls.
    pub fn find(&mut self, calls: Calls<'_>) {
        self.cells.clear();
        self.calls = calls.calls.len();
        for (at, finder) in calls.compiled.finders.iter().enumerate() {
            let mut found = take(&mut self.found);
            found.clear();
            found.resize(self.calls, None);
            self.follow(calls, finder, &mut found);
            for (call, id) in found.iter().enumerate() {
                let cell = id.map_or_else(|| self.off_path(calls, call, KeyId::from_index(at)), Found::Held);
                self.cells.push(cell);
            }
            self.found = found;
        }
    }

    /// Where the paths lead that inputs decide.
    fn follow(&self, calls: Calls<'_>, finder: &Finder, found: &mut [Option<CellId>]) {
        let paths = self.state.paths();
        let column = |register: &Register| calls.evaluated.column(*register);
        match finder {
            Finder::Path { template, holes } => {
                let space = |call: usize| Paths::space(calls.contracts[call], *template);
                match &holes[..] {
                    [] => follow_fixed(paths, calls.contracts, *template, found),
                    [a] => {
                        let a = column(a);
                        paths.find_all(|call| (space(call), [a.word(call)]), found);
                    }
                    [a, b] => {
                        let (a, b) = (column(a), column(b));
                        paths.find_all(|call| (space(call), [a.word(call), b.word(call)]), found);
                    }
                    _ => {}
                }
            }
            Finder::Native { address } => {
                let address = column(address);
                paths.find_all(|call| (Paths::space(NATIVE_SPACE, 0), [address.word(call)]), found);
            }
            Finder::State { .. } | Finder::Shown => {}
        }
    }

    /// A cell that no path of the inputs leads to. Those of the keys before it are known.
    fn off_path(&mut self, calls: Calls<'_>, call: usize, key: KeyId) -> Found {
        let Calls { compiled, contracts, evaluated, .. } = calls;
        let (contract, native) = (contracts[call], || Paths::space(NATIVE_SPACE, 0));
        self.of_call(call);
        let path = match &compiled.finders[key.index()] {
            Finder::Shown => return Found::Untouched,
            Finder::Path { template, holes } if holes.is_empty() => fixed(contract, *template),
            Finder::Path { template, holes } => {
                Query { space: Paths::space(contract, *template), words: holes.iter().map(|hole| evaluated.word(*hole, call)).collect() }
            }
            Finder::Native { address } => Query { space: native(), words: [evaluated.word(*address, call)].into_iter().collect() },
            Finder::State { template, holes } => {
                self.hangs = true;
                let mut run = Run::new(&compiled.program.kernel, calls.calls[call]);
                let mut ahead = Ahead { state: self.state, cells: &self.of_call };
                let words = holes.iter().map(|hole| run.word(*hole, &mut ahead)).collect();
                let is_native = matches!(compiled.program.kernel.key(key), Key::Native(_));
                let path = Query { space: if is_native { native() } else { Paths::space(contract, *template) }, words };
                if let Some(id) = self.state.paths().find(path.space, path.words.as_slice()) {
                    return Found::Held(id);
                }
                path
            }
        };
        self.hash(compiled, calls.calls[call], key, path)
    }

    /// The cell by its real slot; the path to it is remembered.
    fn hash(&mut self, compiled: &Compiled, call: Call<'_>, key: KeyId, path: Query) -> Found {
        let mut run = Run::new(&compiled.program.kernel, call);
        let place = run.place(key, &mut Ahead { state: self.state, cells: &self.of_call });
        let key = cell_key(&call.transaction.to, place);
        match self.state.find(&key) {
            Some(id) => {
                if !path.words.as_slice().is_empty() {
                    self.learned.push((path, id));
                }
                Found::Held(id)
            }
            None => Found::Missing(self.missing(key)),
        }
    }

    fn missing(&mut self, key: CellKey) -> u32 {
        let Self { missing, missing_hashes: hashes, missing_ids, .. } = self;
        let (hash, next) = (key.hash_code(), missing.len() as u32);
        if let Some(known) = missing_ids.find(hash, |index| missing[*index as usize] == key) {
            return *known;
        }
        missing.push(key);
        hashes.push(hash);
        missing_ids.insert_unique(hash, next, |index| hashes[*index as usize]);
        next
    }
}

/// The path of a key that is one cell to a contract.
fn fixed(contract: u32, template: u32) -> Query {
    Query { space: Paths::space(contract, template), words: [U256::ZERO].into_iter().collect() }
}

/// Looks for it once where calls of one contract follow each other.
fn follow_fixed(paths: &Paths, contracts: &[u32], template: u32, found: &mut [Option<CellId>]) {
    let mut at = 0;
    for same in contracts.chunk_by(|a, b| a == b) {
        let path = fixed(same[0], template);
        found[at..at + same.len()].fill(paths.find(path.space, path.words.as_slice()));
        at += same.len();
    }
}

/// The state at the start of the segment, for one call.
pub(super) struct Ahead<'a> {
    pub state: &'a State,
    /// By key, as far as they have been found.
    pub cells: &'a [Found],
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
