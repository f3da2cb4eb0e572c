//! Measuring: workloads on backends, beside the yardsticks. No time is given for a wrong result: statuses and root of every run are
//! compared with revm's first.
//!
//! A time is that of [`Engine::execute`]: raw transactions in, receipts and root out. Making the workload, importing the state, bringing it
//! back between runs and comparing are not in it. Every time is the median of several runs that follow a warm-up, each on the state as
//! it was.

mod compare;
mod measure;
mod yardsticks;

use crate::engine::{Backend, Choice, Engine};
use crate::error::{Error, Result};
use crate::exec::gpu;
use crate::state::Memory;
use crate::tx::{BatchRef, Columns, Lane};
use crate::workload::{Size, Step, Workload};
use alloy_primitives::B256;
use compare::Truth;
use indicatif::ProgressBar;
use measure::Runs;
use std::collections::BTreeMap;

pub use yardsticks::Yardstick;

/// What is measured, and how often.
#[derive(Debug, Clone)]
pub struct Options {
    pub workloads: Vec<Workload>,
    /// `None`: all of them, the device only where one answers.
    pub backends: Option<Vec<Backend>>,
    pub size: Size,
    /// Timed runs; where one takes seconds, fewer.
    pub repeat: usize,
    /// The device, by its index or a part of its name.
    pub adapter: Option<String>,
    /// Engines get transactions column by column; the yardsticks one by one all the same.
    pub columns: bool,
}

impl Default for Options {
    fn default() -> Self {
        let size = Size { transactions: 1 << 20, accounts: 1 << 20, seed: 1 };
        Self { workloads: vec![Workload::Erc20], backends: None, size, repeat: 5, adapter: None, columns: false }
    }
}

/// What was measured.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub device: Option<Device>,
    pub workloads: Vec<Measured>,
    /// What a reader has to know, a line each.
    pub notes: Vec<String>,
}

/// The device that `gpu` runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub name: String,
    pub kind: String,
}

/// One workload.
#[derive(Debug, Clone)]
pub struct Measured {
    pub workload: Workload,
    pub transactions: usize,
    pub accounts: usize,
    pub revm: Yardstick,
    /// `None` where it does not apply.
    pub floor: Option<Yardstick>,
    pub rows: Vec<Row>,
    /// Whose result was not revm's, and how: these have no row.
    pub differences: Vec<String>,
}

/// One backend on one workload.
#[derive(Debug, Clone)]
pub struct Row {
    pub backend: Backend,
    /// What the backend calls itself: with the device's name.
    pub name: String,
    /// Of all steps, the median.
    pub seconds: f64,
    /// How many runs it is the median of.
    pub runs: usize,
    /// Nanoseconds a transaction, in the order of the stages.
    pub stages_ns: Vec<(&'static str, f64)>,
    pub lanes: BTreeMap<Lane, usize>,
    /// The host's state after the last run: what its parts take, and its cells; of all steps.
    pub memory: Memory,
    pub cells: usize,
    /// Who cleared, in the order of the runs, warm-ups included; of `auto` alone.
    pub choices: Vec<Choice>,
    /// The root after the batch; of several steps the BLAKE3 of their roots.
    pub root: B256,
}

impl Outcome {
    pub fn differences(&self) -> impl Iterator<Item = &str> {
        self.workloads.iter().flat_map(|measured| measured.differences.iter().map(String::as_str))
    }
}

impl Measured {
    /// Transactions a second.
    pub fn rate(&self, row: &Row) -> f64 {
        self.transactions as f64 / row.seconds
    }

    /// How many times as fast as revm.
    pub fn ratio_to_revm(&self, row: &Row) -> f64 {
        self.revm.seconds / row.seconds
    }

    /// How many times as fast as the floor.
    pub fn ratio_to_floor(&self, row: &Row) -> Option<f64> {
        self.floor.map(|floor| floor.seconds / row.seconds)
    }
}

/// Measures. Says on `progress` what it does.
///
/// # Errors
/// Input: nothing to measure, or sizes out of bounds. Device: `gpu` or an adapter was asked for by name and none answers, or one fails.
pub fn run(options: &Options, progress: &ProgressBar) -> Result<Outcome> {
    options.size.check()?;
    if options.workloads.is_empty() || options.backends.as_ref().is_some_and(Vec::is_empty) || options.repeat == 0 {
        return Err(Error::input("nothing to measure: expected at least one workload, one backend and one run"));
    }
    let mut outcome = Outcome::default();
    let mut backends = options.backends.clone().unwrap_or(Backend::FORCED.to_vec());
    match device(&backends, options.adapter.as_deref()) {
        Ok(device) => outcome.device = device,
        Err(error) if options.backends.is_none() && options.adapter.is_none() && error.is_device() => {
            backends.retain(|backend| *backend != Backend::Gpu);
            outcome.notes.push(format!("gpu is left out: {error}"));
        }
        Err(error) => return Err(error),
    }
    let bench = Bench { options, backends, progress };
    progress.set_length((options.workloads.len() * (bench.backends.len() + 3)) as u64);
    for workload in &options.workloads {
        let measured = bench.workload(*workload).map_err(|error| error.within(workload))?;
        let least = measured.rows.iter().map(|row| row.runs).chain([measured.revm.runs]).min();
        if least.is_some_and(|least| least < options.repeat) {
            outcome
                .notes
                .push(format!("{workload}: of what takes seconds a run there are fewer than {} runs: see the column", options.repeat));
        }
        outcome.workloads.push(measured);
    }
    Ok(outcome)
}

/// The device, where one will be used for sure. It has been opened and closed again, so that what fails does so before anything is measured.
fn device(backends: &[Backend], adapter: Option<&str>) -> Result<Option<Device>> {
    if !backends.contains(&Backend::Gpu) {
        return Ok(None);
    }
    Engine::builder().backend(Backend::Gpu).adapter(adapter.map(str::to_string)).build()?;
    let found = gpu::find(&adapter.map_or(gpu::Choice::Auto, gpu::Choice::from))?;
    Ok(Some(Device { name: found.name, kind: found.kind.to_string() }))
}

struct Bench<'a> {
    options: &'a Options,
    backends: Vec<Backend>,
    progress: &'a ProgressBar,
}

