//! The decision tree and what it refers to. Plain data and its consistency; built by `evm`, read by everything else.

use super::expr::{Binary, ExprId, Exprs, Input};
use crate::tx::Status;
use alloy_primitives::U256;
use std::collections::HashMap;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(super) u32);

        impl $name {
            pub fn index(self) -> usize {
                self.0 as usize
            }

            pub fn from_index(index: usize) -> Self {
                Self(index as u32)
            }
        }
    )*};
}

ids!(
    /// A key of the kernel.
    KeyId,
    /// A load of the kernel.
    LoadId,
    /// A node of the tree.
    NodeId,
    /// A leaf of the tree.
    LeafId
);

/// The name of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// The storage slot that this word gives.
    Storage(ExprId),
    /// The native balance, in wei, of the account in the low 160 bits of this word.
    Native(ExprId),
}

impl Key {
    pub fn word(self) -> ExprId {
        match self {
            Self::Storage(word) | Self::Native(word) => word,
        }
    }
}

/// The value of a cell, after the stores in `shadows` (in order), which may or may not hit it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Load {
    pub key: KeyId,
    pub shadows: Vec<Store>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Store {
    pub key: KeyId,
    pub value: ExprId,
}

/// Bytes: words, of which the last is cut to what `len_bytes` leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Data {
    pub words: Vec<ExprId>,
    pub len_bytes: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    pub topics: Vec<ExprId>,
    pub data: Data,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Return,
    Revert,
    /// An exceptional halt.
    Halt,
    /// The sender cannot cover the value.
    Invalid,
    /// The path does not lower, for this reason at this byte of the code.
    Escape {
        reason: String,
        at: usize,
    },
}

