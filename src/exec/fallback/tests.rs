//! Contracts written by hand, and the world they run in.

use super::*;
use crate::state::Slot;
use crate::tx::Transaction;
use alloy_primitives::{address, keccak256};
use revm::bytecode::opcode::OpCode;
use std::collections::BTreeMap;

pub(crate) const ALICE: Address = address!("0x00000000000000000000000000000000000a11ce");
pub(crate) const BOB: Address = address!("0x0000000000000000000000000000000000000b0b");
pub(crate) const ONE: Address = address!("0xc000000000000000000000000000000000000001");
pub(crate) const TWO: Address = address!("0xc000000000000000000000000000000000000002");

/// A state in maps.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub cells: BTreeMap<CellKey, U256>,
    pub contracts: BTreeMap<Address, Contract>,
}

impl View for World {
    fn balance(&mut self, address: &Address) -> U256 {
        self.cell(native(*address))
    }

    fn storage(&mut self, address: &Address, slot: B256) -> U256 {
        self.cell(CellKey { address: *address, slot: Slot::Storage(slot) })
    }

    fn contract(&mut self, address: &Address) -> Option<Contract> {
        self.contracts.get(address).cloned()
    }
}

impl World {
    pub fn fund(mut self, address: Address, balance: u128) -> Self {
        self.cells.insert(native(address), U256::from(balance));
        self
    }

    pub fn deploy(self, address: Address, source: &str) -> Self {
        self.deploy_code(address, assemble(source))
    }

    pub fn deploy_code(mut self, address: Address, code: Vec<u8>) -> Self {
        self.contracts.insert(address, contract(1, code.into()));
        self
    }

    pub fn cell(&self, key: CellKey) -> U256 {
        self.cells.get(&key).copied().unwrap_or_default()
    }

    pub fn apply(&mut self, outcome: &Outcome) {
        self.cells.extend(outcome.stores.iter().copied());
        let contracts = outcome.contracts.iter().map(|(address, nonce, code)| (*address, contract(*nonce, code.clone())));
        self.contracts.extend(contracts);
    }

    /// Executes, checks what holds for every outcome, and applies it.
    pub fn run(&mut self, fallback: &mut Fallback, tx: &Transaction) -> Outcome {
        let outcome = fallback.execute(self, tx.into()).expect("an outcome");
        let unchanged = outcome.stores.is_empty() && outcome.contracts.is_empty() && outcome.logs.is_empty();
        assert!(outcome.status == Status::Success || unchanged, "{outcome:?}");
        assert!(outcome.stores.is_sorted_by(|a, b| a.0 < b.0) && outcome.contracts.is_sorted_by(|a, b| a.0 < b.0), "{outcome:?}");
        let reads: std::collections::BTreeSet<_> = outcome.reads.iter().collect();
        assert_eq!(reads.len(), outcome.reads.len(), "each cell is asked for once: {outcome:?}");
        self.apply(&outcome);
        outcome
    }
}

fn contract(nonce: u64, code: Bytes) -> Contract {
    Contract { nonce, code_hash: keccak256(&code), code }
}

pub(crate) fn native(address: Address) -> CellKey {
    CellKey { address, slot: Slot::Native }
}

fn slot(address: Address, slot: u64) -> CellKey {
    CellKey { address, slot: Slot::Storage(B256::from(U256::from(slot))) }
}

pub(crate) fn call(from: Address, to: Address, value: u128) -> Transaction {
    Transaction { from, to, value: U256::from(value), data: Bytes::new() }
}

/// Mnemonics and numbers; a number is pushed.
pub(crate) fn assemble(source: &str) -> Vec<u8> {
    let opcode = |name: &str| (0..=255).find(|byte| OpCode::new(*byte).is_some_and(|opcode| opcode.as_str() == name));
    let mut code = Vec::new();
    for word in source.split_whitespace() {
        match opcode(word) {
            Some(byte) => code.push(byte),
            None => {
                let number: U256 = word.parse().unwrap_or_else(|_| panic!("{word}: neither an opcode nor a number"));
                code.push(0x5f + number.byte_len() as u8);
                code.extend(number.to_be_bytes_trimmed_vec());
            }
        }
    }
    code
}

