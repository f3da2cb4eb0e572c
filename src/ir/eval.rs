//! The reference semantics: operations on concrete words, and a kernel executed for one call. It is what every other executor of the IR
//! is compared with; it never touches state but through [`World`].

use super::expr::{Binary, Expr, ExprId, Input, Ternary, Unary};
use super::kernel::{Data, Kernel, Key, KeyId, LeafId, LoadId, Node};
use super::memo::Memo;
use crate::tx::{BatchRef, Block, Output, TransactionRef};
use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};
use smallvec::SmallVec;

/// What a call brings: the transaction and its block.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub transaction: TransactionRef<'a>,
    pub block: &'a Block,
}

impl<'a> Call<'a> {
    /// The call that is a transaction of a batch.
    #[inline]
    pub fn of(batch: BatchRef<'a>, index: u32) -> Self {
        Self { transaction: batch.get(index as usize), block: batch.block }
    }

    pub fn input(&self, input: Input) -> U256 {
        match input {
            Input::Caller => address_word(self.transaction.from()),
            Input::Address => address_word(self.transaction.to()),
            Input::Value => *self.transaction.value(),
            Input::Calldata(offset) => calldata_word(self.transaction.data(), offset as usize),
            Input::Timestamp => U256::from(self.block.timestamp),
            Input::Number => U256::from(self.block.number),
            Input::Coinbase => address_word(&self.block.coinbase),
            Input::PrevRandao => self.block.prevrandao.into(),
            Input::ChainId => U256::from(self.block.chain_id),
        }
    }
}

/// What an input is in some transactions of a batch, one after another.
pub fn inputs(input: Input, batch: BatchRef<'_>, indices: impl Iterator<Item = u32>, words: &mut [U256]) {
    let transactions = words.iter_mut().zip(indices.map(|index| batch.get(index as usize)));
    // What differs from one to the next, each in a loop of its own.
    match input {
        Input::Caller => transactions.for_each(|(word, transaction)| *word = address_word(transaction.from())),
        Input::Address => transactions.for_each(|(word, transaction)| *word = address_word(transaction.to())),
        Input::Value => transactions.for_each(|(word, transaction)| *word = *transaction.value()),
        Input::Calldata(offset) => transactions.for_each(|(word, transaction)| *word = calldata_word(transaction.data(), offset as usize)),
        _ => transactions.for_each(|(word, transaction)| *word = Call { transaction, block: batch.block }.input(input)),
    }
}

/// Limb by limb: 20 bytes that are copied and then read as one word wait for each other.
#[inline]
pub fn address_word(address: &Address) -> U256 {
    let byte = |at: usize| address.0[at];
    let limb = |at: usize| u64::from_be_bytes(std::array::from_fn(|next| byte(at + next)));
    U256::from_limbs([limb(12), limb(4), u32::from_be_bytes(std::array::from_fn(byte)).into(), 0])
}

/// The account in the low 160 bits.
pub fn word_address(word: U256) -> Address {
    Address::from_word(B256::from(word))
}

/// The word at a byte offset, zero bytes behind the end.
pub fn calldata_word(data: &[u8], offset: usize) -> U256 {
    if let Some(word) = data.get(offset..offset + 32) {
        return U256::from_be_slice(word);
    }
    let mut word = [0; 32];
    if let Some(rest) = data.get(offset..) {
        word[..rest.len()].copy_from_slice(rest);
    }
    U256::from_be_bytes(word)
}

/// A cell's name with its word evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Storage(B256),
    Native(Address),
}

/// The state that a kernel runs on.
pub trait World {
    type Cell: Copy + Eq;

    /// The cell of `key`; `run` evaluates its word where it is needed.
    fn cell(&mut self, key: KeyId, run: &mut Run<'_>) -> Self::Cell;

    /// The cell's value before the call.
    fn value(&mut self, cell: Self::Cell) -> U256;

    /// A load finds in the cell what the call itself has stored there by another key.
    fn seen(&mut self, _: Self::Cell) {}
}

/// One call on one kernel.
pub struct Run<'a> {
    pub kernel: &'a Kernel,
    pub call: Call<'a>,
    memo: Memo,
    /// Conditions of which somebody has found out whether they hold.
    decided: SmallVec<[(ExprId, bool); 8]>,
}

