//! A case on every backend that is verified, in one batch and in several, with each lane forced; and where the result is not the truth.

use super::CONTRACTS;
use super::case::{Case, Truth};
use crate::engine::{Backend, Engine, Report};
use crate::error::{Error, Result};
use crate::state::{CellKey, State};
use crate::tx::{Lane, Output, Receipt};
use crate::yardstick;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One way to execute a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    /// revm on a database of its own, which knows nothing of cells: its statuses only.
    Database,
    Engine {
        backend: Backend,
        /// The lane that all calls are sent to that can go there.
        forced: Option<Lane>,
        /// In several batches.
        cut: bool,
    },
}

impl Run {
    pub(super) fn backend(self) -> Option<Backend> {
        match self {
            Self::Database => None,
            Self::Engine { backend, .. } => Some(backend),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("revm on a database"),
            Self::Engine { backend, forced, cut } => {
                let forced = forced.map_or(String::new(), |lane| format!(", all to the {lane}"));
                write!(f, "{backend}{forced}{}", if *cut { ", in several batches" } else { "" })
            }
        }
    }
}

/// What came of a run.
#[derive(Debug, Default)]
pub(super) struct Ran {
    pub difference: Option<String>,
    /// Where transactions ran; empty where that is not known.
    pub lanes: Vec<Lane>,
}

/// The runs, with engines that stay from case to case.
pub(super) struct Runs {
    pub list: Vec<Run>,
    engines: Vec<(Backend, Option<Lane>, Engine)>,
    adapter: Option<String>,
}

impl Runs {
    /// # Errors
    /// Device: there is none for a backend that needs one.
    pub(super) fn new(backends: &[Backend], adapter: Option<&str>) -> Result<Self> {
        let (mut list, mut engines) = (vec![Run::Database], Vec::new());
        for backend in backends.iter().copied() {
            let clears = !matches!(backend, Backend::Reference | Backend::Revm);
            list.extend([false, true].map(|cut| Run::Engine { backend, forced: None, cut }));
            let lanes = [None, Some(Lane::Wave), Some(Lane::Line)].into_iter().filter(|lane| lane.is_none() || clears);
            for forced in lanes {
                list.extend(forced.map(|_| Run::Engine { backend, forced, cut: false }));
                engines.push((backend, forced, open(backend, forced, adapter)?));
            }
        }
        Ok(Self { list, engines, adapter: adapter.map(str::to_string) })
    }

    /// What executes, with the devices' names.
    pub(super) fn engines(&self) -> Vec<String> {
        self.engines.iter().filter(|(_, forced, _)| forced.is_none()).map(|(.., engine)| engine.backend()).collect()
    }

    /// Executes a case and compares.
    ///
    /// # Errors
    /// Device: it failed. Whatever else goes wrong is a difference.
    pub(super) fn check(&mut self, run: Run, case: &Case, truth: &Truth) -> Result<Ran> {
        let Run::Engine { backend, forced, cut } = run else { return on_database(case, truth) };
        let engine = self.engines.iter_mut().find(|(of, lane, _)| (*of, *lane) == (backend, forced)).map(|(.., engine)| engine);
        let engine = engine.ok_or_else(|| Error::internal(format_args!("{run} has no engine")))?;
        engine.restart(case.cells(), case.contracts())?;
        let piece = if cut { case.piece.max(1) } else { case.transactions.len().max(1) };
        let differs = |difference: String| Ok(Ran { difference: Some(difference), ..Ran::default() });
        match catch_unwind(AssertUnwindSafe(|| execute(engine, case, piece))) {
            Ok(Ok(report)) => Ok(Ran {
                difference: difference(truth, engine.state(), &report),
                lanes: report.receipts.iter().map(|receipt| receipt.lane).collect(),
            }),
            Ok(Err(error)) if error.is_device() => Err(error.within(run)),
            Ok(Err(error)) => differs(format!("it fails: {error}")),
            Err(_) => {
                // Whatever it left behind is not used again.
                *engine = open(backend, forced, self.adapter.as_deref())?;
                differs("it panics".into())
            }
        }
    }
}

