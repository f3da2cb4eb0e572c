//! The search for the cells that calls name: by paths, and by hashing where no path leads there yet.

use super::{Found, cell_key};
use crate::ir::access::NO_CELL;
use crate::ir::eval::{Call, Run, World, inputs};
use crate::ir::{Key, KeyId};
use crate::plan::library::{Compiled, Finder, SlotTape};
use crate::plan::tape::{Evaluated, Register};
use crate::state::{CellId, CellKey, Paths, Query, State, UNKNOWN};
use crate::tx::BatchRef;
use alloy_primitives::U256;
use hashbrown::HashTable;

/// The contract id under which native cells are cached.
pub(super) const NATIVE_SPACE: u32 = u32::MAX;

/// Calls of one kernel.
#[derive(Clone, Copy)]
pub(super) struct Calls<'a> {
    pub compiled: &'a Compiled,
    pub batch: BatchRef<'a>,
    /// Their indices in it.
    pub transactions: &'a [u32],
    /// For each the id of its contract, for paths.
    pub contracts: &'a [u32],
    pub evaluated: Evaluated<'a>,
}

impl<'a> Calls<'a> {
    pub fn call(&self, call: usize) -> Call<'a> {
        Call::of(self.batch, self.transactions[call])
    }
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
    /// What came of the calls at hand: for each key a cell a call, encoded.
    cells: Vec<u32>,
    calls: usize,
    /// The cells of one call.
    of_call: Vec<Found>,
    /// Of a key, the calls at hand that no path leads further, and room for the words of their slots.
    off_path: Vec<u32>,
    words: Vec<U256>,
}

impl<'a> Search<'a> {
    pub fn new(state: &'a State) -> Self {
        let (missing, missing_hashes, missing_ids, learned, hangs, cells, of_call) = Default::default();
        let (off_path, words) = Default::default();
        Self { state, missing, missing_hashes, missing_ids, learned, hangs, cells, calls: 0, of_call, off_path, words }
    }

    /// The cells that a key of the calls at hand names, encoded.
    pub fn of_key(&self, key: usize) -> &[u32] {
        &self.cells[key * self.calls..(key + 1) * self.calls]
    }

    /// The cells of one of the calls at hand.
    pub fn of_call(&mut self, call: usize) -> &[Found] {
        self.before(call, self.cells.len() / self.calls.max(1))
    }

    /// Those of its first keys.
    fn before(&mut self, call: usize, keys: usize) -> &[Found] {
        let of_call = &mut self.of_call;
        of_call.clear();
        of_call.extend((0..keys).map(|key| Found::decode(self.cells[key * self.calls + call])));
        of_call
    }

    /// Whether no two keys of any call at hand name one cell.
    pub fn all_differ(&self) -> bool {
        let keys = self.cells.len() / self.calls.max(1);
        let meet = |one: usize, two: usize| {
            let cells = self.of_key(one).iter().zip(self.of_key(two));
            cells.fold(false, |meet, (one, two)| meet | (one == two && *one != NO_CELL))
        };
        !(1..keys).any(|key| (0..key).any(|before| meet(before, key)))
    }

    /// Has fetched where the paths of some calls are looked up soon: for each key and call it notes the place in `starts`.
    pub fn aim(&self, calls: Calls<'_>, starts: &mut Vec<usize>) {
        let count = calls.transactions.len();
        starts.resize(calls.compiled.finders.len() * count, 0);
        for (finder, starts) in calls.compiled.finders.iter().zip(starts.chunks_mut(count)) {
            on_paths(calls, finder, Aim { paths: self.state.paths(), starts });
        }
    }

    /// Finds the cells of all keys of some calls, which were aimed at; those that no path leads to only if the call may touch them.
    pub fn find(&mut self, calls: Calls<'_>, starts: &[usize], mut touches: impl FnMut(usize, KeyId) -> bool) {
        let keys = calls.compiled.finders.len();
        self.calls = calls.transactions.len();
        self.cells.clear();
        self.cells.resize(keys * self.calls, NO_CELL);
        for (key, finder) in calls.compiled.finders.iter().enumerate() {
            let range = key * self.calls..(key + 1) * self.calls;
            self.cells[range.clone()].fill(UNKNOWN);
            let (paths, found) = (self.state.paths(), &mut self.cells[range.clone()]);
            match finder {
                Finder::Path { template, holes, .. } if holes.is_empty() => follow_fixed(paths, calls.contracts, *template, found),
                finder => on_paths(calls, finder, Follow { paths, starts: &starts[range.clone()], found }),
            }
            self.off_path.clear();
            for (call, cell) in self.cells[range].iter_mut().enumerate().filter(|(_, cell)| **cell == UNKNOWN) {
                match touches(call, KeyId::from_index(key)) {
                    true => self.off_path.push(call as u32),
                    false => *cell = NO_CELL,
                }
            }
            if !self.off_path.is_empty() {
                self.off_path(calls, KeyId::from_index(key), finder);
            }
        }
    }

    /// The cells of a key to which no path of the inputs leads. Those of the keys before it are known.
    fn off_path(&mut self, calls: Calls<'_>, key: KeyId, finder: &Finder) {
        let off_path = std::mem::take(&mut self.off_path);
        match finder {
            Finder::Path { template, holes, slot } => self.by_slot(calls, key, &off_path, (*template, holes, slot)),
            finder => off_path.iter().for_each(|call| {
                let call = *call as usize;
                self.cells[key.index() * self.calls + call] = self.by_itself(calls, call, key, finder).encode();
            }),
        }
        self.off_path = off_path;
    }

