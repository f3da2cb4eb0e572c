//! Runs a case on a backend, and says where the result differs from revm's.

use super::Case;
use clearwave::exec::fallback::Fallback;
use clearwave::exec::sequence;
use clearwave::plan::library::Library;
use clearwave::state::State;
use clearwave::{Backend, Engine, Lane, Report, Status};
use std::collections::BTreeMap;

/// Where transactions ran, counted.
pub type Lanes = BTreeMap<Lane, usize>;

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
pub fn run(case: &Case, backend: Backend, split: usize) -> Result<(Engine, Report), String> {
    let mut engine = engine(case, backend);
    let mut all: Option<Report> = None;
    for (i, transactions) in case.batch.transactions.chunks(split).enumerate() {
        let batch = clearwave::Batch { block: case.batch.block.clone(), transactions: transactions.to_vec() };
        let mut report = engine.execute(&batch).map_err(|error| format!("batch {i} fails: {error}"))?;
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
    Ok((engine, all.expect("there are transactions")))
}

/// Compares a backend's result with revm's: statuses, values, stores and root.
pub fn compare(case: &Case, truth: &(Engine, Report), backend: Backend, split: usize) -> Result<Lanes, String> {
    let within = |difference: String| format!("{backend}, {split} at a time: {difference}");
    let (engine, report) = run(case, backend, split).map_err(within)?;
    difference(case, truth, &engine, &report).map_or(Ok(()), Err).map_err(within)?;
    let mut lanes = Lanes::new();
    report.receipts.iter().for_each(|receipt| *lanes.entry(receipt.lane).or_default() += 1);
    Ok(lanes)
}

fn difference(case: &Case, truth: &(Engine, Report), engine: &Engine, report: &Report) -> Option<String> {
    let statuses = |report: &Report| report.receipts.iter().map(|receipt| receipt.status).collect::<Vec<Status>>();
    let (expected, found) = (statuses(&truth.1), statuses(report));
    if let Some(at) = (0..expected.len()).find(|i| expected[*i] != found[*i]) {
        return Some(format!("transaction {at} is {} instead of {}: {:?}", found[at], expected[at], case.batch.transactions[at]));
    }
    for id in 0..truth.0.state().len() as u32 {
        let (key, expected) = (truth.0.state().key(id), truth.0.state().value(id));
        let found = engine.state().read(&key);
        if found != expected {
            return Some(format!("{key} is {found:#x} instead of {expected:#x}"));
        }
    }
    if report.stores != truth.1.stores {
        let (missing, more) = (&truth.1.stores, &report.stores);
        let missing: Vec<_> = missing.iter().filter(|store| !report.stores.contains(store)).collect();
        let more: Vec<_> = more.iter().filter(|store| !truth.1.stores.contains(store)).collect();
        return Some(format!("stores are missing: {missing:?}, or too many: {more:?}"));
    }
    (report.root != truth.1.root).then(|| "the root differs".to_string())
}

/// The interpreter beside revm, one transaction after another: output and logs as well.
pub fn compare_reference(case: &Case) -> Result<(), String> {
    let contracts = case.contracts.iter().map(|(address, code)| (*address, 1, code.clone()));
    let mut state = State::import(case.cells.iter().map(|(key, value)| (*key, *value)), contracts).expect("the case is consistent");
    let (library, mut fallback) = (Library::default(), Fallback::new(&case.batch.block));
    for (at, transaction) in case.batch.transactions.iter().enumerate() {
        let expected = sequence::revm(&state, &mut fallback, transaction).expect("revm runs");
        let found = sequence::reference(&state, &library, &mut fallback, &case.batch.block, transaction).expect("the interpreter runs");
        if found != expected {
            return Err(format!("interpreter: transaction {at} gives {found:?} instead of {expected:?}"));
        }
        expected.apply(&mut state);
    }
    Ok(())
}