impl Outcome {
    /// `None` for an escape, which ends nothing.
    pub fn status(&self) -> Option<Status> {
        match self {
            Self::Return => Some(Status::Success),
            Self::Revert => Some(Status::Revert),
            Self::Halt => Some(Status::Halt),
            Self::Invalid => Some(Status::Invalid),
            Self::Escape { .. } => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    pub outcome: Outcome,
    /// Return or revert data.
    pub data: Data,
    /// In order; a later store to the same cell wins.
    pub stores: Vec<Store>,
    pub logs: Vec<Log>,
    /// The sum of the static gas of the opcodes on the path.
    pub gas: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// Goes to `yes` where `condition` is not zero.
    Branch {
        condition: ExprId,
        yes: NodeId,
        no: NodeId,
    },
    Leaf(LeafId),
}

/// One function of one code, for one calldata length, with or without value.
#[derive(Debug, Clone, Default)]
pub struct Kernel {
    pub exprs: Exprs,
    pub keys: Vec<Key>,
    pub loads: Vec<Load>,
    /// The root is the last node: children come first.
    pub nodes: Vec<Node>,
    pub leaves: Vec<Leaf>,
    key_ids: HashMap<Key, KeyId>,
    load_ids: HashMap<Load, LoadId>,
}

impl Kernel {
    pub fn root(&self) -> NodeId {
        NodeId::from_index(self.nodes.len() - 1)
    }

    pub fn node(&self, id: NodeId) -> Node {
        self.nodes[id.index()]
    }

    pub fn leaf(&self, id: LeafId) -> &Leaf {
        &self.leaves[id.index()]
    }

    pub fn load(&self, id: LoadId) -> &Load {
        &self.loads[id.index()]
    }

    pub fn key(&self, id: KeyId) -> Key {
        self.keys[id.index()]
    }

    pub fn load_ids(&self) -> impl Iterator<Item = LoadId> + use<> {
        (0..self.loads.len()).map(LoadId::from_index)
    }

    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> + use<> {
        (0..self.keys.len()).map(KeyId::from_index)
    }

    pub fn intern_key(&mut self, key: Key) -> KeyId {
        let next = KeyId::from_index(self.keys.len());
        let id = *self.key_ids.entry(key).or_insert(next);
        if id == next {
            self.keys.push(key);
        }
        id
    }

    /// The expression for a load.
    pub fn intern_load(&mut self, load: Load) -> ExprId {
        let seen = load.shadows.iter().flat_map(|store| [store.value, self.key(store.key).word()]);
        let behind: Vec<ExprId> = seen.chain([self.key(load.key).word()]).collect();
        let next = LoadId::from_index(self.loads.len());
        let id = *self.load_ids.entry(load.clone()).or_insert(next);
        if id == next {
            self.loads.push(load);
        }
        self.exprs.load(id, &behind)
    }

    pub fn push_leaf(&mut self, leaf: Leaf) -> NodeId {
        self.leaves.push(leaf);
        self.push_node(Node::Leaf(LeafId::from_index(self.leaves.len() - 1)))
    }

    pub fn push_node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId::from_index(self.nodes.len() - 1)
    }

    /// Whether two keys cannot name the same cell, whatever the call.
    pub fn distinct(&self, a: KeyId, b: KeyId) -> bool {
        match (self.key(a), self.key(b)) {
            (Key::Storage(a), Key::Storage(b)) => apart(&self.exprs, a, b),
            (Key::Native(a), Key::Native(b)) => {
                matches!((self.exprs.as_const(a), self.exprs.as_const(b)), (Some(a), Some(b)) if a != b)
            }
            _ => true,
        }
    }

    /// For each node a leaf below it, where all leaves below it end alike: which of them a call comes to is only shown.
    pub fn ends(&self) -> Vec<Option<LeafId>> {
        let mut ends: Vec<Option<LeafId>> = Vec::with_capacity(self.nodes.len());
        // Children come first.
        for node in &self.nodes {
            let end = match *node {
                Node::Leaf(leaf) => Some(leaf),
                Node::Branch { yes, no, .. } => match (ends[yes.index()], ends[no.index()]) {
                    (Some(yes), Some(no)) if self.alike(yes, no) => Some(yes),
                    _ => None,
                },
            };
            ends.push(end);
        }
        ends
    }

    /// Whether two leaves differ at most in what they show.
    pub fn alike(&self, a: LeafId, b: LeafId) -> bool {
        let silent = |leaf: LeafId| self.leaf(leaf).outcome.status().filter(|_| self.leaf(leaf).stores.is_empty());
        a == b || (silent(a).is_some() && silent(a) == silent(b))
    }

    /// The loads that `id` depends on, those behind shadows, and behind the keys that decide which shadow hits, included.
    pub fn deep_loads(&self, id: ExprId) -> Vec<LoadId> {
        let mut found = self.exprs.loads(id);
        let mut next = 0;
        while next < found.len() {
            let load = self.load(found[next]);
            let seen = load.shadows.iter().flat_map(|store| [store.value, self.key(store.key).word()]);
            let words = seen.chain([self.key(load.key).word()]);
            for id in words.flat_map(|word| self.exprs.loads(word)).collect::<Vec<_>>() {
                if !found.contains(&id) {
                    found.push(id);
                }
            }
            next += 1;
        }
        found.sort_unstable();
        found
    }

    /// A transfer of value to an account without code: what a call with value does before the code runs.
    pub fn transfer() -> Self {
        let mut kernel = Self::default();
        let (caller, callee) = (kernel.exprs.input(Input::Caller), kernel.exprs.input(Input::Address));
        let (guard, stores) = kernel.value_move(caller, callee);
        let no = kernel.push_leaf(Leaf::new(Outcome::Return).with_stores(stores));
        kernel.finish_with_value(guard, no);
        kernel
    }

    /// The guard that fails (is true) where `from` cannot cover the value, and the two stores of the move.
    pub fn value_move(&mut self, from: ExprId, to: ExprId) -> (ExprId, Vec<Store>) {
        let value = self.exprs.input(Input::Value);
        let (from, to) = (self.intern_key(Key::Native(from)), self.intern_key(Key::Native(to)));
        let before = self.intern_load(Load { key: from, shadows: vec![] });
        let guard = self.exprs.binary(Binary::Lt, before, value);
        let debit = Store { key: from, value: self.exprs.binary(Binary::Sub, before, value) };
        let before = self.intern_load(Load { key: to, shadows: vec![debit] });
        let credit = Store { key: to, value: self.exprs.binary(Binary::Add, before, value) };
        (guard, vec![debit, credit])
    }

    /// Puts the value check above `rest`.
    pub fn finish_with_value(&mut self, guard: ExprId, rest: NodeId) -> NodeId {
        let yes = self.push_leaf(Leaf::new(Outcome::Invalid));
        self.push_node(Node::Branch { condition: guard, yes, no: rest })
    }
}

impl Leaf {
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, data: Data::default(), stores: vec![], logs: vec![], gas: 0 }
    }

    pub fn with_stores(mut self, stores: Vec<Store>) -> Self {
        self.stores = stores;
        self
    }

    pub fn succeeds(&self) -> bool {
        self.outcome == Outcome::Return
    }
}

/// Words that differ for all inputs: other constants, preimages that differ (KECCAK256 does not collide, nor hit the first slots),
/// fields of one struct.
fn apart(exprs: &Exprs, a: ExprId, b: ExprId) -> bool {
    use super::expr::Expr::{Const, Keccak};
    let ((a, m), (b, n)) = (split_offset(exprs, a), split_offset(exprs, b));
    let low = |word: U256| word < U256::ONE << 64;
    match (exprs.get(a), exprs.get(b)) {
        (Const(p), Const(q)) => p.wrapping_add(m) != q.wrapping_add(n),
        (Const(p), Keccak(_)) => low(*p) && low(n),
        (Keccak(_), Const(q)) => low(*q) && low(m),
        (Keccak(_), Keccak(_)) if a == b => m != n,
        (Keccak(p), Keccak(q)) if m == n => p.len_bytes != q.len_bytes || p.words.iter().zip(&q.words).any(|(p, q)| apart(exprs, *p, *q)),
        _ => false,
    }
}

fn split_offset(exprs: &Exprs, word: ExprId) -> (ExprId, U256) {
    use super::expr::Expr::Binary as Operation;
    match exprs.get(word) {
        Operation(Binary::Add, a, b) => match exprs.as_const(*a) {
            Some(offset) => (*b, offset),
            None => (word, Default::default()),
        },
        _ => (word, Default::default()),
    }
}
