//! The walk: the decision tree as clearing goes down it. Where the tree asks a guard, the walk goes both ways and notes the demand; what
//! stays a choice is what the call's inputs or free cells decide. `lower` writes it as WGSL, `exec::cpu` interprets it.

use super::guard::{Guard, Term, Test};
use super::linear::View;
use super::wave::{DEVICE_COST, TOTAL_COST, device_cost};
use crate::ir::expr::{Binary, Expr, ExprId};
use crate::ir::kernel::{Kernel, KeyId, LeafId, Node, NodeId, Store};
use crate::limits;
use crate::word::LIMBS;
use alloy_primitives::U256;
use std::collections::BTreeSet;

/// A node of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walk {
    /// Decided by the call's inputs: bit `bit` of its row.
    Bit { bit: usize, yes: Box<Walk>, no: Box<Walk> },
    /// Decided by free cells.
    Read { condition: ExprId, yes: Box<Walk>, no: Box<Walk> },
    /// The call goes on at `pass`; what `fail` demands counts as well.
    Guard { guard: Guard, pass: Box<Walk>, fail: Box<Walk> },
    /// Decided by whether the cell is MAX at the start; what both sides demand counts.
    Sentinel { key: KeyId, equal: Box<Walk>, other: Box<Walk> },
    Leaf {
        leaf: LeafId,
        effects: Vec<Effect>,
        /// What it stores to cells that only this call uses: key and value.
        stores: Vec<(KeyId, ExprId)>,
    },
}

impl Walk {
    /// The nodes that the walk goes on to.
    pub fn below(&self) -> Vec<&Walk> {
        match self {
            Self::Bit { yes: a, no: b, .. }
            | Self::Read { yes: a, no: b, .. }
            | Self::Guard { pass: a, fail: b, .. }
            | Self::Sentinel { equal: a, other: b, .. } => vec![a, b],
            Self::Leaf { .. } => vec![],
        }
    }

    /// Whether any leaf stores to cells of the call's own.
    pub fn stores(&self) -> bool {
        matches!(self, Self::Leaf { stores, .. } if !stores.is_empty()) || self.below().into_iter().any(Self::stores)
    }

    /// The words that a node itself looks at, other than the row's bits.
    pub fn words(&self) -> Vec<ExprId> {
        match self {
            Self::Bit { .. } | Self::Sentinel { .. } => vec![],
            Self::Read { condition, .. } => vec![*condition],
            Self::Guard { guard, .. } => guard.down.iter().chain(&guard.up).filter_map(Term::word).collect(),
            Self::Leaf { effects, stores, .. } => {
                let amounts = effects.iter().flat_map(|effect| effect.debits.iter().chain(&effect.credits)).copied();
                amounts.chain(stores.iter().map(|(_, value)| *value)).collect()
            }
        }
    }
}

/// What a leaf applies to a cell: value - debits + credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    pub key: KeyId,
    pub debits: Vec<ExprId>,
    pub credits: Vec<ExprId>,
}

/// A kernel made ready for clearing: its walk, and what a call's row must bring.
#[derive(Debug, Clone)]
pub struct Walker {
    pub root: Walk,
    /// Conditions that inputs decide, by bit.
    pub bits: Vec<ExprId>,
    /// Words that inputs decide and the walk reads: amounts, and parts of conditions.
    pub params: Vec<ExprId>,
    /// By node: see `Kernel::ends`. The walk goes no further where one is known.
    pub ends: Vec<Option<LeafId>>,
    /// By key: whether more than what is shown hangs on its cell.
    pub live: Vec<bool>,
    /// By key: whether the leaves of the walk store what is written to its cell.
    pub stored: Vec<bool>,
    /// How many amounts a call adds to totals at most, where each is a parameter or a constant below 2^64.
    pub short_terms: Option<usize>,
}

/// What storing a word costs beside computing it, in additions.
pub const STORED_COST: usize = TOTAL_COST / 2;

/// The cell column of a key that no open leaf of the call touches.
pub const NO_CELL: u32 = u32::MAX;

impl Walker {
    pub fn new(kernel: &Kernel) -> Self {
        Self::storing(kernel, stored)
    }

    /// A walk whose leaves store nothing.
    pub fn without_stores(kernel: &Kernel) -> Self {
        Self::storing(kernel, |kernel, _| vec![false; kernel.keys.len()])
    }

