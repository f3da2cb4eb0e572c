//! Calls that cannot succeed put nobody in line, and end as they do on revm.

mod common;

use alloy_primitives::{Address, Bytes, U256};
use clearwave::state::{CellKey, Slot};
use clearwave::{Backend, Batch, Block, Lane, Status, Transaction};
use common::harness::Engines;
use common::words::{encode, in_mapping, word};
use common::{Case, Contract, Random};
use std::collections::BTreeMap;

const TOKEN: Address = Address::repeat_byte(0xc0);

fn holder(i: usize) -> Address {
    Address::with_last_byte(0x60 + i as u8)
}

fn call(from: Address, signature: &str, words: &[U256]) -> Transaction {
    Transaction { from, to: TOKEN, value: U256::ZERO, data: encode(signature, words) }
}

/// Ten holders pay each other; every fifth call is one that the `hopeless` make.
fn case(seed: u64, code: Bytes, hopeless: impl Fn(&mut Random) -> Transaction) -> Case {
    let mut random = Random::new(seed);
    let balance = |i: usize| {
        let slot = Slot::Storage(in_mapping(word(holder(i)), U256::ZERO).into());
        (CellKey { address: TOKEN, slot }, U256::from(1_000_000))
    };
    let transactions = (0..400).map(|index| {
        let (from, to) = (holder(random.below(10)), holder(random.below(10)));
        let amount = U256::from(random.below(100));
        if index % 5 == 4 { hopeless(&mut random) } else { call(from, "transfer(address,uint256)", &[word(to), amount]) }
    });
    let batch = Batch { block: Block::default(), transactions: transactions.collect() };
    Case { batch, cells: BTreeMap::from_iter((0..10).map(balance)), contracts: vec![(TOKEN, code)] }
}

fn all_clear(what: &str, hopeless: impl Fn(&mut Random) -> Transaction) {
    let mut engines = Engines::default();
    for contract in Contract::all().iter().filter(|contract| contract.file.to_string_lossy().contains("kernels/token/")) {
        for seed in 0..5 {
            let case = case(seed, contract.code.clone(), &hopeless);
            let truth = engines.truth(&case).expect("revm runs");
            assert_eq!(truth.report.receipts.iter().filter(|receipt| receipt.status != Status::Success).count(), 80, "{what}");
            for backend in [Backend::Cpu, Backend::Gpu] {
                let lanes = engines.compare(&case, &truth, backend, usize::MAX);
                let lanes = lanes.unwrap_or_else(|difference| panic!("{what} with seed {seed}: {difference}"));
                assert_eq!(lanes, BTreeMap::from([(Lane::Clear, 400)]), "{what} on {backend} with seed {seed}");
            }
        }
    }
}

const GRIEFER: Address = Address::repeat_byte(0x66);

#[test]
fn asking_for_what_is_not_allowed() {
    all_clear("a stranger asks", |random| {
        let amount = if random.below(2) == 0 { U256::MAX - U256::ONE } else { U256::from(1 + random.below(10)) };
        call(GRIEFER, "transferFrom(address,address,uint256)", &[word(holder(random.below(10))), word(GRIEFER), amount])
    });
}

#[test]
fn promising_what_is_not_there() {
    all_clear("a pauper pays", |random| {
        call(GRIEFER, "transfer(address,uint256)", &[word(holder(random.below(10))), U256::MAX - U256::from(random.below(3))])
    });
}

#[test]
fn paying_with_what_paupers_promise() {
    // Each could pay if the one before him did.
    all_clear("paupers in a row", |random| {
        let from = 0x70 + random.below(3) as u8;
        let (from, to) = (Address::repeat_byte(from), Address::repeat_byte(from + 1));
        call(from, "transfer(address,uint256)", &[word(to), U256::from(10_000 + random.below(5))])
    });
}
