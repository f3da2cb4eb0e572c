//! revm against revm: the fallback, which sees the state through a view and tells what was stored, against a `CacheDB` and what an
//! inspector sees. And the floor against both.

use super::*;
use crate::exec::fallback::Fallback;
use crate::exec::fallback::tests::{ALICE, BOB, DEPLOY_STOP, ONE, TWO, World, assemble, call, calling, creating, native};
use alloy_primitives::{Bytes, Log};
use revm::bytecode::opcode::SSTORE;
use revm::context::{ContextTr, JournalTr};
use revm::handler::EvmTr;
use revm::interpreter::interpreter_types::{InputsTr, Jumps};
use revm::interpreter::{CallInputs, CallOutcome, CallValue, CreateInputs, CreateOutcome, Interpreter};
use revm::{InspectCommitEvm, Inspector};
use std::collections::BTreeSet;

/// xorshift*: the same numbers everywhere and always.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

const CAROL: Address = Address::repeat_byte(0xca);
const CONTRACTS: [Address; 5] = [ONE, TWO, Address::repeat_byte(0xc3), Address::repeat_byte(0xc4), Address::repeat_byte(0xde)];
const IDENTITY: Address = Address::with_last_byte(4);
const BLAKE2F: Address = Address::with_last_byte(9);

/// A few statements, any of which may call, create, destroy, revert or halt.
fn program(random: &mut Random) -> Vec<u8> {
    let statements = 1 + random.below(7);
    (0..statements).flat_map(|_| assemble(&statement(random))).collect()
}

fn statement(random: &mut Random) -> String {
    let slot = random.below(3);
    let value = random.pick(&["0", "1", "2", "CALLVALUE", "0 CALLDATALOAD", "SELFBALANCE", "CALLER BALANCE", "GAS", "CALLER EXTCODEHASH"]);
    let target = random.pick(&[&CONTRACTS[..], &[ALICE, BOB, CAROL, IDENTITY, BLAKE2F, ONE.create(1), TWO.create(1)]].concat());
    let amount = random.pick(&[0, 0, 0, 1, 3, 1_000_000]);
    match random.below(17) {
        0..3 => format!("{value} {slot} SSTORE "),
        3 => format!("{slot} SLOAD 1 ADD {slot} SSTORE "),
        4 => format!("{slot} TLOAD 1 ADD DUP1 {slot} TSTORE {slot} SSTORE "),
        5..8 => calling(random.pick(&["CALL", "CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"]), target, amount),
        8 => format!("0 0 32 0 {amount} {target} 60000 CALL {slot} SSTORE "),
        9..11 => format!("{} {slot} SSTORE ", creating(&init(random, slot), amount)),
        11 => format!("{} 0 0 0 0 1 DUP6 GAS CALL POP POP ", creating(&init(random, slot), amount)),
        12 => format!("0 0 0 0 CREATE2 {slot} SSTORE "),
        13 => format!("{value} 0 MSTORE {slot} 32 0 LOG1 "),
        // Only for some calldata, which is random.
        14 => format!("0 CALLDATALOAD {slot} SHR 1 AND PC 8 ADD JUMPI 0 0 REVERT JUMPDEST "),
        15 => format!("0 CALLDATALOAD {slot} SHR 1 AND PC 6 ADD JUMPI INVALID JUMPDEST "),
        _ => format!("0 CALLDATALOAD {slot} SHR 1 AND PC 7 ADD JUMPI CALLER SELFDESTRUCT JUMPDEST "),
    }
}

fn init(random: &mut Random, slot: usize) -> String {
    let heir = random.pick(&[ALICE, ONE]);
    match random.below(5) {
        0 => format!("1 {slot} SSTORE {heir} SELFDESTRUCT"),
        1 => format!("1 {slot} SSTORE ADDRESS SELFDESTRUCT"),
        2 => "0 0 REVERT".to_string(),
        3 => format!("1 {slot} SSTORE STOP"),
        _ => DEPLOY_STOP.to_string(),
    }
}

