//! Runs cases on backends, and says where a result differs from revm's: statuses, outputs, logs, values, stores, root.

use super::Case;
use alloy_primitives::U256;
use clearwave::state::CellKey;
use clearwave::{Backend, Engine, Lane, Report};
use std::collections::BTreeMap;

/// Where transactions ran, counted.
pub type Lanes = BTreeMap<Lane, usize>;

/// A backend, and the lane that is forced on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Runner {
    backend: Backend,
    lane: Option<Lane>,
}

impl Runner {
    pub fn forced(backend: Backend, lane: Lane) -> Self {
        Self { backend, lane: Some(lane) }
    }
}

impl From<Backend> for Runner {
    fn from(backend: Backend) -> Self {
        Self { backend, lane: None }
    }
}

/// One engine a runner, for all cases: devices are opened and kernels compiled once.
#[derive(Default)]
pub struct Engines(BTreeMap<Runner, Engine>);

/// What revm makes of a case, and every cell that there is afterwards.
pub struct Truth {
    pub report: Report,
    cells: Vec<(CellKey, U256)>,
}

impl Engines {
    /// Runs a case in batches of `split` transactions.
    pub fn run(&mut self, case: &Case, runner: impl Into<Runner>, split: usize) -> Result<(&Engine, Report), String> {
        let runner = runner.into();
        let engine = self.0.entry(runner).or_insert_with(|| {
            let builder = Engine::builder().backend(runner.backend).force(runner.lane).record_stores(true).record_outputs(true);
            builder.build().expect("the backend is there, and its device answers")
        });
        let contracts = case.contracts.iter().map(|(address, code)| (*address, 1, code.clone()));
        engine.restart(case.cells.iter().map(|(key, value)| (*key, *value)), contracts).expect("the case is consistent");
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
                    all.outputs.extend(report.outputs);
                    all.root = report.root;
                }
            }
        }
        Ok((engine, all.expect("there are transactions")))
    }

    pub fn truth(&mut self, case: &Case) -> Result<Truth, String> {
        let (engine, report) = self.run(case, Backend::Revm, usize::MAX)?;
        let state = engine.state();
        Ok(Truth { report, cells: (0..state.len() as u32).map(|id| (state.key(id), state.value(id))).collect() })
    }

    /// Compares a backend's result with revm's.
    pub fn compare(&mut self, case: &Case, truth: &Truth, runner: impl Into<Runner>, split: usize) -> Result<Lanes, String> {
        let runner @ Runner { backend, lane } = runner.into();
        let forced = lane.map_or(String::new(), |lane| format!(", {lane} forced"));
        let within = |difference: String| format!("{backend}{forced}, {split} at a time: {difference}");
        let (engine, report) = self.run(case, runner, split).map_err(within)?;
        difference(case, truth, engine, &report).map_or(Ok(()), Err).map_err(within)?;
        let runs = engine.backend();
        assert!(runs.starts_with(&backend.to_string()), "{backend} was asked for, and {runs} ran");
        let mut lanes = Lanes::new();
        report.receipts.iter().for_each(|receipt| *lanes.entry(receipt.lane).or_default() += 1);
        Ok(lanes)
    }
}

/// Runs a case on every backend that needs no device, whole and cut; where `cpu` ran its calls.
#[track_caller]
pub fn agree(what: &str, case: &Case) -> Lanes {
    let failed = |difference: String| -> Lanes { panic!("{what}: {difference}") };
    let mut engines = Engines::default();
    let truth = engines.truth(case).unwrap_or_else(|difference| panic!("{what}: {difference}"));
    engines.compare(case, &truth, Backend::Reference, usize::MAX).unwrap_or_else(failed);
    for split in [5, 7] {
        engines.compare(case, &truth, Backend::Cpu, split).unwrap_or_else(failed);
    }
    engines.compare(case, &truth, Backend::Cpu, usize::MAX).unwrap_or_else(failed)
}

fn difference(case: &Case, truth: &Truth, engine: &Engine, report: &Report) -> Option<String> {
    let transactions = &case.batch.transactions;
    assert_eq!(report.receipts.len(), transactions.len(), "one receipt a transaction");
    assert_eq!(report.outputs.len(), transactions.len(), "one output a transaction");
    for (at, transaction) in transactions.iter().enumerate() {
        let (expected, found) = (truth.report.receipts[at].status, report.receipts[at].status);
        if found != expected {
            return Some(format!("transaction {at} is {found} instead of {expected}: {transaction:?}"));
        }
        let (expected, found) = (&truth.report.outputs[at], &report.outputs[at]);
        if found != expected {
            return Some(format!("transaction {at} shows {found:?} instead of {expected:?}: {transaction:?}"));
        }
    }
    for (key, expected) in &truth.cells {
        let found = engine.state().read(key);
        if found != *expected {
            return Some(format!("{key} is {found:#x} instead of {expected:#x}"));
        }
    }
    if report.stores != truth.report.stores {
        let (missing, more) = (&truth.report.stores, &report.stores);
        let missing: Vec<_> = missing.iter().filter(|store| !report.stores.contains(store)).collect();
        let more: Vec<_> = more.iter().filter(|store| !truth.report.stores.contains(store)).collect();
        return Some(format!("stores are missing: {missing:?}, or too many: {more:?}"));
    }
    (report.root != truth.report.root).then(|| "the root differs".to_string())
}
