//! The library's way in: a state, a backend, and batches executed on them. This is the only place that commits; a batch that fails leaves
//! the state as it was.
//!
//! ```
//! use alloy_primitives::{Address, U256};
//! use clearwave::{Backend, Batch, Engine, Transaction};
//!
//! let (alice, bob) = (Address::with_last_byte(0xa1), Address::with_last_byte(0xb0));
//! let mut engine = Engine::builder().backend(Backend::Cpu).balance(alice, U256::from(100)).build()?;
//! let pay = Transaction { from: alice, to: bob, value: U256::from(30), ..Default::default() };
//! let report = engine.execute(&Batch { transactions: vec![pay], ..Default::default() })?;
//! assert_eq!(engine.balance(&bob), U256::from(30));
//! assert_eq!(report.root, engine.root());
//! # Ok::<(), clearwave::Error>(())
//! ```
//!
//! Batches in a row go through [`Engine::submit`] and [`Engine::wait`], with the same results: while one is cleared, the next is resolved and
//! the root of the one before is hashed.
//!
//! ```
//! # use alloy_primitives::{Address, U256};
//! # use clearwave::{Backend, Batch, Engine, Transaction};
//! # let (alice, bob) = (Address::with_last_byte(0xa1), Address::with_last_byte(0xb0));
//! # let mut engine = Engine::builder().backend(Backend::Cpu).balance(alice, U256::from(100)).build()?;
//! let pay = Transaction { from: alice, to: bob, value: U256::from(30), ..Default::default() };
//! for _ in 0..3 {
//!     engine.submit(Batch { transactions: vec![pay.clone()], ..Default::default() });
//! }
//! while let Some(report) = engine.wait() {
//!     println!("{}", report?.root);
//! }
//! assert_eq!(engine.balance(&bob), U256::from(90));
//! # Ok::<(), clearwave::Error>(())
//! ```
//!
//! What changes the state in another way, takes a snapshot or asks for the root comes behind all that was submitted, and executes it first.
//! [`Engine::balance`], [`Engine::storage`] and [`Engine::state`] look at what has been executed by then: every batch that was waited for,
//! and maybe some behind it.

mod auto;
mod backend;
mod clearers;
mod commit;
mod pipeline;
mod segment;
mod show;

pub use auto::Reason;
pub use backend::Backend;
pub use clearers::Choice;

use crate::error::{Error, Result};
use crate::exec::fallback::Fallback;
use crate::exec::segment::Stages;
use crate::exec::sequence;
use crate::limits;
use crate::plan::library::Library;
use crate::plan::numbering::Numbering;
use crate::state::{CellKey, Mark, Slot, State};
use crate::tx::{BatchRef, Lane, Output, Receipt};
use alloy_primitives::{Address, B256, Bytes, U256};
use backend::Executor;
use pipeline::{Beside, Pipeline};
use std::collections::BTreeMap;
use std::time::Instant;

/// A state and the backend that batches are executed on.
pub struct Engine {
    state: State,
    library: Library,
    executor: Executor,
    numbering: Numbering,
    forced: Option<Forced>,
    record: Record,
    pipeline: Pipeline,
}

/// Where calls go that could be cleared: for tests, which compare what the lanes make of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forced {
    Wave,
    Line,
}

/// What reports have beyond receipts.
#[derive(Debug, Clone, Copy, Default)]
struct Record {
    stores: bool,
    outputs: bool,
}

/// What became of a batch.
#[derive(Debug, Clone)]
pub struct Report {
    /// One a transaction, in order.
    pub receipts: Vec<Receipt>,
    /// The state's root after the batch.
    pub root: B256,
    /// The backends that ran, and the device's name where it is one.
    pub backend: String,
    /// Who cleared, why, and what was foreseen: one a clearing. A segment is cleared once or twice; those that are cut are here too. Empty
    /// where nothing is cleared.
    pub choices: Vec<Choice>,
    pub segments: usize,
    /// Nanoseconds by stage, of the whole batch. What was done `beside` clearing for other batches counts as long as clearing was over.
    pub stages: Stages,
    /// Transaction and cell of every store of those that succeeded, changed or not; only where the engine records them.
    pub stores: Vec<(u32, CellKey)>,
    /// One a transaction, in order; only where the engine records them.
    pub outputs: Vec<Output>,
}

