//! What the verified batches reached, by function: without it a run without differences says nothing.

use super::Function;
use super::calls::Form;
use super::generate::Made;
use super::trees::Trees;
use crate::evm::Entry;
use crate::ir::LeafId;
use crate::ir::access::Best;
use crate::ir::eval::{Call, Run};
use crate::plan::resolve::Present;
use crate::state::State;
use crate::tx::{Lane, Status};
use std::collections::{BTreeMap, BTreeSet};

/// What calls came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub calls: usize,
    pub success: usize,
    pub revert: usize,
    pub halt: usize,
    /// The sender could not cover the value.
    pub invalid: usize,
    /// Where they really ran, over all runs.
    pub lanes_run: BTreeMap<Lane, usize>,
}

/// What was reached of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Its signature, or its selector.
    pub name: String,
    /// The best lane that its calls can have, as `inspect` shows it.
    pub lane: String,
    pub counts: Counts,
    /// Of the kernels of well-formed calls, with and without value.
    pub leaves_reached: usize,
    pub leaves: usize,
}

impl Counts {
    fn add(&mut self, status: Status) {
        self.calls += 1;
        match status {
            Status::Success => self.success += 1,
            Status::Revert => self.revert += 1,
            Status::Halt => self.halt += 1,
            Status::Invalid => self.invalid += 1,
        }
    }
}

/// The count as it goes.
#[derive(Debug, Default)]
pub(super) struct Counting {
    /// By function.
    counts: Vec<Counts>,
    /// Calls that are no function's.
    pub strays: Counts,
    /// By function: the kernels of its well-formed calls, and the leaves that those ended at.
    entries: Vec<BTreeSet<Entry>>,
    reached: Vec<BTreeSet<(Entry, LeafId)>>,
}

impl Counting {
    pub(super) fn new(functions: usize) -> Self {
        let (counts, strays) = (vec![Counts::default(); functions], Counts::default());
        Self { counts, strays, entries: vec![BTreeSet::new(); functions], reached: vec![BTreeSet::new(); functions] }
    }

    /// Notes the leaf that a transaction takes on the state that it meets.
    pub(super) fn meet(&mut self, made: &Made, index: usize, state: &State, forms: &[Form], trees: &mut Trees) {
        let (transaction, Some(function)) = (&made.case.transactions[index], made.functions[index]) else { return };
        if !forms[function].has_length(transaction.data.len()) {
            return;
        }
        let entry = Entry::of(&transaction.data, !transaction.value.is_zero());
        let Some(tree) = trees.of(entry) else { return };
        let leaf = Run::new(&tree.kernel, Call { transaction: transaction.into(), block: &made.case.block }).leaf(&mut Present { state });
        self.entries[function].insert(entry);
        self.reached[function].insert((entry, leaf));
    }

    pub(super) fn statuses(&mut self, made: &Made, statuses: &[Status]) {
        for (function, status) in made.functions.iter().zip(statuses) {
            self.of(*function).add(*status);
        }
    }

    pub(super) fn lanes(&mut self, made: &Made, lanes: &[Lane]) {
        for (function, lane) in made.functions.iter().zip(lanes) {
            *self.of(*function).lanes_run.entry(*lane).or_default() += 1;
        }
    }

    fn of(&mut self, function: Option<usize>) -> &mut Counts {
        function.map_or(&mut self.strays, |function| &mut self.counts[function])
    }

    pub(super) fn finish(self, functions: &[Function], trees: &mut Trees) -> (Vec<Coverage>, Counts) {
        let mut rows = Vec::new();
        for (((function, counts), entries), reached) in functions.iter().zip(self.counts).zip(self.entries).zip(self.reached) {
            let lane = best(function, trees);
            let trees: Vec<_> = entries.iter().filter_map(|entry| trees.of(*entry)).collect();
            let leaves = trees.iter().map(|tree| tree.leaves.len()).sum();
            let (name, lane) = (function.name.clone(), lane.to_string());
            rows.push(Coverage { name, lane, counts, leaves_reached: reached.len(), leaves });
        }
        (rows, self.strays)
    }
}

fn best(function: &Function, trees: &mut Trees) -> Best {
    let entry = |with_value| {
        let calldata_bytes = function.calldata?;
        Some(Entry { selector: function.called.filter(|_| calldata_bytes >= 4), calldata_bytes, with_value })
    };
    let entries = [entry(false), entry(true).filter(|_| function.payable)];
    let trees = entries.into_iter().flatten().filter_map(|entry| trees.of(entry));
    trees.map(|tree| tree.lane()).min().unwrap_or(Best::Fallback)
}
