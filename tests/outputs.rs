//! Outputs and logs that clearing does not know: what calls show of a cell that all of them change must be its value in batch order.

mod common;

use alloy_primitives::{Address, U256};
use clearwave::state::CellKey;
use clearwave::{Backend, Batch, Engine, Lane, Transaction};
use common::Case;
use common::harness::Engines;
use common::program::{Fail, Function, Key, Step, Test, Word, compile};

const TOKEN: Address = Address::repeat_byte(0xc0);
const OWNER: u64 = 0xa1;
const SPENDER: Address = Address::with_last_byte(0x5e);
const BALANCES: u64 = 0;
const ALLOWANCES: u64 = 1;

/// `transferFrom(owner, payee, amount)` as OpenZeppelin 2 to 4 has it: it logs the new allowance. It returns what it loaded.
fn transfer_from() -> Function {
    let covers = |load, or| Step::Check { load, test: Test::Covers, amount: Word::Arg(2), or, turned: false };
    let change = |load, add| Step::Change { load, amount: Word::Arg(2), add, latest: false };
    let left = Word::Difference(Box::new(Word::Loaded(1)), Box::new(Word::Arg(2)));
    vec![
        Step::Load(Key::Map(Word::Arg(0), BALANCES)),
        covers(0, Fail::RevertWith(vec![Word::Loaded(0), Word::Arg(2)])),
        change(0, false),
        Step::Load(Key::Nested(Word::Arg(0), Word::Caller, ALLOWANCES)),
        covers(1, Fail::RevertWith(vec![Word::Loaded(1), Word::Arg(2)])),
        change(1, false),
        Step::Load(Key::Map(Word::Arg(1), BALANCES)),
        change(2, true),
        Step::Log(vec![left]),
    ]
}

fn word(value: u64) -> [u8; 32] {
    U256::from(value).to_be_bytes()
}

fn slot(words: &[[u8; 32]]) -> [u8; 32] {
    alloy_primitives::keccak256(words.concat()).0
}

/// Spends of one allowance over 100, each of a payee and an amount.
fn spends(spends: &[(u64, u64)]) -> Case {
    let spend = |(payee, amount): &(u64, u64)| {
        let data = [vec![0, 0, 0, 1], word(OWNER).to_vec(), word(*payee).to_vec(), word(*amount).to_vec()].concat();
        Transaction { from: SPENDER, to: TOKEN, data: data.into(), ..Transaction::default() }
    };
    let allowance = slot(&[SPENDER.into_word().0, slot(&[word(OWNER), word(ALLOWANCES)])]);
    let cells = [(slot(&[word(OWNER), word(BALANCES)]), 500), (allowance, 100)];
    let cells = cells.into_iter().map(|(slot, value)| (CellKey::storage(TOKEN, slot.into()), U256::from(value)));
    let batch = Batch { transactions: spends.iter().map(spend).collect(), ..Batch::default() };
    Case { batch, cells: cells.collect(), contracts: vec![(TOKEN, compile(&[transfer_from()]))] }
}

fn words(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| word(*value)).collect()
}

#[test]
fn spends_of_one_allowance_clear_and_log_what_is_left_of_it() {
    let case = spends(&[(0xb0, 10), (0xb1, 20), (0xb0, 5), (0xb0, 0), (0xb2, 30)]);
    let mut engines = Engines::default();
    let truth = engines.truth(&case).expect("revm runs");
    for backend in [Backend::Cpu, Backend::Gpu] {
        for split in [usize::MAX, 1, 2, 3] {
            let lanes = engines.compare(&case, &truth, backend, split).unwrap_or_else(|difference| panic!("{difference}"));
            assert_eq!(lanes, [(Lane::Clear, 5)].into(), "{backend}, {split} at a time");
        }
        let (_, report) = engines.run(&case, backend, usize::MAX).expect("it runs");
        let left: Vec<_> = report.outputs.iter().map(|output| output.logs[0].data.data.to_vec()).collect();
        assert_eq!(left, [words(&[90]), words(&[70]), words(&[65]), words(&[65]), words(&[35])], "{backend}");
        // The balance, the allowance and the payee's balance before the call.
        assert_eq!(report.outputs[2].data.to_vec(), words(&[470, 70, 10]), "{backend}");
    }
}

#[test]
fn a_spend_too_many_shows_what_it_fell_short_by() {
    let case = spends(&[(0xb0, 60), (0xb1, 60), (0xb0, 40), (0xb0, 1)]);
    let mut engines = Engines::default();
    let truth = engines.truth(&case).expect("revm runs");
    for backend in [Backend::Reference, Backend::Cpu, Backend::Gpu] {
        for split in [usize::MAX, 2] {
            engines.compare(&case, &truth, backend, split).unwrap_or_else(|difference| panic!("{difference}"));
        }
        let (_, report) = engines.run(&case, backend, usize::MAX).expect("it runs");
        assert_eq!(report.outputs[1].data.to_vec(), words(&[40, 60]), "{backend}");
        assert!(report.outputs[1].logs.is_empty(), "{backend}");
    }
}

#[test]
fn nobody_who_did_not_ask_gets_outputs() {
    let case = spends(&[(0xb0, 10)]);
    for backend in [Backend::Revm, Backend::Reference, Backend::Cpu] {
        let mut engine = Engine::builder().backend(backend).contract(TOKEN, case.contracts[0].1.clone()).build().expect("it is consistent");
        let report = engine.execute(&case.batch).expect("it runs");
        assert!(report.outputs.is_empty(), "{backend}");
        assert!(report.stages.iter().all(|(stage, _)| *stage != "outputs"), "{backend}: {:?}", report.stages);
    }
}