/// A state to return to.
#[derive(Debug)]
pub struct Snapshot(Mark);

/// What an engine starts with.
#[derive(Debug, Default)]
pub struct Builder {
    backend: Backend,
    adapter: Option<String>,
    cells: Vec<(CellKey, U256)>,
    contracts: Vec<(Address, u64, Bytes)>,
    forced: Option<Lane>,
    record: Record,
}

impl Builder {
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// The device, by its index or a part of its name; the best one if not said.
    pub fn adapter(mut self, adapter: Option<String>) -> Self {
        self.adapter = adapter;
        self
    }

    /// An account's native balance, in wei.
    pub fn balance(self, address: Address, balance: U256) -> Self {
        self.cell(CellKey { address, slot: Slot::Native }, balance)
    }

    /// A word of a contract's storage.
    pub fn storage(self, contract: Address, slot: B256, value: U256) -> Self {
        self.cell(CellKey { address: contract, slot: Slot::Storage(slot) }, value)
    }

    pub fn cell(mut self, key: CellKey, value: U256) -> Self {
        self.cells.push((key, value));
        self
    }

    /// Puts runtime code at an address.
    pub fn contract(mut self, address: Address, code: Bytes) -> Self {
        self.contracts.push((address, 1, code));
        self
    }

    /// Sends all calls that could be cleared, and whatever can go there, to `wave` or to `line`: for tests of those lanes. Backends that
    /// know no lanes have nothing to force.
    pub fn force(mut self, lane: Option<Lane>) -> Self {
        self.forced = lane;
        self
    }

    /// Has reports say which cells each transaction stored to.
    pub fn record_stores(mut self, record: bool) -> Self {
        self.record.stores = record;
        self
    }

    /// Has reports give the output and the logs of each transaction.
    pub fn record_outputs(mut self, record: bool) -> Self {
        self.record.outputs = record;
        self
    }

    /// Fails where the input is inconsistent, or the backend needs a device and none answers.
    pub fn build(self) -> Result<Engine> {
        let state = State::import(self.cells, self.contracts)?;
        let executor = Executor::new(self.backend, self.adapter.as_deref())?;
        let forced = match self.forced {
            None => None,
            Some(Lane::Wave) => Some(Forced::Wave),
            Some(Lane::Line) => Some(Forced::Line),
            Some(lane) => return Err(Error::input(format_args!("lane {lane} cannot be forced: expected wave or line"))),
        };
        let (library, numbering, pipeline) = Default::default();
        Ok(Engine { state, library, executor, numbering, forced, record: self.record, pipeline })
    }
}

impl Engine {
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts over from another state: cells, and contracts with their nonces. The backend, its device and the kernels compiled so far
    /// stay; snapshots end. Fails, and changes nothing, where the input is inconsistent.
    pub fn restart(
        &mut self,
        cells: impl IntoIterator<Item = (CellKey, U256)>,
        contracts: impl IntoIterator<Item = (Address, u64, Bytes)>,
    ) -> Result<()> {
        let state = State::import(cells, contracts)?;
        self.drain();
        self.state = state;
        Ok(())
    }

    /// Puts runtime code at an address, in place of what is there.
    pub fn deploy(&mut self, address: Address, code: Bytes) {
        self.drain();
        self.state.set_contract(address, 1, code);
    }

    /// The native balance after what has been executed, in wei.
    pub fn balance(&self, address: &Address) -> U256 {
        self.state.read(&CellKey { address: *address, slot: Slot::Native })
    }

    pub fn storage(&self, contract: &Address, slot: B256) -> U256 {
        self.state.read(&CellKey { address: *contract, slot: Slot::Storage(slot) })
    }

