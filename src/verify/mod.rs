//! Verifying: random batches on one contract, on every backend, each result compared with what revm makes of the same transactions, one
//! after another: statuses, outputs, logs, every word, native balances, the root.
//!
//! It may assume nothing of what it verifies, and knows no contract. Batches are aimed by means of the very kernels that are verified: where
//! those are wrong, fewer leaves are reached, which the coverage shows, and the comparison is the poorer, but never wrong. A seed gives the
//! same batches on every machine and for every choice of backends. A first difference ends it; its case is made as small as it gets.

mod calls;
mod case;
mod coverage;
mod generate;
mod ground;
mod runs;
mod shrink;
mod signers;
mod solve;
#[cfg(test)]
mod tests;
mod trees;
mod types;
mod words;

pub use coverage::{Counts, Coverage};

use crate::engine::{Backend, Engine};
use crate::error::{Error, Result};
use crate::limits;
use crate::state::CellKey;
use crate::tx::{Block, Transaction};
use crate::workload::ACCOUNTS;
use alloy_primitives::{Address, Bytes, U256};
use case::{Case, Truth};
use coverage::Counting;
use generate::{Generator, Made};
use indicatif::ProgressBar;
use runs::Runs;

/// Where the contract is: at several places, since there are things that it does only once.
pub const CONTRACTS: [Address; 64] = {
    let mut contracts = [Address::ZERO; 64];
    let mut at = 0;
    while at < contracts.len() {
        contracts[at] = Address::repeat_byte(0xc0 + at as u8);
        at += 1;
    }
    contracts
};

/// Batches of one verification.
pub const BATCHES: usize = 1 << 20;

/// The contract that is verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// Runtime code.
    pub code: Bytes,
    pub functions: Vec<Function>,
}

/// A function that calls are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Function {
    /// Its signature, which says the types of its arguments; or whatever names it.
    pub name: String,
    /// The first four bytes of calldata; none where it is called without.
    pub called: Option<[u8; 4]>,
    /// Bytes of calldata, where its types do not say.
    pub calldata: Option<usize>,
    /// Takes value.
    pub payable: bool,
    /// Promises to change nothing; it is called less.
    pub view: bool,
}

/// How much, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub batches: usize,
    /// Of a batch.
    pub transactions: usize,
    /// That take part at most.
    pub accounts: usize,
    pub seed: u64,
    /// `None`: `reference`, `cpu`, and `gpu` where a device answers.
    pub backends: Option<Vec<Backend>>,
    /// The device, by its index or a part of its name.
    pub adapter: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { batches: 20, transactions: 500, accounts: 64, seed: 0, backends: None, adapter: None }
    }
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    pub functions: Vec<Coverage>,
    /// Calls that are no function's: plain transfers, unknown selectors.
    pub strays: Counts,
    /// What executed each batch, whole and cut, with the devices' names.
    pub backends: Vec<String>,
    pub batches: usize,
    pub transactions: usize,
    /// What a reader has to know, a line each.
    pub notes: Vec<String>,
    /// All of one batch: with the first, it ends.
    pub mismatches: Vec<Mismatch>,
}

/// A run whose result was not revm's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The index of its batch.
    pub batch: usize,
    pub run: String,
    pub backend: Option<Backend>,
    /// What differed in the batch.
    pub difference: String,
    /// Of the first mismatch of a batch.
    pub shrunk: Option<Shrunk>,
}

/// The least that still differs, with the contract at each of [`CONTRACTS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    pub difference: String,
    pub block: Block,
    /// What it starts from.
    pub cells: Vec<(CellKey, U256)>,
    pub transactions: Vec<Transaction>,
    /// Transactions of a batch, where the run cuts what it is given into several.
    pub piece: usize,
}

