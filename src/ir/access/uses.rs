//! What a leaf does to its cells, where some keys may name one cell. The walk that counts for it knows nothing of that: it looks at every key
//! by itself. So a leaf is seen both ways, and where the walk would count wrong the cell is a write.

use super::guard::{Bound, Guard, Term, Test};
use super::linear::{Change, Restored, View};
use super::{Way, flags};
use crate::ir::expr::ExprId;
use crate::ir::kernel::{Kernel, KeyId, LeafId, LoadId};
use alloy_primitives::U256;
use std::collections::{BTreeMap, BTreeSet};

/// A kernel seen with its keys gathered by cell, and as its walk sees it: each key by itself.
pub(super) struct Views<'k> {
    kernel: &'k Kernel,
    by_cell: View<'k>,
    by_key: View<'k>,
}

impl<'k> Views<'k> {
    pub(super) fn new(kernel: &'k Kernel, class: &[usize]) -> Self {
        let alone: Vec<usize> = (0..kernel.keys.len()).collect();
        Self { kernel, by_cell: View::new(kernel, class), by_key: View::new(kernel, &alone) }
    }

    fn class(&self, key: KeyId) -> usize {
        self.by_cell.class(key)
    }
}

/// What one leaf does to its cells, by class.
pub(super) struct Uses<'v, 'k> {
    views: &'v Views<'k>,
    pub(super) flags: BTreeMap<usize, u32>,
    pub(super) keys: BTreeSet<KeyId>,
    /// What guards ask besides amounts.
    pub(super) bounds: Vec<(KeyId, Bound)>,
    /// The constants that words come to hold again, by the key of the last store.
    pub(super) restores: Vec<(KeyId, U256)>,
    /// Classes that amounts hang on.
    pub(super) feeding: BTreeSet<usize>,
    /// Classes that the words of keys hang on.
    pub(super) naming: BTreeSet<usize>,
    /// Classes compared with the sentinel, and found different.
    tested: BTreeSet<usize>,
    /// Amounts that guards have found in a cell, by class.
    found: BTreeSet<(usize, Term)>,
    /// By key the last guard that the walk has counted on the way.
    counted: BTreeMap<KeyId, Guard>,
    /// Loads that have been marked.
    seen: BTreeSet<(LoadId, u32)>,
}

impl<'v, 'k> Uses<'v, 'k> {
    /// What `leaf` does, on the way to it.
    pub(super) fn of(views: &'v Views<'k>, way: &Way, leaf: LeafId) -> Self {
        let (flags, keys, bounds, restores, feeding, naming, tested, found, counted, seen) = Default::default();
        let mut uses = Self { views, flags, keys, bounds, restores, feeding, naming, tested, found, counted, seen };
        way.conditions.iter().for_each(|(condition, holds)| uses.condition(*condition, *holds));
        way.shown.iter().for_each(|condition| uses.use_as(*condition, flags::SHOWN));
        let leaf = views.kernel.leaf(leaf);
        let parts = views.by_key.changes(&leaf.stores);
        views.by_cell.changes(&leaf.stores).iter().for_each(|change| uses.change(change, &parts));
        let logs = leaf.logs.iter().flat_map(|log| log.topics.iter().chain(&log.data.words));
        leaf.data.words.iter().chain(logs).for_each(|word| uses.use_as(*word, flags::SHOWN));
        let words: Vec<ExprId> = uses.keys.iter().map(|key| views.kernel.key(*key).word()).collect();
        uses.naming = words.into_iter().flat_map(|word| uses.hangs_on(word)).collect();
        uses
    }

    fn mark(&mut self, key: KeyId, flags: u32) {
        if flags != flags::SHOWN {
            self.keys.insert(key);
        }
        *self.flags.entry(self.views.class(key)).or_default() |= flags;
    }

    /// Marks what `word` is computed from as read.
    fn read(&mut self, word: ExprId) {
        self.use_as(word, flags::READ);
    }

    fn use_as(&mut self, word: ExprId, flag: u32) {
        let kernel = self.views.kernel;
        for id in kernel.exprs.loads(word) {
            if !self.seen.insert((id, flag)) {
                continue;
            }
            let load = kernel.load(id);
            match self.views.by_cell.shadow(id) {
                // The call's own store is what it reads; the walk takes the cell's value before the call.
                Some(store) => {
                    self.use_as(store.value, flag);
                    self.mark(load.key, if flag == flags::READ { flags::WRITE | flags::MISCOUNTED } else { flag });
                }
                None => self.mark(load.key, flag),
            }
            let keys = load.shadows.iter().map(|store| store.key).chain([load.key]);
            keys.for_each(|key| self.use_as(kernel.key(key).word(), flag));
        }
    }

    /// Marks what an amount hangs on.
    fn feed(&mut self, word: ExprId) {
        let classes: Vec<usize> = self.hangs_on(word).collect();
        self.feeding.extend(classes);
    }