fn world(random: &mut Random) -> World {
    let mut world = World::default().fund(ALICE, 1000).fund(BOB, 5);
    for address in CONTRACTS {
        world = world.deploy_code(address, program(random));
        if random.below(3) == 0 {
            world = world.fund(address, 10);
        }
    }
    if random.below(2) == 0 {
        world = world.deploy_code(CAROL, [&[0xef, 0x01, 0x00], ONE.as_slice()].concat());
    }
    world
}

fn transaction(random: &mut Random, from: &[Address], to: &[Address]) -> Transaction {
    let amount = random.pick(&[0, 0, 0, 1, 2, 7, 5_000]);
    let data: Vec<u8> = (0..random.pick(&[0, 1, 32, 33])).map(|_| random.below(256) as u8).collect();
    Transaction { data: data.into(), ..call(random.pick(from), random.pick(to), amount) }
}

fn loaded(world: &World, batch: &Batch) -> Loaded {
    preload(world.contracts.clone(), world.cells.clone(), batch)
}

/// What `db` holds, in the shape of a world. Cells of 0 say nothing.
fn state_of(db: &Loaded) -> World {
    let mut world = World::default();
    for (address, account) in &db.cache.accounts {
        let slots = account.storage.iter().map(|(slot, value)| (Slot::Storage(B256::from(*slot)), *value));
        let cells = slots.chain([(Slot::Native, account.info.balance)]).filter(|(_, value)| !value.is_zero());
        world.cells.extend(cells.map(|(slot, value)| (CellKey { address: *address, slot }, value)));
        if account.info.nonce != 0 || !account.info.is_empty_code_hash() {
            let code = db.cache.contracts[&account.info.code_hash].original_bytes();
            world.contracts.insert(*address, Contract { nonce: account.info.nonce, code_hash: account.info.code_hash, code });
        }
    }
    world
}

fn without_zeros(world: &World) -> World {
    let mut world = world.clone();
    world.cells.retain(|_, value| !value.is_zero());
    world
}

/// What an inspector sees being stored: by frame, and what a frame did goes when it fails.
#[derive(Default)]
struct Witness {
    frames: Vec<Vec<CellKey>>,
}

impl Witness {
    fn moved(&mut self, from: Address, to: Address, value: U256) {
        if !value.is_zero() {
            self.frames.last_mut().unwrap().extend([native(from), native(to)]);
        }
    }

    fn close(&mut self, succeeded: bool) {
        let stored = self.frames.pop().unwrap();
        if succeeded {
            self.frames.last_mut().unwrap().extend(stored);
        }
    }
}

impl<C: ContextTr> Inspector<C> for Witness {
    fn step(&mut self, interpreter: &mut Interpreter, _: &mut C) {
        if interpreter.bytecode.opcode() == SSTORE
            && let Some(slot) = interpreter.stack.data().last()
        {
            let address = interpreter.input.target_address();
            self.frames.last_mut().unwrap().push(CellKey { address, slot: Slot::Storage(B256::from(*slot)) });
        }
    }

    fn call(&mut self, _: &mut C, call: &mut CallInputs) -> Option<CallOutcome> {
        self.frames.push(Vec::new());
        if let CallValue::Transfer(value) = call.value {
            self.moved(call.caller, call.target_address, value);
        }
        None
    }

    fn call_end(&mut self, _: &mut C, _: &CallInputs, outcome: &mut CallOutcome) {
        self.close(outcome.result.is_ok());
    }

    fn create(&mut self, context: &mut C, create: &mut CreateInputs) -> Option<CreateOutcome> {
        let nonce = context.journal_mut().load_account(create.caller()).unwrap().data.info.nonce;
        self.frames.push(Vec::new());
        self.moved(create.caller(), create.created_address(nonce), create.value());
        None
    }

    fn create_end(&mut self, _: &mut C, _: &CreateInputs, outcome: &mut CreateOutcome) {
        self.close(outcome.result.is_ok());
    }

    fn selfdestruct(&mut self, contract: Address, heir: Address, value: U256) {
        self.moved(contract, heir, value);
    }
}

