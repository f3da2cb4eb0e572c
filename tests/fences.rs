//! Words that everybody reads and somebody writes, such as a pause flag, put nobody in order but their writers.

mod common;

use alloy_primitives::{Address, U256};
use clearwave::state::{CellKey, Slot};
use clearwave::{Backend, Batch, Block, Lane, Status, Transaction};
use common::harness::{Engines, Lanes};
use common::words::{encode, in_mapping, word};
use common::{Case, Contract, Random};
use std::collections::BTreeMap;
use std::path::Path;

const TOKEN: Address = Address::repeat_byte(0xc0);
const OWNER: Address = Address::repeat_byte(0x77);

fn holder(i: usize) -> Address {
    Address::from_word(U256::from(0x1000 + i).into())
}

/// Transfers of a token that its owner stops and starts again at these places; what lies at slot 3 is the owner, and the flags above him.
fn case(seed: u64, transfers: usize, switches: &[(usize, &str)]) -> Case {
    let contract = Contract::read(Path::new("tests/fixtures/openzeppelin1/PausableMintable.opt.json"));
    let mut random = Random::new(seed);
    let call = |from, signature: &str, words: &[U256]| Transaction { from, to: TOKEN, value: U256::ZERO, data: encode(signature, words) };
    let transactions = (0..transfers).flat_map(|index| {
        let switch = switches.iter().find(|(at, _)| *at == index).map(|(_, signature)| call(OWNER, signature, &[]));
        let (from, to) = (holder(random.below(200)), holder(random.below(200)));
        switch.into_iter().chain([call(from, "transfer(address,uint256)", &[word(to), U256::from(random.below(100))])])
    });
    let transactions = transactions.collect();
    let cell = |slot: U256, value| (CellKey { address: TOKEN, slot: Slot::Storage(slot.into()) }, value);
    let mut cells: BTreeMap<_, _> = (0..200).map(|i| cell(in_mapping(word(holder(i)), U256::ZERO), U256::from(1_000_000))).collect();
    cells.extend([cell(U256::from(3), word(OWNER))]);
    Case { batch: Batch { block: Block::default(), transactions }, cells, contracts: vec![(TOKEN, contract.code)] }
}

fn lanes(case: &Case, backend: Backend, failures: std::ops::Range<usize>) -> Lanes {
    let mut engines = Engines::default();
    let truth = engines.truth(case).expect("revm runs");
    let failed = truth.report.receipts.iter().filter(|receipt| receipt.status != Status::Success).count();
    assert!(failures.contains(&failed), "{failed} fail");
    engines.compare(case, &truth, backend, usize::MAX).unwrap_or_else(|difference| panic!("{difference}"))
}

#[test]
fn a_pause_flag_that_is_written_orders_only_its_writers() {
    for (seed, backend) in [(1, Backend::Cpu), (2, Backend::Gpu)] {
        let lanes = lanes(&case(seed, 8_000, &[(3_000, "pause()"), (5_000, "unpause()")]), backend, 1_990..2_010);
        assert!(lanes[&Lane::Clear] >= 8_000, "{backend}: {lanes:?}");
    }
}

#[test]
fn switches_at_the_ends_and_side_by_side() {
    let switches = [(0, "pause()"), (1, "unpause()"), (4_000, "pause()"), (4_001, "unpause()"), (7_999, "pause()")];
    let lanes = lanes(&case(3, 8_000, &switches), Backend::Cpu, 3..10);
    assert!(lanes[&Lane::Clear] >= 7_990, "{lanes:?}");
}

#[test]
fn a_flag_that_changes_all_the_time_is_no_reason_to_cut() {
    let switches: Vec<(usize, &str)> = (0..400).map(|i| (10 * i, if i % 2 == 0 { "pause()" } else { "unpause()" })).collect();
    let lanes = lanes(&case(4, 4_000, &switches), Backend::Cpu, 1_900..2_100);
    assert!(!lanes.contains_key(&Lane::Clear), "{lanes:?}");
}
