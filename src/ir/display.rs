//! The text of a kernel: what `lower --emit ir` prints and the goldens hold. Names are short and stable: `a0` is the first argument word.

use super::access;
use super::expr::{Binary, Expr, ExprId, Exprs, Input, Ternary, Unary};
use super::kernel::{Data, Kernel, Key, KeyId, Node, NodeId, Outcome};
use alloy_primitives::U256;
use std::fmt::{self, Display, Formatter};

/// An expression as text.
pub struct Text<'a>(pub &'a Exprs, pub ExprId);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(exprs, id) = *self;
        let sub = |id| Text(exprs, id);
        match exprs.get(id) {
            Expr::Const(value) if *value < U256::from(10) => write!(f, "{value}"),
            Expr::Const(U256::MAX) => write!(f, "max"),
            Expr::Const(value) => write!(f, "{value:#x}"),
            Expr::Input(input) => write!(f, "{input}"),
            Expr::Load(load) => write!(f, "l{}", load.index()),
            Expr::Unary(op, a) => write!(f, "{}({})", unary_name(*op), sub(*a)),
            Expr::Binary(op, a, b) => write!(f, "{}({}, {})", binary_name(*op), sub(*a), sub(*b)),
            Expr::Ternary(op, [a, b, c]) => write!(f, "{}({}, {}, {})", ternary_name(*op), sub(*a), sub(*b), sub(*c)),
            Expr::Keccak(preimage) => {
                write!(f, "keccak(")?;
                write_words(f, exprs, &preimage.words, preimage.len_bytes)?;
                write!(f, ")")
            }
        }
    }
}

impl Display for Input {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller => f.write_str("caller"),
            Self::Address => f.write_str("address"),
            Self::Value => f.write_str("value"),
            Self::Calldata(offset) if *offset >= 4 && (offset - 4) % 32 == 0 => {
                write!(f, "a{}", (offset - 4) / 32)
            }
            Self::Calldata(offset) => write!(f, "calldata[{offset}]"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Number => f.write_str("number"),
            Self::Coinbase => f.write_str("coinbase"),
            Self::PrevRandao => f.write_str("prevrandao"),
            Self::ChainId => f.write_str("chainid"),
        }
    }
}

fn write_words(f: &mut Formatter<'_>, exprs: &Exprs, words: &[ExprId], len_bytes: u32) -> fmt::Result {
    for (i, word) in words.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{}", Text(exprs, *word))?;
    }
    if len_bytes.is_multiple_of(32) { Ok(()) } else { write!(f, "; {len_bytes} bytes") }
}

pub(super) fn unary_name(op: Unary) -> &'static str {
    match op {
        Unary::IsZero => "iszero",
        Unary::Not => "not",
        Unary::Clz => "clz",
    }
}

fn binary_name(op: Binary) -> &'static str {
    match op {
        Binary::Add => "add",
        Binary::Mul => "mul",
        Binary::Sub => "sub",
        Binary::Div => "div",
        Binary::SDiv => "sdiv",
        Binary::Mod => "mod",
        Binary::SMod => "smod",
        Binary::Exp => "exp",
        Binary::SignExtend => "signextend",
        Binary::Lt => "lt",
        Binary::SLt => "slt",
        Binary::Eq => "eq",
        Binary::And => "and",
        Binary::Or => "or",
        Binary::Xor => "xor",
        Binary::Byte => "byte",
        Binary::Shl => "shl",
        Binary::Shr => "shr",
        Binary::Sar => "sar",
    }
}

fn ternary_name(op: Ternary) -> &'static str {
    match op {
        Ternary::AddMod => "addmod",
        Ternary::MulMod => "mulmod",
    }
}

impl Kernel {
    /// The key as text: its word, or `native[account]`.
    pub fn key_text(&self, key: KeyId) -> String {
        match self.key(key) {
            Key::Storage(word) => Text(&self.exprs, word).to_string(),
            Key::Native(word) => format!("native[{}]", Text(&self.exprs, word)),
        }
    }

    fn write_node(&self, f: &mut Formatter<'_>, id: NodeId, depth: usize) -> fmt::Result {
        let pad = "  ".repeat(depth);
        match self.node(id) {
            Node::Branch { condition, yes, no } => {
                writeln!(f, "{pad}if {}", Text(&self.exprs, condition))?;
                self.write_node(f, yes, depth + 1)?;
                writeln!(f, "{pad}else")?;
                self.write_node(f, no, depth + 1)
            }
            Node::Leaf(leaf_id) => {
                let leaf = self.leaf(leaf_id);
                for store in &leaf.stores {
                    writeln!(f, "{pad}store k{} <- {}", store.key.index(), Text(&self.exprs, store.value))?;
                }
                for log in &leaf.logs {
                    write!(f, "{pad}log [")?;
                    write_words(f, &self.exprs, &log.topics, 0)?;
                    writeln!(f, "] {}", self.data_text(&log.data))?;
                }
                let data = self.data_text(&leaf.data);
                match &leaf.outcome {
                    Outcome::Return => writeln!(f, "{pad}leaf {}: return {data}", leaf_id.index()),
                    Outcome::Revert => writeln!(f, "{pad}leaf {}: revert {data}", leaf_id.index()),
                    Outcome::Halt => writeln!(f, "{pad}leaf {}: halt", leaf_id.index()),
                    Outcome::Invalid => writeln!(f, "{pad}leaf {}: invalid", leaf_id.index()),
                    Outcome::Escape { reason, at } => writeln!(f, "{pad}leaf {}: escape at byte {at}: {reason}", leaf_id.index()),
                }
            }
        }
    }

    fn data_text(&self, data: &Data) -> String {
        struct Words<'a>(&'a Kernel, &'a Data);
        impl Display for Words<'_> {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                write_words(f, &self.0.exprs, &self.1.words, self.1.len_bytes)
            }
        }
        format!("({})", Words(self, data))
    }
}

impl Display for Kernel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let access = access::Access::of(self);
        for key in self.key_ids() {
            let modes: Vec<String> = access.modes(key).iter().map(ToString::to_string).collect();
            writeln!(f, "key k{} = {}  [{}]", key.index(), self.key_text(key), modes.join(" "))?;
        }
        for (i, load) in self.loads.iter().enumerate() {
            write!(f, "load l{i} = k{}", load.key.index())?;
            for store in &load.shadows {
                write!(f, " after k{} <- {}", store.key.index(), Text(&self.exprs, store.value))?;
            }
            writeln!(f)?;
        }
        writeln!(f, "lane {}", access.lane())?;
        self.write_node(f, self.root(), 0)
    }
}
