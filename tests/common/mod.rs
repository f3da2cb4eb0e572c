//! Random batches for any contract: few accounts, so that everything collides; words at the ends; storage seeded where the calls look.

// Each test file uses a part of this.
#![allow(dead_code)]

pub mod assembler;
pub mod calldata;
pub mod harness;
pub mod program;
pub mod programs;
pub mod targets;
pub mod words;

use alloy_primitives::{Address, Bytes, U256, hex};
use clearwave::evm::{self, Entry};
use clearwave::ir::access::Walk;
use clearwave::ir::eval::{Call, Place, Run, World};
use clearwave::ir::{Kernel, KeyId};
use clearwave::state::{CellKey, Slot};
use clearwave::{Batch, Block, Transaction};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

/// The keys whose cells a walk stores to: each call needs a cell of its own for them.
pub fn stored(walk: &Walk) -> BTreeSet<KeyId> {
    let mut keys: BTreeSet<KeyId> = walk.below().into_iter().flat_map(stored).collect();
    if let Walk::Leaf { stores, .. } = walk {
        keys.extend(stores.iter().map(|(key, _)| *key));
    }
    keys
}

/// SplitMix64: small, seeded, and the same everywhere. It may read its small numbers from a script first, so that a fuzzer decides them.
pub struct Random {
    state: u64,
    script: VecDeque<u8>,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, script: VecDeque::new() }
    }

    pub fn scripted(script: &[u8]) -> Self {
        Self { state: script.len() as u64, script: script.iter().copied().collect() }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        let scripted = if bound <= 256 { self.script.pop_front() } else { None };
        (scripted.map_or_else(|| self.next(), u64::from) % bound as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// An amount: mostly small, sometimes at an end.
    pub fn amount(&mut self) -> U256 {
        match self.below(16) {
            0 => U256::ZERO,
            1 => U256::MAX,
            2 => U256::MAX - U256::from(self.below(4)),
            3 => U256::ONE << 128,
            4 => U256::ONE << 255,
            5 => U256::from_limbs([self.next(), self.next(), self.next(), self.next()]),
            _ => U256::from(self.below(40)),
        }
    }

    /// A word of storage: amounts, flags, ids and accounts.
    pub fn stored(&mut self, accounts: &[Address]) -> U256 {
        match self.below(8) {
            0 | 1 => self.pick(accounts).into_word().into(),
            2 => U256::ONE,
            3 | 4 => U256::from(self.below(200)),
            _ => self.amount(),
        }
    }
}

/// A compiled contract.
pub struct Contract {
    pub file: PathBuf,
    pub code: Bytes,
    /// Signature and selector.
    pub functions: Vec<(String, [u8; 4])>,
}

impl Contract {
    pub fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let artifact: serde_json::Value = serde_json::from_str(&text).expect("artifacts are JSON");
        let bytes = |value: &serde_json::Value| hex::decode(value.as_str().expect("hex")).expect("hex");
        let selectors = artifact["methodIdentifiers"].as_object().expect("artifacts name their methods");
        let functions = selectors.iter().map(|(signature, selector)| (signature.clone(), bytes(selector).try_into().expect("four bytes")));
        Self { file: file.to_path_buf(), code: bytes(&artifact["deployedBytecode"]["object"]).into(), functions: functions.collect() }
    }

    /// Every artifact of `kernels/`.
    pub fn all() -> Vec<Self> {
        Self::below("kernels", &[])
    }

    /// Every artifact in the folders of a folder, but for some of these.
    pub fn below(folder: &str, but_for: &[&str]) -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let list = |path: &Path| -> Vec<PathBuf> {
            let entries = std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            entries.map(|entry| entry.expect("the folder is readable").path()).collect()
        };
        let folders = list(&root).into_iter().filter(|path| path.is_dir() && !path.ends_with("node_modules"));
        let folders = folders.filter(|path| !but_for.iter().any(|name| path.ends_with(name)));
        let mut files: Vec<PathBuf> =
            folders.flat_map(|folder| list(&folder)).filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
        files.sort();
        files.iter().map(|file| Self::read(file)).collect()
    }

    /// A call of a random function, mostly well formed; sometimes of none.
    fn call(&self, random: &mut Random, accounts: &[Address]) -> Bytes {
        if self.functions.is_empty() || random.below(40) == 0 {
            return calldata::unknown(random);
        }
        let (signature, selector) = random.pick(&self.functions);
        calldata::call(random, accounts, signature, *selector)
    }
}