    /// By their slots, which are hashed side by side.
    fn by_slot(&mut self, calls: Calls<'_>, key: KeyId, off_path: &[u32], (template, holes, slot): (u32, &[Register], &SlotTape)) {
        let Calls { batch, transactions, contracts, evaluated, .. } = calls;
        let mut words = std::mem::take(&mut self.words);
        let indices = || off_path.iter().map(|call| transactions[*call as usize]);
        let slots = slot.tape.run(off_path.len(), |input, words| inputs(*input, batch, indices(), words), &mut words).column(slot.slot);
        let named = |at: usize| {
            let contract = batch.get(transactions[off_path[at] as usize] as usize).to();
            CellKey::storage(*contract, (*slots.word(at)).into())
        };
        (0..off_path.len()).for_each(|at| self.state.fetch(&named(at)));
        for (at, call) in off_path.iter().map(|call| *call as usize).enumerate() {
            let path = || match holes {
                [] => fixed(contracts[call], template),
                holes => {
                    let words = holes.iter().map(|hole| evaluated.word(*hole, call)).collect();
                    Query { space: Paths::space(contracts[call], template), words }
                }
            };
            let found = self.by_key(named(at), path);
            self.cells[key.index() * self.calls + call] = found.encode();
        }
        self.words = words;
    }

    /// A call's cell by what only this call knows.
    fn by_itself(&mut self, calls: Calls<'_>, call: usize, key: KeyId, finder: &Finder) -> Found {
        let Calls { compiled, contracts, evaluated, .. } = calls;
        let (contract, native) = (contracts[call], || Paths::space(NATIVE_SPACE, 0));
        self.before(call, key.index());
        let path = match finder {
            Finder::Shown | Finder::Path { .. } => return Found::Untouched,
            Finder::Native { address } => Query { space: native(), words: [evaluated.word(*address, call)].into_iter().collect() },
            Finder::State { template, holes } => {
                self.hangs = true;
                let mut run = Run::new(&compiled.program.kernel, calls.call(call));
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
        let call = calls.call(call);
        let place = Run::new(&compiled.program.kernel, call).place(key, &mut Ahead { state: self.state, cells: &self.of_call });
        self.by_key(cell_key(call.transaction.to(), place), || path)
    }

    /// The cell, however it was found; the path to it is remembered.
    fn by_key(&mut self, key: CellKey, path: impl FnOnce() -> Query) -> Found {
        match self.state.find(&key) {
            Some(id) => {
                let path = path();
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

/// What is done with the paths of a key, by call.
trait OnPaths {
    fn each<'w, const WORDS: usize>(self, path: impl Fn(usize) -> (u64, [&'w U256; WORDS]));
}

/// With those that inputs decide.
fn on_paths(calls: Calls<'_>, finder: &Finder, step: impl OnPaths) {
    let column = |register: &Register| calls.evaluated.column(*register);
    match finder {
        Finder::Path { template, holes, .. } => {
            let space = |call: usize| Paths::space(calls.contracts[call], *template);
            match &holes[..] {
                [a] => {
                    let a = column(a);
                    step.each(|call| (space(call), [a.word(call)]));
                }
                [a, b] => {
                    let (a, b) = (column(a), column(b));
                    step.each(|call| (space(call), [a.word(call), b.word(call)]));
                }
                _ => {}
            }
        }
        Finder::Native { address } => {
            let address = column(address);
            step.each(|call| (Paths::space(NATIVE_SPACE, 0), [address.word(call)]));
        }
        Finder::State { .. } | Finder::Shown => {}
    }
}

/// Aims at them.
struct Aim<'s> {
    paths: &'s Paths,
    starts: &'s mut [usize],
}

impl OnPaths for Aim<'_> {
    fn each<'w, const WORDS: usize>(self, path: impl Fn(usize) -> (u64, [&'w U256; WORDS])) {
        self.paths.aim(path, self.starts);
    }
}

/// Looks where they lead.
struct Follow<'s> {
    paths: &'s Paths,
    starts: &'s [usize],
    found: &'s mut [CellId],
}

impl OnPaths for Follow<'_> {
    fn each<'w, const WORDS: usize>(self, path: impl Fn(usize) -> (u64, [&'w U256; WORDS])) {
        self.paths.find_all(path, self.starts, self.found);
    }
}

/// Looks for it once where calls of one contract follow each other.
fn follow_fixed(paths: &Paths, contracts: &[u32], template: u32, found: &mut [CellId]) {
    let mut at = 0;
    for same in contracts.chunk_by(|a, b| a == b) {
        let path = fixed(same[0], template);
        found[at..at + same.len()].fill(paths.find(path.space, path.words.as_slice()).unwrap_or(UNKNOWN));
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
            self.state.find(&cell_key(run.call.transaction.to(), place)).map_or(Found::Untouched, Found::Held)
        })
    }

    fn value(&mut self, cell: Found) -> U256 {
        match cell {
            Found::Held(id) => self.state.value(id),
            Found::Missing(_) | Found::Untouched => U256::ZERO,
        }
    }
}
