//! What one call may ask of its cells, and how it may end: over all leaves that its inputs and the cells that nobody changes leave open. The
//! values looked at are those at the start of the segment.

use super::cell_set::CellSet;
use super::library::Compiled;
use super::segment::{Part, Segment};
use crate::ir::access::{Guard, NO_CELL, Term, Walk, flags};
use crate::ir::eval::{Call, Run, World};
use crate::ir::{ExprId, KeyId};
use crate::prefetch::prefetch;
use crate::tx::{BatchRef, Status};
use crate::word::{Word, from_word};
use alloy_primitives::{U256, U512};
use smallvec::{SmallVec, smallvec};

/// A call with the numbers of the cells it names, by key.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub compiled: &'a Compiled,
    pub transaction: u32,
    pub cells: &'a [u32],
    /// Its row, where it has one: what inputs decide stands there.
    pub row: Option<(&'a Part, usize)>,
}

/// The most that some cells can come to hold in the segment.
pub struct Most {
    /// Those that anybody asks about.
    known: CellSet,
    /// By number the place of the cell's sum, where it is known.
    places: Vec<u32>,
    /// `None`: more than a word.
    sums: Vec<Option<U256>>,
}

impl Most {
    pub fn new(cells: usize) -> Self {
        Self { known: CellSet::none(cells), places: vec![0; cells], sums: vec![] }
    }

    #[inline]
    pub fn knows(&self, cell: u32) -> bool {
        self.known.has(cell)
    }

    pub fn add(&mut self, cell: u32, amount: U256) {
        if !self.knows(cell) {
            self.known.insert(cell);
            self.places[cell as usize] = self.sums.len() as u32;
            self.sums.push(Some(U256::ZERO));
        }
        let sum = &mut self.sums[self.places[cell as usize] as usize];
        *sum = sum.and_then(|sum| sum.checked_add(amount));
    }

    /// The cell comes to hold so much less than was added. What is more than a word stays so.
    pub fn take(&mut self, cell: u32, amount: U256) {
        if self.knows(cell) {
            let sum = &mut self.sums[self.places[cell as usize] as usize];
            *sum = sum.map(|sum| sum.wrapping_sub(amount));
        }
    }

    /// Has fetched where the cell's sum is kept.
    pub fn fetch(&self, cell: u32) {
        self.places.get(cell as usize).into_iter().for_each(prefetch);
    }

    fn of(&self, cell: u32) -> Option<U256> {
        self.knows(cell).then(|| self.sums[self.places[cell as usize] as usize])?
    }
}

/// The way of one call through its kernel's walk.
pub struct Demand<'a> {
    asking: Asking<'a>,
    run: Run<'a>,
    world: Start<'a>,
    flags: &'a [u32],
}

impl<'a> Demand<'a> {
    pub fn new(segment: &'a Segment, batch: BatchRef<'a>, asking: Asking<'a>) -> Self {
        let call = Call::of(batch, asking.transaction);
        let run = Run::new(&asking.compiled.program.kernel, call);
        Self { asking, run, world: Start { base: &segment.base, cells: asking.cells }, flags: &segment.flags }
    }

    /// The most that is asked of each key's cell, down and up.
    pub fn most(mut self) -> Vec<(KeyId, [U512; 2])> {
        let mut most = Vec::new();
        let compiled = self.asking.compiled;
        self.follow(&compiled.program.walker.root, &mut most);
        most
    }

    /// How the call ends for certain, where no cell comes to hold more than it says there; `None` where that is open, or where the call may
    /// change something.
    pub fn fate(mut self, holds: &Most) -> Option<Status> {
        let compiled = self.asking.compiled;
        self.end(&compiled.program.walker.root, holds)
    }

    fn follow(&mut self, walk: &Walk, most: &mut Vec<(KeyId, [U512; 2])>) {
        for next in self.open(walk) {
            self.follow(next, most);
        }
        match walk {
            Walk::Guard { guard, .. } => raise(most, guard.key, [self.sum(&guard.down), self.sum(&guard.up)]),
            Walk::Leaf { effects, .. } => {
                let mut sum = |words: &[ExprId]| words.iter().map(|word| self.term(&Term::Word(*word))).sum();
                effects.iter().for_each(|effect| raise(most, effect.key, [sum(&effect.debits), sum(&effect.credits)]));
            }
            _ => {}
        }
    }

