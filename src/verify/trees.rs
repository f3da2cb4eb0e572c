//! The kernels of the contract, each with the way to every leaf of it. Nothing is compiled for a device here.

use crate::evm::{self, Entry};
use crate::ir::access::{Access, Best};
use crate::ir::{Expr, ExprId, Input, Kernel, LeafId, Node};
use crate::limits;
use alloy_primitives::Bytes;
use std::collections::HashMap;
use std::rc::Rc;

/// A branch on the way to a leaf, and which side the way takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub condition: ExprId,
    pub yes: bool,
}

#[derive(Debug)]
pub(super) struct Tree {
    pub kernel: Kernel,
    /// By leaf, from the root.
    pub ways: Vec<Vec<Turn>>,
    /// The leaves that the entry does not rule out: some ask whether there is value, which it says.
    pub leaves: Vec<LeafId>,
}

impl Tree {
    fn new(kernel: Kernel, entry: Entry) -> Self {
        let mut ways = vec![vec![]; kernel.leaves.len()];
        let mut open = vec![(kernel.root(), vec![])];
        while let Some((node, way)) = open.pop() {
            match kernel.node(node) {
                Node::Leaf(leaf) => ways[leaf.index()] = way,
                Node::Branch { condition, yes, no } => {
                    let turned = |side| way.iter().copied().chain([Turn { condition, yes: side }]).collect();
                    open.extend([(yes, turned(true)), (no, turned(false))]);
                }
            }
        }
        let asks = |turn: &Turn| *kernel.exprs.get(turn.condition) == Expr::Input(Input::Value);
        let fits = |leaf: &LeafId| ways[leaf.index()].iter().all(|turn| !asks(turn) || turn.yes == entry.with_value);
        let leaves = (0..kernel.leaves.len()).map(LeafId::from_index).filter(fits).collect();
        Self { kernel, ways, leaves }
    }

    /// The best lane that calls can have.
    pub(super) fn lane(&self) -> Best {
        Access::of(&self.kernel).lane()
    }
}

/// The trees met so far, by entry.
#[derive(Debug)]
pub(super) struct Trees {
    code: Bytes,
    known: HashMap<Entry, Option<Rc<Tree>>>,
}

impl Trees {
    pub(super) fn new(code: Bytes) -> Self {
        Self { code, known: HashMap::new() }
    }

    /// `None` where revm runs the call.
    pub(super) fn of(&mut self, entry: Entry) -> Option<Rc<Tree>> {
        if self.known.len() >= limits::KERNELS_PER_CODE && !self.known.contains_key(&entry) {
            return None;
        }
        let lower = || evm::lower(&self.code, entry).ok().map(|kernel| Rc::new(Tree::new(kernel, entry)));
        self.known.entry(entry).or_insert_with(lower).clone()
    }
}
