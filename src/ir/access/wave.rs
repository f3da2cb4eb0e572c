//! A wave runs the whole tree of calls whose cells nobody else touches meanwhile, not the walk: its conditions and the words it stores
//! need more of what inputs decide. Here is what a wave's row brings, and whether a device can run the tree at all.

use super::Walker;
use crate::ir::expr::{Binary, Expr, ExprId, Ternary};
use crate::ir::kernel::{Kernel, LoadId, Node, NodeId, Store};
use crate::limits;
use std::collections::HashSet;

/// What all operations of a module may cost, written out branch by branch: drivers compile thousands of word operations for seconds.
pub const DEVICE_COST: usize = 2_048;
/// What adding to a cell's total, or taking from it, costs in the same measure: nine atomic limbs, each with its carry.
pub const TOTAL_COST: usize = 16;

/// What a store of a wave costs: it sets an ordered cell, or adds the difference to one of a solvent cell's two totals.
const STORE_COST: usize = 3 * TOTAL_COST;

/// A kernel made ready for waves. A row's first columns are those of the walk: bits, cells and the walk's parameters.
#[derive(Debug, Clone)]
pub struct Waver {
    /// Words that inputs decide and the tree reads, those of the walk first.
    pub params: Vec<ExprId>,
    params_from: usize,
}

impl Waver {
    /// `None` where a device cannot run the tree: it hashes loaded words for a condition or a store, or it is too large.
    pub fn new(kernel: &Kernel, walker: &Walker) -> Option<Self> {
        let mut builder = Builder { kernel, walker, params: walker.params.clone(), known: HashSet::new(), cost: 0 };
        builder.node(kernel.root())?;
        if builder.params.len() > limits::PARAMS {
            return None;
        }
        Some(Self { params: builder.params, params_from: walker.param_column(0) })
    }

    pub fn param_column(&self, param: usize) -> usize {
        self.params_from + param * crate::word::LIMBS
    }

    pub fn columns(&self) -> usize {
        self.param_column(self.params.len())
    }
}

impl Kernel {
    /// The stores that a load may see, in order: from the last one to its own key on. That one is seen if no later one is.
    pub fn visible_shadows(&self, load: LoadId) -> &[Store] {
        let load = self.load(load);
        let from = load.shadows.iter().rposition(|store| store.key == load.key).unwrap_or(0);
        &load.shadows[from..]
    }
}

/// What evaluating a node costs once its operands are there, in additions, roughly.
pub fn device_cost(expr: &Expr) -> usize {
    match expr {
        Expr::Binary(Binary::Mul | Binary::Div | Binary::SDiv | Binary::Mod | Binary::SMod, ..) => 16,
        Expr::Binary(Binary::Exp, ..) | Expr::Ternary(Ternary::AddMod | Ternary::MulMod, _) => 32,
        // No device hashes.
        Expr::Keccak(_) => DEVICE_COST + 1,
        _ => 1,
    }
}

struct Builder<'k> {
    kernel: &'k Kernel,
    walker: &'k Walker,
    params: Vec<ExprId>,
    /// Evaluated on the way to the node.
    known: HashSet<ExprId>,
    cost: usize,
}

impl Builder<'_> {
    fn node(&mut self, id: NodeId) -> Option<()> {
        match self.kernel.node(id) {
            Node::Leaf(leaf) => {
                let stores: Vec<ExprId> = self.kernel.leaf(leaf).stores.iter().map(|store| store.value).collect();
                self.cost += STORE_COST * stores.len();
                self.within(stores, |_| Some(()))
            }
            Node::Branch { .. } if self.walker.ends[id.index()].is_some() => Some(()),
            Node::Branch { condition, yes, no } => {
                let words = if self.kernel.exprs.has_loads(condition) { vec![condition] } else { vec![] };
                self.within(words, |builder| {
                    builder.node(yes)?;
                    builder.node(no)
                })
            }
        }
    }

    /// Evaluates `words` and what they need, goes on below, and forgets them again.
    fn within(&mut self, mut words: Vec<ExprId>, below: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let mut new = Vec::new();
        while let Some(word) = words.pop() {
            if !self.known.insert(word) {
                continue;
            }
            new.push(word);
            let expr = self.kernel.exprs.get(word);
            match expr {
                Expr::Const(_) => continue,
                _ if !self.kernel.exprs.has_loads(word) => {
                    if !self.params.contains(&word) {
                        self.params.push(word);
                    }
                    continue;
                }
                Expr::Load(load) => words.extend(self.kernel.visible_shadows(*load).iter().map(|store| store.value)),
                _ => words.extend(self.kernel.exprs.children(word)),
            }
            self.cost += device_cost(expr);
        }
        if self.cost > DEVICE_COST {
            return None;
        }
        below(self)?;
        for word in &new {
            self.known.remove(word);
        }
        Some(())
    }
}
