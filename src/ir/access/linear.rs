//! Recognises what commutes: a word that is a cell's value less some amounts and plus others. The spellings of compilers have been made one
//! by `rules` before.

use super::guard;
use crate::ir::expr::{Binary, Expr, ExprId};
use crate::ir::kernel::{Kernel, KeyId, LoadId, Store};
use alloy_primitives::U256;
use std::collections::HashMap;

/// What a word is in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// What it was before.
    Itself,
    Const(U256),
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
    /// It is something else on the way, and in the end this, as a lock is. It is `written` too.
    pub restored: Option<Restored>,
    /// What is stored where it is written, else what the stored values are computed from besides the cell.
    pub words: Vec<ExprId>,
    /// The value that is stored last.
    pub last: ExprId,
}

/// A kernel with its keys gathered by cell.
pub struct View<'k> {
    pub kernel: &'k Kernel,
    class: Vec<usize>,
    /// By class what leaves debit and credit, where they do not write.
    netted: Vec<Vec<Change>>,
    leads: HashMap<ExprId, [bool; 2]>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Linear {
    pub(super) debits: Vec<ExprId>,
    pub(super) credits: Vec<ExprId>,
}

impl<'k> View<'k> {
    pub fn new(kernel: &'k Kernel, class: &[usize]) -> Self {
        let mut view = Self { kernel, class: class.to_vec(), netted: vec![vec![]; kernel.keys.len()], leads: guard::leads(kernel) };
        for leaf in &kernel.leaves {
            let netted = |change: &Change| !(change.written || change.debits.is_empty() && change.credits.is_empty());
            for change in view.changes(&leaf.stores).into_iter().filter(netted) {
                let of_class = &mut view.netted[class[change.keys[0].index()]];
                if !of_class.contains(&change) {
                    of_class.push(change);
                }
            }
        }
        view
    }

    /// What leaves debit and credit of a key's cell.
    pub(super) fn netted(&self, key: KeyId) -> &[Change] {
        &self.netted[self.class(key)]
    }

    /// Whether the two sides of a condition, yes and no, come to leaves that store anything.
    pub(super) fn leads(&self, condition: ExprId) -> [bool; 2] {
        self.leads.get(&condition).copied().unwrap_or_default()
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
                let (keys, debits, credits, written, restored, words) = Default::default();
                let change = Change { keys, debits, credits, written, restored, words, last: store.value };
                changes.push((class, change, Linear::default()));
                changes.len() - 1
            });
            let (_, change, current) = &mut changes[at];
            let again = !change.keys.is_empty();
            let linear = self.linear(store.value, class);
            change.restored = match self.kernel.exprs.as_const(store.value) {
                Some(word) => Some(Restored::Const(word)),
                None => (linear == Some(Linear::default())).then_some(Restored::Itself),
            };
            change.restored = change.restored.filter(|_| again);
            if !change.keys.contains(&store.key) {
                change.keys.push(store.key);
            }
            change.last = store.value;
            match linear {
                // Built on the latest value: nothing that was stored in between is lost.
                Some(next) if next.debits.starts_with(&current.debits) && next.credits.starts_with(&current.credits) => *current = next,
                _ => change.written = true,
            }
        }
        let finish = |(class, mut change, linear): (usize, Change, Linear)| {
            if change.written {
                // What is linear is nothing that is added up then.
                change.words = stores.iter().filter(|store| self.class(store.key) == class).map(|store| store.value).collect();
            } else {
                change.words = linear.debits.iter().chain(&linear.credits).copied().collect();
                (change.debits, change.credits) = (linear.debits, linear.credits);
            }
            change
        };
        changes.into_iter().map(finish).collect()
    }

    /// `word` as the cell's value before the call, less debits, plus credits.
    pub(super) fn linear(&self, word: ExprId, class: usize) -> Option<Linear> {
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

    pub(super) fn independent(&self, word: ExprId, class: usize) -> bool {
        self.kernel.deep_loads(word).into_iter().all(|load| self.class(self.kernel.load(load).key) != class)
    }
}
