//! The calls of a segment that keep an order: they use a cell that needs one. What they may ask of the netted cells that they use beside it
//! is held back for them, over all leaves that are open: which one they take is not known before their turn.

use super::library::{Compiled, Finder};
use super::numbering::Numbering;
use super::reserve::Reserve;
use crate::ir::access::{NO_CELL, Shape, Term, Walk, flags};
use crate::ir::eval::{Call, Run, World};
use crate::ir::{ExprId, KeyId};
use crate::state::State;
use crate::tx::Batch;
use alloy_primitives::{U256, U512};
use std::collections::BTreeMap;
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
        let hangs = compiled.finders.iter().any(|finder| matches!(finder, Finder::State));
        Self { transaction, compiled, cells, shape, in_line, hangs }
    }

    /// Whether it may come to leave its kernel where others of the segment run before it: only the line knows what to do then.
    pub fn may_escape(&self, flags: &[u32]) -> bool {
        let changes = |key: &KeyId| !flags.get(self.cells[key.index()] as usize).is_some_and(|flags| is_free(*flags));
        self.shape.escapes || self.compiled.pinned_keys.iter().any(changes)
    }

    /// The cells that its keys and its amounts hang on.
    pub fn feeding(&self) -> impl Iterator<Item = u32> + '_ {
        self.cells.iter().zip(&self.shape.feeds).filter(|(cell, feeds)| **feeds && **cell != NO_CELL).map(|(cell, _)| *cell)
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
pub fn hold_back(state: &State, numbering: &Numbering, flags: &[u32], batch: &Batch, calls: &[OrderedCall], reserve: &mut Reserve) {
    let netted = |(cell, uses): (u32, u32)| uses & flags::NETTED != 0 && !flags::ordered(flags[cell as usize]);
    for call in calls.iter().filter(|call| call.uses().any(netted)) {
        let transaction = &batch.transactions[call.transaction as usize];
        let run = Run::new(&call.compiled.program.kernel, Call { transaction, block: &batch.block });
        let mut demand = Demand { call, run, world: Start { state, numbering, call }, flags, most: BTreeMap::new() };
        demand.follow(&call.compiled.program.walker.root);
        for (key, [down, up]) in demand.most {
            let cell = call.cells[key.index()];
            if cell != NO_CELL && !flags::ordered(flags[cell as usize]) {
                let parts = |amount: U512| [U256::saturating_from(amount), U256::saturating_from(amount >> 256)];
                let ([down, more_down], [up, more_up]) = (parts(down), parts(up));
                reserve.hold(cell, down, up);
                // More than a word is more than any cell has, whatever it is.
                reserve.hold(cell, more_down, more_up);
            }
        }
    }
}

/// The cells of a call at the start of the segment.
struct Start<'a> {
    state: &'a State,
    numbering: &'a Numbering,
    call: &'a OrderedCall,
}

impl World for Start<'_> {
    type Cell = u32;

    fn cell(&mut self, key: KeyId, _: &mut Run<'_>) -> u32 {
        self.call.cells[key.index()]
    }

    fn value(&mut self, cell: u32) -> U256 {
        if cell == NO_CELL { U256::ZERO } else { self.numbering.base(self.state, cell) }
    }
}

/// What one call may demand, by key: the most of each side.
struct Demand<'a> {
    call: &'a OrderedCall,
    run: Run<'a>,
    world: Start<'a>,
    flags: &'a [u32],
    most: BTreeMap<KeyId, [U512; 2]>,
}

impl Demand<'_> {
    fn follow(&mut self, walk: &Walk) {
        match walk {
            Walk::Bit { bit, yes, no } => {
                let condition = self.call.compiled.program.walker.bits[*bit];
                self.decided(condition, yes, no);
            }
            Walk::Read { condition, yes, no } if self.is_free(*condition) => self.decided(*condition, yes, no),
            Walk::Read { yes: a, no: b, .. } | Walk::Sentinel { equal: a, other: b, .. } => {
                self.follow(a);
                self.follow(b);
            }
            Walk::Guard { guard, pass, fail } => {
                let (down, up) = (self.sum(guard.down.iter()), self.sum(guard.up.iter()));
                self.ask(guard.key, down, up);
                self.follow(pass);
                self.follow(fail);
            }
            Walk::Leaf { effects, .. } => {
                for effect in effects {
                    let terms = |words: &[ExprId]| words.iter().map(|word| Term::Word(*word)).collect::<Vec<_>>();
                    let (down, up) = (self.sum(terms(&effect.debits).iter()), self.sum(terms(&effect.credits).iter()));
                    self.ask(effect.key, down, up);
                }
            }
        }
    }

    fn decided(&mut self, condition: ExprId, yes: &Walk, no: &Walk) {
        let holds = !self.run.word(condition, &mut self.world).is_zero();
        self.follow(if holds { yes } else { no });
    }

    /// Whether nobody of the segment changes what a condition reads.
    fn is_free(&self, condition: ExprId) -> bool {
        let kernel = self.run.kernel;
        kernel.deep_loads(condition).into_iter().all(|load| {
            let cell = self.call.cells[kernel.load(load).key.index()];
            cell != NO_CELL && is_free(self.flags[cell as usize])
        })
    }

    fn sum<'t>(&mut self, terms: impl Iterator<Item = &'t Term>) -> U512 {
        let value = |term: &Term| match term {
            Term::Word(word) => U512::from(self.run.word(*word, &mut self.world)),
            Term::Const(value) => U512::from(*value),
        };
        terms.map(value).sum()
    }

    fn ask(&mut self, key: KeyId, down: U512, up: U512) {
        let most = self.most.entry(key).or_default();
        *most = [most[0].max(down), most[1].max(up)];
    }
}

/// Whether nobody of the segment changes a cell that is used so.
pub fn is_free(flags: u32) -> bool {
    flags & !(flags::READ | flags::SHOWN) == 0
}
