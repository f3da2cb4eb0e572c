//! The result that all others have to equal: revm's.

use super::measure::{self, Runs};
use crate::engine::{Backend, Engine, Report};
use crate::error::{Error, Result};
use crate::tx::Status;
use crate::workload::Step;
use alloy_primitives::B256;

/// What a step's batch does.
pub(super) struct Truth {
    /// The state after the batch.
    engine: Engine,
    pub(super) statuses: Vec<Status>,
    root: B256,
}

impl Truth {
    /// Runs the batch on revm, and measures it on the way.
    pub(super) fn find(step: &Step, repeat: usize) -> Result<(Self, Runs)> {
        let mut engine = measure::engine(Backend::Revm, None, step)?;
        let mut statuses = Vec::new();
        let note = |_: &Engine, report: &Report| {
            statuses = of(report).collect();
            None
        };
        let runs = measure::measure(&mut engine, (&step.batch).into(), 1, repeat, note)?.map_err(Error::internal)?;
        let root = runs.root;
        Ok((Self { engine, statuses, root }, runs))
    }

    /// Where another engine, which has just executed the batch, ended otherwise. Equal roots are equal cells, keys and contracts.
    pub(super) fn difference(&self, engine: &Engine, report: &Report) -> Option<String> {
        if let Some(difference) = self.difference_of_statuses(of(report)) {
            return Some(difference);
        }
        (report.root != self.root).then(|| {
            let of_cells = self.difference_of_cells(engine);
            of_cells.unwrap_or_else(|| format!("the root is {} instead of {}, though all cells are equal", report.root, self.root))
        })
    }

    pub(super) fn difference_of_statuses(&self, found: impl ExactSizeIterator<Item = Status>) -> Option<String> {
        let (expected, count) = (&self.statuses, found.len());
        if count != expected.len() {
            return Some(format!("{count} transactions have a status instead of {}", expected.len()));
        }
        let (at, (found, expected)) = found.zip(expected).enumerate().find(|(_, (found, expected))| found != *expected)?;
        Some(format!("transaction {at} ends in {found} instead of {expected}"))
    }

    fn difference_of_cells(&self, engine: &Engine) -> Option<String> {
        let (expected, found) = (self.engine.state(), engine.state());
        let in_one = |state: &crate::state::State| {
            let keys = (0..state.len() as u32).map(|id| state.key(id));
            keys.map(|key| (key, found.read(&key), expected.read(&key))).find(|(_, found, expected)| found != expected)
        };
        let (key, found, expected) = in_one(expected).or_else(|| in_one(found))?;
        Some(format!("{key} ends at {found} instead of {expected}"))
    }
}

fn of(report: &Report) -> impl ExactSizeIterator<Item = Status> {
    report.receipts.iter().map(|receipt| receipt.status)
}
