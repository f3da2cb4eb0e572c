//! Recognises what commutes: a word that is a cell's value less some amounts and plus others, and the conditions that guard it. The
//! spellings of compilers have been made one by `rules` before.

use crate::ir::expr::{Binary, Expr, ExprId};
use crate::ir::kernel::{Kernel, KeyId, LoadId, Store};
use alloy_primitives::U256;

/// An amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Term {
    Word(ExprId),
    Const(U256),
}

impl Term {
    pub fn word(&self) -> Option<ExprId> {
        match self {
            Self::Word(word) => Some(*word),
            Self::Const(_) => None,
        }
    }
}

/// A condition that holds in every order as long as the cell's value covers `down` and leaves room for `up`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    pub key: KeyId,
    /// What the guard asks to be there, and what the call had itself taken by then.
    pub down: Vec<Term>,
    /// What the guard asks room for, and what the call had itself added by then.
    pub up: Vec<Term>,
    /// The condition's truth where the guard passes.
    pub pass: bool,
}

/// A condition on a netted cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    Guard(Guard),
    /// Whether the cell is MAX.
    Sentinel(KeyId),
}

/// What a leaf's stores do to one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The keys by which it is stored to.
    pub keys: Vec<KeyId>,
    pub debits: Vec<ExprId>,
    pub credits: Vec<ExprId>,
    /// It is not its load less debits plus credits.
    pub written: bool,
    /// What the stored values are computed from, besides the cell.
    pub words: Vec<ExprId>,
}

/// A kernel with its keys gathered by cell.
pub struct View<'k> {
    pub kernel: &'k Kernel,
    class: Vec<usize>,
    debited: Vec<bool>,
    credited: Vec<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Linear {
    debits: Vec<ExprId>,
    credits: Vec<ExprId>,
}

impl<'k> View<'k> {
    pub fn new(kernel: &'k Kernel, class: &[usize]) -> Self {
        let none = vec![false; kernel.keys.len()];
        let mut view = Self { kernel, class: class.to_vec(), debited: none.clone(), credited: none };
        for leaf in &kernel.leaves {
            for change in view.changes(&leaf.stores).into_iter().filter(|change| !change.written) {
                let class = view.class(change.keys[0]);
                view.debited[class] |= !change.debits.is_empty();
                view.credited[class] |= !change.credits.is_empty();
            }
        }
        view
    }

    pub fn class(&self, key: KeyId) -> usize {
        self.class[key.index()]
    }

    /// The shadow that hits the cell of a load.
    pub fn shadow(&self, load: LoadId) -> Option<Store> {
        let load = self.kernel.load(load);
        load.shadows.iter().rev().find(|store| self.class(store.key) == self.class(load.key)).copied()
    }

    /// The stores of a leaf, by cell, in the order of the first store.
    pub fn changes(&self, stores: &[Store]) -> Vec<Change> {
        let mut changes: Vec<(usize, Change, Linear)> = Vec::new();
        for store in stores {
            let class = self.class(store.key);
            let at = changes.iter().position(|(other, ..)| *other == class).unwrap_or_else(|| {
                let change = Change { keys: vec![], debits: vec![], credits: vec![], written: false, words: vec![] };
                changes.push((class, change, Linear::default()));
                changes.len() - 1
            });
            let (_, change, current) = &mut changes[at];
            if !change.keys.contains(&store.key) {
                change.keys.push(store.key);
            }
            match self.linear(store.value, class) {
                // Built on the latest value: nothing that was stored in between is lost.
                Some(next) if next.debits.starts_with(&current.debits) && next.credits.starts_with(&current.credits) => *current = next,
                _ => {
                    change.written = true;
                    change.words.push(store.value);
                }
            }
        }
        let finish = |(_, mut change, linear): (usize, Change, Linear)| {
            change.words.extend(linear.debits.iter().chain(&linear.credits));
            if !change.written {
                (change.debits, change.credits) = (linear.debits, linear.credits);
            }
            change
        };
        changes.into_iter().map(finish).collect()
    }

    /// What `condition` tests, where it is a guard or a sentinel test of a cell that is debited or credited somewhere.
    pub fn test(&self, condition: ExprId) -> Option<Test> {
        let loads = self.kernel.exprs.loads(condition).into_iter();
        let mut keys: Vec<KeyId> = loads.map(|load| self.kernel.load(load).key).collect();
        keys.dedup_by_key(|key| self.class(*key));
        keys.into_iter().find_map(|key| {
            let class = self.class(key);
            let (debited, credited) = (self.debited[class], self.credited[class]);
            (debited || credited).then(|| self.test_of(key, condition, debited)).flatten()
        })
    }

