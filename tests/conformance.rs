//! The one promise, kernel by kernel: random batches on every backend give what revm gives one transaction after another: statuses, stores,
//! storage, native balances, root. The reference's output and logs are compared too.

mod common;

use alloy_primitives::U256;
use clearwave::exec::fallback::Fallback;
use clearwave::exec::sequence;
use clearwave::plan::library::Library;
use clearwave::state::{CellKey, State};
use clearwave::{Backend, Engine, Lane, Report, Status};
use common::{Case, Contract, case};
use std::collections::BTreeMap;

/// One engine a backend, for all cases: devices are opened and kernels compiled once.
#[derive(Default)]
struct Engines(BTreeMap<Backend, Engine>);

impl Engines {
    /// Runs a case in batches of `split` transactions.
    fn run(&mut self, case: &Case, backend: Backend, split: usize) -> (&Engine, Report) {
        let engine = self.0.entry(backend).or_insert_with(|| {
            Engine::builder().backend(backend).record_stores(true).build().expect("the backend is there, and its device answers")
        });
        let contracts = case.contracts.iter().map(|(address, code)| (*address, 1, code.clone()));
        engine.restart(case.cells.iter().map(|(key, value)| (*key, *value)), contracts).expect("the case is consistent");
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

    /// What revm makes of a case, and every cell that there is afterwards.
    fn truth(&mut self, case: &Case) -> Truth {
        let (engine, report) = self.run(case, Backend::Revm, usize::MAX);
        let state = engine.state();
        Truth { report, cells: (0..state.len() as u32).map(|id| (state.key(id), state.value(id))).collect() }
    }

    fn compare(&mut self, what: &str, case: &Case, truth: &Truth, backend: Backend, split: usize) -> BTreeMap<Lane, usize> {
        let (engine, report) = self.run(case, backend, split);
        let runs = engine.backend();
        assert!(runs.starts_with(&backend.to_string()), "{what}: {backend} was asked for, and {runs} ran");
        for (at, (expected, found)) in truth.report.receipts.iter().zip(&report.receipts).enumerate() {
            let transaction = &case.batch.transactions[at];
            assert_eq!(found.status, expected.status, "{what}, {backend}: the status of transaction {at}: {transaction:?}");
        }
        for (key, value) in &truth.cells {
            assert_eq!(engine.state().read(key), *value, "{what}, {backend}: the value of {key}");
        }
        assert_eq!(report.stores, truth.report.stores, "{what}, {backend}: the stores");
        assert_eq!(report.root, truth.report.root, "{what}, {backend}: the root");
        let mut lanes = BTreeMap::new();
        report.receipts.iter().for_each(|receipt| *lanes.entry(receipt.lane).or_default() += 1);
        lanes
    }
}

struct Truth {
    report: Report,
    cells: Vec<(CellKey, U256)>,
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

fn check(contracts: &[Contract], backends: &[Backend], seeds: std::ops::Range<u64>) {
    let mut engines = Engines::default();
    let (mut lanes, mut statuses): (BTreeMap<Lane, usize>, BTreeMap<Status, usize>) = Default::default();
    for contract in contracts {
        for seed in seeds.clone() {
            let what = format!("{} with seed {seed}", contract.file.display());
            let (transactions, accounts) = [(12, 3), (60, 4), (200, 40)][seed as usize % 3];
            let case = case(seed, &[contract], transactions, accounts);
            compare_reference(&what, &case);
            let truth = engines.truth(&case);
            truth.report.receipts.iter().for_each(|receipt| *statuses.entry(receipt.status).or_default() += 1);
            for backend in backends {
                for (lane, count) in engines.compare(&what, &case, &truth, *backend, usize::MAX) {
                    *lanes.entry(lane).or_default() += count;
                }
                engines.compare(&what, &case, &truth, *backend, 1 + seed as usize % 17);
            }
        }
    }
    println!("lanes {lanes:?}, statuses {statuses:?}");
    // The generator must reach what it is there for.
    for status in [Status::Success, Status::Revert, Status::Invalid] {
        assert!(statuses.get(&status).is_some_and(|count| *count > 100), "{status} is rare: {statuses:?}");
    }
    if backends.iter().any(|backend| matches!(backend, Backend::Cpu | Backend::Gpu)) {
        let often = |lane| lanes.get(&lane).is_some_and(|count| *count > 100);
        assert!([Lane::Clear, Lane::Line, Lane::Fallback].into_iter().all(often), "{lanes:?}");
    }
}

#[test]
fn cpu_and_reference_give_what_revm_gives() {
    check(&Contract::all(), &[Backend::Reference, Backend::Cpu], 0..12);
}

#[test]
fn the_device_gives_what_revm_gives() {
    // One setting of three of each contract: a device compiles every kernel that it meets.
    let contracts: Vec<Contract> =
        Contract::all().into_iter().filter(|contract| contract.file.to_string_lossy().contains(".opt.")).collect();
    check(&contracts, &[Backend::Gpu], 100..112);
}

#[test]
fn contracts_together_give_what_revm_gives() {
    let contracts = Contract::all();
    let mut engines = Engines::default();
    for seed in 0..40 {
        let mut random = common::Random(seed);
        let some: Vec<&Contract> = (0..3).map(|_| random.pick(&contracts)).collect();
        let what = format!("contracts together with seed {seed}");
        let case = case(seed, &some, 150, 5);
        let truth = engines.truth(&case);
        engines.compare(&what, &case, &truth, Backend::Cpu, usize::MAX);
        engines.compare(&what, &case, &truth, Backend::Cpu, 7);
    }
}