/// CALL and its kin without data, the result dropped.
pub(crate) fn calling(opcode: &str, to: Address, value: u128) -> String {
    let value = if matches!(opcode, "CALL" | "CALLCODE") { value.to_string() } else { String::new() };
    format!("0 0 0 0 {value} {to} GAS {opcode} POP ")
}

/// CREATE of up to 32 bytes of init code; the address stays on the stack.
pub(crate) fn creating(init: &str, value: u128) -> String {
    let init = assemble(init);
    let word = U256::from_be_slice(&init);
    format!("{word} 0 MSTORE {} {} {value} CREATE ", init.len(), 32 - init.len())
}

/// Init code that deploys one byte: STOP.
pub(crate) const DEPLOY_STOP: &str = "1 0 RETURN";
const RETURN_TOP: &str = " 0 MSTORE 32 0 RETURN";
const REVERT: &str = " 0 0 REVERT";

fn fallback() -> Fallback {
    Fallback::new(&Block::default())
}

/// Runs one transaction in a fresh machine.
fn run(world: &World, tx: &Transaction) -> Outcome {
    world.clone().run(&mut fallback(), tx)
}

/// Calls `ONE`, which has this code, without value.
fn run_code(source: &str) -> Outcome {
    run(&World::default().fund(ALICE, 100).deploy(ONE, source), &call(ALICE, ONE, 0))
}

fn stores<const N: usize>(stores: [(CellKey, u64); N]) -> Vec<(CellKey, U256)> {
    let mut stores = stores.map(|(key, value)| (key, U256::from(value))).to_vec();
    stores.sort();
    stores
}

fn word(value: u64) -> Bytes {
    U256::from(value).to_be_bytes_vec().into()
}

#[test]
fn a_store_of_the_same_value_is_a_store() {
    let mut world = World::default().deploy(ONE, "7 1 SSTORE 9 2 SSTORE 0 3 SSTORE 4 SLOAD STOP");
    world.cells.insert(slot(ONE, 1), U256::from(7));
    let outcome = run(&world, &call(ALICE, ONE, 0));
    assert_eq!(outcome.stores, stores([(slot(ONE, 1), 7), (slot(ONE, 2), 9), (slot(ONE, 3), 0)]));
    let slots = [1, 2, 3, 4].map(|n| slot(ONE, n));
    assert_eq!(outcome.reads, [[native(ALICE), native(ONE)].as_slice(), &slots].concat());
}

#[test]
fn a_store_that_is_taken_back_by_a_store_is_a_store() {
    assert_eq!(run_code("5 1 SSTORE 0 1 SSTORE STOP").stores, stores([(slot(ONE, 1), 0)]));
}

#[test]
fn stores_of_reverted_frames_do_not_count() {
    for end in [REVERT, "INVALID"] {
        let outer = format!("0 5 SSTORE {} 0 6 SSTORE STOP", calling("CALL", TWO, 3));
        let inner = format!("0 1 SSTORE 1 2 SSTORE {} {end}", calling("CALL", BOB, 2));
        let world = World::default().fund(ONE, 10).deploy(ONE, &outer).deploy(TWO, &inner);
        let outcome = run(&world, &call(ALICE, ONE, 0));
        assert_eq!(outcome.stores, stores([(slot(ONE, 5), 0), (slot(ONE, 6), 0)]));
        assert!(outcome.reads.contains(&slot(TWO, 2)) && outcome.reads.contains(&native(BOB)));
    }
}

#[test]
fn a_frame_inside_a_reverted_one_does_not_count() {
    let world = World::default()
        .deploy(ONE, &format!("{} STOP", calling("CALL", TWO, 0)))
        .deploy(TWO, &format!("{} {REVERT}", calling("CALL", BOB, 0)))
        .deploy(BOB, "0 1 SSTORE STOP");
    assert_eq!(run(&world, &call(ALICE, ONE, 0)).stores, []);
}

