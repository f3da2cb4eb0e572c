//! Expressions and the arena they live in. Building applies `rules`; nothing here evaluates with inputs.

use super::{LoadId, rules};
use crate::limits;
use alloy_primitives::U256;
use std::collections::HashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub(super) u32);

impl ExprId {
    pub fn index(self) -> usize {
        self.0 as usize
    }

    pub fn from_index(index: usize) -> Self {
        Self(index as u32)
    }
}

/// What a call brings with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input {
    /// CALLER, and ORIGIN: calls come from outside.
    Caller,
    /// ADDRESS: the contract that is called.
    Address,
    /// CALLVALUE, in wei.
    Value,
    /// CALLDATALOAD at this byte offset; bytes beyond the end are zero.
    Calldata(u32),
    Timestamp,
    Number,
    Coinbase,
    PrevRandao,
    ChainId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unary {
    IsZero,
    Not,
    /// CLZ (EIP-7939).
    Clz,
}

/// EVM operations of two operands, in the EVM's operand order. GT and SGT are LT and SLT turned round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Binary {
    Add,
    Mul,
    Sub,
    Div,
    SDiv,
    Mod,
    SMod,
    Exp,
    SignExtend,
    Lt,
    SLt,
    Eq,
    And,
    Or,
    Xor,
    Byte,
    Shl,
    Shr,
    Sar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ternary {
    AddMod,
    MulMod,
}

/// Bytes that are hashed: words, of which the last is cut to what `len_bytes` leaves (its high bytes count).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Preimage {
    pub words: Box<[ExprId]>,
    pub len_bytes: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    Const(U256),
    Input(Input),
    Load(LoadId),
    Unary(Unary, ExprId),
    Binary(Binary, ExprId, ExprId),
    Ternary(Ternary, [ExprId; 3]),
    Keccak(Preimage),
}

/// The arena: equal expressions have equal ids.
#[derive(Debug, Clone, Default)]
pub struct Exprs {
    nodes: Vec<Expr>,
    facts: Vec<Facts>,
    ids: HashMap<Expr, ExprId>,
    exhausted: bool,
}

/// What is known of an expression whatever the inputs.
#[derive(Debug, Clone, Copy)]
struct Facts {
    /// Bits that may be set.
    ones: U256,
    depth: u16,
    /// As `depth`, with what is behind loads.
    reach: u16,
    /// Nodes if written out as a tree.
    size: u32,
    loads: bool,
}

impl Exprs {
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn get(&self, id: ExprId) -> &Expr {
        &self.nodes[id.index()]
    }

    /// Whether a limit was passed: what has been built since means nothing.
    pub fn exhausted(&self) -> bool {
        self.exhausted
    }

    pub fn as_const(&self, id: ExprId) -> Option<U256> {
        match self.get(id) {
            Expr::Const(value) => Some(*value),
            _ => None,
        }
    }

    /// The bits that may be set in `id`.
    pub fn ones(&self, id: ExprId) -> U256 {
        self.facts[id.index()].ones
    }

    pub fn is_bool(&self, id: ExprId) -> bool {
        self.ones(id) <= U256::ONE
    }

    /// Whether `id` depends on the state; if not, it is decided by the call and the block alone.
    pub fn has_loads(&self, id: ExprId) -> bool {
        self.facts[id.index()].loads
    }

    /// The nodes of `id` if it is written out as a tree.
    pub fn size(&self, id: ExprId) -> usize {
        self.facts[id.index()].size as usize
    }

    pub fn constant(&mut self, value: U256) -> ExprId {
        self.intern(Expr::Const(value))
    }

    pub fn small(&mut self, value: u64) -> ExprId {
        self.constant(U256::from(value))
    }

    pub fn input(&mut self, input: Input) -> ExprId {
        self.intern(Expr::Input(input))
    }

    /// A load, with the words that evaluating it may lead to.
    pub(super) fn load(&mut self, load: LoadId, behind: &[ExprId]) -> ExprId {
        let reach = behind.iter().map(|id| self.facts[id.index()].reach + 1).max();
        self.intern_with(Expr::Load(load), reach.unwrap_or(0))
    }

    pub fn unary(&mut self, op: Unary, a: ExprId) -> ExprId {
        rules::unary(self, op, a)
    }

    pub fn binary(&mut self, op: Binary, a: ExprId, b: ExprId) -> ExprId {
        rules::binary(self, op, a, b)
    }

    pub fn ternary(&mut self, op: Ternary, operands: [ExprId; 3]) -> ExprId {
        rules::ternary(self, op, operands)
    }

