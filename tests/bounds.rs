//! Bounds on cells, flags in the highest bit of a balance, and locks: contracts that have them clear, and random batches with amounts at the
//! bounds give what revm gives.

mod common;

use alloy_primitives::{Address, U256};
use clearwave::evm::{self, Entry};
use clearwave::ir::access::{Access, Best};
use clearwave::state::CellKey;
use clearwave::{Backend, Batch, Lane, Transaction};
use common::harness::{Engines, Lanes};
use common::words::{in_mapping, word};
use common::{Case, Contract, Random, case};
use std::path::Path;

const SETTINGS: [&str; 3] = ["noopt", "opt", "ir"];
const TOKEN: Address = Address::repeat_byte(0xc0);

fn contract(name: &str, setting: &str) -> Contract {
    Contract::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/bounds/{name}.{setting}.json")))
}

fn account(number: u8) -> Address {
    Address::with_last_byte(0x60 + number)
}

fn top() -> U256 {
    U256::ONE << 255
}

/// The cell of a plain slot.
fn slot(number: u64) -> CellKey {
    CellKey::storage(TOKEN, U256::from(number).into())
}

/// The cell of an account in the mapping at a slot.
fn of(account: Address, base: u64) -> CellKey {
    CellKey::storage(TOKEN, in_mapping(word(account), U256::from(base)).into())
}

fn call(contract: &Contract, from: u8, name: &str, arguments: &[U256]) -> Transaction {
    let named = |(signature, _): &&(String, [u8; 4])| signature.starts_with(&format!("{name}("));
    let (_, selector) = contract.functions.iter().find(named).unwrap_or_else(|| panic!("{name} is a function"));
    let mut data = selector.to_vec();
    arguments.iter().for_each(|argument| data.extend(argument.to_be_bytes::<32>()));
    Transaction { from: account(from), to: TOKEN, data: data.into(), ..Transaction::default() }
}

/// Runs a case on `backend` in one batch; it must give what revm gives.
fn lanes(contract: &Contract, cells: &[(CellKey, U256)], transactions: Vec<Transaction>, backend: Backend) -> Lanes {
    let batch = Batch { transactions, ..Batch::default() };
    let case = Case { batch, cells: cells.iter().copied().collect(), contracts: vec![(TOKEN, contract.code.clone())] };
    let mut engines = Engines::default();
    let truth = engines.truth(&case).expect("revm runs");
    engines.compare(&case, &truth, Backend::Reference, usize::MAX).expect("the interpreter agrees");
    engines.compare(&case, &truth, backend, usize::MAX).unwrap_or_else(|difference| panic!("{}: {difference}", contract.file.display()))
}

/// The same in every setting of a contract: all of it clears, or not.
fn settle(name: &str, cells: &[(CellKey, U256)], clears: bool, calls: &dyn Fn(&Contract) -> Vec<Transaction>) {
    for setting in SETTINGS {
        let contract = contract(name, setting);
        let transactions = calls(&contract);
        let count = transactions.len();
        let lanes = lanes(&contract, cells, transactions, Backend::Cpu);
        assert_eq!(lanes.get(&Lane::Clear) == Some(&count), clears, "{name}.{setting}: {lanes:?}");
    }
}

fn number(value: u64) -> U256 {
    U256::from(value)
}

#[test]
fn functions_with_bounds_clear() {
    let clear: [(&str, &[&str]); 3] = [
        ("FlaggedToken", &["transfer", "transferFrom", "pay", "mint"]),
        ("BoundedToken", &["mint", "mintLeft", "burn", "transfer", "transferShare", "tryTransfer"]),
        ("LockedVault", &["deposit", "withdraw", "move", "share", "unshare"]),
    ];
    for (name, functions) in clear {
        for setting in SETTINGS {
            let contract = contract(name, setting);
            for (signature, selector) in &contract.functions {
                let types = &signature[signature.find('(').map_or(0, |at| at + 1)..signature.len() - 1];
                let words = types.split(',').filter(|kind| !kind.is_empty()).count();
                let entry = Entry { selector: Some(*selector), calldata_bytes: 4 + 32 * words, with_value: false };
                let kernel = evm::lower(&contract.code, entry).expect("it lowers");
                let expected = functions.iter().any(|function| signature.starts_with(&format!("{function}(")));
                let lane = Access::of(&kernel).lane();
                assert!(lane == Best::Clear || !expected, "{name}.{setting}: {signature} is {lane}");
            }
        }
    }
}