#[test]
fn a_delegated_call_stores_to_its_caller() {
    let world = World::default().deploy(ONE, &format!("{} STOP", calling("DELEGATECALL", TWO, 0))).deploy(TWO, "0 1 SSTORE STOP");
    assert_eq!(run(&world, &call(ALICE, ONE, 0)).stores, stores([(slot(ONE, 1), 0)]));
}

#[test]
fn value_moved_by_an_inner_call_is_stored() {
    let world = World::default().fund(ALICE, 50).fund(ONE, 10).deploy(ONE, &format!("{} STOP", calling("CALL", BOB, 4)));
    let outcome = run(&world, &call(ALICE, ONE, 0));
    assert_eq!(outcome.stores, stores([(native(BOB), 4), (native(ONE), 6)]));
    let outcome = run(&world, &call(ALICE, ONE, 20));
    assert_eq!(outcome.stores, stores([(native(ALICE), 30), (native(BOB), 4), (native(ONE), 26)]));
}

#[test]
fn value_that_comes_back_is_stored() {
    let world = World::default().fund(ALICE, 5).deploy(ONE, "0 0 0 0 CALLVALUE CALLER GAS CALL STOP");
    assert_eq!(run(&world, &call(ALICE, ONE, 5)).stores, stores([(native(ALICE), 5), (native(ONE), 0)]));
}

#[test]
fn transfers() {
    let world = World::default().fund(ALICE, 5);
    let outcome = run(&world, &call(ALICE, BOB, 5));
    assert_eq!(outcome.stores, stores([(native(ALICE), 0), (native(BOB), 5)]));
    assert_eq!(outcome.reads, [native(ALICE), native(BOB)], "not the coinbase");
    assert_eq!(outcome.contracts, []);
    assert_eq!(run(&world, &call(ALICE, ALICE, 5)).stores, stores([(native(ALICE), 5)]));
    assert_eq!(run(&world, &call(ALICE, BOB, 0)).stores, []);
    assert_eq!(run(&world, &call(ALICE, ALICE, 0)).stores, []);
}

#[test]
fn a_transaction_without_funds_is_invalid() {
    let world = World::default().fund(ALICE, 5).deploy(ONE, "1 1 SSTORE STOP");
    for to in [ALICE, BOB, ONE] {
        let outcome = run(&world, &call(ALICE, to, 6));
        assert_eq!(outcome, Outcome { reads: vec![native(ALICE)], ..Outcome::new(Status::Invalid) });
    }
    let most = Transaction { value: U256::MAX, ..call(ALICE, BOB, 0) };
    assert_eq!(run(&world, &most).status, Status::Invalid);
}

#[test]
fn calldata_beyond_the_gas_limit_is_invalid() {
    let send = |len: usize, byte: u8| {
        let tx = Transaction { data: vec![byte; len].into(), ..call(ALICE, BOB, 0) };
        run(&World::default(), &tx).status
    };
    assert_eq!((send(749_475, 1), send(749_476, 1)), (Status::Success, Status::Invalid));
    assert_eq!((send(2_997_900, 0), send(2_997_901, 0)), (Status::Success, Status::Invalid));
}

/// The code unless there is calldata, which ends a recursion.
fn once(source: &str) -> Vec<u8> {
    let body = assemble(source);
    let skip = assemble(&format!("CALLDATASIZE {} JUMPI", 4 + body.len()));
    [skip, body, assemble("JUMPDEST STOP")].concat()
}

#[test]
fn a_transfer_from_an_account_to_itself_is_a_store() {
    let itself = [("CALL", ONE), ("CALLCODE", ONE), ("CALLCODE", BOB), ("CALLCODE", Address::with_last_byte(4))];
    for (opcode, to) in itself {
        let stores_of = |value: u64, end: &str| {
            let code = once(&format!("0 0 1 0 {value} {to} GAS {opcode} POP {end}"));
            let world = World::default().fund(ONE, 10).deploy_code(ONE, code);
            run(&world, &call(ALICE, ONE, 0)).stores
        };
        assert_eq!(stores_of(3, "STOP"), stores([(native(ONE), 10)]), "{opcode} {to}");
        assert_eq!(stores_of(0, "STOP"), [], "{opcode} {to}: nothing");
        assert_eq!(stores_of(11, "STOP"), [], "{opcode} {to}: too much");
        assert_eq!(stores_of(3, REVERT), [], "{opcode} {to}: reverted");
    }
    let reverted = World::default().fund(ONE, 10).deploy(TWO, REVERT).deploy(ONE, &format!("{} STOP", calling("CALLCODE", TWO, 3)));
    assert_eq!(run(&reverted, &call(ALICE, ONE, 0)).stores, []);
}