    fn end(&mut self, walk: &Walk, holds: &Most) -> Option<Status> {
        if let Walk::Leaf { leaf, .. } = walk {
            let leaf = self.run.kernel.leaf(*leaf);
            return leaf.outcome.status().filter(|_| leaf.stores.is_empty());
        }
        let open = match walk {
            Walk::Guard { guard, fail, .. } if self.fails(guard, holds) => smallvec![&**fail],
            Walk::Sentinel { key, other, .. } if holds.of(self.asking.cells[key.index()]).is_some_and(|most| most < U256::MAX) => {
                smallvec![&**other]
            }
            _ => self.open(walk),
        };
        let mut ends = open.into_iter().map(|walk| self.end(walk, holds));
        let first = ends.next()??;
        ends.all(|end| end == Some(first)).then_some(first)
    }

    /// Whether a guard asks for more than its cell can come to hold.
    fn fails(&mut self, guard: &Guard, holds: &Most) -> bool {
        let held = holds.of(self.asking.cells[guard.key.index()]);
        match (guard.floor(), held) {
            (Some(term), Some(held)) => U512::from(held) < self.sum(&[term]),
            _ => false,
        }
    }

    /// Where the call may go on.
    fn open<'w>(&mut self, walk: &'w Walk) -> SmallVec<[&'w Walk; 2]> {
        match walk {
            Walk::Bit { bit, yes, no } => {
                let walker = &self.asking.compiled.program.walker;
                smallvec![match self.asking.row {
                    Some((part, row)) if part.word(walker.bit_column(*bit), row) >> (bit % 32) & 1 == 1 => &**yes,
                    Some(_) => &**no,
                    None => self.decided(walker.bits[*bit], yes, no),
                }]
            }
            Walk::Read { condition, yes, no } if self.settles(*condition) => smallvec![self.decided(*condition, yes, no)],
            _ => walk.below().into(),
        }
    }

    fn decided<'w>(&mut self, condition: ExprId, yes: &'w Walk, no: &'w Walk) -> &'w Walk {
        if self.run.word(condition, &mut self.world).is_zero() { no } else { yes }
    }

    /// Whether nobody of the segment changes what a condition reads.
    fn settles(&self, condition: ExprId) -> bool {
        let is_free = |key: &KeyId| {
            let cell = self.asking.cells[key.index()];
            cell != NO_CELL && is_free(self.flags[cell as usize])
        };
        self.asking.compiled.read_keys.get(&condition).is_some_and(|keys| keys.iter().all(is_free))
    }

    fn sum(&mut self, terms: &[Term]) -> U512 {
        terms.iter().map(|term| self.term(term)).sum()
    }

    fn term(&mut self, term: &Term) -> U512 {
        let params = &self.asking.compiled.program.walker.params;
        let param = |word: &ExprId| params.iter().position(|param| param == word);
        let column = |word: &ExprId| self.asking.row.and_then(|row| Some((row, param(word)?)));
        U512::from(match term {
            Term::Word(word) => match column(word) {
                Some(((part, row), param)) => self.asking.compiled.program.param(part, row, param),
                None => self.run.word(*word, &mut self.world),
            },
            Term::Const(value) => *value,
        })
    }
}

fn raise(most: &mut Vec<(KeyId, [U512; 2])>, key: KeyId, amounts: [U512; 2]) {
    let known = most.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
        most.push((key, Default::default()));
        most.len() - 1
    });
    let [down, up] = &mut most[known].1;
    (*down, *up) = ((*down).max(amounts[0]), (*up).max(amounts[1]));
}

/// The cells of a call at the start of the segment.
struct Start<'a> {
    base: &'a [Word],
    cells: &'a [u32],
}

impl World for Start<'_> {
    type Cell = u32;

    fn cell(&mut self, key: KeyId, _: &mut Run<'_>) -> u32 {
        self.cells[key.index()]
    }

    fn value(&mut self, cell: u32) -> U256 {
        self.base.get(cell as usize).map(from_word).unwrap_or_default()
    }
}

/// Whether nobody of the segment changes a cell that is used so, but for the one call whose own it may be: that one finds it as it was.
pub fn is_free(flags: u32) -> bool {
    flags & !(flags::READ | flags::SHOWN | flags::OWN) == 0
}
