//! The yardsticks on a workload's steps, with the same care: medians after a warm-up, and no time for a wrong result.

use super::compare::Truth;
use super::measure::{ENOUGH, median};
use crate::error::Result;
use crate::exec::fallback::Contract;
use crate::state::Slot;
use crate::workload::Step;
use crate::yardstick::{self, Run};
use alloy_primitives::{Address, U256, keccak256};
use std::time::Duration;

/// What a yardstick takes for a workload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yardstick {
    /// Of all steps, the median.
    pub seconds: f64,
    /// How many runs it is the median of.
    pub runs: usize,
}

pub(super) fn revm(steps: &[Step], truths: &[Truth], repeat: usize) -> Result<Result<Yardstick, String>> {
    measure(steps, truths, repeat, |step| {
        let contracts = step.contracts.iter().map(|(address, code)| {
            let contract = Contract { nonce: 1, code_hash: keccak256(code), code: code.clone() };
            (*address, contract)
        });
        yardstick::revm(contracts, step.cells.iter().copied(), &step.batch)
    })
}

/// `None` where it does not apply.
pub(super) fn floor(steps: &[Step], truths: &[Truth], repeat: usize) -> Option<Result<Yardstick, String>> {
    let run = |step: &Step| {
        let native = step.cells.iter().filter(|(key, _)| key.slot == Slot::Native).map(|(key, held)| (key.address, *held));
        let token: &Vec<(Address, U256)> = step.ledger.as_ref().ok_or(())?;
        yardstick::floor(native, token.iter().copied(), &step.batch).ok_or(())
    };
    measure(steps, truths, repeat, run).ok()
}

fn measure<E>(
    steps: &[Step],
    truths: &[Truth],
    repeat: usize,
    run: impl Fn(&Step) -> Result<Run, E>,
) -> Result<Result<Yardstick, String>, E> {
    let mut all = Yardstick { seconds: 0.0, runs: repeat };
    for (step, truth) in steps.iter().zip(truths) {
        let (mut samples, mut spent) = (Vec::new(), Duration::ZERO);
        while samples.len() <= repeat && spent < ENOUGH {
            let Run { statuses, elapsed } = run(step)?;
            if let Some(difference) = truth.difference_of_statuses(statuses.into_iter()) {
                return Ok(Err(difference));
            }
            samples.push(elapsed.as_secs_f64());
            spent += elapsed;
        }
        if samples.len() > 1 {
            samples.remove(0);
        }
        all.runs = all.runs.min(samples.len());
        all.seconds += median(samples);
    }
    Ok(Ok(all))
}