    pub fn keccak(&mut self, words: Vec<ExprId>, len_bytes: u32) -> ExprId {
        rules::keccak(self, Preimage { words: words.into(), len_bytes })
    }

    pub fn is_zero(&mut self, a: ExprId) -> ExprId {
        self.unary(Unary::IsZero, a)
    }

    /// `a == b` as a truth value.
    pub fn eq(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.binary(Binary::Eq, a, b)
    }

    /// The children, in order.
    pub fn children(&self, id: ExprId) -> Vec<ExprId> {
        match self.get(id) {
            Expr::Const(_) | Expr::Input(_) | Expr::Load(_) => vec![],
            Expr::Unary(_, a) => vec![*a],
            Expr::Binary(_, a, b) => vec![*a, *b],
            Expr::Ternary(_, operands) => operands.to_vec(),
            Expr::Keccak(preimage) => preimage.words.to_vec(),
        }
    }

    /// `id` with every `from` in it replaced by `to`.
    pub fn replace(&mut self, id: ExprId, from: ExprId, to: ExprId) -> ExprId {
        if id == from {
            return to;
        }
        // Children have smaller ids: below `from` there is nothing to replace.
        if id < from {
            return id;
        }
        match self.get(id).clone() {
            Expr::Const(_) | Expr::Input(_) | Expr::Load(_) => id,
            Expr::Unary(op, a) => {
                let a = self.replace(a, from, to);
                self.unary(op, a)
            }
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.replace(a, from, to), self.replace(b, from, to));
                self.binary(op, a, b)
            }
            Expr::Ternary(op, operands) => {
                let operands = operands.map(|x| self.replace(x, from, to));
                self.ternary(op, operands)
            }
            Expr::Keccak(preimage) => {
                let words = preimage.words.iter().map(|x| self.replace(*x, from, to)).collect();
                self.keccak(words, preimage.len_bytes)
            }
        }
    }

    /// Whether `part` occurs in `id`.
    pub fn contains(&self, id: ExprId, part: ExprId) -> bool {
        id == part || (id > part && self.children(id).into_iter().any(|child| self.contains(child, part)))
    }

    /// The loads that `id` names, not those behind their shadows; each once, ascending.
    pub fn loads(&self, id: ExprId) -> Vec<LoadId> {
        let mut found = Vec::new();
        self.collect_loads(id, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn collect_loads(&self, id: ExprId, found: &mut Vec<LoadId>) {
        if let Expr::Load(load) = self.get(id) {
            found.push(*load);
        } else if self.has_loads(id) {
            for child in self.children(id) {
                self.collect_loads(child, found);
            }
        }
    }

    /// Adds a node as it is. Only `rules` calls this for operations, when no rule applies.
    pub(super) fn intern(&mut self, expr: Expr) -> ExprId {
        self.intern_with(expr, 0)
    }

    fn intern_with(&mut self, expr: Expr, reach: u16) -> ExprId {
        if let Some(id) = self.ids.get(&expr) {
            return *id;
        }
        let mut facts = self.facts_of(&expr);
        facts.reach = facts.reach.max(reach);
        let nested = facts.depth > limits::EXPRESSION_DEPTH || facts.reach > limits::EVALUATION_DEPTH;
        if self.nodes.len() >= limits::EXPRESSIONS || nested || facts.size > limits::EXPRESSION_SIZE {
            self.exhausted = true;
            // Any valid id will do: the caller is told through `exhausted`.
            return ExprId(0);
        }
        let id = ExprId(self.nodes.len() as u32);
        self.nodes.push(expr.clone());
        self.facts.push(facts);
        self.ids.insert(expr, id);
        id
    }

    fn facts_of(&self, expr: &Expr) -> Facts {
        let children: &[ExprId] = match expr {
            Expr::Const(_) | Expr::Input(_) | Expr::Load(_) => &[],
            Expr::Unary(_, a) => &[*a],
            Expr::Binary(_, a, b) => &[*a, *b],
            Expr::Ternary(_, operands) => operands,
            Expr::Keccak(preimage) => &preimage.words,
        };
        let facts = |id: &ExprId| self.facts[id.index()];
        Facts {
            ones: rules::ones(self, expr),
            depth: children.iter().map(|id| facts(id).depth + 1).max().unwrap_or(0),
            reach: children.iter().map(|id| facts(id).reach + 1).max().unwrap_or(0),
            size: children.iter().fold(1, |sum, id| facts(id).size.saturating_add(sum)),
            loads: matches!(expr, Expr::Load(_)) || children.iter().any(|id| facts(id).loads),
        }
    }
}
