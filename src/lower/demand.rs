//! What a call demands, known for each way through the walk before any code is written. The walk leaves its main way at guards and
//! sentinels to note what the other side demands; here those side ways are followed with the decisions that the main way has made, so that
//! every end lists its demands, each once and none that another covers.

use super::tree::{Test, Tree};
use crate::ir::access::{Alike, Term, Walk, Walker};
use crate::ir::{ExprId, Kernel, KeyId, LeafId};
use crate::limits;
use alloy_primitives::U256;
use std::collections::{BTreeMap, HashMap};

/// Ways that are followed, of which many come to the same end: some milliseconds.
const WAYS: usize = 16 * limits::PATHS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    Debits,
    Credits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amount {
    Word(ExprId),
    Const(U256),
}

/// Amounts that are added up, in order of their names.
pub type Sum = Vec<Amount>;

/// What a call demands of a key's cell on one side: the most of some sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    pub key: KeyId,
    pub side: Side,
    /// None is part of another.
    pub most_of: Vec<Sum>,
    /// What the leaf applies of it. Empty: nothing.
    pub applied: Sum,
}

impl Demand {
    /// Whether the leaf applies all that was demanded, whatever the amounts are.
    pub fn is_applied(&self) -> bool {
        matches!(&self.most_of[..], [only] if *only == self.applied)
    }
}

/// The end of one way through the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub leaf: LeafId,
    pub demands: Vec<Demand>,
    /// What the leaf stores to cells of the call's own.
    pub stores: Vec<(KeyId, ExprId)>,
}

/// The walk with its demands at the ends; `None` where the side ways make too many of them.
pub fn gather(kernel: &Kernel, walker: &Walker) -> Option<Tree<End>> {
    let alike = Alike::new(kernel, &walker.root);
    let start = Way { alike: &alike, pending: vec![(&walker.root, true)], decided: HashMap::new(), demands: BTreeMap::new(), leaf: None };
    follow(start, &mut 0).filter(|tree| tree.ends() <= limits::PATHS)
}

/// A way that has been followed so far.
#[derive(Clone)]
struct Way<'w> {
    alike: &'w Alike,
    /// Where it goes on; `true` for the main way, which ends in the call's leaf.
    pending: Vec<(&'w Walk, bool)>,
    decided: HashMap<Test, bool>,
    demands: BTreeMap<(KeyId, Side), Vec<Sum>>,
    /// The leaf of the main way.
    leaf: Option<&'w Walk>,
}

fn follow(mut way: Way<'_>, ends: &mut usize) -> Option<Tree<End>> {
    while let Some((walk, main)) = way.pending.pop() {
        if !main && !way.learns_from(walk) {
            continue;
        }
        let (test, yes, no) = match walk {
            Walk::Guard { guard, pass, fail } => {
                way.note(guard.key, Side::Debits, guard_sum(way.alike, &guard.down));
                way.note(guard.key, Side::Credits, guard_sum(way.alike, &guard.up));
                way.pending.push((fail, false));
                way.pending.push((pass, main));
                continue;
            }
            Walk::Leaf { effects, .. } => {
                for effect in effects {
                    way.note(effect.key, Side::Debits, effect_sum(way.alike, &effect.debits));
                    way.note(effect.key, Side::Credits, effect_sum(way.alike, &effect.credits));
                }
                if main {
                    way.leaf = Some(walk);
                }
                continue;
            }
            Walk::Sentinel { equal, other, .. } if !main => {
                way.pending.extend([(&**other, false), (&**equal, false)]);
                continue;
            }
            Walk::Sentinel { key, equal, other } => (Test::Sentinel(*key), equal, other),
            Walk::Bit { bit, yes, no } => (Test::Bit(*bit), yes, no),
            Walk::Read { condition, yes, no } => (Test::Word(way.alike.first(*condition)), yes, no),
        };
        if let Some(holds) = way.decided.get(&test) {
            let (taken, left) = if *holds { (yes, no) } else { (no, yes) };
            way.go_on(test, taken, left, main);
            continue;
        }
        let mut other = way.clone();
        way.decided.insert(test, true);
        way.go_on(test, yes, no, main);
        other.decided.insert(test, false);
        other.go_on(test, no, yes, main);
        return Some(Tree::decide(test, follow(way, ends)?, follow(other, ends)?));
    }
    *ends += 1;
    (*ends <= WAYS).then(|| Tree::End(way.end()))
}

