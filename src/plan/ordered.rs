//! The calls of a segment that keep an order: they use a cell that needs one. What they may ask of the netted cells that they use beside it
//! is held back for them, over all leaves that are open: which one they take is not known before their turn.

use super::demand::{Asking, Demand, is_free};
use super::library::{Compiled, Finder};
use super::reserve::Reserve;
use super::segment::Segment;
use crate::ir::KeyId;
use crate::ir::access::{Ask, NO_CELL, Shape, Sum, Term, flags};
use crate::tx::Batch;
use alloy_primitives::{U256, U512};
use std::sync::Arc;

/// A call that keeps an order.
#[derive(Debug, Clone)]
pub struct OrderedCall {
    /// Its index in the batch.
    pub transaction: u32,
    pub compiled: Arc<Compiled>,
    /// The numbers of the cells it names, by key; `NO_CELL` where it touches none, or where that is not known.
    pub cells: Vec<u32>,
    pub shape: Arc<Shape>,
    /// It is not for a device.
    pub in_line: bool,
    /// Which cells some of its keys name hangs on cells.
    pub hangs: bool,
}

impl OrderedCall {
    pub fn new(transaction: u32, compiled: Arc<Compiled>, cells: Vec<u32>, shape: Arc<Shape>) -> Self {
        // A row of a wave stores key by key.
        let in_line = compiled.wave.is_none() || shape.aliases;
        let hangs = compiled.finders.iter().any(|finder| matches!(finder, Finder::State { .. }));
        Self { transaction, compiled, cells, shape, in_line, hangs }
    }

    /// Whether it may come to leave its kernel where others of the segment run before it: only the line knows what to do then.
    pub fn may_escape(&self, flags: &[u32]) -> bool {
        let changes = |key: &KeyId| !flags.get(self.cells[key.index()] as usize).is_some_and(|flags| is_free(*flags));
        self.shape.escapes || self.compiled.pinned_keys.iter().any(changes)
    }

    /// The cells that its keys hang on.
    pub fn naming(&self) -> impl Iterator<Item = u32> + '_ {
        self.cells.iter().zip(&self.shape.names).filter(|(cell, feeds)| **feeds && **cell != NO_CELL).map(|(cell, _)| *cell)
    }

    /// The cells it uses, with its flags.
    pub fn uses(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.cells
            .iter()
            .copied()
            .zip(self.shape.flags.iter().copied())
            .filter(|(cell, uses)| *cell != NO_CELL && uses & !flags::SHOWN != 0)
    }
}

/// Holds back what `calls` may demand of cells that are netted.
pub fn hold_back(segment: &Segment, batch: &Batch, calls: &[OrderedCall], reserve: &mut Reserve) {
    let flags = &segment.flags;
    let netted = |(cell, uses): (u32, u32)| uses & flags::NETTED != 0 && !flags::ordered(flags[cell as usize]);
    let mut hold = |cell: u32, [down, up]: [U512; 2]| {
        if cell != NO_CELL && !flags::ordered(flags[cell as usize]) {
            let parts = |amount: U512| [U256::saturating_from(amount), U256::saturating_from(amount >> 256)];
            let ([down, more_down], [up, more_up]) = (parts(down), parts(up));
            reserve.hold(cell, down, up);
            // More than a word is more than any cell has, whatever it is.
            reserve.hold(cell, more_down, more_up);
        }
    };
    for call in calls.iter().filter(|call| call.uses().any(netted)) {
        let demand = || Demand::new(segment, batch, Asking { compiled: &call.compiled, transaction: call.transaction, cells: &call.cells });
        match &call.shape.asks {
            Some(asks) => {
                let mut known = None;
                for Ask { key, down, up } in asks {
                    let most = [down, up].map(|sums| constant(sums).unwrap_or_else(|| known.get_or_insert_with(demand).most_of(sums)));
                    hold(call.cells[key.index()], most);
                }
            }
            None => demand().most().into_iter().for_each(|(key, most)| hold(call.cells[key.index()], most)),
        }
    }
}

/// The most of sums that are constants.
fn constant(sums: &[Sum]) -> Option<U512> {
    sums.iter().try_fold(U512::ZERO, |most, sum| match sum[..] {
        [Term::Const(value)] => Some(most.max(U512::from(value))),
        _ => None,
    })
}