#[test]
fn a_cap_is_reached_and_not_passed() {
    let mints = |count: usize| {
        move |contract: &Contract| (0..count).map(|i| call(contract, 0, "mint", &[word(account(i as u8 % 3)), number(10)])).collect()
    };
    settle("BoundedToken", &[], true, &mints(10));
    settle("BoundedToken", &[], false, &mints(11));
    // Beyond the cap from the start.
    settle("BoundedToken", &[(slot(2), number(101))], false, &mints(1));
}

#[test]
fn the_strictest_of_two_caps_counts() {
    let mints = |left: u64, plain: u64| {
        move |contract: &Contract| {
            let mint = |name, value| call(contract, 0, name, &[word(account(1)), number(value)]);
            vec![mint("mint", plain), mint("mintLeft", left), mint("mint", 1)]
        }
    };
    settle("BoundedToken", &[], true, &mints(30, 29));
    settle("BoundedToken", &[], false, &mints(30, 30));
}

#[test]
fn a_holder_keeps_the_least_and_takes_no_more_than_the_limit() {
    let transfers = |each: u64| {
        move |contract: &Contract| {
            (1..4).map(|to| call(contract, 0, "transfer", &[word(account(to % 2 + 1)), number(each)])).collect::<Vec<_>>()
        }
    };
    let cells = |held: u64, limit: u64| [(of(account(0), 0), number(held)), (slot(3), number(limit))];
    settle("BoundedToken", &cells(33, 20), true, &transfers(10));
    settle("BoundedToken", &cells(32, 20), false, &transfers(10));
    settle("BoundedToken", &cells(33, 19), false, &transfers(10));
}

#[test]
fn a_bound_that_somebody_changes_orders_its_cells() {
    let cells = [(of(account(0), 0), number(100)), (slot(3), number(50))];
    settle("BoundedToken", &cells, false, &|contract| {
        let transfer = || call(contract, 0, "transfer", &[word(account(1)), number(20)]);
        vec![transfer(), call(contract, 2, "setLimit", &[number(30)]), transfer(), call(contract, 2, "setLimit", &[number(90)]), transfer()]
    });
    let cells = [(of(account(0), 0), number(100)), (slot(2), number(100))];
    settle("BoundedToken", &cells, false, &|contract| {
        let transfer = || call(contract, 0, "transferShare", &[word(account(1)), number(40)]);
        vec![transfer(), transfer(), call(contract, 0, "burn", &[number(20)]), transfer()]
    });
}

#[test]
fn balances_beside_a_flag_clear_until_somebody_is_flagged() {
    let cells = [(of(account(0), 0), number(50)), (of(account(1), 0), top() - number(21))];
    let transfer = |contract: &Contract, value| call(contract, 0, "transfer", &[word(account(1)), number(value)]);
    settle("FlaggedToken", &cells, true, &|contract| {
        vec![transfer(contract, 10), transfer(contract, 10), call(contract, 0, "pay", &[word(account(2)), number(30)])]
    });
    // The balance would come into the flag.
    settle("FlaggedToken", &cells, false, &|contract| vec![transfer(contract, 10), transfer(contract, 11)]);
    let flag = |contract: &Contract, name| call(contract, 2, name, &[word(account(1))]);
    settle("FlaggedToken", &cells, false, &|contract| {
        vec![
            transfer(contract, 5),
            flag(contract, "blockAccount"),
            transfer(contract, 5),
            flag(contract, "unblockAccount"),
            transfer(contract, 5),
        ]
    });
    let blocked = [(of(account(0), 0), number(50)), (of(account(1), 0), top() + number(5))];
    settle("FlaggedToken", &blocked, false, &|contract| {
        vec![transfer(contract, 5), call(contract, 1, "transfer", &[word(account(0)), number(1)])]
    });
}