/// Verifies. A step of `progress` is a batch.
///
/// # Errors
/// Input: numbers out of bounds. Device: `gpu` or an adapter was asked for by name and none answers, or one fails.
pub fn run(subject: &Subject, options: &Options, progress: &ProgressBar) -> Result<Outcome> {
    options.check()?;
    let mut outcome = Outcome::default();
    let backends = backends(options, &mut outcome.notes)?;
    let mut runs = Runs::new(&backends, options.adapter.as_deref())?;
    outcome.backends = runs.engines();
    let mut generator = Generator::new(subject, options);
    let mut counting = Counting::new(subject.functions.len());
    progress.set_length(options.batches as u64);
    for index in 0..options.batches {
        let made = generator.batch(index)?;
        outcome.mismatches = verify(index, &made, &mut runs, &mut generator, &mut counting)?;
        outcome.batches += 1;
        outcome.transactions += made.case.transactions.len();
        progress.inc(1);
        if !outcome.mismatches.is_empty() {
            progress.set_message("a mismatch: looking for the least that shows it");
            shrink_first(&mut outcome.mismatches, made.case, &mut runs)?;
            break;
        }
    }
    (outcome.functions, outcome.strays) = counting.finish(&subject.functions, &mut generator.trees);
    Ok(outcome)
}

impl Options {
    /// # Errors
    /// Input: too few or too many of something.
    pub fn check(&self) -> Result<()> {
        let bounds = [
            ("batches", self.batches, 1, BATCHES),
            ("transactions", self.transactions, 1, limits::BATCH),
            ("accounts", self.accounts, 2, ACCOUNTS),
        ];
        match bounds.into_iter().find(|(_, number, least, most)| number < least || number > most) {
            Some((what, number, least, most)) => Err(Error::input(format_args!("{number} {what}: expected {least} to {most}"))),
            None => Ok(()),
        }
    }
}

/// Those named, or all that there are.
fn backends(options: &Options, notes: &mut Vec<String>) -> Result<Vec<Backend>> {
    if let Some(named) = &options.backends {
        return Ok(named.clone());
    }
    let mut all = vec![Backend::Reference, Backend::Cpu, Backend::Gpu];
    match Engine::builder().backend(Backend::Gpu).adapter(options.adapter.clone()).build() {
        Err(error) if error.is_device() && options.adapter.is_none() => {
            all.pop();
            notes.push(format!("gpu is left out: {error}"));
        }
        opened => drop(opened?),
    }
    Ok(all)
}

/// One batch on every run.
fn verify(index: usize, made: &Made, runs: &mut Runs, generator: &mut Generator<'_>, counting: &mut Counting) -> Result<Vec<Mismatch>> {
    let Generator { forms, trees, .. } = generator;
    let truth = Truth::find(&made.case, |at, state| counting.meet(made, at, state, forms, trees))?;
    counting.statuses(made, &truth.statuses);
    let mut mismatches = Vec::new();
    for run in runs.list.clone() {
        let ran = runs.check(run, &made.case, &truth)?;
        counting.lanes(made, &ran.lanes);
        if let Some(difference) = ran.difference {
            mismatches.push(Mismatch { batch: index, run: run.to_string(), backend: run.backend(), difference, shrunk: None });
        }
    }
    Ok(mismatches)
}

fn shrink_first(mismatches: &mut [Mismatch], case: Case, runs: &mut Runs) -> Result<()> {
    let Some(first) = mismatches.first_mut() else { return Ok(()) };
    let run = runs.list.iter().copied().find(|run| run.to_string() == first.run);
    let run = run.ok_or_else(|| Error::internal(format_args!("{} did not run", first.run)))?;
    let mut last = first.difference.clone();
    let case = shrink::shrink(case, &mut |case| {
        let found = runs.check(run, case, &Truth::find(case, |_, _| ())?)?.difference;
        Ok(found.inspect(|found| last.clone_from(found)).is_some())
    })?;
    let cells = case.cells().collect();
    first.shrunk = Some(Shrunk { difference: last, block: case.block, cells, transactions: case.transactions, piece: case.piece });
    Ok(())
}
