//! The line: transactions of a segment that keep their order, one after another on the CPU, after the others have been cleared. Kernels are
//! interpreted; the rest runs on revm. A cell that clearing changed may be debited and credited further, but is never looked at: who needs
//! to look at it, unforeseen, stops the line, and the segment is cut there.

use super::fallback::{self, Fallback, View};
use super::outputs::{Ran, Turn};
use crate::error::{Error, Result};
use crate::ir::KeyId;
use crate::ir::access::{NO_CELL, Shape, flags};
use crate::ir::eval::{Call, Run, World};
use crate::plan::classes::Plan;
use crate::plan::levels::Foreseen;
use crate::plan::library::Compiled;
use crate::plan::numbering::Numbering;
use crate::plan::resolve::cell_key;
use crate::plan::segment::Stream;
use crate::prefetch::{prefetch, prefetch_ends};
use crate::state::{CellKey, Slot, State};
use crate::tx::{Block, Lane, Output, Receipt, TransactionRef};
use crate::word::{Word, from_word, to_word};
use alloy_primitives::{Address, B256, Bytes, U256};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one transaction of the line runs.
#[derive(Debug, Clone)]
pub enum Work {
    /// A kernel, with the numbers of the cells it names (`NO_CELL`: not known), and its shape where some of them hang on others.
    Kernel(Arc<Compiled>, Vec<u32>, Option<Arc<Shape>>),
    /// The same for a row that was not cleared: its stream among all of the plan, and its place there.
    Row(usize, usize),
    /// revm, with the cells that it is expected to touch.
    Fallback(Foreseen),
}

/// Why the line stopped.
#[derive(Debug)]
pub enum Stopped {
    /// Before this transaction (its index in the batch), which touches what it was not expected to: the segment has to end there.
    Surprise(u32),
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The cells of a segment while its line runs.
pub struct Line<'a> {
    state: &'a State,
    numbering: &'a mut Numbering,
    block: &'a Block,
    /// By number; grows as the line meets more cells.
    values: Vec<Word>,
    plan: &'a Plan,
    /// All of the plan's.
    streams: Vec<&'a Stream>,
    verdicts: &'a [u32],
    contracts: BTreeMap<Address, (u64, Bytes)>,
    stores: Vec<(u32, u32)>,
    /// Only where they are recorded.
    fallbacks: Option<Vec<Turn<'static>>>,
}

/// What the line leaves behind.
#[derive(Debug, Default)]
pub struct Lined {
    /// Transaction and cell of every store of those that succeeded.
    pub stores: Vec<(u32, u32)>,
    pub contracts: BTreeMap<Address, (u64, Bytes)>,
    /// What revm ran, for the outputs; only where the line records it.
    pub fallbacks: Vec<Turn<'static>>,
}

impl<'a> Line<'a> {
    /// `values` and `verdicts` are those of the cleared segment, by number.
    pub fn new(
        state: &'a State,
        numbering: &'a mut Numbering,
        block: &'a Block,
        values: Vec<Word>,
        plan: &'a Plan,
        verdicts: &'a [u32],
    ) -> Self {
        let streams = plan.segment.all_streams().collect();
        Self { state, numbering, block, values, plan, streams, verdicts, contracts: BTreeMap::new(), stores: vec![], fallbacks: None }
    }

    /// Keeps what revm shows.
    pub fn record_fallbacks(&mut self) {
        self.fallbacks = Some(vec![]);
    }

    /// Has the row of a call fetched.
    pub fn fetch_row(&self, stream: usize, row: usize) {
        let (part, row) = self.streams[stream].locate(row);
        part.fetch(row);
    }

    /// Has what a call looks at first fetched, which comes soon. What inputs decide of a row stands in the row.
    pub fn fetch(&self, transaction: TransactionRef<'_>, work: &Work) {
        let fetch = |cell: u32| {
            let cell = cell as usize;
            if cell < self.verdicts.len() {
                prefetch(&self.values[cell]);
                prefetch(&self.verdicts[cell]);
                prefetch(&self.plan.segment.flags[cell]);
            }
        };
        match work {
            Work::Row(stream, row) => self.streams[*stream].cells_of(*row).for_each(fetch),
            Work::Kernel(_, cells, _) => {
                prefetch_ends(transaction.data());
                cells.iter().copied().for_each(fetch);
            }
            Work::Fallback(_) => prefetch_ends(transaction.data()),
        }
    }

