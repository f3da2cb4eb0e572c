//! Running one backend on one step, over and over.

use crate::engine::{Backend, Choice, Engine, Reason, Report};
use crate::error::{Error, Result};
use crate::state::Memory;
use crate::tx::{Batch, BatchRef, Lane};
use crate::workload::Step;
use alloy_primitives::B256;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Once the runs of something have taken this long together, no other is begun.
pub(super) const ENOUGH: Duration = Duration::from_secs(5);

/// What the runs of a step have in common, and the medians of what they have not.
#[derive(Debug)]
pub(super) struct Runs {
    pub(super) name: String,
    pub(super) count: usize,
    pub(super) seconds: f64,
    /// Nanoseconds.
    pub(super) stages: Vec<(&'static str, f64)>,
    pub(super) lanes: BTreeMap<Lane, usize>,
    pub(super) root: B256,
    /// The state after the last run.
    pub(super) memory: Memory,
    pub(super) cells: usize,
    /// Of all runs, the first ones included; where one was to choose.
    pub(super) choices: Vec<Choice>,
}

/// Runs before those that count: `auto` tries what there is first.
pub(super) fn warm_ups(backend: Backend) -> usize {
    if backend == Backend::Auto { 4 } else { 1 }
}

/// An engine with a step's state, which has seen what came before.
pub(super) fn engine(backend: Backend, adapter: Option<String>, step: &Step) -> Result<Engine> {
    let mut builder = Engine::builder().backend(backend).adapter(adapter);
    for (key, value) in &step.cells {
        builder = builder.cell(*key, *value);
    }
    for (address, code) in &step.contracts {
        builder = builder.contract(*address, code.clone());
    }
    let mut engine = builder.build()?;
    // Those that go transaction by transaction remember nothing of earlier traffic.
    if !step.history.is_empty() && !matches!(backend, Backend::Reference | Backend::Revm) {
        let root = engine.root();
        let report = engine.execute(&Batch { block: step.batch.block.clone(), transactions: step.history.clone() })?;
        unchanged(root, report.root, "what came before")?;
    }
    Ok(engine)
}

/// Runs a step's batch: `warm_ups` times, then `repeat` times, or fewer where that takes long. A warm-up counts where that alone takes long.
/// Every run starts from the same state and is shown to `check`; the inner error is what that finds wrong. Leaves the state after the batch.
pub(super) fn measure(
    engine: &mut Engine,
    batch: BatchRef<'_>,
    warm_ups: usize,
    repeat: usize,
    mut check: impl FnMut(&Engine, &Report) -> Option<String>,
) -> Result<Result<Runs, String>> {
    let root = engine.root();
    let snapshot = engine.snapshot();
    let (mut samples, mut choices, mut spent) = (Vec::new(), Vec::new(), Duration::ZERO);
    let report = loop {
        let begin = Instant::now();
        let report = engine.execute(batch)?;
        let elapsed = begin.elapsed();
        if let Some(difference) = check(engine, &report) {
            return Ok(Err(difference));
        }
        spent += elapsed;
        samples.push((elapsed.as_secs_f64(), report.stages.clone()));
        choices.extend(report.choices.iter().filter(|choice| choice.reason != Reason::Asked).cloned());
        if samples.len() >= warm_ups + repeat || spent >= ENOUGH {
            break report;
        }
        engine.rollback(&snapshot)?;
        // Hashes what the rollback changed, so that the next run does not have to.
        unchanged(root, engine.root(), "a rollback")?;
    };
    samples.drain(..warm_ups.min(samples.len() - 1));
    let mut lanes = BTreeMap::new();
    report.receipts.iter().for_each(|receipt| *lanes.entry(receipt.lane).or_default() += 1);
    let stage = |name: &'static str| {
        let spent = |stages: &[(&str, u64)]| stages.iter().find(|(stage, _)| *stage == name).map_or(0.0, |(_, spent)| *spent as f64);
        (name, median(samples.iter().map(|(_, stages)| spent(stages)).collect()))
    };
    Ok(Ok(Runs {
        name: report.backend,
        count: samples.len(),
        seconds: median(samples.iter().map(|(seconds, _)| *seconds).collect()),
        stages: report.stages.iter().map(|(name, _)| stage(name)).collect(),
        lanes,
        root: report.root,
        choices,
        memory: engine.state().memory(),
        cells: engine.state().len(),
    }))
}

fn unchanged(expected: B256, found: B256, what: &str) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::internal(format_args!("{what} left the root {found} in place of {expected}")))
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => 0.0,
        (middle, 1) => values[middle],
        (middle, _) => (values[middle - 1] + values[middle]) / 2.0,
    }
}
