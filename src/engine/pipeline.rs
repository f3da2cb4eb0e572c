//! Batches in a row: while one is cleared, the root of the one before is hashed and the one behind is resolved. The results are those of
//! executing them one by one.
//!
//! There is no thread of its own: a batch is executed by whoever submits the next one, or waits. What was resolved ahead is taken as it is
//! where it hangs on nothing that a batch changes; the rest is resolved again.

use super::{Clock, Engine, Report};
use crate::error::Result;
use crate::limits;
use crate::plan::library::Library;
use crate::plan::resolve::{Chunk, resolve, resolve_again};
use crate::state::State;
use crate::tx::{AnyBatch, BatchRef};
use alloy_primitives::B256;
use std::collections::VecDeque;
use std::ops::Range;

/// Batches that have been submitted.
#[derive(Default)]
pub(super) struct Pipeline {
    submitted: u64,
    /// Not executed yet, with their numbers: one at most between calls.
    waiting: VecDeque<(u64, AnyBatch)>,
    /// The first segment of the first of them.
    ahead: Option<Ahead>,
    /// Executed, but for its root.
    unhashed: Option<Report>,
    /// Not waited for yet.
    done: VecDeque<Result<Report>>,
}

/// What is done beside a batch.
#[derive(Default)]
pub(super) struct Beside<'a> {
    /// What was resolved of it before.
    pub resolved: Option<Ahead>,
    /// The root before it is wanted.
    pub root_is_due: bool,
    pub root: Option<B256>,
    /// The batch behind it.
    pub next: Option<BatchRef<'a>>,
    /// What was resolved of that.
    pub ahead: Option<Ahead>,
}

/// A batch's first segment, resolved before the batches ahead of it have been committed.
pub(super) struct Ahead(Vec<Chunk>);

impl Ahead {
    pub(super) fn resolve(state: &State, library: &Library, batch: BatchRef<'_>) -> Result<Self> {
        resolve(state, library, batch, first_segment(batch)).map(Self)
    }

    /// As if it had been resolved on this state. Code must be as it was.
    pub(super) fn settle(mut self, state: &State, library: &Library, batch: BatchRef<'_>) -> Result<Vec<Chunk>> {
        resolve_again(state, library, batch, first_segment(batch), &mut self.0)?;
        Ok(self.0)
    }
}

fn first_segment(batch: BatchRef<'_>) -> Range<usize> {
    0..batch.len().min(limits::SEGMENT)
}

impl Engine {
    /// Takes a batch in, to be executed behind those submitted before, and gives its number: they count from 0. The batch before it is
    /// executed now, if it has not been, with the first steps of this one beside it; so one batch waits at most. Reports are kept until they
    /// are waited for: submit two batches ahead of the one that is waited for, and all that can overlap does.
    ///
    /// A batch that fails changes nothing, and those behind it are executed all the same.
    pub fn submit(&mut self, batch: impl Into<AnyBatch>) -> u64 {
        let number = self.pipeline.submitted;
        self.pipeline.submitted += 1;
        self.pipeline.waiting.push_back((number, batch.into()));
        if self.pipeline.waiting.len() > 1 {
            self.advance();
        }
        number
    }

    /// What became of the first batch submitted and not waited for yet, executed now if it has not been; `None` where there is none. An
    /// error names the batch by its number.
    pub fn wait(&mut self) -> Option<Result<Report>> {
        while self.pipeline.done.is_empty() && self.advance() {}
        self.pipeline.done.pop_front()
    }

    /// Executes all that has been submitted.
    pub(super) fn drain(&mut self) {
        while self.advance() {}
    }