    /// Runs the transaction with index `index`, `last` where no other of the segment follows it.
    pub fn run(
        &mut self,
        index: u32,
        transaction: TransactionRef<'_>,
        work: &Work,
        fallback: &mut Fallback,
        last: bool,
    ) -> Result<Receipt, Stopped> {
        let receipt = match work {
            Work::Kernel(compiled, cells, shape) => {
                let run = Run::new(&compiled.program.kernel, Call { transaction, block: self.block });
                self.kernel(index, run, compiled, cells, shape.as_deref())?
            }
            Work::Row(stream, row) => {
                let compiled = &self.plan.compiled[*stream];
                let mut run = Run::new(&compiled.program.kernel, Call { transaction, block: self.block });
                let (part, row) = self.streams[*stream].locate(*row);
                compiled.program.tell(part, row, &mut run);
                let cells: SmallVec<[u32; 8]> = compiled.program.cells_of(part, row).collect();
                self.kernel(index, run, compiled, &cells, None)?
            }
            Work::Fallback(foreseen) => return self.fallback(transaction, foreseen, fallback, last),
        };
        match receipt {
            Some(receipt) => Ok(receipt),
            // A call that leaves its kernel has done nothing yet, and nobody has foreseen what it does now.
            None => self.fallback(transaction, &Foreseen::nothing(index), fallback, last),
        }
    }

    /// The value of every numbered cell, and the rest.
    pub fn finish(self) -> (Vec<Word>, Lined) {
        (self.values, Lined { stores: self.stores, contracts: self.contracts, fallbacks: self.fallbacks.unwrap_or_default() })
    }

    /// `None` where the call escapes.
    fn kernel(
        &mut self,
        index: u32,
        mut run: Run<'_>,
        compiled: &Compiled,
        cells: &[u32],
        shape: Option<&Shape>,
    ) -> Result<Option<Receipt>, Stopped> {
        let kernel = &compiled.program.kernel;
        let mut calling = Calling { line: self, cells, shape, foreseen: None, named: vec![], surprised: false };
        let leaf = run.end(&compiled.program.walker.ends, &mut calling);
        let status = kernel.leaf(leaf).outcome.status();
        let stores = run.stores(leaf, &mut calling);
        stores.iter().for_each(|(met, _)| calling.check(*met, true));
        if calling.has_other_names() {
            // What was counted for it was for other aliases.
            let named = std::mem::take(&mut calling.named);
            named.iter().for_each(|(_, number)| calling.check(Met { number: *number, foreseen: false }, false));
            stores.iter().for_each(|(met, _)| calling.check(Met { foreseen: false, ..*met }, true));
        }
        if calling.surprised {
            return Err(Stopped::Surprise(index));
        }
        for (Met { number, .. }, value) in stores {
            self.values[number as usize] = to_word(value);
            self.stores.push((index, number));
        }
        Ok(status.map(|status| Receipt { status, lane: Lane::Line }))
    }

    fn fallback(
        &mut self,
        transaction: TransactionRef<'_>,
        foreseen: &Foreseen,
        fallback: &mut Fallback,
        last: bool,
    ) -> Result<Receipt, Stopped> {
        let index = foreseen.transaction;
        let mut calling = Calling { line: self, cells: &[], shape: None, foreseen: Some(foreseen), named: vec![], surprised: false };
        let outcome = fallback.execute(&mut calling, transaction)?;
        let stores: Vec<(u32, U256)> = outcome.stores.iter().map(|(key, value)| (calling.line.number(*key), *value)).collect();
        let met = stores.iter().map(|(number, _)| Met { number: *number, foreseen: foreseen.stores.contains(number) });
        met.for_each(|met| calling.check(met, true));
        // What was resolved ahead may call code that has just changed.
        if calling.surprised || (!outcome.contracts.is_empty() && !last) {
            return Err(Stopped::Surprise(index));
        }
        for (number, value) in &stores {
            self.values[*number as usize] = to_word(*value);
            self.stores.push((index, *number));
        }
        self.contracts.extend(outcome.contracts.into_iter().map(|(address, nonce, code)| (address, (nonce, code))));
        if let Some(fallbacks) = &mut self.fallbacks {
            let output = Output { data: outcome.output, logs: outcome.logs };
            fallbacks.push(Turn { transaction: index, ran: Ran::Fallback { output, stores } });
        }
        Ok(Receipt { status: outcome.status, lane: Lane::Fallback })
    }