/// A batch with the state it starts from.
#[derive(Debug, Clone)]
pub struct Case {
    pub batch: Batch,
    pub cells: BTreeMap<CellKey, U256>,
    pub contracts: Vec<(Address, Bytes)>,
}

/// A random batch on some contracts, with plain transfers and odd targets among it.
pub fn case(seed: u64, contracts: &[&Contract], transactions: usize, accounts: usize) -> Case {
    let mut random = Random::new(seed);
    let accounts: Vec<Address> = (0..accounts).map(|i| Address::with_last_byte(0x60 + i as u8)).collect();
    let deployed: Vec<(Address, Bytes)> =
        contracts.iter().enumerate().map(|(i, contract)| (Address::repeat_byte(0xc0 + i as u8), contract.code.clone())).collect();
    let block =
        Block { number: 1_000 + random.next() % 100, timestamp: 1_700_000_000, coinbase: Address::repeat_byte(0xfe), ..Block::default() };
    let mut batch = Batch { block, transactions: vec![] };
    let mut cells = BTreeMap::new();
    for account in accounts.iter().chain(deployed.iter().map(|(address, _)| address)) {
        // Native balances sum below 2^256.
        let balance = U256::from(random.below(100)) << [0, 0, 128][random.below(3)];
        cells.insert(CellKey { address: *account, slot: Slot::Native }, balance);
    }
    let named: Vec<Address> = accounts.iter().chain(deployed.iter().map(|(address, _)| address)).copied().collect();
    for _ in 0..transactions {
        let from = *random.pick(&accounts);
        let value = if random.below(6) == 0 { U256::from(random.below(60)) << [0, 0, 0, 128, 255][random.below(5)] } else { U256::ZERO };
        let (to, data, value) = match random.below(8) {
            0 => (*random.pick(&accounts), Bytes::new(), U256::from(random.below(60))),
            1 if random.below(4) == 0 => (Address::with_last_byte(random.below(12) as u8), Bytes::new(), value),
            _ => {
                let at = random.below(contracts.len());
                (deployed[at].0, contracts[at].call(&mut random, &named), value)
            }
        };
        batch.transactions.push(Transaction { from, to, value, data });
    }
    seed_storage(&mut random, &batch, &deployed, &mut cells, &|random| random.stored(&accounts));
    Case { batch, cells, contracts: deployed }
}

/// Puts words where the calls of a batch look, so that they succeed about as often as they fail.
pub fn seed_storage(
    random: &mut Random,
    batch: &Batch,
    deployed: &[(Address, Bytes)],
    cells: &mut BTreeMap<CellKey, U256>,
    stored: &dyn Fn(&mut Random) -> U256,
) {
    let mut kernels: BTreeMap<(Address, Entry), Option<Kernel>> = BTreeMap::new();
    for transaction in &batch.transactions {
        let Some((_, code)) = deployed.iter().find(|(address, _)| *address == transaction.to) else { continue };
        let entry = Entry::of(&transaction.data, !transaction.value.is_zero());
        let kernel = kernels.entry((transaction.to, entry)).or_insert_with(|| evm::lower(code, entry).ok());
        let Some(kernel) = kernel else { continue };
        for key in kernel.key_ids() {
            let mut seeding = Seeding { random: &mut *random, stored, cells };
            let mut run = Run::new(kernel, Call { transaction: transaction.into(), block: &batch.block });
            let cell = seeding.cell(key, &mut run);
            seeding.value(cell);
        }
    }
}

/// A state in which every storage word that is looked at comes to be.
struct Seeding<'a> {
    random: &'a mut Random,
    stored: &'a dyn Fn(&mut Random) -> U256,
    cells: &'a mut BTreeMap<CellKey, U256>,
}

impl World for Seeding<'_> {
    type Cell = CellKey;

    fn cell(&mut self, key: KeyId, run: &mut Run<'_>) -> CellKey {
        match run.place(key, self) {
            Place::Storage(slot) => CellKey { address: *run.call.transaction.to(), slot: Slot::Storage(slot) },
            Place::Native(address) => CellKey { address, slot: Slot::Native },
        }
    }

    fn value(&mut self, cell: CellKey) -> U256 {
        if cell.slot == Slot::Native {
            return self.cells.get(&cell).copied().unwrap_or_default();
        }
        let (random, stored) = (&mut *self.random, self.stored);
        *self.cells.entry(cell).or_insert_with(|| stored(random))
    }
}
