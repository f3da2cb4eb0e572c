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
use rayon::prelude::*;
use smallvec::SmallVec;
use std::sync::Arc;

/// Calls that a thread takes at once, and those of all threads whose demands are held back together.
const GRAIN: usize = 1 << 8;
const BLOCK: usize = 1 << 13;

/// The numbers of a call's cells: most calls have few.
pub type Cells = SmallVec<[u32; 8]>;

/// What calls of one kernel and one shape have in common. Each chunk has its own: threads that count references to one thing wait for each
/// other.
#[derive(Debug)]
pub struct Kind {
    pub compiled: Arc<Compiled>,
    pub shape: Arc<Shape>,
    /// They are not for a device.
    pub in_line: bool,
    /// Which cells some of their keys name hangs on cells.
    pub hangs: bool,
    /// Whatever they bring, they can be cleared.
    pub in_rows: bool,
}

impl Kind {
    pub fn new(compiled: Arc<Compiled>, shape: Arc<Shape>) -> Self {
        // A row of a wave stores key by key.
        let in_line = compiled.wave.is_none() || shape.aliases;
        let hangs = compiled.finders.iter().any(|finder| matches!(finder, Finder::State { .. }));
        let settled =
            shape.leaf.is_some() || shape.escapes || shape.bounds.iter().any(|(_, bound)| bound.fixed(&compiled.program.kernel).is_none());
        let in_rows = !settled && shape.clears() && compiled.on_device;
        Self { compiled, shape, in_line, hangs, in_rows }
    }
}

/// A call that keeps an order.
#[derive(Debug)]
pub struct OrderedCall {
    /// Its index in the batch.
    pub transaction: u32,
    pub kind: Arc<Kind>,
    /// The numbers of the cells it names, by key; `NO_CELL` where it touches none, or where that is not known.
    pub cells: Cells,
}

impl OrderedCall {
    /// Whether it may come to leave its kernel where others of the segment run before it: only the line knows what to do then.
    pub fn may_escape(&self, flags: &[u32]) -> bool {
        let changes = |key: &KeyId| !flags.get(self.cells[key.index()] as usize).is_some_and(|flags| is_free(*flags));
        self.kind.shape.escapes || self.kind.compiled.pinned_keys.iter().any(changes)
    }

    /// The cells that its keys hang on.
    pub fn naming(&self) -> impl Iterator<Item = u32> + '_ {
        self.cells.iter().zip(&self.kind.shape.names).filter(|(cell, feeds)| **feeds && **cell != NO_CELL).map(|(cell, _)| *cell)
    }

    /// The cells it uses, with its flags.
    pub fn uses(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.cells
            .iter()
            .copied()
            .zip(self.kind.shape.flags.iter().copied())
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
    let of_call = |call: &OrderedCall| {
        let demand =
            || Demand::new(segment, batch, Asking { compiled: &call.kind.compiled, transaction: call.transaction, cells: &call.cells });
        let most: Vec<(KeyId, [U512; 2])> = match &call.kind.shape.asks {
            Some(asks) => {
                let mut known = None;
                let mut most_of = |sums| constant(sums).unwrap_or_else(|| known.get_or_insert_with(demand).most_of(sums));
                asks.iter().map(|Ask { key, down, up }| (*key, [most_of(down), most_of(up)])).collect()
            }
            None => demand().most(),
        };
        most.into_iter().map(|(key, most)| (call.cells[key.index()], most)).collect::<Vec<_>>()
    };
    // Block by block: what all calls ask is a hundred bytes each and more.
    for calls in calls.chunks(BLOCK) {
        let asking = calls.par_iter().with_min_len(GRAIN).filter(|call| call.uses().any(netted));
        let held: Vec<(u32, [U512; 2])> = asking.flat_map_iter(of_call).collect();
        held.into_iter().for_each(|(cell, most)| hold(cell, most));
    }
}

/// The most of sums that are constants.
fn constant(sums: &[Sum]) -> Option<U512> {
    sums.iter().try_fold(U512::ZERO, |most, sum| match sum[..] {
        [Term::Const(value)] => Some(most.max(U512::from(value))),
        _ => None,
    })
}
