//! The calls of a segment that keep an order: they use a cell that needs one. What they may ask of the netted cells that they use beside it
//! is held back for them, over all leaves that are open: which one they take is not known before their turn.

use super::asking::{Asker, Most, Sight};
use super::demand::{Asking, Demand, is_free};
use super::library::{Compiled, Finder};
use super::reserve::{self, Held, Reserve};
use super::segment::Segment;
use crate::ir::KeyId;
use crate::ir::access::{NO_CELL, Shape, flags};
use crate::limits;
use crate::tx::BatchRef;
use alloy_primitives::{U256, U512};
use rayon::prelude::*;
use smallvec::SmallVec;
use std::sync::Arc;

/// Calls that a thread takes at once.
const GRAIN: usize = 1 << 12;

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
    /// They can be cleared, unless others use cells that they need in order.
    pub clears: bool,
    /// They clear, and nothing but their bits and cells has to be looked at to make rows of them.
    pub in_rows: bool,
    /// They have more bounds of their own than are kept.
    pub is_bounded_often: bool,
    /// What they may ask of their keys' cells, where that is the same for all of them.
    asks: Option<Most>,
}

impl Kind {
    /// `bits` are those that shape hangs on.
    pub fn new(compiled: Arc<Compiled>, shape: Arc<Shape>, bits: &[u32]) -> Self {
        let walker = &compiled.program.walker;
        let bit = |bit: usize| bits[walker.bit_column(bit)] >> (bit % 32) & 1 == 1;
        // Where keys name one cell, a load may see what another key's store left.
        let asks = compiled.asking.as_ref().filter(|_| !shape.aliases).and_then(|asking| asking.of_bits(bit));
        // A row of a wave stores key by key.
        let in_line = compiled.wave.is_none() || shape.aliases;
        let hangs = compiled.finders.iter().any(|finder| matches!(finder, Finder::State { .. }));
        let own_bounds = shape.bounds.iter().filter(|(_, bound)| bound.fixed(&compiled.program.kernel).is_none()).count();
        let settled = shape.leaf.is_some() || shape.escapes || own_bounds > 0;
        let may_leave = shape.escapes || !compiled.shapes.pinned_keys.is_empty();
        let clears_alone = || !(in_line || hangs || may_leave) && shape.clears_alone(&compiled.program.walker.stored);
        let clears = compiled.on_device && (shape.clears() || clears_alone());
        let is_bounded_often = own_bounds > limits::BOUNDS;
        Self { compiled, shape, in_line, hangs, clears, in_rows: clears && !settled, is_bounded_often, asks }
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
        self.kind.shape.escapes || self.kind.compiled.shapes.pinned_keys.iter().any(changes)
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
pub fn hold_back(segment: &Segment, batch: BatchRef<'_>, calls: &[OrderedCall], reserve: &mut Reserve) {
    reserve.hold(calls.par_chunks(GRAIN).map(|calls| reserve::join(&holds(segment, batch, calls))).collect());
}

/// What those calls may ask that use a netted cell.
fn holds(segment: &Segment, batch: BatchRef<'_>, calls: &[OrderedCall]) -> Vec<Held> {
    let flags = &segment.flags;
    let is_netted = |cell: u32| cell != NO_CELL && !flags::ordered(flags[cell as usize]);
    let sight = Sight { batch, base: &segment.base, flags };
    let mut holds = Vec::new();
    let mut by_kernel: Vec<(&Compiled, Vec<Asker<'_>>)> = Vec::new();
    let mut hold = |cell: u32, most: [U512; 2]| {
        if !is_netted(cell) {
            return;
        }
        // More than a word is more than any cell has, whatever it is.
        for most in [most.map(U256::saturating_from), most.map(|amount| U256::saturating_from(amount >> 256))] {
            if most != [U256::ZERO; 2] {
                holds.push((cell, most));
            }
        }
    };
    for call in calls.iter().filter(|call| call.uses().any(|(cell, uses)| uses & flags::NETTED != 0 && is_netted(cell))) {
        let (compiled, cells) = (&*call.kind.compiled, &call.cells[..]);
        if let Some(asks) = &call.kind.asks {
            asks.iter().for_each(|(key, most)| hold(cells[key.index()], *most));
            continue;
        }
        // Where keys name one cell, a load may see what another key's store left.
        if compiled.asking.is_none() || call.kind.shape.aliases {
            let most = Demand::new(segment, batch, Asking { compiled, transaction: call.transaction, cells, row: None }).most();
            most.into_iter().for_each(|(key, most)| hold(cells[key.index()], most));
            continue;
        }
        let asker = Asker { transaction: call.transaction, cells };
        match by_kernel.iter_mut().find(|(known, _)| std::ptr::eq(*known, compiled)) {
            Some((_, askers)) => askers.push(asker),
            None => by_kernel.push((compiled, vec![asker])),
        }
    }
    for (asking, askers) in by_kernel.iter().filter_map(|(compiled, askers)| Some((compiled.asking.as_ref()?, askers))) {
        asking.most(askers, sight, |asker, most| most.into_iter().for_each(|(key, most)| hold(asker.cells[key.index()], most)));
    }
    holds
}
