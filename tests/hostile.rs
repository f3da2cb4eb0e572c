//! Contracts and calls that are made to take long: what they cost is bounded, and what they do is what revm says.

mod common;

use alloy_primitives::{Address, Bytes, U256};
use clearwave::evm::{self, Entry};
use clearwave::state::{CellKey, Slot};
use clearwave::{Backend, Batch, Block, Lane, Transaction, limits};
use common::assembler::{Assembler, op};
use common::harness::{self, Engines};
use common::{Case, Random};
use std::collections::BTreeMap;

const CONTRACT: Address = Address::repeat_byte(0xc0);
/// Arguments that choose a way each.
const CHOICES: usize = 7;

/// Calls of one contract: four bytes, and words.
fn case(code: Bytes, calls: impl Iterator<Item = Vec<U256>>) -> Case {
    let from = Address::repeat_byte(0x11);
    let data = |words: Vec<U256>| [&[0; 4][..], &words.iter().flat_map(U256::to_be_bytes::<32>).collect::<Vec<u8>>()].concat().into();
    let transactions = calls.map(|words| Transaction { from, to: CONTRACT, value: U256::ZERO, data: data(words) });
    let batch = Batch { block: Block::default(), transactions: transactions.collect() };
    let native = CellKey { address: from, slot: Slot::Native };
    Case { batch, cells: BTreeMap::from([(native, U256::from(1_000))]), contracts: vec![(CONTRACT, code)] }
}

fn argument(code: &mut Assembler, index: usize) {
    code.push(4 + 32 * index as u64).op(op::CALLDATALOAD);
}

/// Adds to the cell that an argument names.
fn add(code: &mut Assembler, name: usize, amount: u64) {
    argument(code, name);
    code.op(op::SLOAD).push(amount).op(op::ADD);
    argument(code, name);
    code.op(op::SSTORE);
}

/// Adds one to a cell and is done, unless the first argument is zero; `then` is what it does otherwise.
fn done_early(then: impl Fn(&mut Assembler)) -> Bytes {
    let mut code = Assembler::default();
    let done = code.label();
    argument(&mut code, 0);
    code.jump_if(done);
    then(&mut code);
    code.op(op::STOP);
    code.mark(done);
    add(&mut code, 1, 1);
    code.op(op::STOP);
    code.finish()
}

fn refused(code: &[u8], words: usize) -> String {
    let lowered = evm::lower(code, Entry::of(&vec![0; 4 + 32 * words], false));
    lowered.expect_err("what it computes takes too long").reason
}

/// Raises a word to what that came to, again and again.
fn powers(code: &mut Assembler, times: usize, word: impl Fn(&mut Assembler)) {
    word(code);
    for _ in 0..times {
        word(code);
        code.op(op::EXP);
    }
}

#[test]
fn what_an_early_end_does_not_need_is_not_evaluated_for_long() {
    let code = done_early(|code| {
        powers(code, 50, |code| argument(code, 2));
        code.push(0u64).op(op::SSTORE);
    });
    assert_eq!(refused(&code, 3), "expressions take too long");
    let calls = (0..200u64).map(|i| [i % 3, i, 3 + i].map(U256::from).to_vec());
    let lanes = harness::agree("powers behind an end", &case(code, calls));
    assert_eq!(lanes.keys().collect::<Vec<_>>(), [&Lane::Fallback]);
}

#[test]
fn what_hangs_on_cells_is_not_evaluated_for_long() {
    let code = done_early(|code| {
        powers(code, 50, |code| _ = code.push(0u64).op(op::SLOAD));
        code.push(0u64).op(op::SSTORE);
    });
    assert_eq!(refused(&code, 2), "expressions take too long");
}

#[test]
fn a_power_that_is_soon_known_is_lowered() {
    let code = done_early(|code| {
        // 10 to the power of a byte.
        argument(code, 2);
        code.push(255u64).op(op::AND).push(10u64).op(op::EXP);
        code.push(0u64).op(op::SSTORE);
    });
    let calls = (0..200u64).map(|i| [i % 3, i, 3 + i].map(U256::from).to_vec());
    let lanes = harness::agree("a power", &case(code, calls));
    assert!(!lanes.contains_key(&Lane::Fallback), "{lanes:?}");
}