impl<'w> Way<'w> {
    fn go_on(&mut self, test: Test, taken: &'w Walk, left: &'w Walk, main: bool) {
        // Of a sentinel both sides count.
        if let Test::Sentinel(_) = test {
            self.pending.push((left, false));
        }
        self.pending.push((taken, main));
    }

    /// Notes a sum that is demanded, unless it is part of one that is known.
    fn note(&mut self, key: KeyId, side: Side, sum: Sum) {
        if sum.is_empty() {
            return;
        }
        let sums = self.demands.entry((key, side)).or_default();
        if !sums.iter().any(|known| is_part(&sum, known)) {
            sums.retain(|known| !is_part(known, &sum));
            sums.push(sum);
            sums.sort_unstable();
        }
    }

    /// Whether some way from here demands what is not known yet.
    fn learns_from(&self, walk: &Walk) -> bool {
        let new = |key: KeyId, side: Side, sum: Sum| {
            let known = self.demands.get(&(key, side)).map_or(&[][..], |sums| sums);
            !sum.is_empty() && !known.iter().any(|known| is_part(&sum, known))
        };
        let learns = match walk {
            Walk::Bit { .. } | Walk::Read { .. } | Walk::Sentinel { .. } => false,
            Walk::Guard { guard, .. } => {
                new(guard.key, Side::Debits, guard_sum(self.alike, &guard.down))
                    || new(guard.key, Side::Credits, guard_sum(self.alike, &guard.up))
            }
            Walk::Leaf { effects, .. } => effects.iter().any(|effect| {
                new(effect.key, Side::Debits, effect_sum(self.alike, &effect.debits))
                    || new(effect.key, Side::Credits, effect_sum(self.alike, &effect.credits))
            }),
        };
        learns || walk.below().into_iter().any(|walk| self.learns_from(walk))
    }

    fn end(self) -> End {
        let Some(Walk::Leaf { leaf, effects, stores }) = self.leaf else { unreachable!("the main way ends in a leaf") };
        let applied = |key: KeyId, side: Side| {
            let effect = effects.iter().find(|effect| effect.key == key);
            effect.map_or(vec![], |effect| effect_sum(self.alike, if side == Side::Debits { &effect.debits } else { &effect.credits }))
        };
        let demands = self.demands.into_iter();
        let demands = demands.map(|((key, side), most_of)| Demand { key, side, most_of, applied: applied(key, side) }).collect();
        let stores = stores.iter().map(|(key, value)| (*key, self.alike.first(*value))).collect();
        End { leaf: *leaf, demands, stores }
    }
}

fn guard_sum(alike: &Alike, terms: &[Term]) -> Sum {
    sorted(terms.iter().filter_map(|term| match term {
        Term::Word(word) => Some(Amount::Word(alike.first(*word))),
        Term::Const(U256::ZERO) => None,
        Term::Const(value) => Some(Amount::Const(*value)),
    }))
}

fn effect_sum(alike: &Alike, words: &[ExprId]) -> Sum {
    sorted(words.iter().map(|word| Amount::Word(alike.first(*word))))
}

fn sorted(amounts: impl Iterator<Item = Amount>) -> Sum {
    let mut sum: Sum = amounts.collect();
    sum.sort_unstable();
    sum
}

/// Whether `sum` has all amounts of `part`, each as often.
fn is_part(part: &Sum, sum: &Sum) -> bool {
    let mut rest = sum.iter();
    part.iter().all(|amount| rest.any(|other| other == amount))
}