    fn storing(kernel: &Kernel, stored: impl Fn(&Kernel, &View<'_>) -> Vec<bool>) -> Self {
        let class: Vec<usize> = (0..kernel.keys.len()).collect();
        let (view, ends) = (View::new(kernel, &class), kernel.ends());
        let stored = stored(kernel, &view);
        let mut builder = Builder { kernel, view, ends, stored, bits: vec![], params: vec![] };
        let root = builder.node(kernel.root());
        let Builder { ends, stored, bits, params, .. } = builder;
        let short_terms = short_terms(kernel, &root, &params);
        Self { root, bits, params, live: live(kernel, &ends), ends, stored, short_terms }
    }

    /// The walk that asks two words of one cell, down and up, and ends at the kernel's first leaf with nothing applied.
    pub fn asking(kernel: &Kernel, key: KeyId, down: ExprId, up: ExprId) -> Self {
        let end = || Box::new(Walk::Leaf { leaf: LeafId::from_index(0), effects: vec![], stores: vec![] });
        let guard = Guard { key, down: vec![Term::Word(down)], up: vec![Term::Word(up)], bound: None, pass: false, taken: false };
        let root = Walk::Guard { guard, pass: end(), fail: end() };
        let (keys, params) = (kernel.keys.len(), vec![down, up]);
        let short_terms = short_terms(kernel, &root, &params);
        Self { root, bits: vec![], params, ends: kernel.ends(), live: vec![true; keys], stored: vec![false; keys], short_terms }
    }
}

/// The columns of a row, each a `u32`: the bits, 32 a column; a cell for each key; eight limbs for each parameter, the lowest first. A device
/// gets fewer of these where the upper ones are 0 in all rows.
impl Walker {
    pub fn bit_column(&self, bit: usize) -> usize {
        bit / 32
    }

    pub fn cell_column(&self, key: KeyId) -> usize {
        self.bits.len().div_ceil(32) + key.index()
    }

    pub fn param_column(&self, param: usize) -> usize {
        self.bits.len().div_ceil(32) + self.live.len() + param * LIMBS
    }

    pub fn columns(&self) -> usize {
        self.param_column(self.params.len())
    }
}

/// The amounts that a walk counts, all ways together; `None` where one hangs on cells, or is a constant of more than 64 bits.
fn short_terms(kernel: &Kernel, walk: &Walk, params: &[ExprId]) -> Option<usize> {
    let is_short = |value: U256| value.bit_len() <= 64;
    let is_known = |word: &ExprId| params.contains(word) || kernel.exprs.as_const(*word).is_some_and(is_short);
    let of_term = |term: &Term| match term {
        Term::Word(word) => is_known(word),
        Term::Const(value) => is_short(*value),
    };
    let (are_short, terms) = match walk {
        Walk::Bit { .. } | Walk::Read { .. } | Walk::Sentinel { .. } => (true, 0),
        Walk::Guard { guard, .. } => (guard.down.iter().chain(&guard.up).all(of_term), guard.down.len() + guard.up.len()),
        Walk::Leaf { effects, .. } => {
            let amounts = || effects.iter().flat_map(|effect| effect.debits.iter().chain(&effect.credits));
            (amounts().all(is_known), amounts().count())
        }
    };
    let below = walk.below().into_iter().map(|walk| short_terms(kernel, walk, params));
    below.fold(are_short.then_some(terms), |sum, terms| Some(sum? + terms?))
}

/// By key: whether a condition that matters, a store or another such key hangs on its cell.
fn live(kernel: &Kernel, ends: &[Option<LeafId>]) -> Vec<bool> {
    let mut live = vec![false; kernel.keys.len()];
    let mut open = vec![kernel.root()];
    while let Some(node) = open.pop() {
        let words: Vec<ExprId> = match (ends[node.index()], kernel.node(node)) {
            (Some(leaf), _) | (None, Node::Leaf(leaf)) => {
                let stores = &kernel.leaf(leaf).stores;
                stores.iter().for_each(|store| live[store.key.index()] = true);
                stores.iter().flat_map(|store| [store.value, kernel.key(store.key).word()]).collect()
            }
            (None, Node::Branch { condition, yes, no }) => {
                open.extend([yes, no]);
                vec![condition]
            }
        };
        let loads = words.iter().flat_map(|word| kernel.deep_loads(*word)).map(|load| kernel.load(load));
        for load in loads.collect::<Vec<_>>() {
            live[load.key.index()] = true;
            load.shadows.iter().for_each(|store| live[store.key.index()] = true);
        }
    }
    live
}

/// By key whether what leaves write to its cell is stored by the walk: it is a cell of the call's own often enough, which a word that is one
/// to all calls is not, and all that is stored is little to compute.
fn stored(kernel: &Kernel, view: &View<'_>) -> Vec<bool> {
    let is_fixed = |key: KeyId| kernel.exprs.as_const(kernel.key(key).word()).is_some();
    let stored: Vec<bool> = kernel.key_ids().map(|key| !is_fixed(key)).collect();
    let values = kernel.leaves.iter().flat_map(|leaf| written(view, &leaf.stores, &stored)).map(|(_, value)| value);
    let cost: usize = values.map(|value| STORED_COST + cost(kernel, value)).sum();
    if cost <= DEVICE_COST / 4 { stored } else { vec![false; stored.len()] }
}

/// What a device pays for a word once it has what inputs decide.
fn cost(kernel: &Kernel, word: ExprId) -> usize {
    let (mut open, mut seen) = (vec![word], BTreeSet::new());
    while let Some(word) = open.pop() {
        if kernel.exprs.has_loads(word) && seen.insert(word) {
            open.extend(kernel.exprs.children(word));
        }
    }
    seen.into_iter().map(|word| device_cost(kernel.exprs.get(word))).sum()
}

/// What stores write to cells, key by key, in the end; nothing where some of it cannot be `stored`.
fn written(view: &View<'_>, stores: &[Store], stored: &[bool]) -> Vec<(KeyId, ExprId)> {
    let changes = view.changes(stores).into_iter().filter(|change| change.written && change.restored.is_none());
    let written: Vec<(KeyId, ExprId)> = changes.map(|change| (change.keys[0], change.last)).collect();
    if written.iter().all(|(key, _)| stored[key.index()]) { written } else { vec![] }
}

struct Builder<'k> {
    kernel: &'k Kernel,
    view: View<'k>,
    ends: Vec<Option<LeafId>>,
    stored: Vec<bool>,
    bits: Vec<ExprId>,
    params: Vec<ExprId>,
}