    fn test_of(&self, key: KeyId, condition: ExprId, debited: bool) -> Option<Test> {
        let class = self.class(key);
        let exprs = &self.kernel.exprs;
        match *exprs.get(condition) {
            Expr::Binary(Binary::Lt, a, b) => self.sum_guard(key, a, b).or_else(|| self.order_guard(key, a, b, debited)),
            Expr::Binary(Binary::Eq, a, b) => {
                let linear = self.linear(b, class).filter(|_| exprs.as_const(a) == Some(U256::MAX))?;
                match (debited, linear == Linear::default()) {
                    (true, true) => Some(Test::Sentinel(key)),
                    (true, false) => None,
                    // `MAX` cannot be incremented.
                    (false, _) => Some(ceiling(key, linear, Term::Const(U256::ONE))),
                }
            }
            // Not zero.
            _ if debited => Some(floor(key, self.linear(condition, class)?, vec![Term::Const(U256::ONE)], true)),
            _ => None,
        }
    }

    /// `value + amount < value`: it wrapped.
    fn sum_guard(&self, key: KeyId, sum: ExprId, term: ExprId) -> Option<Test> {
        let class = self.class(key);
        let Expr::Binary(Binary::Add, p, q) = *self.kernel.exprs.get(sum) else {
            return None;
        };
        if term != p && term != q {
            return None;
        }
        [(p, q), (q, p)].into_iter().find_map(|(value, amount)| {
            let linear = self.linear(value, class).filter(|_| self.independent(amount, class))?;
            Some(ceiling(key, linear, Term::Word(amount)))
        })
    }

    /// `value < amount`, or `amount < value`.
    fn order_guard(&self, key: KeyId, a: ExprId, b: ExprId, debited: bool) -> Option<Test> {
        let class = self.class(key);
        if let Some(linear) = self.linear(a, class).filter(|_| debited && self.independent(b, class)) {
            return Some(floor(key, linear, vec![Term::Word(b)], false));
        }
        let linear = self.linear(b, class).filter(|_| self.independent(a, class))?;
        match self.kernel.exprs.as_const(a) {
            _ if debited => Some(floor(key, linear, vec![Term::Word(a), Term::Const(U256::ONE)], true)),
            Some(bound) => Some(ceiling(key, linear, Term::Const(U256::MAX - bound))),
            None => None,
        }
    }

    /// `word` as the cell's value before the call, less debits, plus credits.
    fn linear(&self, word: ExprId, class: usize) -> Option<Linear> {
        match *self.kernel.exprs.get(word) {
            Expr::Load(load) if self.class(self.kernel.load(load).key) == class => match self.shadow(load) {
                Some(store) => self.linear(store.value, class),
                None => Some(Linear::default()),
            },
            Expr::Binary(Binary::Sub, a, b) if self.independent(b, class) => {
                let mut linear = self.linear(a, class)?;
                linear.debits.push(b);
                Some(linear)
            }
            Expr::Binary(Binary::Add, a, b) => [(a, b), (b, a)].into_iter().find_map(|(value, amount)| {
                let mut linear = self.linear(value, class).filter(|_| self.independent(amount, class))?;
                linear.credits.push(amount);
                Some(linear)
            }),
            _ => None,
        }
    }

    fn independent(&self, word: ExprId, class: usize) -> bool {
        self.kernel.deep_loads(word).into_iter().all(|load| self.class(self.kernel.load(load).key) != class)
    }
}

fn floor(key: KeyId, taken: Linear, asked: Vec<Term>, pass: bool) -> Test {
    let down = taken.debits.into_iter().map(Term::Word).chain(asked).collect();
    Test::Guard(Guard { key, down, up: taken.credits.into_iter().map(Term::Word).collect(), pass })
}

/// Fails where the condition holds.
fn ceiling(key: KeyId, taken: Linear, asked: Term) -> Test {
    let up = taken.credits.into_iter().map(Term::Word).chain([asked]).collect();
    Test::Guard(Guard { key, down: taken.debits.into_iter().map(Term::Word).collect(), up, pass: false })
}