    /// One batch on, or where none waits to the root of the last; `false` where that is known too.
    fn advance(&mut self) -> bool {
        let Some((number, batch)) = self.pipeline.waiting.pop_front() else {
            let Some(report) = self.pipeline.unhashed.take() else { return false };
            let root = self.state.root();
            self.pipeline.done.push_back(Ok(Report { root, ..report }));
            return true;
        };
        let waiting = std::mem::take(&mut self.pipeline.waiting);
        let mut beside = Beside {
            resolved: self.pipeline.ahead.take(),
            root_is_due: self.pipeline.unhashed.is_some(),
            next: waiting.front().map(|(_, next)| next.into()),
            ..Beside::default()
        };
        let mut clock = Clock::default();
        let result = self.apply((&batch).into(), &mut beside, &mut clock);
        let Beside { root, ahead, .. } = beside;
        self.pipeline.waiting = waiting;
        if let Some(report) = self.pipeline.unhashed.take() {
            // Without a root by now nothing has changed since.
            let root = root.unwrap_or_else(|| self.state.root());
            self.pipeline.done.push_back(Ok(Report { root, ..report }));
        }
        match result {
            Ok(report) => {
                self.pipeline.ahead = ahead;
                self.pipeline.unhashed = Some(Report { stages: clock.finish(), ..report });
            }
            // What was resolved ahead may name cells that have gone again.
            Err(error) => self.pipeline.done.push_back(Err(error.within(format_args!("batch {number}")))),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::clearers::{Clearer, Clearers};
    use crate::engine::{Backend, Executor};
    use crate::error::Error;
    use crate::exec::cpu::Cpu;
    use crate::exec::segment::{Cleared, Clearing, Segment, Stages};
    use crate::tx::{Batch, Transaction};
    use alloy_primitives::{Address, U256};

    /// The CPU, which fails now and then.
    struct Failing {
        cpu: Cpu,
        /// By clearing, what goes wrong.
        errors: Vec<Option<Error>>,
    }

    impl Clearing for Failing {
        fn clear(&mut self, segment: &Segment) -> Result<Cleared> {
            match if self.errors.is_empty() { None } else { self.errors.remove(0) } {
                Some(error) => Err(error),
                None => self.cpu.clear(segment),
            }
        }

        fn stages(&self) -> Stages {
            self.cpu.stages()
        }

        fn level_ns(&mut self) -> Result<u64> {
            self.cpu.level_ns()
        }
    }

    fn failing(errors: Vec<Option<Error>>) -> Clearer {
        Clearer::new(Backend::Gpu, "gpu (failing)".to_string(), Box::new(Failing { cpu: Cpu::default(), errors }), None)
    }

    fn engine(clearers: Clearers) -> Engine {
        let builder = Engine::builder().backend(Backend::Cpu).balance(account(0), U256::from(1_000));
        Engine { executor: Executor::Clearing(clearers), ..builder.build().expect("the state is consistent") }
    }

    fn account(index: u64) -> Address {
        Address::with_last_byte(0x60 + index as u8)
    }

    /// Pays an account that comes to be.
    fn pay(index: u64) -> Batch {
        let pay = Transaction { from: account(0), to: account(index + 1), value: U256::from(10), ..Transaction::default() };
        let pay_on = Transaction { from: account(index), to: account(index + 1), value: U256::ONE, ..Transaction::default() };
        Batch { transactions: vec![pay, pay_on], ..Batch::default() }
    }

    #[test]
    fn a_batch_that_fails_changes_nothing_and_those_behind_it_run() {
        for fails in 0..6 {
            let errors = (0..6).map(|at| (at == fails).then(|| Error::device("it broke"))).collect();
            let (mut row, mut one_by_one) = (engine(Clearers::one(failing(errors))), engine(Clearers::one(Clearer::cpu())));
            (0..6).for_each(|at| _ = row.submit(pay(at)));
            for at in 0..6 {
                let found = row.wait().expect("it was submitted");
                if at == fails {
                    let error = found.expect_err("it broke");
                    assert_eq!(error.to_string(), format!("batch {at}: it broke"));
                    assert!(error.is_device());
                    continue;
                }
                let (found, expected) = (found.expect("it runs"), one_by_one.execute(&pay(at)).expect("it runs"));
                assert_eq!((found.root, found.receipts), (expected.root, expected.receipts), "batch {at}, {fails} fails");
            }
            assert!(row.wait().is_none());
            assert_eq!(row.root(), one_by_one.root(), "{fails} fails");
        }
    }

    #[test]
    fn what_was_resolved_ahead_is_used() {
        let mut engine = engine(Clearers::one(Clearer::cpu()));
        engine.execute(&pay(0)).expect("it runs");
        engine.submit(pay(0));
        engine.submit(pay(0));
        let ahead = engine.pipeline.ahead.as_ref().expect("the second is resolved beside the first");
        assert!(ahead.0.iter().all(|chunk| !chunk.hangs), "all its accounts are there");
        engine.submit(pay(1));
        let ahead = engine.pipeline.ahead.as_ref().expect("the third is resolved beside the second");
        assert!(ahead.0.iter().all(|chunk| chunk.hangs), "whom it pays is not there");
    }

    #[test]
    fn auto_goes_on_where_a_device_fails() {
        let lost = vec![Some(Error::device("the device was lost"))];
        let mut auto = engine(Clearers::of(vec![Clearer::cpu(), failing(lost)]));
        for at in 0..5 {
            let report = auto.execute(&pay(at)).expect("it runs");
            assert_eq!(report.backend, "cpu");
        }
    }
}