#[test]
fn create_counts_the_creators_nonce_and_keeps_the_code() {
    let source = format!("{} {RETURN_TOP}", creating(DEPLOY_STOP, 3));
    let mut world = World::default().fund(ONE, 9).deploy(ONE, &source);
    let mut fallback = fallback();
    for nonce in 1..4 {
        let outcome = world.run(&mut fallback, &call(ALICE, ONE, 0));
        let created = ONE.create(nonce);
        assert_eq!(outcome.output, Bytes::from(created.into_word()));
        let mut contracts = vec![(ONE, nonce + 1, assemble(&source).into()), (created, 1, [0].into())];
        contracts.sort();
        assert_eq!(outcome.contracts, contracts);
        assert_eq!(outcome.stores, stores([(native(ONE), 9 - 3 * nonce), (native(created), 3)]));
        let created = world.run(&mut fallback, &call(ALICE, created, 0));
        assert_eq!((created.status, created.stores), (Status::Success, Vec::new()));
    }
}

#[test]
fn a_created_account_without_code_is_a_contract() {
    let outcome = run_code(&format!("{} {RETURN_TOP}", creating("STOP", 0)));
    assert!(outcome.contracts.contains(&(ONE.create(1), 1, Bytes::new())));
}

#[test]
fn a_create_that_fails_counts_the_nonce_only() {
    let occupied = World::default().deploy(ONE.create(1), "STOP");
    for (world, init) in [(World::default(), REVERT), (World::default(), "INVALID"), (occupied, DEPLOY_STOP)] {
        let source = format!("{} {RETURN_TOP}", creating(init, 0));
        let outcome = run(&world.deploy(ONE, &source), &call(ALICE, ONE, 0));
        assert_eq!(outcome.output, word(0));
        assert_eq!(outcome.contracts, [(ONE, 2, assemble(&source).into())]);
    }
}

#[test]
fn a_create_inside_a_reverted_frame_did_not_happen() {
    let world = World::default()
        .deploy(ONE, &format!("{} STOP", calling("CALL", TWO, 0)))
        .deploy(TWO, &format!("{} {REVERT}", creating(DEPLOY_STOP, 0)));
    let outcome = run(&world, &call(ALICE, ONE, 0));
    assert_eq!((outcome.status, outcome.contracts), (Status::Success, Vec::new()));
}

#[test]
fn a_contract_destroyed_where_it_was_created_leaves_nothing() {
    let init = format!("1 1 SSTORE {BOB} SELFDESTRUCT");
    let outcome = run(&World::default().fund(ONE, 9).deploy(ONE, &creating(&init, 4)), &call(ALICE, ONE, 0));
    let created = ONE.create(1);
    assert_eq!(outcome.contracts.len(), 1, "the creator's nonce");
    assert_eq!(outcome.stores, stores([(native(ONE), 5), (native(BOB), 4), (native(created), 0)]));

    let init = "1 1 SSTORE ADDRESS SELFDESTRUCT";
    let outcome = run(&World::default().fund(ONE, 9).deploy(ONE, &creating(init, 4)), &call(ALICE, ONE, 0));
    assert_eq!(outcome.stores, stores([(native(ONE), 5), (native(created), 0)]), "burnt");

    let source = format!("{} 0 0 0 0 2 DUP6 GAS CALL STOP", creating(init, 0));
    let outcome = run(&World::default().fund(ONE, 9).deploy(ONE, &source), &call(ALICE, ONE, 0));
    assert_eq!(outcome.stores, stores([(native(ONE), 7), (native(created), 0)]), "sent to the dead");
}