impl<'a> Run<'a> {
    pub fn new(kernel: &'a Kernel, call: Call<'a>) -> Self {
        Self { kernel, call, memo: Memo::new(kernel.exprs.len()), decided: SmallVec::new() }
    }

    /// Takes it that this is what an expression comes to: somebody has evaluated it for this call.
    pub fn know(&mut self, id: ExprId, value: U256) {
        self.memo.set(id, value);
    }

    /// Takes it that a condition holds or does not.
    pub fn decide(&mut self, condition: ExprId, holds: bool) {
        self.decided.push((condition, holds));
    }

    fn holds<W: World>(&mut self, condition: ExprId, world: &mut W) -> bool {
        match self.decided.iter().find(|(known, _)| *known == condition) {
            Some((_, holds)) => *holds,
            None => !self.word(condition, world).is_zero(),
        }
    }

    /// Goes down the tree to the leaf that the call takes.
    pub fn leaf<W: World>(&mut self, world: &mut W) -> LeafId {
        self.end(&[], world)
    }

    /// The same, but by node `ends` may know a leaf that ends alike: what would choose among these is not looked at.
    pub fn end<W: World>(&mut self, ends: &[Option<LeafId>], world: &mut W) -> LeafId {
        let mut node = self.kernel.root();
        loop {
            if let Some(leaf) = ends.get(node.index()).copied().flatten() {
                return leaf;
            }
            match self.kernel.node(node) {
                Node::Leaf(leaf) => return leaf,
                Node::Branch { condition, yes, no } => node = if self.holds(condition, world) { yes } else { no },
            }
        }
    }

    /// The stores of a leaf, in order; a later one to the same cell wins.
    pub fn stores<W: World>(&mut self, leaf: LeafId, world: &mut W) -> Vec<(W::Cell, U256)> {
        let kernel = self.kernel;
        let stores = kernel.leaf(leaf).stores.iter();
        stores.map(|store| (world.cell(store.key, self), self.word(store.value, world))).collect()
    }

    /// What a leaf shows: its data, and its logs, which are those of the called account.
    pub fn output<W: World>(&mut self, leaf: LeafId, world: &mut W) -> Output {
        let kernel = self.kernel;
        let leaf = kernel.leaf(leaf);
        let logs = leaf.logs.iter().map(|log| {
            let topics = log.topics.iter().map(|topic| B256::from(self.word(*topic, world))).collect();
            Log::new_unchecked(*self.call.transaction.to(), topics, self.bytes(&log.data, world))
        });
        Output { logs: logs.collect(), data: self.bytes(&leaf.data, world) }
    }

    fn bytes<W: World>(&mut self, data: &Data, world: &mut W) -> Bytes {
        let mut bytes = Vec::with_capacity(32 * data.words.len());
        for word in &data.words {
            bytes.extend_from_slice(&self.word(*word, world).to_be_bytes::<32>());
        }
        bytes.truncate(data.len_bytes as usize);
        bytes.into()
    }

    /// The slot or account that `key` names.
    pub fn place<W: World>(&mut self, key: KeyId, world: &mut W) -> Place {
        match self.kernel.key(key) {
            Key::Storage(word) => Place::Storage(self.word(word, world).into()),
            Key::Native(word) => Place::Native(word_address(self.word(word, world))),
        }
    }

