//! What calls of one kernel may ask of their cells, for many calls at once: as `demand` finds it call by call, on words that a tape has
//! evaluated for all of them. It knows no calls of which several keys may name one cell where that matters.

use super::demand::is_free;
use super::tape::{Evaluated, Origin, Register, Registers, SIDE_BY_SIDE, Tape, Writer};
use crate::ir::access::{Effect, NO_CELL, Term, Walk, Walker};
use crate::ir::eval::inputs;
use crate::ir::{Expr, ExprId, Input, Kernel, KeyId};
use crate::tx::BatchRef;
use crate::word::{Word, from_word};
use alloy_primitives::{U256, U512};
use smallvec::SmallVec;
use std::collections::HashMap;

/// What a tape may cost for evaluating all of it to beat finding out what is needed, in additions.
const COST: usize = 512;

/// Where a tape on cells starts.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    Input(Input),
    /// The value of the key's cell.
    Load(KeyId),
}

/// The walk of a kernel with its words as registers.
#[derive(Debug)]
pub struct Asking {
    tape: Tape<Source>,
    root: Step,
}

#[derive(Debug)]
enum Step {
    Bit {
        bit: usize,
        condition: Register,
        ways: Box<[Step; 2]>,
    },
    Read {
        condition: Register,
        /// The keys whose cells it hangs on: where somebody changes one of them, both ways are open.
        keys: Vec<KeyId>,
        ways: Box<[Step; 2]>,
    },
    Guard {
        sums: Sums,
        ways: Box<[Step; 2]>,
    },
    /// Both ways are open.
    Either(Box<[Step; 2]>),
    Leaf(Vec<Sums>),
}

/// What is asked of a key's cell, down and up.
#[derive(Debug)]
struct Sums {
    key: KeyId,
    sums: [Vec<Amount>; 2],
}

#[derive(Debug)]
enum Amount {
    Word(Register),
    Const(U256),
}

/// The most that is asked of each key's cell, down and up.
pub type Most = SmallVec<[(KeyId, [U512; 2]); 4]>;

/// A call of the kernel, and the numbers of the cells that it names, by key.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    pub transaction: u32,
    pub cells: &'a [u32],
}

/// What all calls look at.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    pub batch: BatchRef<'a>,
    pub base: &'a [Word],
    pub flags: &'a [u32],
}

impl Asking {
    /// `None` where it is better found out call by call. `read_keys` gives the keys that a condition on cells hangs on.
    pub fn new(kernel: &Kernel, walker: &Walker, read_keys: &HashMap<ExprId, Vec<KeyId>, ahash::RandomState>) -> Option<Self> {
        let mut writer = Writer::new(&kernel.exprs, |id| match kernel.exprs.get(id) {
            Expr::Input(input) => Origin::Source(Source::Input(*input)),
            Expr::Load(load) => match kernel.visible_shadows(*load).first() {
                Some(store) if store.key == kernel.load(*load).key => Origin::Same(store.value),
                _ => Origin::Source(Source::Load(kernel.load(*load).key)),
            },
            _ => Origin::Operation,
        });
        words(walker, &walker.root).into_iter().for_each(|word| writer.need(word));
        let (tape, registers) = writer.finish();
        tape.cost().filter(|cost| *cost <= COST)?;
        let root = Builder { walker, read_keys, registers }.step(&walker.root);
        Some(Self { tape, root })
    }

    /// What calls with these bits may ask, whatever their cells hold; `None` where an amount is the call's own.
    pub fn of_bits(&self, bits: impl Fn(usize) -> bool) -> Option<Most> {
        let (mut most, mut open) = (Most::new(), vec![&self.root]);
        while let Some(step) = open.pop() {
            let sums = match step {
                Step::Bit { bit, ways, .. } => {
                    open.push(&ways[usize::from(!bits(*bit))]);
                    continue;
                }
                Step::Read { ways, .. } | Step::Either(ways) => {
                    open.extend(ways.iter());
                    continue;
                }
                Step::Guard { sums, ways } => {
                    open.extend(ways.iter());
                    std::slice::from_ref(sums)
                }
                Step::Leaf(effects) => effects,
            };
            for sums in sums {
                raise(&mut most, sums.key, sums.add_up(|register| self.tape.constant(register))?);
            }
        }
        Some(most)
    }