#[test]
fn a_contract_of_old_survives_selfdestruct() {
    let world = World::default().fund(ONE, 9).deploy(ONE, &format!("1 1 SSTORE {BOB} SELFDESTRUCT"));
    let outcome = run(&world, &call(ALICE, ONE, 0));
    assert_eq!(outcome.stores, stores([(native(ONE), 0), (native(BOB), 9), (slot(ONE, 1), 1)]));
    assert_eq!(outcome.contracts, []);
    let world = World::default().fund(ONE, 9).deploy(ONE, "ADDRESS SELFDESTRUCT");
    assert_eq!(run(&world, &call(ALICE, ONE, 0)).stores, [], "nothing moved");
}

#[test]
fn a_sender_that_is_a_contract_keeps_its_nonce() {
    let mut world = World::default().fund(ONE, 9).deploy(ONE, "STOP").deploy(TWO, &format!("{} STOP", calling("CALL", ONE, 0)));
    assert_eq!(run(&world, &call(ONE, BOB, 1)).contracts, []);
    assert_eq!(run(&world, &call(ONE, TWO, 0)).contracts, []);
    // Its creations count from the nonce that its transaction has.
    let code: Bytes = assemble(&creating(DEPLOY_STOP, 0)).into();
    world.contracts.insert(ONE, contract(5, code.clone()));
    let outcome = run(&world, &call(ONE, TWO, 0));
    assert!(outcome.contracts.contains(&(ONE, 7, code)));
    assert!(outcome.contracts.iter().any(|(address, ..)| *address == ONE.create(6)));
}

#[test]
fn a_nonce_at_its_end_is_no_trouble() {
    let mut world = World::default().deploy(ONE, &format!("{} {RETURN_TOP}", creating(DEPLOY_STOP, 0)));
    world.contracts.get_mut(&ONE).unwrap().nonce = u64::MAX;
    for from in [ALICE, ONE] {
        let outcome = run(&world, &call(from, ONE, 0));
        assert_eq!((outcome.status, outcome.output, outcome.contracts), (Status::Success, word(0), Vec::new()));
    }
}

#[test]
fn statuses_and_outputs() {
    let outcome = run_code("1 1 SSTORE INVALID");
    assert_eq!((outcome.status, outcome.output), (Status::Halt, Bytes::new()));
    let outcome = run_code("JUMPDEST 0 JUMP");
    assert_eq!((outcome.status, outcome.output), (Status::Halt, Bytes::new()), "out of gas");
    let outcome = run_code("1 1 SSTORE 0 0 LOG0 77 0 MSTORE 32 0 REVERT");
    assert_eq!((outcome.status, outcome.output), (Status::Revert, word(77)));
    let outcome = run_code("77 0 MSTORE 5 6 32 0 LOG2 32 0 RETURN");
    assert_eq!((outcome.status, outcome.output), (Status::Success, word(77)));
    let topics = [6, 5].map(|n| B256::from(U256::from(n))).to_vec();
    assert_eq!(outcome.logs, [Log::new_unchecked(ONE, topics, word(77))]);
}

#[test]
fn calldata_and_value_arrive() {
    let world = World::default().fund(ALICE, 3).deploy(ONE, "CALLVALUE 0 SSTORE CALLER 1 SSTORE 0 CALLDATALOAD 2 SSTORE ORIGIN 3 SSTORE");
    let tx = Transaction { data: word(42), ..call(ALICE, ONE, 3) };
    let outcome = run(&world, &tx);
    let alice = U256::from_be_slice(ALICE.as_slice());
    for (n, value) in [U256::from(3), alice, U256::from(42), alice].into_iter().enumerate() {
        assert!(outcome.stores.contains(&(slot(ONE, n as u64), value)));
    }
}