    fn hangs_on(&self, word: ExprId) -> impl Iterator<Item = usize> + 'v {
        let views = self.views;
        views.kernel.deep_loads(word).into_iter().map(|load| views.class(views.kernel.load(load).key))
    }

    fn condition(&mut self, condition: ExprId, holds: bool) {
        let test = self.views.by_cell.test(condition);
        match &test {
            Some(Test::Guard(guard)) => {
                self.tests(condition, guard.key, flags::GUARD);
                self.bounds.extend(guard.bound.map(|bound| (guard.key, bound)));
                self.found.extend(guard.floor().filter(|_| holds == guard.pass).map(|amount| (self.views.class(guard.key), amount)));
                guard.words().for_each(|word| {
                    self.read(word);
                    self.feed(word);
                });
            }
            Some(Test::Sentinel(key)) => {
                self.tests(condition, *key, flags::SENTINEL);
                if !holds {
                    self.tested.insert(self.views.class(*key));
                }
            }
            None => self.read(condition),
        }
        let counted = self.views.by_key.test(condition);
        if !self.counts(&test, &counted) {
            let loads = self.views.kernel.exprs.loads(condition);
            loads.into_iter().for_each(|id| self.mark(self.views.kernel.load(id).key, flags::WRITE | flags::MISCOUNTED));
        }
        if let Some(Test::Guard(guard)) = counted {
            self.counted.insert(guard.key, guard);
        }
    }

    /// Marks the cell that a condition tests, by every key that it is loaded by. Which stores precede a load hangs on their keys.
    fn tests(&mut self, condition: ExprId, key: KeyId, flag: u32) {
        let (kernel, views) = (self.views.kernel, self.views);
        self.mark(key, flag);
        for id in kernel.deep_loads(condition) {
            let load = kernel.load(id);
            if views.class(load.key) == views.class(key) {
                self.mark(load.key, flag);
                let keys = load.shadows.iter().map(|store| store.key).chain([load.key]);
                keys.for_each(|key| self.read(kernel.key(key).word()));
            }
        }
    }

    /// Whether the walk counts for a condition, seen key by key, no less than what it is on its cell.
    fn counts(&self, test: &Option<Test>, counted: &Option<Test>) -> bool {
        match (test, counted) {
            (None, None) => true,
            (Some(Test::Sentinel(a)), Some(Test::Sentinel(b))) => self.views.class(*a) == self.views.class(*b),
            (Some(Test::Guard(asked)), Some(Test::Guard(counted))) => {
                let same = asked.pass == counted.pass && self.views.class(asked.key) == self.views.class(counted.key);
                same && asked.bound == counted.bound
                    && self.covers(asked, counted, |guard| &guard.down)
                    && self.covers(asked, counted, |guard| &guard.up)
            }
            _ => false,
        }
    }

    /// Whether a guard asks for what the walk counts at it, and what it has counted at guards of the cell's other keys before.
    fn covers(&self, asked: &Guard, counted: &Guard, terms: impl Fn(&Guard) -> &Vec<Term>) -> bool {
        let class = self.views.class(asked.key);
        let mut open = terms(asked).clone();
        let others = self.counted.values().filter(|guard| self.views.class(guard.key) == class && guard.key != counted.key);
        let whole = terms(counted).iter().all(|term| remove(&mut open, term));
        for term in others.flat_map(terms) {
            remove(&mut open, term);
        }
        whole && open.is_empty()
    }

    fn change(&mut self, change: &Change, parts: &[Change]) {
        let kernel = self.views.kernel;
        change.keys.iter().for_each(|key| self.read(kernel.key(*key).word()));
        let class = self.views.class(change.keys[0]);
        // The walk must neither take a part of it for a debit or a credit, nor store one.
        let mut parts_of_cell = parts.iter().filter(|part| self.views.class(part.keys[0]) == class);
        let restored = change.restored.filter(|_| change.written && parts_of_cell.all(|part| part.written && part.restored.is_some()));
        let mut flags = match restored {
            Some(Restored::Itself) => flags::READ,
            Some(Restored::Const(word)) => {
                self.restores.push((change.keys[0], word));
                flags::RESTORE
            }
            _ if change.written && change.restored.is_none() => flags::WRITE,
            _ if change.written || !self.adds_up(change, parts) => flags::WRITE | flags::MISCOUNTED,
            _ => 0,
        };
        if !change.debits.is_empty() {
            flags |= flags::DEBIT | if self.tested.contains(&class) { 0 } else { flags::PLAIN_DEBIT };
        }
        let is_found = |word: ExprId| self.found.contains(&(class, Term::Word(word)));
        if !(change.debits.is_empty() || matches!(change.debits[..], [word] if is_found(word))) {
            flags |= flags::UNGUARDED;
        }
        if !change.credits.is_empty() {
            flags |= flags::CREDIT;
        }
        // A word stored as it was: whoever changes it in between would be undone.
        if flags == 0 {
            flags = flags::READ;
        }
        change.keys.iter().for_each(|key| self.mark(*key, flags));
        change.words.iter().for_each(|word| self.read(*word));
        change.debits.iter().chain(&change.credits).for_each(|word| self.feed(*word));
    }

    /// Whether what the walk applies to a cell key by key is what is done to it.
    fn adds_up(&self, change: &Change, parts: &[Change]) -> bool {
        let (mut debits, mut credits) = (change.debits.clone(), change.credits.clone());
        let parts = parts.iter().filter(|part| self.views.class(part.keys[0]) == self.views.class(change.keys[0]));
        let all = parts.into_iter().all(|part| {
            !part.written
                && part.debits.iter().all(|word| remove(&mut debits, word))
                && part.credits.iter().all(|word| remove(&mut credits, word))
        });
        all && debits.is_empty() && credits.is_empty()
    }
}

/// Takes one `item` out of `list`; `false` where there is none.
pub(super) fn remove<T: PartialEq>(list: &mut Vec<T>, item: &T) -> bool {
    let at = list.iter().position(|other| other == item);
    at.map(|at| list.swap_remove(at)).is_some()
}