    pub fn word<W: World>(&mut self, id: ExprId, world: &mut W) -> U256 {
        if let Some(value) = self.memo.get(id) {
            return value;
        }
        let kernel = self.kernel;
        let value = match kernel.exprs.get(id) {
            Expr::Const(value) => *value,
            Expr::Input(input) => self.call.input(*input),
            Expr::Load(load) => self.load(*load, world),
            Expr::Unary(op, a) => unary(*op, self.word(*a, world)),
            Expr::Binary(op, a, b) => binary(*op, self.word(*a, world), self.word(*b, world)),
            Expr::Ternary(op, [a, b, c]) => ternary(*op, self.word(*a, world), self.word(*b, world), self.word(*c, world)),
            Expr::Keccak(preimage) => {
                let bytes = preimage.words.iter().flat_map(|word| self.word(*word, world).to_be_bytes::<32>()).collect::<Vec<_>>();
                keccak256(&bytes[..preimage.len_bytes as usize]).into()
            }
        };
        self.memo.set(id, value)
    }

    fn load<W: World>(&mut self, id: LoadId, world: &mut W) -> U256 {
        let kernel = self.kernel;
        let load = kernel.load(id);
        let cell = world.cell(load.key, self);
        for store in load.shadows.iter().rev() {
            if store.key == load.key {
                return self.word(store.value, world);
            }
            if world.cell(store.key, self) == cell {
                world.seen(cell);
                return self.word(store.value, world);
            }
        }
        world.value(cell)
    }
}

pub fn unary(op: Unary, a: U256) -> U256 {
    match op {
        Unary::IsZero => truth(a.is_zero()),
        Unary::Not => !a,
        Unary::Clz => U256::from(a.leading_zeros()),
    }
}

pub fn binary(op: Binary, a: U256, b: U256) -> U256 {
    match op {
        Binary::Add => a.wrapping_add(b),
        Binary::Mul => a.wrapping_mul(b),
        Binary::Sub => a.wrapping_sub(b),
        Binary::Div => a.checked_div(b).unwrap_or_default(),
        Binary::SDiv => signed(a, b, a.bit(255) != b.bit(255), |a, b| a / b),
        Binary::Mod => a.checked_rem(b).unwrap_or_default(),
        Binary::SMod => signed(a, b, a.bit(255), |a, b| a % b),
        Binary::Exp => a.wrapping_pow(b),
        Binary::SignExtend => sign_extend(a, b),
        Binary::Lt => truth(a < b),
        Binary::SLt => truth(flip(a) < flip(b)),
        Binary::Eq => truth(a == b),
        Binary::And => a & b,
        Binary::Or => a | b,
        Binary::Xor => a ^ b,
        Binary::Byte => shift_of(a, 32).map_or(U256::ZERO, |index| U256::from(b.byte(31 - index))),
        Binary::Shl => shift_of(a, 256).map_or(U256::ZERO, |by| b << by),
        Binary::Shr => shift_of(a, 256).map_or(U256::ZERO, |by| b >> by),
        Binary::Sar => b.arithmetic_shr(shift_of(a, 256).unwrap_or(255)),
    }
}

pub fn ternary(op: Ternary, a: U256, b: U256, c: U256) -> U256 {
    match op {
        Ternary::AddMod => a.add_mod(b, c),
        Ternary::MulMod => a.mul_mod(b, c),
    }
}

fn truth(holds: bool) -> U256 {
    U256::from(u8::from(holds))
}

/// Two's complement order as unsigned order.
fn flip(a: U256) -> U256 {
    a ^ (U256::ONE << 255)
}

fn magnitude(a: U256) -> U256 {
    if a.bit(255) { a.wrapping_neg() } else { a }
}

fn signed(a: U256, b: U256, negative: bool, op: impl Fn(U256, U256) -> U256) -> U256 {
    if b.is_zero() {
        return U256::ZERO;
    }
    let result = op(magnitude(a), magnitude(b));
    if negative { result.wrapping_neg() } else { result }
}

fn sign_extend(bytes: U256, a: U256) -> U256 {
    let Some(bytes) = shift_of(bytes, 31) else {
        return a;
    };
    let bits = 8 * bytes + 8;
    let mask = (U256::ONE << bits) - U256::ONE;
    if a.bit(bits - 1) { a | !mask } else { a & mask }
}

/// The shift, where it is below `bound`.
fn shift_of(a: U256, bound: usize) -> Option<usize> {
    (a < U256::from(bound)).then(|| a.to())
}