#[test]
fn the_block_is_the_given_one_and_gas_is_free() {
    let block = Block { number: 1000, timestamp: 2000, coinbase: BOB, prevrandao: B256::repeat_byte(3), chain_id: 4 };
    let value_of = |opcode: &str| {
        let world = World::default().deploy(ONE, &format!("{opcode} {RETURN_TOP}"));
        let outcome = Fallback::new(&block).execute(&mut world.clone(), (&call(ALICE, ONE, 0)).into()).unwrap();
        assert_eq!(outcome.status, Status::Success, "{opcode}");
        U256::from_be_slice(&outcome.output)
    };
    for (opcode, value) in [("NUMBER", 1000), ("TIMESTAMP", 2000), ("CHAINID", 4), ("GASLIMIT", crate::limits::GAS_LIMIT)] {
        assert_eq!(value_of(opcode), U256::from(value), "{opcode}");
    }
    assert_eq!(value_of("COINBASE"), U256::from_be_slice(BOB.as_slice()));
    assert_eq!(value_of("DIFFICULTY"), U256::from_be_bytes([3; 32]), "prevrandao");
    for opcode in ["BASEFEE", "BLOBBASEFEE", "GASPRICE", "999 BLOCKHASH", "0 BLOBHASH"] {
        assert_eq!(value_of(opcode), U256::ZERO, "{opcode}");
    }
}

#[test]
fn transient_storage_begins_empty() {
    let mut world = World::default().deploy(ONE, &format!("1 TLOAD 5 1 TSTORE {RETURN_TOP}"));
    let mut fallback = fallback();
    for _ in 0..3 {
        assert_eq!(world.run(&mut fallback, &call(ALICE, ONE, 0)).output, word(0));
    }
}

#[test]
fn nothing_stays_warm() {
    // The gas of two accesses, to an account and to a slot, and of the coinbase's balance.
    let gas = format!("GAS {BOB} BALANCE POP 7 SLOAD POP COINBASE BALANCE POP GAS SWAP1 SUB {RETURN_TOP}");
    let mut world =
        World::default().fund(ALICE, 5).deploy(ONE, &gas).deploy(TWO, &format!("{BOB} BALANCE POP {} {REVERT}", calling("CALL", ONE, 0)));
    let mut fallback = fallback();
    let first = world.run(&mut fallback, &call(ALICE, ONE, 0)).output;
    assert_eq!(first, word(2600 + 2100 + 100 + 3 + 3 + 2 + 3 * 2 + 2));
    let others = [call(ALICE, BOB, 1), call(ALICE, TWO, 0), call(ALICE, BOB, 99), call(BOB, ONE, 0), call(ALICE, ONE, 0)];
    for other in others {
        world.run(&mut fallback, &other);
        assert_eq!(world.run(&mut fallback, &call(ALICE, ONE, 0)).output, first, "after {other:?}");
    }
}

#[test]
fn nothing_of_the_state_is_kept() {
    let mut world = World::default().deploy(ONE, &format!("1 SLOAD {RETURN_TOP}"));
    let mut fallback = fallback();
    for value in [0, 3, 8] {
        world.cells.insert(slot(ONE, 1), U256::from(value));
        assert_eq!(world.run(&mut fallback, &call(ALICE, ONE, 0)).output, word(value));
    }
    world = world.deploy(ONE, &format!("2 {RETURN_TOP}"));
    assert_eq!(world.run(&mut fallback, &call(ALICE, ONE, 0)).output, word(2));
}

#[test]
fn more_codes_than_are_kept() {
    let mut fallback = fallback();
    let mut world = World::default().fund(ALICE, 1);
    for round in 0..2 {
        for n in 0..crate::limits::ANALYSED_CODES as u64 + 10 {
            let at = Address::left_padding_from(&(n + 0x1000).to_be_bytes());
            if round == 0 {
                world = world.deploy(at, &format!("{n} {RETURN_TOP}"));
            }
            assert_eq!(world.run(&mut fallback, &call(ALICE, at, 0)).output, word(n));
        }
    }
}