/// An engine that says all that can be compared.
fn open(backend: Backend, forced: Option<Lane>, adapter: Option<&str>) -> Result<Engine> {
    let adapter = adapter.filter(|_| matches!(backend, Backend::Gpu | Backend::Auto)).map(str::to_string);
    Engine::builder().backend(backend).adapter(adapter).force(forced).record_stores(true).record_outputs(true).build()
}

fn on_database(case: &Case, truth: &Truth) -> Result<Ran> {
    let contracts = CONTRACTS.map(|address| (address, case.contract()));
    let plain = yardstick::revm(contracts, case.cells(), &case.batch(&case.transactions))?;
    let wrong = truth.statuses.iter().zip(&plain.statuses).position(|(expected, found)| expected != found);
    let difference = wrong.map(|at| format!("transaction {at} ends in {} instead of {}", plain.statuses[at], truth.statuses[at]));
    Ok(Ran { difference, lanes: vec![] })
}

/// In batches of `piece` transactions; what the reports say is put together.
fn execute(engine: &mut Engine, case: &Case, piece: usize) -> Result<Report> {
    let mut whole = engine.execute(&case.batch(&[]))?;
    for (i, transactions) in case.transactions.chunks(piece).enumerate() {
        let report = engine.execute(&case.batch(transactions))?;
        whole.receipts.extend(report.receipts);
        whole.outputs.extend(report.outputs);
        whole.stores.extend(report.stores.into_iter().map(|(at, key)| (at + (i * piece) as u32, key)));
        whole.root = report.root;
    }
    Ok(whole)
}

/// Where a result is not the truth: what is wrong first.
pub(super) fn difference(truth: &Truth, state: &State, report: &Report) -> Option<String> {
    difference_of_receipts(truth, &report.receipts)
        .or_else(|| difference_of_outputs(truth, &report.outputs))
        .or_else(|| difference_of_cells(truth, state))
        .or_else(|| difference_of_stores(truth, &report.stores))
        .or_else(|| (report.root != truth.root).then(|| format!("the root is {} instead of {}", report.root, truth.root)))
}

fn difference_of_receipts(truth: &Truth, found: &[Receipt]) -> Option<String> {
    if found.len() != truth.statuses.len() {
        return Some(format!("{} receipts instead of {}", found.len(), truth.statuses.len()));
    }
    let at = truth.statuses.iter().zip(found).position(|(expected, found)| *expected != found.status)?;
    Some(format!("transaction {at} ends in {} instead of {}", found[at].status, truth.statuses[at]))
}

fn difference_of_outputs(truth: &Truth, found: &[Output]) -> Option<String> {
    if found.len() != truth.outputs.len() {
        return Some(format!("{} outputs instead of {}", found.len(), truth.outputs.len()));
    }
    let at = truth.outputs.iter().zip(found).position(|(expected, found)| expected != found)?;
    let (expected, found) = (&truth.outputs[at], &found[at]);
    if expected.data != found.data {
        return Some(format!("transaction {at} returns {} instead of {}", found.data, expected.data));
    }
    Some(format!("transaction {at} logs {:?} instead of {:?}", found.logs, expected.logs))
}

fn difference_of_cells(truth: &Truth, found: &State) -> Option<String> {
    let keys = |state: &State| (0..state.len() as u32).map(|id| state.key(id)).collect::<Vec<_>>();
    let all = keys(&truth.state).into_iter().chain(keys(found));
    let mut values = all.map(|key| (key, found.read(&key), truth.state.read(&key)));
    let (key, found, expected) = values.find(|(_, found, expected)| found != expected)?;
    Some(format!("{key} is {found:#x} instead of {expected:#x}"))
}

fn difference_of_stores(truth: &Truth, found: &[(u32, CellKey)]) -> Option<String> {
    let of = |stores: &[(u32, CellKey)]| {
        let mut stores = stores.to_vec();
        stores.sort_unstable();
        stores
    };
    let (expected, found) = (of(&truth.stores), of(found));
    let missing = expected.iter().find(|store| found.binary_search(store).is_err());
    let more = found.iter().find(|store| expected.binary_search(store).is_err());
    match (missing, more) {
        (Some((at, key)), _) => Some(format!("transaction {at} does not store to {key}")),
        (None, Some((at, key))) => Some(format!("transaction {at} stores to {key}, which it should not")),
        (None, None) => (found.len() != expected.len()).then(|| format!("{} stores instead of {}", found.len(), expected.len())),
    }
}