    /// The commitment to the state: see `state`. It is clearwave's own, not Ethereum's.
    pub fn root(&mut self) -> B256 {
        self.drain();
        self.state.root()
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The backend, and the device's name where it is one; all that may run where one is chosen.
    pub fn backend(&self) -> String {
        self.executor.name()
    }

    /// A state to return to. Returning to an older one ends those taken since.
    pub fn snapshot(&mut self) -> Snapshot {
        self.drain();
        Snapshot(self.state.mark())
    }

    /// Returns to a snapshot, which stays valid. Fails where it has ended.
    pub fn rollback(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.drain();
        self.state.undo(snapshot.0)
    }

    /// Ends a snapshot: the state as it is stays.
    pub fn release(&mut self, snapshot: Snapshot) -> Result<()> {
        self.drain();
        self.state.release(snapshot.0)
    }

    /// Applies a batch, behind those that were submitted: the result is that of its transactions one by one, in order. On an error nothing
    /// has changed.
    pub fn execute<'a>(&mut self, batch: impl Into<BatchRef<'a>>) -> Result<Report> {
        self.drain();
        let mut clock = Clock::default();
        let report = self.apply(batch.into(), &mut Beside::default(), &mut clock)?;
        clock.start("root");
        let root = self.state.root();
        Ok(Report { root, stages: clock.finish(), ..report })
    }

    /// Applies a batch without taking the root.
    fn apply(&mut self, batch: BatchRef<'_>, beside: &mut Beside<'_>, clock: &mut Clock) -> Result<Report> {
        if batch.len() > limits::BATCH {
            return Err(Error::input(format_args!("a batch of {} transactions: at most {}", batch.len(), limits::BATCH)));
        }
        let mark = self.state.mark();
        let result = match self.executor {
            Executor::Reference | Executor::Revm => self.run_in_order(batch, beside, clock),
            Executor::Clearing(_) => self.run_in_segments(batch, beside, clock),
        };
        clock.stop();
        if result.is_err() {
            self.state.undo(mark)?;
        }
        self.state.release(mark)?;
        result
    }

    fn report(&self, receipts: Vec<Receipt>) -> Report {
        let (choices, segments, stages, stores, outputs) = Default::default();
        Report { receipts, root: B256::ZERO, backend: self.executor.name(), choices, segments, stages, stores, outputs }
    }

    fn run_in_order(&mut self, batch: BatchRef<'_>, beside: &mut Beside<'_>, clock: &mut Clock) -> Result<Report> {
        if beside.root_is_due {
            clock.start("beside");
            beside.root = Some(self.state.root());
        }
        let by_revm = matches!(self.executor, Executor::Revm);
        clock.start(if by_revm { "revm" } else { "reference" });
        let mut fallback = Fallback::new(batch.block);
        let mut report = self.report(Vec::with_capacity(batch.len()));
        for (index, transaction) in batch.iter().enumerate() {
            let (effects, lane) = if by_revm {
                (sequence::revm(&self.state, &mut fallback, transaction), Lane::Revm)
            } else {
                (sequence::reference(&self.state, &self.library, &mut fallback, batch.block, transaction), Lane::Reference)
            };
            let effects = effects.map_err(|error| error.within(format_args!("transaction {index}")))?;
            effects.apply(&mut self.state);
            report.receipts.push(Receipt { status: effects.status, lane });
            if self.record.stores {
                report.stores.extend(effects.stores.iter().map(|(key, _)| (index as u32, *key)));
            }
            if self.record.outputs {
                report.outputs.push(Output { data: effects.output, logs: effects.logs });
            }
        }
        Ok(report)
    }
}

/// Adds up the time of stages.
#[derive(Default)]
struct Clock {
    spent: BTreeMap<usize, (&'static str, u64)>,
    running: Option<(&'static str, Instant)>,
}

impl Clock {
    /// Ends the stage that runs, and starts another.
    fn start(&mut self, stage: &'static str) {
        self.stop();
        self.running = Some((stage, Instant::now()));
    }

    fn stop(&mut self) {
        if let Some((stage, since)) = self.running.take() {
            self.add(stage, since.elapsed().as_nanos() as u64);
        }
    }

    fn add(&mut self, stage: &'static str, spent_ns: u64) {
        match self.spent.values_mut().find(|(name, _)| *name == stage) {
            Some((_, sum)) => *sum += spent_ns,
            None => drop(self.spent.insert(self.spent.len(), (stage, spent_ns))),
        }
    }

    fn finish(&mut self) -> Stages {
        self.stop();
        self.spent.values().copied().collect()
    }
}