#[test]
fn precompiles_take_value() {
    for n in (0x01..=0x11).chain([0x100]) {
        let precompile = Address::left_padding_from(&(n as u16).to_be_bytes());
        let outcome = run(&World::default().fund(ALICE, 5), &call(ALICE, precompile, 2));
        match outcome.status {
            Status::Success => assert_eq!(outcome.stores, stores([(native(ALICE), 3), (native(precompile), 2)]), "{n:#x}"),
            status => assert_eq!(status, Status::Halt, "{n:#x}"),
        }
        // Those that take any input, or none: the others want points, or a certain length.
        assert_eq!(outcome.status == Status::Success, matches!(n, 1..=8 | 0x100), "{n:#x}");
        let itself = run(&World::default().fund(precompile, 5), &call(precompile, precompile, 2));
        assert_eq!(itself.stores.len(), usize::from(outcome.status == Status::Success), "{n:#x}");
    }
    let tx = Transaction { data: word(9), ..call(ALICE, Address::with_last_byte(4), 0) };
    assert_eq!(run(&World::default(), &tx).output, word(9));
}

#[test]
fn what_ecrecover_is_asked_is_kept() {
    let ask = |len: usize| run_code(&format!("7 0 MSTORE 27 32 MSTORE 8 64 MSTORE 9 96 MSTORE 0 0 {len} 0 0 1 GAS CALL STOP")).recovery;
    let word = |number: u64| B256::from(U256::from(number));
    let whole = Recovery { digest: word(7), v: U256::from(27), r: word(8), s: word(9) };
    assert_eq!(run_code("STOP").recovery, None);
    assert_eq!((ask(128), ask(100_000)), (Some(whole), Some(whole)));
    assert_eq!(ask(64), Some(Recovery { r: B256::ZERO, s: B256::ZERO, ..whole }));
    assert_eq!(ask(0), Some(Recovery { digest: B256::ZERO, v: U256::ZERO, r: B256::ZERO, s: B256::ZERO }));
}

#[test]
fn delegated_accounts_run_the_code_of_another() {
    let delegation = |to: Address| [&[0xef, 0x01, 0x00], to.as_slice()].concat();
    let world = World::default().deploy_code(BOB, delegation(TWO)).deploy(TWO, "CALLER 1 SSTORE").deploy(ONE, &calling("CALL", BOB, 0));
    for (to, caller) in [(BOB, ALICE), (ONE, ONE)] {
        let outcome = run(&world, &call(ALICE, to, 0));
        assert_eq!(outcome.stores, [(slot(BOB, 1), U256::from_be_slice(caller.as_slice()))]);
        assert_eq!(outcome.contracts, []);
    }
    // To nowhere, to itself, to another delegation.
    assert_eq!(run(&World::default().deploy_code(BOB, delegation(ALICE)), &call(ALICE, BOB, 0)).status, Status::Success);
    assert_eq!(run(&World::default().deploy_code(BOB, delegation(BOB)), &call(ALICE, BOB, 0)).status, Status::Halt);
    // A delegated account may send, and create.
    let world = World::default().deploy_code(BOB, delegation(TWO)).deploy(TWO, &creating(DEPLOY_STOP, 0));
    let outcome = run(&world, &call(BOB, BOB, 0));
    assert!(outcome.contracts.contains(&(BOB, 3, delegation(TWO).into())));
    assert!(outcome.contracts.iter().any(|(address, ..)| *address == BOB.create(2)));
}

#[test]
fn what_only_looks_like_a_delegation_halts() {
    for code in
        [vec![0xef], vec![0xef, 0x01], vec![0xef, 0x01, 0x00], vec![0xef, 0x01, 0x01, 0, 0], [vec![0xef, 0x01], vec![1; 21]].concat()]
    {
        let outcome = run(&World::default().deploy_code(ONE, code.clone()), &call(ALICE, ONE, 0));
        assert_eq!(outcome.status, Status::Halt, "{code:02x?}");
    }
}

#[test]
fn recursion_ends() {
    let source = "1 1 SSTORE 0 0 0 0 0 ADDRESS GAS CALL STOP";
    let outcome = run_code(source);
    assert_eq!((outcome.status, outcome.stores), (Status::Success, stores([(slot(ONE, 1), 1)])));
    let creating_itself = "CODESIZE 0 0 CODECOPY CODESIZE 0 0 CREATE STOP";
    assert_eq!(run_code(creating_itself).status, Status::Success);
}
