//! What the transactions of a segment show, made again for who asks. Output and logs order nothing, so a lane without an order may not know
//! them: here the segment is gone through once more, in batch order, on running values that start where the segment did. They must end where
//! the lanes ended, so that whoever asks for outputs has the lanes' work checked as well. Nothing is written here, neither numbers nor state.

use crate::error::{Error, Result};
use crate::ir::access::NO_CELL;
use crate::ir::eval::{Call, Run, World};
use crate::ir::{Kernel, KeyId, LeafId};
use crate::plan::numbering::Numbering;
use crate::plan::resolve::cell_key;
use crate::state::{CellKey, State};
use crate::tx::{BatchRef, Output};
use crate::word::{Word, from_word};
use alloy_primitives::U256;
use std::borrow::Cow;

/// One transaction of the segment. Those that run nothing show nothing, and have no turn.
#[derive(Debug)]
pub struct Turn<'a> {
    /// Its index in the batch.
    pub transaction: u32,
    pub ran: Ran<'a>,
}

/// What a transaction ran.
#[derive(Debug)]
pub enum Ran<'a> {
    Kernel {
        kernel: &'a Kernel,
        /// The numbers of the cells it names, by key (`NO_CELL`, or missing: not known).
        cells: Cow<'a, [u32]>,
        /// The leaf that its lane took, where that is known.
        leaf: Option<LeafId>,
    },
    /// revm, which has said what it showed and what it stored, by number.
    Fallback { output: Output, stores: Vec<(u32, U256)> },
}

/// The cells of a segment between two of its transactions. The state is as it was before the segment.
pub struct Outputs<'a> {
    state: &'a State,
    numbering: &'a Numbering,
    batch: BatchRef<'a>,
    /// By number.
    values: Vec<U256>,
}

impl<'a> Outputs<'a> {
    /// At the start of the segment. All that its transactions stored to is numbered.
    pub fn new(state: &'a State, numbering: &'a Numbering, batch: BatchRef<'a>) -> Self {
        Self { state, numbering, batch, values: numbering.bases(state, vec![]).iter().map(from_word).collect() }
    }

    /// What the next transaction shows.
    pub fn next(&mut self, turn: Turn<'_>) -> Result<Output> {
        match turn.ran {
            Ran::Kernel { kernel, cells, leaf } => self.kernel(turn.transaction, kernel, &cells, leaf),
            Ran::Fallback { output, stores } => {
                stores.into_iter().for_each(|(number, value)| self.values[number as usize] = value);
                Ok(output)
            }
        }
    }

    /// Fails where a cell has come to another value than the one that is to be committed.
    pub fn finish(self, finals: &[Word]) -> Result<()> {
        let last = |number: usize| finals.get(number).map(from_word);
        let differs = (0..self.values.len()).find(|number| last(*number) != Some(self.values[*number]));
        differs.map_or(Ok(()), |number| {
            let (key, value, found) = (self.numbering.key(self.state, number as u32), self.values[number], last(number));
            let found = found.map_or("nothing".to_string(), |found| format!("{found:#x}"));
            Err(Error::internal(format_args!("{key} is {value:#x} in batch order, and {found} would be committed")))
        })
    }

    fn kernel(&mut self, index: u32, kernel: &Kernel, cells: &[u32], taken: Option<LeafId>) -> Result<Output> {
        let call = Call::of(self.batch, index);
        let mut run = Run::new(kernel, call);
        let mut running = Running { outputs: self, cells };
        let leaf = run.leaf(&mut running);
        // Which of several leaves that end alike a call comes to, its lane need not know.
        if let Some(taken) = taken.filter(|taken| !kernel.alike(*taken, leaf)) {
            let (taken, leaf) = (taken.index(), leaf.index());
            return Err(Error::internal(format_args!("transaction {index} took leaf {taken}, and takes leaf {leaf} in batch order")));
        }
        let output = run.output(leaf, &mut running);
        for (cell, value) in run.stores(leaf, &mut running) {
            match cell {
                Cell::Numbered(number) => self.values[number as usize] = value,
                Cell::Still(key) => return Err(Error::internal(format_args!("transaction {index} stores to {key}, which has no number"))),
            }
        }
        Ok(output)
    }
}

/// A cell that a call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Numbered(u32),
    /// Without a number, and so never stored to: it is as the state has it.
    Still(CellKey),
}

/// One call on the running values.
struct Running<'r, 'a> {
    outputs: &'r Outputs<'a>,
    cells: &'r [u32],
}

impl World for Running<'_, '_> {
    type Cell = Cell;

    fn cell(&mut self, key: KeyId, run: &mut Run<'_>) -> Cell {
        // A key that hangs on loads was known for the start of the segment only.
        let hangs_on_state = run.kernel.exprs.has_loads(run.kernel.key(key).word());
        let known = self.cells.get(key.index()).filter(|number| **number != NO_CELL && !hangs_on_state);
        if let Some(number) = known {
            return Cell::Numbered(*number);
        }
        let place = run.place(key, self);
        let key = cell_key(run.call.transaction.to(), place);
        self.outputs.numbering.find(self.outputs.state, &key).map_or(Cell::Still(key), Cell::Numbered)
    }

    fn value(&mut self, cell: Cell) -> U256 {
        match cell {
            Cell::Numbered(number) => self.outputs.values[number as usize],
            Cell::Still(key) => self.outputs.state.read(&key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tx::{Batch, Transaction};
    use crate::word::to_word;
    use alloy_primitives::Address;

    const ALICE: Address = Address::with_last_byte(0xa1);
    const BOB: Address = Address::with_last_byte(0xb0);

    /// Alice has 100 wei and pays Bob 60 twice: the second payment is invalid, which is leaf 1 of the kernel.
    fn pay(leaves: [Option<usize>; 2], finals: [u64; 2]) -> Result<()> {
        let state = State::import([(CellKey::native(ALICE), U256::from(100))], [])?;
        let mut numbering = Numbering::default();
        numbering.clear(&state);
        let cells = [ALICE, BOB].map(|account| numbering.of(&state, CellKey::native(account)));
        let pay = Transaction { from: ALICE, to: BOB, value: U256::from(60), ..Transaction::default() };
        let batch = Batch { transactions: vec![pay; 2], ..Batch::default() };
        let kernel = Kernel::transfer();
        let mut outputs = Outputs::new(&state, &numbering, (&batch).into());
        // The first finds its cells by their keys.
        for (transaction, cells) in [(0, vec![]), (1, cells.to_vec())] {
            let leaf = leaves[transaction].map(LeafId::from_index);
            let ran = Ran::Kernel { kernel: &kernel, cells: Cow::Owned(cells), leaf };
            assert_eq!(outputs.next(Turn { transaction: transaction as u32, ran })?, Output::default());
        }
        outputs.finish(&finals.map(|value| to_word(U256::from(value))))
    }

    fn message(result: Result<()>) -> String {
        result.expect_err("it is noticed").to_string()
    }

    #[test]
    fn what_the_lanes_did_right_passes() {
        pay([Some(0), Some(1)], [40, 60]).expect("it is right");
        pay([None, None], [40, 60]).expect("it is right");
    }

    #[test]
    fn another_leaf_is_noticed() {
        let wrong = message(pay([Some(0), Some(0)], [40, 60]));
        assert!(wrong.starts_with("transaction 1 took leaf 0"), "{wrong}");
    }

    #[test]
    fn another_value_is_noticed() {
        let wrong = message(pay([None, None], [40, 120]));
        assert!(wrong.starts_with(&CellKey::native(BOB).to_string()), "{wrong}");
    }
}