#[test]
fn locks_that_are_open_order_nobody() {
    let open = [(slot(0), number(1)), (slot(1), number(1)), (slot(2), number(0)), (of(account(0), 3), number(90))];
    let calls = |contract: &Contract| {
        let to = |name, value| call(contract, 0, name, &[word(account(1)), number(value)]);
        vec![
            to("deposit", 5),
            call(contract, 0, "withdraw", &[number(20)]),
            to("move", 20),
            to("share", 30),
            call(contract, 1, "unshare", &[word(account(0)), number(0)]),
            to("share", 5),
        ]
    };
    settle("LockedVault", &open, true, &calls);
    // A lock that was never used holds 0: the first who passes writes it.
    settle("LockedVault", &open[1..], false, &calls);
    let closed = [(slot(0), number(2)), (slot(1), number(0)), (slot(2), number(1)), open[3]];
    settle("LockedVault", &closed, false, &calls);
    // Closed and opened on the way.
    settle("LockedVault", &open, false, &|contract| {
        let deposit = || call(contract, 0, "deposit", &[word(account(1)), number(5)]);
        let close = |value| call(contract, 2, "close", &[number(value)]);
        vec![deposit(), close(2), deposit(), close(0), deposit(), close(2), deposit()]
    });
}

#[test]
fn a_call_that_keeps_its_order_leaves_its_lock_free() {
    let open = [(slot(0), number(1)), (of(account(0), 3), number(90))];
    // An optimizer leaves nothing of a lock around a single store.
    let contract = contract("LockedVault", "noopt");
    let to = |name, to, value| call(&contract, 0, name, &[word(account(to)), number(value)]);
    let calls = vec![to("deposit", 1, 5), to("reset", 2, 20), to("reset", 2, 30), to("deposit", 1, 7)];
    let lanes = lanes(&contract, &open, calls, Backend::Cpu);
    assert_eq!(lanes.get(&Lane::Clear), Some(&2), "{lanes:?}");
}

/// A random batch in which those who change bounds, flags and locks by hand are rare, and words lie near the bounds.
fn random(seed: u64, contract: &Contract) -> Case {
    let (transactions, accounts) = [(16, 3), (60, 5), (120, 30)][seed as usize % 3];
    let mut case = case(seed, &[contract], transactions, accounts);
    let mut random = Random::new(seed ^ 0xb0);
    let setters = ["setLimit", "setLeast", "blockAccount", "unblockAccount", "close", "seal", "reset", "approve"];
    let is_setter = |data: &[u8]| {
        let (name, _) = contract.functions.iter().find(|(_, selector)| data.starts_with(selector)).cloned().unwrap_or_default();
        setters.iter().any(|setter| name.starts_with(setter))
    };
    let few = 2 + random.below(30);
    case.batch.transactions.retain(|transaction| !is_setter(&transaction.data) || random.below(few) == 0);
    let locked = contract.file.to_string_lossy().contains("LockedVault");
    let flagged = contract.file.to_string_lossy().contains("FlaggedToken");
    for (key, value) in case.cells.iter_mut().filter(|(key, _)| key.address == TOKEN) {
        let slots = [slot(0), slot(1), slot(2)];
        match slots.iter().position(|slot| slot == key) {
            Some(at) if locked && random.below(8) != 0 => *value = number([1, 1, 0][at]),
            None if flagged && random.below(3) == 0 => *value = top() - number(random.below(60) as u64),
            None if random.below(3) == 0 => *value = number(random.below(2000) as u64),
            _ => {}
        }
    }
    case
}

fn check(setting: &str, backend: Backend, seeds: std::ops::Range<u64>) {
    let (mut engines, mut sum) = (Engines::default(), Lanes::new());
    for name in ["FlaggedToken", "BoundedToken", "LockedVault"] {
        let contract = contract(name, setting);
        for seed in seeds.clone() {
            let case = random(seed, &contract);
            if case.batch.transactions.is_empty() {
                continue;
            }
            let truth = engines.truth(&case).expect("revm runs");
            for split in [usize::MAX, 1 + seed as usize % 13] {
                let lanes = engines
                    .compare(&case, &truth, backend, split)
                    .unwrap_or_else(|difference| panic!("{name}.{setting} with seed {seed}: {difference}"));
                lanes.into_iter().for_each(|(lane, count)| *sum.entry(lane).or_default() += count);
            }
        }
    }
    println!("{setting} on {backend}: {sum:?}");
    assert!([Lane::Clear, Lane::Line].iter().all(|lane| sum.get(lane).is_some_and(|count| *count > 100)), "{sum:?}");
}

#[test]
fn random_batches_at_the_bounds_give_what_revm_gives() {
    SETTINGS.into_iter().for_each(|setting| check(setting, Backend::Cpu, 0..24));
}

#[test]
fn random_batches_at_the_bounds_on_the_device_give_what_revm_gives() {
    check("opt", Backend::Gpu, 100..112);
}