type Seen = (Status, Bytes, Vec<Log>, BTreeSet<CellKey>);

/// One transaction on a `CacheDB`, watched; what unmetered mode does not keep of the sender's nonce is taken back.
fn watch(evm: &mut MainnetEvm<MainnetContext<Loaded>, Witness>, tx: &Transaction) -> Seen {
    let nonce_before = evm.ctx.db().cache.accounts.get(&tx.from).map_or(0, |account| account.info.nonce);
    evm.inspector.frames = vec![Vec::new()];
    let result = evm.inspect_tx_commit(env::transaction(tx.into(), tx.data.clone()));
    if let Some(sender) = evm.ctx.db_mut().cache.accounts.get_mut(&tx.from)
        && sender.info.nonce == nonce_before + 1
    {
        sender.info.nonce = nonce_before;
    }
    let stored = evm.inspector.frames.pop().unwrap().into_iter().collect();
    match result {
        Ok(ExecutionResult::Success { logs, output, .. }) => (Status::Success, output.into_data(), logs, stored),
        Ok(ExecutionResult::Revert { output, .. }) => (Status::Revert, output, Vec::new(), stored),
        Ok(ExecutionResult::Halt { .. }) => (Status::Halt, Bytes::new(), Vec::new(), stored),
        Err(error) => (env::invalid(error).unwrap(), Bytes::new(), Vec::new(), stored),
    }
}

#[test]
fn the_fallback_does_what_an_inspected_revm_does() {
    let mut seen = std::collections::BTreeMap::<Status, usize>::new();
    for seed in 0..600 {
        let random = &mut Random::new(seed);
        let mut world = world(random);
        let block = Block::default();
        let mut fallback = Fallback::new(&block);
        let mut watched = evm(loaded(&world, &Batch::default()), &block).with_inspector(Witness::default());
        for n in 0..12 {
            let anybody: Vec<_> = world.contracts.keys().copied().chain([ALICE, BOB, CAROL, IDENTITY]).collect();
            let tx = transaction(random, &[&[ALICE, BOB, CAROL], &anybody[..]].concat(), &anybody);
            let outcome = world.run(&mut fallback, &tx);
            let (status, output, logs, stored) = watch(&mut watched, &tx);
            let at = format!("seed {seed}, transaction {n}: {tx:?}");
            assert_eq!((outcome.status, &outcome.output, &outcome.logs), (status, &output, &logs), "{at}");
            let after = state_of(watched.ctx.db());
            let alive = |key: &CellKey| key.slot == Slot::Native || after.contracts.contains_key(&key.address);
            let stored: Vec<_> = stored.into_iter().filter(alive).map(|key| (key, after.cell(key))).collect();
            assert_eq!(outcome.stores, stored, "{at}");
            assert_eq!((without_zeros(&world).cells, &world.contracts), (after.cells, &after.contracts), "{at}");
            *seen.entry(status).or_default() += 1;
        }
    }
    assert!(seen.len() == 4 && seen.values().all(|count| *count > 100), "a test of little: {seen:?}");
}

#[test]
fn the_fallback_ends_where_the_yardstick_ends() {
    for seed in 0..100 {
        let random = &mut Random::new(seed);
        // Senders that no nonce can make exist: the yardstick keeps them.
        let rich = [ALICE, BOB, Address::repeat_byte(0xaa)];
        let mut world = rich.into_iter().fold(world(random), |world, address| world.fund(address, 1_000_000));
        let everybody = [&CONTRACTS[..], &rich].concat();
        let transactions = (0..40).map(|_| transaction(random, &rich, &everybody)).collect();
        let batch = Batch { block: Block::default(), transactions };
        let mut timed = evm(loaded(&world, &batch), &batch.block);
        let run = apply(&mut timed, &batch).unwrap();
        assert_eq!(run.statuses, revm(world.contracts.clone(), world.cells.clone(), &batch).unwrap().statuses, "seed {seed}");
        let mut fallback = Fallback::new(&batch.block);
        let statuses: Vec<_> = batch.transactions.iter().map(|tx| world.run(&mut fallback, tx).status).collect();
        assert_eq!(statuses, run.statuses, "seed {seed}");
        let mut after = state_of(timed.ctx_ref().db());
        after.contracts.retain(|address, _| !rich.contains(address));
        assert_eq!((without_zeros(&world).cells, &world.contracts), (after.cells, &after.contracts), "seed {seed}");
    }
}