impl Bench<'_> {
    fn workload(&self, workload: Workload) -> Result<Measured> {
        self.says(workload, "making it");
        let steps = workload.generate(self.options.size)?;
        self.says(workload, "the result by revm");
        let mut revm = Vec::new();
        let mut truths = Vec::new();
        for step in &steps {
            let (truth, runs) = Truth::find(step, self.repeat_of_truth())?;
            truths.push(truth);
            revm.push(runs);
        }
        let mut measured = self.yardsticks(workload, &steps, &truths)?;
        for backend in &self.backends {
            self.says(workload, &backend.to_string());
            if *backend == Backend::Revm {
                measured.rows.push(self.row(*backend, &measured, &revm));
                continue;
            }
            match self.backend(*backend, &steps, &truths)? {
                Ok(runs) => measured.rows.push(self.row(*backend, &measured, &runs)),
                Err(difference) => measured.differences.push(format!("{workload} on {backend}: {difference}")),
            }
        }
        Ok(measured)
    }

    fn says(&self, workload: Workload, what: &str) {
        self.progress.inc(u64::from(self.progress.message() != ""));
        self.progress.set_message(format!("{workload}: {what}"));
    }

    /// The revm backend's row comes from the runs that find the truth.
    fn repeat_of_truth(&self) -> usize {
        if self.backends.contains(&Backend::Revm) { self.options.repeat } else { 0 }
    }

    fn yardsticks(&self, workload: Workload, steps: &[Step], truths: &[Truth]) -> Result<Measured> {
        let mut differences = Vec::new();
        let mut keep = |what: &str, found: Result<Yardstick, String>| match found {
            Ok(yardstick) => Some(yardstick),
            Err(difference) => {
                differences.push(format!("{workload} on the yardstick {what}: {difference}"));
                None
            }
        };
        self.says(workload, "the yardstick revm");
        let revm = keep("revm", yardsticks::revm(steps, truths, self.options.repeat)?);
        self.says(workload, "the yardstick floor");
        let floor = yardsticks::floor(steps, truths, self.options.repeat).and_then(|found| keep("floor", found));
        Ok(Measured {
            workload,
            transactions: steps.iter().map(|step| step.batch.transactions.len()).sum(),
            accounts: steps.iter().map(|step| step.accounts).sum(),
            revm: revm.ok_or_else(|| Error::internal(differences.join("; ")))?,
            floor,
            rows: vec![],
            differences,
        })
    }

    fn backend(&self, backend: Backend, steps: &[Step], truths: &[Truth]) -> Result<Result<Vec<Runs>, String>> {
        let mut all = Vec::new();
        for (step, truth) in steps.iter().zip(truths) {
            let mut engine = measure::engine(backend, self.options.adapter.clone(), step)?;
            let check = |engine: &Engine, report: &_| truth.difference(engine, report);
            let columns = self.options.columns.then(|| Columns::from(&step.batch));
            let batch = columns.as_ref().map_or((&step.batch).into(), BatchRef::from);
            match measure::measure(&mut engine, batch, measure::warm_ups(backend), self.options.repeat, check)? {
                Ok(runs) => all.push(runs),
                Err(difference) => return Ok(Err(difference)),
            }
        }
        Ok(Ok(all))
    }

    fn row(&self, backend: Backend, measured: &Measured, runs: &[Runs]) -> Row {
        let mut row = Row {
            backend,
            name: runs.first().map_or_else(String::new, |runs| runs.name.clone()),
            seconds: runs.iter().map(|runs| runs.seconds).sum(),
            runs: runs.iter().map(|runs| runs.count).min().unwrap_or(0),
            stages_ns: vec![],
            lanes: BTreeMap::new(),
            memory: runs.iter().map(|runs| runs.memory).sum(),
            cells: runs.iter().map(|runs| runs.cells).sum(),
            choices: runs.iter().flat_map(|runs| &runs.choices).cloned().collect(),
            root: root(runs),
        };
        for runs in runs {
            for (stage, spent) in &runs.stages {
                let spent = spent / measured.transactions as f64;
                match row.stages_ns.iter_mut().find(|(name, _)| name == stage) {
                    Some((_, sum)) => *sum += spent,
                    None => row.stages_ns.push((stage, spent)),
                }
            }
            runs.lanes.iter().for_each(|(lane, count)| *row.lanes.entry(*lane).or_default() += count);
        }
        row
    }
}

fn root(runs: &[Runs]) -> B256 {
    match runs {
        [runs] => runs.root,
        several => {
            let mut hasher = blake3::Hasher::new();
            several.iter().for_each(|runs| _ = hasher.update(runs.root.as_slice()));
            B256::from(*hasher.finalize().as_bytes())
        }
    }
}