impl Builder<'_> {
    fn node(&mut self, id: NodeId) -> Walk {
        if let Some(leaf) = self.ends[id.index()] {
            return self.leaf(leaf);
        }
        match self.kernel.node(id) {
            Node::Leaf(leaf) => self.leaf(leaf),
            Node::Branch { condition, yes, no } if !self.kernel.exprs.has_loads(condition) => {
                let bit = position(&mut self.bits, condition);
                Walk::Bit { bit, yes: self.child(yes), no: self.child(no) }
            }
            Node::Branch { condition, yes, no } => match self.view.test(condition) {
                Some(Test::Guard(guard)) => {
                    guard.down.iter().chain(&guard.up).filter_map(Term::word).for_each(|word| self.need(word));
                    let (pass, fail) = if guard.pass { (yes, no) } else { (no, yes) };
                    Walk::Guard { guard, pass: self.child(pass), fail: self.child(fail) }
                }
                Some(Test::Sentinel(key)) => Walk::Sentinel { key, equal: self.child(yes), other: self.child(no) },
                None => {
                    self.need(condition);
                    Walk::Read { condition, yes: self.child(yes), no: self.child(no) }
                }
            },
        }
    }

    fn child(&mut self, id: NodeId) -> Box<Walk> {
        Box::new(self.node(id))
    }

    fn leaf(&mut self, leaf: LeafId) -> Walk {
        let stores = &self.kernel.leaf(leaf).stores;
        let changes = self.view.changes(stores).into_iter();
        let netted = changes.filter(|change| !change.written && (!change.debits.is_empty() || !change.credits.is_empty()));
        let effects = netted.map(|change| Effect { key: change.keys[0], debits: change.debits, credits: change.credits }).collect();
        let walk = Walk::Leaf { leaf, effects, stores: written(&self.view, stores, &self.stored) };
        walk.words().into_iter().for_each(|word| self.need(word));
        walk
    }

    /// Makes the largest parts of `word` that inputs decide parameters. Wide constants that a cell is compared with are too: kernels that
    /// were made for different addresses or names are one to a device then.
    fn need(&mut self, word: ExprId) {
        if let Expr::Binary(Binary::Eq, a, b) = *self.kernel.exprs.get(word) {
            let exprs = &self.kernel.exprs;
            let wide = [a, b].into_iter().filter(|side| exprs.as_const(*side).is_some_and(|value| value >> 64 != U256::ZERO));
            let room = limits::PARAMS / 2;
            for side in wide.filter(|_| self.params.len() < room).collect::<Vec<_>>() {
                position(&mut self.params, side);
            }
        }
        match self.kernel.exprs.get(word) {
            Expr::Const(_) | Expr::Load(_) => {}
            _ if !self.kernel.exprs.has_loads(word) => {
                position(&mut self.params, word);
            }
            _ => self.kernel.exprs.children(word).into_iter().for_each(|child| self.need(child)),
        }
    }
}

/// The index of `item`, which is added where it is new.
fn position(list: &mut Vec<ExprId>, item: ExprId) -> usize {
    list.iter().position(|known| *known == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}