fn erc20(from: Address, to: Address, amount: U256) -> Transaction {
    let data = [&[0xa9, 0x05, 0x9c, 0xbb], to.into_word().as_slice(), &amount.to_be_bytes::<32>()].concat();
    Transaction { data: data.into(), ..call(from, ONE, 0) }
}

/// An ERC-20's `transfer` without a selector or a log: the balance of an account is in the slot of its address.
const LEDGER: &str = "36 CALLDATALOAD CALLER SLOAD LT 85 JUMPI \
    36 CALLDATALOAD CALLER SLOAD SUB CALLER SSTORE 4 CALLDATALOAD SLOAD 36 CALLDATALOAD ADD 4 CALLDATALOAD SSTORE 1 0 MSTORE 32 0 RETURN";

#[test]
fn the_floor_agrees() {
    let accounts = [ALICE, BOB, CAROL, Address::repeat_byte(1), Address::repeat_byte(2)];
    for seed in 0..100 {
        let random = &mut Random::new(seed);
        let ledger: Vec<u8> = {
            let mut code = assemble(LEDGER);
            code.resize(85, 0xfe);
            code.extend(assemble("JUMPDEST 0 0 REVERT"));
            code
        };
        let balances: Vec<_> = accounts.into_iter().map(|account| (account, U256::from(random.below(20)))).collect();
        let slots = |(account, balance): &(Address, U256)| (CellKey { address: ONE, slot: Slot::Storage(account.into_word()) }, *balance);
        let natives = |(account, balance): &(Address, U256)| (native(*account), *balance);
        let cells: Vec<_> = balances.iter().map(slots).chain(balances.iter().map(natives)).collect();
        let contracts = World::default().deploy_code(ONE, ledger).contracts;
        let amounts = [U256::ZERO, U256::from(1), U256::from(7), U256::from(15), U256::MAX];
        let transactions = (0..60).map(|_| {
            let (from, to, amount) = (random.pick(&accounts), random.pick(&accounts), random.pick(&amounts));
            if random.below(2) == 0 { erc20(from, to, amount) } else { Transaction { value: amount, ..call(from, to, 0) } }
        });
        let batch = Batch { block: Block::default(), transactions: transactions.collect() };
        let expected = revm(contracts, cells, &batch).unwrap().statuses;
        assert_eq!(floor(balances.clone(), balances, &batch).unwrap().statuses, expected, "seed {seed}");
    }
}

#[test]
fn the_floor_is_for_transfers_only() {
    let floor = |transactions: Vec<Transaction>| floor([], [], &Batch { transactions, ..Default::default() });
    let transfer = erc20(ALICE, BOB, U256::ZERO);
    assert_eq!(floor(vec![]).unwrap().statuses, []);
    assert_eq!(floor(vec![transfer.clone(), call(ALICE, BOB, 1)]).unwrap().statuses, [Status::Success, Status::Invalid]);
    let other_token = Transaction { to: TWO, ..transfer.clone() };
    let with_value = Transaction { value: U256::from(1), ..transfer.clone() };
    let truncated = Transaction { data: transfer.data.slice(..67), ..transfer.clone() };
    let longer = Transaction { data: [&transfer.data[..], &[0]].concat().into(), ..transfer.clone() };
    let of_another_kind = Transaction { data: Bytes::from([0; 68]), ..transfer.clone() };
    for odd in [other_token, with_value, truncated, longer, of_another_kind, call(ALICE, ONE, 1)] {
        assert_eq!(floor(vec![transfer.clone(), odd]), None);
    }
}
