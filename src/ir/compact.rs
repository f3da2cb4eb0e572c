//! A kernel without what exploring left behind: only the keys, loads and expressions that its tree reaches, numbered as the tree meets them.

use super::expr::{Expr, ExprId, Preimage};
use super::kernel::{Data, Kernel, Key, KeyId, Leaf, LeafId, Load, Log, Node, NodeId, Store};
use std::collections::HashMap;

impl Kernel {
    pub fn compact(&self) -> Self {
        let mut copy = Copy { from: self, to: Self::default(), done: HashMap::new() };
        copy.node(self.root());
        copy.to
    }
}

struct Copy<'a> {
    from: &'a Kernel,
    to: Kernel,
    done: HashMap<ExprId, ExprId>,
}

impl Copy<'_> {
    fn node(&mut self, id: NodeId) -> NodeId {
        match self.from.node(id) {
            Node::Leaf(leaf) => self.leaf(leaf),
            Node::Branch { condition, yes, no } => {
                let condition = self.expr(condition);
                let (yes, no) = (self.node(yes), self.node(no));
                self.to.push_node(Node::Branch { condition, yes, no })
            }
        }
    }

    fn leaf(&mut self, id: LeafId) -> NodeId {
        let leaf = self.from.leaf(id);
        let stores = self.stores(&leaf.stores);
        let logs = leaf.logs.iter().map(|log| Log { topics: self.words(&log.topics), data: self.data(&log.data) }).collect();
        let data = self.data(&leaf.data);
        self.to.push_leaf(Leaf { outcome: leaf.outcome.clone(), data, stores, logs, gas: leaf.gas })
    }

    fn data(&mut self, data: &Data) -> Data {
        Data { words: self.words(&data.words), len_bytes: data.len_bytes }
    }

    fn words(&mut self, words: &[ExprId]) -> Vec<ExprId> {
        words.iter().map(|word| self.expr(*word)).collect()
    }

    fn stores(&mut self, stores: &[Store]) -> Vec<Store> {
        stores.iter().map(|store| Store { key: self.key(store.key), value: self.expr(store.value) }).collect()
    }

    fn key(&mut self, id: KeyId) -> KeyId {
        let key = match self.from.key(id) {
            Key::Storage(word) => Key::Storage(self.expr(word)),
            Key::Native(word) => Key::Native(self.expr(word)),
        };
        self.to.intern_key(key)
    }

    /// Rules have been applied already: nodes are copied as they are.
    fn expr(&mut self, id: ExprId) -> ExprId {
        if let Some(done) = self.done.get(&id) {
            return *done;
        }
        let copy = match self.from.exprs.get(id) {
            Expr::Load(load) => {
                let load = self.from.load(*load);
                let load = Load { key: self.key(load.key), shadows: self.stores(&load.shadows) };
                self.to.intern_load(load)
            }
            expr => {
                let expr = match expr {
                    Expr::Unary(op, a) => Expr::Unary(*op, self.expr(*a)),
                    Expr::Binary(op, a, b) => Expr::Binary(*op, self.expr(*a), self.expr(*b)),
                    Expr::Ternary(op, operands) => Expr::Ternary(*op, operands.map(|operand| self.expr(operand))),
                    Expr::Keccak(preimage) => Expr::Keccak(Preimage { words: self.words(&preimage.words).into(), ..preimage.clone() }),
                    other => other.clone(),
                };
                self.to.exprs.intern(expr)
            }
        };
        self.done.insert(id, copy);
        copy
    }
}