    fn number(&mut self, key: CellKey) -> u32 {
        let number = self.numbering.of(self.state, key);
        if number as usize == self.values.len() {
            self.values.push(to_word(self.numbering.base(self.state, number)));
        }
        number
    }
}

/// A cell that a transaction of the line has come to.
#[derive(Debug, Clone, Copy)]
struct Met {
    number: u32,
    /// The key that led here was known to: what the call may do to the cell by that key has been counted.
    foreseen: bool,
}

impl PartialEq for Met {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Met {}

/// One transaction of the line, and whether it went where it was not expected.
struct Calling<'l, 'a> {
    line: &'l mut Line<'a>,
    /// The cells that it was known to name, by key.
    cells: &'l [u32],
    /// What it was planned as, where the cells that it names hang on others.
    shape: Option<&'l Shape>,
    /// The cells that revm was expected to touch.
    foreseen: Option<&'l Foreseen>,
    /// The cells that keys came to name, where there is a shape to compare them with.
    named: Vec<(KeyId, u32)>,
    surprised: bool,
}

impl Calling<'_, '_> {
    /// Notes an access to a cell whose value is not what it would be in order.
    fn check(&mut self, met: Met, store: bool) {
        let at = met.number as usize;
        let plan = self.line.plan;
        let Some(flags) = plan.segment.flags.get(at) else { return };
        let in_order = match self.line.verdicts[at] {
            0 => flags & (flags::NETTED | flags::OWN) == 0 && !store,
            // Calls of a wave have used it in an order that did not reckon with this one.
            _ => !plan.waved.get(at).is_some_and(|waved| *waved),
        };
        let relied_on = store && plan.relied_on.get(at).is_some_and(|relied_on| *relied_on);
        self.surprised |= (!in_order || relied_on) && !met.foreseen;
    }

    /// Whether two of the keys that were met name one cell and did not when the call was planned, or the other way round.
    fn has_other_names(&self) -> bool {
        let Some(shape) = self.shape else { return false };
        let class = |key: &KeyId| shape.class[key.index()];
        let differ = |(a, x): &(KeyId, u32), (b, y): &(KeyId, u32)| (x == y) != (class(a) == class(b));
        self.named.iter().enumerate().any(|(at, one)| self.named[..at].iter().any(|other| differ(one, other)))
    }

    fn look(&mut self, key: CellKey) -> U256 {
        let number = self.line.number(key);
        let foreseen = self.foreseen.is_some_and(|foreseen| foreseen.reads.contains(&number) || foreseen.stores.contains(&number));
        self.value(Met { number, foreseen })
    }
}

impl World for Calling<'_, '_> {
    type Cell = Met;

    fn cell(&mut self, key: KeyId, run: &mut Run<'_>) -> Met {
        let foreseen = self.cells.get(key.index()).copied().filter(|number| *number != NO_CELL);
        let hangs_on_state = || run.kernel.exprs.has_loads(run.kernel.key(key).word());
        let met = match foreseen.filter(|_| !hangs_on_state()) {
            Some(number) => Met { number, foreseen: true },
            None => {
                let place = run.place(key, self);
                let number = self.line.number(cell_key(run.call.transaction.to(), place));
                Met { number, foreseen: foreseen == Some(number) }
            }
        };
        if self.shape.is_some() {
            self.named.push((key, met.number));
        }
        met
    }

    fn seen(&mut self, met: Met) {
        self.check(met, false);
    }

    fn value(&mut self, met: Met) -> U256 {
        self.check(met, false);
        from_word(&self.line.values[met.number as usize])
    }
}

impl View for Calling<'_, '_> {
    fn balance(&mut self, address: &Address) -> U256 {
        self.look(CellKey { address: *address, slot: Slot::Native })
    }

    fn storage(&mut self, address: &Address, slot: B256) -> U256 {
        self.look(CellKey { address: *address, slot: Slot::Storage(slot) })
    }

    fn contract(&mut self, address: &Address) -> Option<fallback::Contract> {
        self.line.state.contract(address).map(super::sequence::seen_by_revm)
    }
}
