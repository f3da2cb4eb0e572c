//! Keys that hang on words which other calls of the segment change: which cells they name is not what the segment's start says. Whoever
//! changes such a word, and whoever's keys hang on one, runs ahead here, in batch order, on a copy of what they touch, and each key is
//! evaluated where its call stands. It is a guess, since the others do not run: where it is wrong, the line is surprised.

use super::library::Finder;
use super::numbering::Numbering;
use super::ordered::OrderedCall;
use super::resolve::cell_key;
use crate::ir::KeyId;
use crate::ir::access::{NO_CELL, flags};
use crate::ir::eval::{Call, Run, World};
use crate::state::State;
use crate::tx::{BatchRef, Status};
use alloy_primitives::U256;
use std::collections::HashMap;

/// Gives the keys of calls, which ascend by transaction, the cells that they are guessed to name; those that are others than at the start
/// come out, with how they are used. Cells may be numbered for it.
pub fn look(state: &State, numbering: &mut Numbering, batch: BatchRef<'_>, calls: &mut [OrderedCall]) -> Vec<(u32, u32)> {
    if !calls.iter().any(|call| call.kind.hangs) {
        return vec![];
    }
    let named = named(calls, numbering.len());
    let is_named = |cell: u32| named[cell as usize];
    let takes_part = |call: &&mut OrderedCall| {
        let mut changes = call.uses().filter(|(_, uses)| uses & flags::CHANGES != 0);
        (call.kind.hangs && call.naming().any(is_named)) || changes.any(|(cell, _)| is_named(cell))
    };
    let (mut held, mut moved) = (HashMap::new(), Vec::new());
    for call in calls.iter_mut().filter(takes_part) {
        let kernel = &call.kind.compiled.program.kernel;
        let mut run = Run::new(kernel, Call::of(batch, call.transaction));
        let mut ahead = Ahead { state, numbering: &mut *numbering, held: &held, call };
        let keys = kernel.key_ids().filter(|key| ahead.call.names(*key));
        let cells: Vec<(KeyId, u32)> = keys.collect::<Vec<_>>().into_iter().map(|key| (key, ahead.cell(key, &mut run))).collect();
        let leaf = run.leaf(&mut ahead);
        if kernel.leaf(leaf).outcome.status() == Some(Status::Success) {
            let stores = run.stores(leaf, &mut ahead);
            held.extend(stores);
        }
        for (key, cell) in cells {
            if std::mem::replace(&mut call.cells[key.index()], cell) != cell {
                moved.push((cell, call.kind.shape.flags[key.index()]));
            }
        }
    }
    moved
}

/// By number, the cells that a key hangs on and an earlier call changes.
fn named(calls: &[OrderedCall], cells: usize) -> Vec<bool> {
    let (mut changed, mut named) = (vec![false; cells], vec![false; cells]);
    for call in calls {
        if call.kind.hangs {
            call.naming().for_each(|cell| named[cell as usize] |= changed[cell as usize]);
        }
        let changes = call.uses().filter(|(_, uses)| uses & flags::CHANGES != 0);
        changes.for_each(|(cell, _)| changed[cell as usize] = true);
    }
    named
}

impl OrderedCall {
    /// Whether a key hangs on cells, and is one that the call touches.
    fn names(&self, key: KeyId) -> bool {
        matches!(self.kind.compiled.finders[key.index()], Finder::State { .. }) && self.kind.shape.flags[key.index()] & !flags::SHOWN != 0
    }
}

/// The cells as those who ran ahead have left them.
struct Ahead<'a> {
    state: &'a State,
    numbering: &'a mut Numbering,
    held: &'a HashMap<u32, U256>,
    call: &'a OrderedCall,
}

impl World for Ahead<'_> {
    type Cell = u32;

    fn cell(&mut self, key: KeyId, run: &mut Run<'_>) -> u32 {
        let found = self.call.cells[key.index()];
        if found != NO_CELL && !matches!(self.call.kind.compiled.finders[key.index()], Finder::State { .. }) {
            return found;
        }
        let place = run.place(key, self);
        self.numbering.of(self.state, cell_key(run.call.transaction.to(), place))
    }

    fn value(&mut self, cell: u32) -> U256 {
        self.held.get(&cell).copied().unwrap_or_else(|| self.numbering.base(self.state, cell))
    }
}