    /// Tells `tell` what each call may ask.
    pub fn most(&self, calls: &[Asker<'_>], sight: Sight<'_>, mut tell: impl FnMut(&Asker<'_>, Most)) {
        let mut words = Vec::new();
        for calls in calls.chunks(SIDE_BY_SIDE) {
            let evaluated = self.tape.run(calls.len(), |source, words| source.write(calls, sight, words), &mut words);
            for (at, call) in calls.iter().enumerate() {
                let mut way = Way { evaluated, at, call, flags: sight.flags, most: Most::new() };
                way.follow(&self.root);
                tell(call, way.most);
            }
        }
    }
}

impl Source {
    /// The words of some calls.
    fn write(self, calls: &[Asker<'_>], sight: Sight<'_>, words: &mut [U256]) {
        match self {
            Self::Input(input) => inputs(input, sight.batch, calls.iter().map(|call| call.transaction), words),
            Self::Load(key) => {
                let value = |call: &Asker<'_>| sight.base.get(call.cells[key.index()] as usize).map(from_word).unwrap_or_default();
                words.iter_mut().zip(calls).for_each(|(word, call)| *word = value(call));
            }
        }
    }
}

/// The words that a walk and its ways look at.
fn words(walker: &Walker, walk: &Walk) -> Vec<ExprId> {
    let mut found: Vec<ExprId> = match walk {
        Walk::Bit { bit, .. } => vec![walker.bits[*bit]],
        // Cells of a call's own are no concern of others.
        Walk::Leaf { effects, .. } => effects.iter().flat_map(|effect| effect.debits.iter().chain(&effect.credits)).copied().collect(),
        walk => walk.words(),
    };
    found.extend(walk.below().into_iter().flat_map(|walk| words(walker, walk)));
    found
}

struct Builder<'k> {
    walker: &'k Walker,
    read_keys: &'k HashMap<ExprId, Vec<KeyId>, ahash::RandomState>,
    registers: Registers,
}

impl Builder<'_> {
    fn step(&self, walk: &Walk) -> Step {
        let ways = |a: &Walk, b: &Walk| Box::new([self.step(a), self.step(b)]);
        match walk {
            Walk::Bit { bit, yes, no } => {
                Step::Bit { bit: *bit, condition: self.registers.of(self.walker.bits[*bit]), ways: ways(yes, no) }
            }
            Walk::Read { condition, yes, no } => match self.read_keys.get(condition) {
                Some(keys) => Step::Read { condition: self.registers.of(*condition), keys: keys.clone(), ways: ways(yes, no) },
                None => Step::Either(ways(yes, no)),
            },
            Walk::Guard { guard, pass, fail } => {
                let amount = |term: &Term| match term {
                    Term::Word(word) => Amount::Word(self.registers.of(*word)),
                    Term::Const(value) => Amount::Const(*value),
                };
                let sums = [&guard.down, &guard.up].map(|terms| terms.iter().map(amount).collect());
                Step::Guard { sums: Sums { key: guard.key, sums }, ways: ways(pass, fail) }
            }
            Walk::Sentinel { equal, other, .. } => Step::Either(ways(equal, other)),
            Walk::Leaf { effects, .. } => Step::Leaf(effects.iter().map(|effect| self.effect(effect)).collect()),
        }
    }

    fn effect(&self, effect: &Effect) -> Sums {
        let amounts = |words: &[ExprId]| words.iter().map(|word| Amount::Word(self.registers.of(*word))).collect();
        Sums { key: effect.key, sums: [amounts(&effect.debits), amounts(&effect.credits)] }
    }
}

/// The open ways of one call.
struct Way<'a> {
    evaluated: Evaluated<'a>,
    /// Its place among those evaluated.
    at: usize,
    call: &'a Asker<'a>,
    flags: &'a [u32],
    most: Most,
}

impl Way<'_> {
    fn follow(&mut self, step: &Step) {
        match step {
            Step::Bit { condition, ways, .. } => self.decide(*condition, ways),
            Step::Read { condition, keys, ways } if keys.iter().all(|key| self.is_settled(*key)) => self.decide(*condition, ways),
            Step::Read { ways, .. } | Step::Either(ways) => ways.iter().for_each(|step| self.follow(step)),
            Step::Guard { sums, ways } => {
                ways.iter().for_each(|step| self.follow(step));
                self.raise(sums);
            }
            Step::Leaf(effects) => effects.iter().for_each(|sums| self.raise(sums)),
        }
    }

    fn decide(&mut self, condition: Register, ways: &[Step; 2]) {
        let no = self.evaluated.column(condition).word(self.at).is_zero();
        self.follow(&ways[usize::from(no)]);
    }

    /// Whether nobody of the segment changes the key's cell.
    fn is_settled(&self, key: KeyId) -> bool {
        let cell = self.call.cells[key.index()];
        cell != NO_CELL && is_free(self.flags[cell as usize])
    }

    fn raise(&mut self, sums: &Sums) {
        let asked = sums.add_up(|register| Some(*self.evaluated.column(register).word(self.at)));
        raise(&mut self.most, sums.key, asked.expect("every register has a word"));
    }
}

impl Sums {
    /// The sums of its amounts; `None` where there is no word for one.
    fn add_up(&self, word: impl Fn(Register) -> Option<U256>) -> Option<[U512; 2]> {
        let amount = |amount: &Amount| match amount {
            Amount::Word(register) => word(*register).map(U512::from),
            Amount::Const(value) => Some(U512::from(*value)),
        };
        let [down, up] = self.sums.each_ref().map(|amounts| amounts.iter().map(amount).sum::<Option<U512>>());
        Some([down?, up?])
    }
}

fn raise(most: &mut Most, key: KeyId, asked: [U512; 2]) {
    match most.iter_mut().find(|(known, _)| *known == key) {
        Some((_, most)) => most.iter_mut().zip(asked).for_each(|(most, asked)| *most = (*most).max(asked)),
        None => most.push((key, asked)),
    }
}
