//! The one promise, kernel by kernel: random batches on every backend give what revm gives one transaction after another: statuses, stores,
//! storage, native balances, root. The reference's output and logs are compared too.

mod common;

use clearwave::exec::fallback::Fallback;
use clearwave::exec::sequence;
use clearwave::plan::library::Library;
use clearwave::state::State;
use clearwave::{Backend, Engine, Lane, Report, Status};
use common::{Case, Contract, case};
use std::collections::BTreeMap;

fn engine(case: &Case, backend: Backend) -> Engine {
    let mut builder = Engine::builder().backend(backend).record_stores(true);
    for (key, value) in &case.cells {
        builder = builder.cell(*key, *value);
    }
    for (address, code) in &case.contracts {
        builder = builder.contract(*address, code.clone());
    }
    builder.build().expect("the case is consistent and the device answers")
}

/// Runs a case in batches of `split` transactions.
fn run(case: &Case, backend: Backend, split: usize) -> (Engine, Report) {
    let mut engine = engine(case, backend);
    let mut all: Option<Report> = None;
    for (i, transactions) in case.batch.transactions.chunks(split).enumerate() {
        let batch = clearwave::Batch { block: case.batch.block.clone(), transactions: transactions.to_vec() };
        let mut report = engine.execute(&batch).expect("the batch is well formed");
        report.stores.iter_mut().for_each(|(index, _)| *index += (i * split) as u32);
        match &mut all {
            None => all = Some(report),
            Some(all) => {
                all.receipts.extend(report.receipts);
                all.stores.extend(report.stores);
                all.root = report.root;
            }
        }
    }
    (engine, all.expect("there are transactions"))
}

fn compare(what: &str, case: &Case, truth: &(Engine, Report), backend: Backend, split: usize) -> BTreeMap<Lane, usize> {
    let (engine, report) = run(case, backend, split);
    let statuses = |report: &Report| report.receipts.iter().map(|receipt| receipt.status).collect::<Vec<_>>();
    let (expected, found) = (statuses(&truth.1), statuses(&report));
    if let Some(at) = (0..expected.len()).find(|i| expected[*i] != found[*i]) {
        panic!("{what}, {backend}: transaction {at} is {} instead of {}: {:?}", found[at], expected[at], case.batch.transactions[at]);
    }
    for id in 0..truth.0.state().len() as u32 {
        let key = truth.0.state().key(id);
        assert_eq!(engine.state().read(&key), truth.0.state().value(id), "{what}, {backend}: the value of {key:?}");
    }
    assert_eq!(report.stores, truth.1.stores, "{what}, {backend}: the stores");
    assert_eq!(report.root, truth.1.root, "{what}, {backend}: the root");
    let mut lanes = BTreeMap::new();
    report.receipts.iter().for_each(|receipt| *lanes.entry(receipt.lane).or_default() += 1);
    lanes
}

/// The interpreter beside revm, one transaction after another: output and logs as well.
fn compare_reference(what: &str, case: &Case) {
    let contracts = case.contracts.iter().map(|(address, code)| (*address, 1, code.clone()));
    let mut state = State::import(case.cells.iter().map(|(key, value)| (*key, *value)), contracts).expect("the case is consistent");
    let (library, mut fallback) = (Library::default(), Fallback::new(&case.batch.block));
    for (at, transaction) in case.batch.transactions.iter().enumerate() {
        let expected = sequence::revm(&state, &mut fallback, transaction).expect("revm runs");
        let found = sequence::reference(&state, &library, &mut fallback, &case.batch.block, transaction).expect("the interpreter runs");
        assert_eq!(found, expected, "{what}: transaction {at}: {transaction:?}");
        expected.apply(&mut state);
    }
}

fn check(backends: &[Backend], seeds: std::ops::Range<u64>) {
    let contracts = Contract::all();
    let (mut lanes, mut statuses): (BTreeMap<Lane, usize>, BTreeMap<Status, usize>) = Default::default();
    for contract in &contracts {
        for seed in seeds.clone() {
            let what = format!("{} with seed {seed}", contract.file.display());
            let (transactions, accounts) = [(12, 3), (60, 4), (200, 40)][seed as usize % 3];
            let case = case(seed, &[contract], transactions, accounts);
            compare_reference(&what, &case);
            let truth = run(&case, Backend::Revm, usize::MAX);
            truth.1.receipts.iter().for_each(|receipt| *statuses.entry(receipt.status).or_default() += 1);
            for backend in backends {
                for (lane, count) in compare(&what, &case, &truth, *backend, usize::MAX) {
                    *lanes.entry(lane).or_default() += count;
                }
                compare(&what, &case, &truth, *backend, 1 + seed as usize % 17);
            }
        }
    }
    // The generator must reach what it is there for.
    println!("lanes {lanes:?}, statuses {statuses:?}");
    for status in [Status::Success, Status::Revert, Status::Invalid] {
        assert!(statuses.get(&status).is_some_and(|count| *count > 100), "{status} is rare: {statuses:?}");
    }
    if backends.iter().any(|backend| matches!(backend, Backend::Cpu | Backend::Gpu)) {
        assert!(
            [Lane::Clear, Lane::Line, Lane::Fallback].iter().all(|lane| lanes.get(lane).is_some_and(|count| *count > 100)),
            "{lanes:?}"
        );
    }
}

#[test]
fn cpu_and_reference_give_what_revm_gives() {
    check(&[Backend::Reference, Backend::Cpu], 0..12);
}

#[test]
fn the_device_gives_what_revm_gives() {
    check(&[Backend::Gpu], 100..106);
}

#[test]
fn contracts_together_give_what_revm_gives() {
    let contracts = Contract::all();
    for seed in 0..40 {
        let mut random = common::Random(seed);
        let some: Vec<&Contract> = (0..3).map(|_| random.pick(&contracts)).collect();
        let what = format!("contracts together with seed {seed}");
        let case = case(seed, &some, 150, 5);
        let truth = run(&case, Backend::Revm, usize::MAX);
        for backend in [Backend::Cpu, Backend::Gpu] {
            compare(&what, &case, &truth, backend, usize::MAX);
        }
    }
}