/// Writes a sum of which each choice adds a part: a way for each set of choices.
fn ways(code: &mut Assembler) {
    code.push(0u64);
    for choice in 0..CHOICES {
        let skip = code.label();
        argument(code, 2 + choice);
        // Of nothing it makes nothing.
        for _ in 0..8 {
            argument(code, 1);
            code.op(op::MUL);
            argument(code, 2 + choice);
            code.op(op::ADD);
        }
        code.op(op::ISZERO).jump_if(skip);
        code.push(1u64 << choice).op(op::ADD);
        code.mark(skip);
    }
    argument(code, 1);
    code.op(op::SSTORE);
}

fn choosing(random: &mut Random, first: u64, name: u64) -> Vec<U256> {
    let choices = (0..CHOICES).map(|_| random.below(2) as u64);
    [first, name].into_iter().chain(choices.collect::<Vec<_>>()).map(U256::from).collect()
}

#[test]
fn inputs_that_a_call_never_asks_make_no_shapes() {
    let mut random = Random::new(1);
    let calls = (0..2_000).map(|i| choosing(&mut random, 1, 1_000 + i));
    let lanes = harness::agree("choices behind an end", &case(done_early(ways), calls));
    assert_eq!(lanes, BTreeMap::from([(Lane::Clear, 2_000)]));
}

#[test]
fn shapes_that_callers_make_without_end_are_revms() {
    let mut random = Random::new(2);
    let case = case(done_early(ways), (0..2_000).map(|i| choosing(&mut random, i % 2, i % 900)));
    let kernel = evm::lower(&case.contracts[0].1, Entry::of(&case.batch.transactions[0].data, false)).expect("it lowers");
    assert_eq!(kernel.leaves.len(), 1 + (1 << CHOICES));
    assert!(limits::ANALYSED / kernel.written_out() < (1 << CHOICES) / 2, "the bound is not passed");
    // An engine that has seen none of them.
    let mut engines = Engines::default();
    let truth = engines.truth(&case).expect("revm runs");
    let lanes = engines.compare(&case, &truth, Backend::Cpu, usize::MAX).expect("it is what revm says");
    assert!(lanes[&Lane::Fallback] > 400 && lanes[&Lane::Fallback] < 1_000, "{lanes:?}");
}

#[test]
fn conditions_that_are_long_if_written_out_are_refused() {
    // Nine words, each the sum of the one before with itself: two thousand nodes.
    let sum = |code: &mut Assembler| {
        code.push(1_000u64).op(op::SLOAD);
        (0..9).for_each(|_| _ = code.op(op::DUP1).op(op::ADD));
    };
    let code = done_early(|code| {
        for test in 0..40u64 {
            let go_on = code.label();
            sum(code);
            code.push(test).op(op::ADD);
            code.push(test % 8).op(op::SLOAD);
            code.op(op::LT).jump_if(go_on);
            code.op(op::STOP);
            code.mark(go_on);
        }
    });
    assert_eq!(refused(&code, 2), "expressions take too long");
}

#[test]
fn names_of_many_hashes_are_refused() {
    let code = done_early(|code| {
        for name in 0..17 {
            argument(code, 2);
            code.push(name as u64).op(op::ADD).push(0u64).op(op::MSTORE);
            code.push(1u64).push(480u64).push(0u64).op(op::KECCAK256).op(op::SSTORE);
        }
    });
    assert_eq!(refused(&code, 3), "expressions take too long");
}

#[test]
fn calls_with_many_bounds_of_their_own_are_revms() {
    // Limits that hang on a cell that nobody changes.
    let code = done_early(|code| {
        for test in 0..=limits::BOUNDS as u64 {
            let go_on = code.label();
            code.push(1_000u64).op(op::SLOAD).push(test).op(op::ADD);
            code.push(0u64).op(op::SLOAD).op(op::LT).jump_if(go_on);
            code.op(op::STOP);
            code.mark(go_on);
        }
        argument(code, 1);
        code.push(0u64).op(op::SLOAD).op(op::SUB).push(0u64).op(op::SSTORE);
    });
    let calls = (0..200u64).map(|i| [i % 2, 1 + i % 5].map(U256::from).to_vec());
    let mut case = case(code, calls);
    let slot = |slot: u64| CellKey { address: CONTRACT, slot: Slot::Storage(U256::from(slot).into()) };
    case.cells.extend([(slot(0), U256::from(90)), (slot(1_000), U256::from(30))]);
    let lanes = harness::agree("bounds", &case);
    assert_eq!(lanes.get(&Lane::Fallback), Some(&100), "{lanes:?}");
}
