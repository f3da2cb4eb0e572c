//! What evaluating words costs a core, in additions, roughly. What a device pays is another matter: `access` says that.

use super::expr::{Binary, Expr, ExprId, Exprs, Preimage, Ternary};
use super::kernel::{Kernel, Node, NodeId};
use super::structure::Structure;
use std::collections::HashSet;

/// Bytes that one permutation of Keccak-256 takes in.
const KECCAK_RATE_BYTES: usize = 136;

fn permutations(preimage: &Preimage) -> usize {
    1 + preimage.len_bytes as usize / KECCAK_RATE_BYTES
}

impl Exprs {
    /// What evaluating a node costs once its operands are there.
    pub fn cost(&self, id: ExprId) -> usize {
        match self.get(id) {
            Expr::Const(_) => 0,
            Expr::Input(_) | Expr::Load(_) | Expr::Unary(..) => 1,
            Expr::Binary(Binary::Mul, ..) => 4,
            Expr::Binary(Binary::Div | Binary::SDiv | Binary::Mod | Binary::SMod, ..) => 16,
            // A squaring, and mostly a product, for each bit of the exponent.
            Expr::Binary(Binary::Exp, _, exponent) => 8 * self.ones(*exponent).bit_len().max(1),
            Expr::Binary(..) => 1,
            Expr::Ternary(Ternary::AddMod | Ternary::MulMod, _) => 64,
            Expr::Keccak(preimage) => 100 * permutations(preimage),
        }
    }
}

impl Kernel {
    /// What evaluating every expression once costs.
    pub fn cost(&self) -> usize {
        (0..self.exprs.len()).map(|index| self.exprs.cost(ExprId::from_index(index))).sum()
    }

    /// The nodes of all that is asked on the way to each leaf and stored there, written out leaf by leaf: what analysing the kernel goes
    /// through.
    pub fn written_out(&self) -> usize {
        self.below(self.root(), 0)
    }

    /// Of the leaves below a node, to which the way so far has so many nodes.
    fn below(&self, id: NodeId, way: usize) -> usize {
        match self.node(id) {
            Node::Leaf(leaf) => self.leaf(leaf).stores.iter().fold(way, |sum, store| sum + self.exprs.size(store.value)),
            Node::Branch { condition, yes, no } => {
                let way = way + self.exprs.size(condition);
                self.below(yes, way) + self.below(no, way)
            }
        }
    }

    /// Permutations of Keccak-256 that naming all cells takes.
    pub fn name_hashes(&self) -> usize {
        let (mut open, mut seen): (Vec<ExprId>, _) = (self.keys.iter().map(|key| key.word()).collect(), HashSet::new());
        let mut hashes = 0;
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Expr::Keccak(preimage) = self.exprs.get(id) {
                hashes += permutations(preimage);
            }
            open.extend(self.exprs.children(id));
        }
        hashes
    }

    /// What resolving a call evaluates, whichever way the call takes: what inputs decide of conditions and of stored words, and the words
    /// that fill in the names of cells.
    pub fn resolve_cost(&self) -> usize {
        let conditions = self.nodes.iter().filter_map(|node| match node {
            Node::Branch { condition, .. } => Some(*condition),
            Node::Leaf(_) => None,
        });
        let stored = self.leaves.iter().flat_map(|leaf| &leaf.stores).map(|store| store.value);
        let mut open: Vec<(ExprId, bool)> = conditions.chain(stored).map(|id| (id, false)).collect();
        open.extend(self.keys.iter().flat_map(|key| Structure::of(&self.exprs, *key).holes).map(|id| (id, true)));
        let (mut seen, mut counted, mut cost) = (HashSet::new(), HashSet::new(), 0);
        while let Some((id, named)) = open.pop() {
            if !seen.insert((id, named)) {
                continue;
            }
            let counts = named || !self.exprs.has_loads(id);
            if counts && counted.insert(id) {
                cost += self.exprs.cost(id);
            }
            if let Expr::Load(load) = self.exprs.get(id) {
                open.extend(self.load(*load).shadows.iter().map(|store| (store.value, named)));
            }
            open.extend(self.exprs.children(id).into_iter().map(|child| (child, named)));
        }
        cost
    }
}
