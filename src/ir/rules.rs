//! Rewriting while building: constants fold, and the many spellings that compilers have for one thing become one. Every rule holds
//! for all values of its variables; a test evaluates both sides at random.

use super::eval;
use super::expr::{Binary, Expr, ExprId, Exprs, Input, Preimage, Ternary, Unary};
use alloy_primitives::{U256, keccak256};

const MAX: U256 = U256::MAX;

pub(super) fn unary(x: &mut Exprs, op: Unary, a: ExprId) -> ExprId {
    if let Some(value) = x.as_const(a) {
        return x.constant(eval::unary(op, value));
    }
    match (op, x.get(a).clone()) {
        (Unary::IsZero, Expr::Unary(Unary::IsZero, b)) if x.is_bool(b) => b,
        // Truth of a truth: only the innermost negation's argument counts.
        (Unary::IsZero, Expr::Unary(Unary::IsZero, b)) => match x.get(b) {
            Expr::Unary(Unary::IsZero, _) => b,
            _ => x.intern(Expr::Unary(op, a)),
        },
        (Unary::IsZero, Expr::Unary(Unary::Not, b)) => {
            let max = x.constant(MAX);
            x.eq(max, b)
        }
        (Unary::IsZero, Expr::Binary(Binary::Sub | Binary::Xor, b, c)) => x.eq(b, c),
        (Unary::Not, Expr::Unary(Unary::Not, b)) => b,
        _ => x.intern(Expr::Unary(op, a)),
    }
}

pub(super) fn ternary(x: &mut Exprs, op: Ternary, operands: [ExprId; 3]) -> ExprId {
    match operands.map(|id| x.as_const(id)) {
        [Some(a), Some(b), Some(c)] => x.constant(eval::ternary(op, a, b, c)),
        _ => x.intern(Expr::Ternary(op, operands)),
    }
}

pub(super) fn keccak(x: &mut Exprs, preimage: Preimage) -> ExprId {
    let words: Option<Vec<U256>> = preimage.words.iter().map(|id| x.as_const(*id)).collect();
    match words {
        Some(words) => {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect();
            let hash = keccak256(&bytes[..preimage.len_bytes as usize]);
            x.constant(hash.into())
        }
        None => x.intern(Expr::Keccak(preimage)),
    }
}

pub(super) fn binary(x: &mut Exprs, op: Binary, mut a: ExprId, mut b: ExprId) -> ExprId {
    if let (Some(p), Some(q)) = (x.as_const(a), x.as_const(b)) {
        return x.constant(eval::binary(op, p, q));
    }
    let commutes = matches!(op, Binary::Add | Binary::Mul | Binary::And | Binary::Or | Binary::Xor | Binary::Eq);
    // One order for equal sums: a constant first, else the older expression.
    if commutes && x.as_const(a).is_none() && (x.as_const(b).is_some() || b < a) {
        (a, b) = (b, a);
    }
    let rewritten = match op {
        Binary::Add => add(x, a, b),
        Binary::Sub => sub(x, a, b),
        Binary::Mul => mul(x, a, b),
        Binary::Div => div(x, a, b),
        Binary::Mod => modulo(x, a, b),
        Binary::And => and(x, a, b),
        Binary::Or => or(x, a, b),
        Binary::Xor if a == b => Some(x.small(0)),
        Binary::Xor if x.as_const(a) == Some(U256::ZERO) => Some(b),
        Binary::Eq => eq(x, a, b),
        Binary::Lt => lt(x, a, b),
        Binary::Shl | Binary::Shr => shift(x, op, a, b),
        Binary::Byte => byte(x, a, b),
        Binary::SLt if !x.ones(a).bit(255) && !x.ones(b).bit(255) => Some(x.binary(Binary::Lt, a, b)),
        Binary::SLt => sign(x, a, b),
        Binary::SDiv if !x.ones(a).bit(255) && !x.ones(b).bit(255) => Some(x.binary(Binary::Div, a, b)),
        Binary::SMod if !x.ones(a).bit(255) && !x.ones(b).bit(255) => Some(x.binary(Binary::Mod, a, b)),
        Binary::Sar if !x.ones(b).bit(255) => Some(x.binary(Binary::Shr, a, b)),
        Binary::SignExtend => sign_extend(x, a, b),
        _ => None,
    };
    rewritten.unwrap_or_else(|| {
        let expr = Expr::Binary(op, a, b);
        if ones(x, &expr).is_zero() { x.small(0) } else { x.intern(expr) }
    })
}

fn add(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    let p = x.as_const(a)?;
    if p.is_zero() {
        return Some(b);
    }
    // `b - 1` is often written as `b + (2^256 - 1)`.
    if p.bit(255) {
        let q = x.constant(p.wrapping_neg());
        return Some(x.binary(Binary::Sub, b, q));
    }
    match x.get(b) {
        // Sums over state keep their steps: each may be a credit of its own.
        Expr::Binary(Binary::Add, c, d) if !x.has_loads(*d) => {
            let (q, d) = (x.as_const(*c)?, *d);
            let sum = x.constant(p.wrapping_add(q));
            Some(x.binary(Binary::Add, sum, d))
        }
        _ => None,
    }
}

fn sub(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    if a == b {
        return Some(x.small(0));
    }
    if x.as_const(a) == Some(MAX) {
        return Some(x.unary(Unary::Not, b));
    }
    let q = x.as_const(b)?;
    if q.is_zero() {
        return Some(a);
    }
    // The other half of the rule in `add`; 2^255 is its own negative and stays a difference.
    if q.bit(255) && q != U256::ONE << 255 {
        let p = x.constant(q.wrapping_neg());
        return Some(x.binary(Binary::Add, p, a));
    }
    None
}

fn mul(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    let p = x.as_const(a)?;
    if p.is_zero() {
        return Some(a);
    }
    let shift = power_of_two(p)?;
    let shift = x.small(shift);
    Some(x.binary(Binary::Shl, shift, b))
}

fn div(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    let q = x.as_const(b)?;
    if q.is_zero() {
        return Some(b);
    }
    let shift = power_of_two(q)?;
    let shift = x.small(shift);
    Some(x.binary(Binary::Shr, shift, a))
}

fn modulo(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    let q = x.as_const(b)?;
    power_of_two(q)?;
    let mask = x.constant(q - U256::ONE);
    Some(x.binary(Binary::And, mask, a))
}

fn and(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    if a == b {
        return Some(a);
    }
    let mask = x.as_const(a)?;
    let set = x.ones(b);
    if (set & !mask).is_zero() {
        return Some(b);
    }
    if (set & mask).is_zero() {
        return Some(x.small(0));
    }
    match x.get(b).clone() {
        Expr::Binary(Binary::And, c, d) => {
            let inner = x.as_const(c)?;
            let both = x.constant(mask & inner);
            Some(x.binary(Binary::And, both, d))
        }
        // One side of a splice that the mask wipes out.
        Expr::Binary(Binary::Or, c, d) => {
            let kept = if (x.ones(c) & mask).is_zero() {
                d
            } else if (x.ones(d) & mask).is_zero() {
                c
            } else if x.as_const(c).is_some() || (x.ones(c) & !mask).is_zero() || (x.ones(d) & !mask).is_zero() {
                let (c, d) = (x.binary(Binary::And, a, c), x.binary(Binary::And, a, d));
                return Some(x.binary(Binary::Or, c, d));
            } else {
                return None;
            };
            Some(x.binary(Binary::And, a, kept))
        }
        _ => None,
    }
}

fn or(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    if a == b {
        return Some(a);
    }
    match x.as_const(a)? {
        p if p.is_zero() => Some(b),
        MAX => Some(a),
        _ => None,
    }
}

fn eq(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    if a == b {
        return Some(x.small(1));
    }
    if let Some(p) = x.as_const(a) {
        if p.is_zero() {
            return Some(x.is_zero(b));
        }
        if !(p & !x.ones(b)).is_zero() {
            return Some(x.small(0));
        }
        if p == U256::ONE && x.is_bool(b) {
            return Some(b);
        }
        // `2^k == 2^k & v`: one bit.
        if let (Expr::Binary(Binary::And, mask, word), Some(bit)) = (x.get(b).clone(), power_of_two(p))
            && x.as_const(mask) == Some(p)
        {
            let (bit, one) = (x.small(bit), x.small(1));
            let moved = x.binary(Binary::Shr, bit, word);
            return Some(x.binary(Binary::And, one, moved));
        }
    }
    // `v == v & mask`: the high bits are clear.
    for (word, masked) in [(a, b), (b, a)] {
        if let Expr::Binary(Binary::And, mask, inner) = *x.get(masked)
            && inner == word
            && let Some(bits) = x.as_const(mask).and_then(low_bits)
        {
            let bits = x.small(bits);
            let high = x.binary(Binary::Shr, bits, word);
            return Some(x.is_zero(high));
        }
    }
    None
}

fn lt(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    if a == b {
        return Some(x.small(0));
    }
    if let Some(q) = x.as_const(b) {
        if q.is_zero() {
            return Some(x.small(0));
        }
        if x.ones(a) < q {
            return Some(x.small(1));
        }
        if q == U256::ONE {
            return Some(x.is_zero(a));
        }
        if q == MAX {
            let equal = x.eq(b, a);
            return Some(x.is_zero(equal));
        }
        // `v < 2^k`: the high bits are clear. Of state it may be a guard, and stays one.
        if let Some(bits) = power_of_two(q).filter(|_| !x.has_loads(a)) {
            let bits = x.small(bits);
            let high = x.binary(Binary::Shr, bits, a);
            return Some(x.is_zero(high));
        }
    }
    match (x.get(a).clone(), x.get(b).clone()) {
        // A difference larger than its minuend has borrowed: `v < v - w` is `v < w`.
        (_, Expr::Binary(Binary::Sub, v, w)) if v == a => return Some(x.binary(Binary::Lt, v, w)),
        // A sum below one of its terms is below the other: it has wrapped.
        (Expr::Binary(Binary::Add, v, w), _) if w == b && v != b => return Some(x.binary(Binary::Lt, a, v)),
        // `MAX - v < w` is what `v + w` wraps by.
        (Expr::Unary(Unary::Not, v), _) => {
            let sum = x.binary(Binary::Add, v, b);
            return Some(x.binary(Binary::Lt, sum, v));
        }
        _ => {}
    }
    if let Some(p) = x.as_const(a) {
        if x.ones(b) <= p {
            return Some(x.small(0));
        }
        if p.is_zero() {
            let zero = x.is_zero(b);
            return Some(x.is_zero(zero));
        }
        if p == MAX - U256::ONE {
            let max = x.constant(MAX);
            return Some(x.eq(max, b));
        }
        // `2^k - 1 < v`: some high bit is set.
        if let Some(bits) = low_bits(p).filter(|_| !x.has_loads(b)) {
            let bits = x.small(bits);
            let high = x.binary(Binary::Shr, bits, b);
            let zero = x.is_zero(high);
            return Some(x.is_zero(zero));
        }
    }
    None
}

/// Signed comparisons with nothing ask for the highest bit: `v < 0`, and `-1 < v`.
fn sign(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    let negative = x.as_const(b) == Some(U256::ZERO);
    if !negative && x.as_const(a) != Some(MAX) {
        return None;
    }
    let bits = x.small(255);
    let high = x.binary(Binary::Shr, bits, if negative { a } else { b });
    Some(if negative { high } else { x.is_zero(high) })
}

/// `a` is the shift, `b` the word.
fn shift(x: &mut Exprs, op: Binary, a: ExprId, b: ExprId) -> Option<ExprId> {
    let by = x.as_const(a)?;
    if by.is_zero() {
        return Some(b);
    }
    if by >= U256::from(256) {
        return Some(x.small(0));
    }
    let by: u64 = by.to();
    match x.get(b).clone() {
        Expr::Binary(inner @ (Binary::Shl | Binary::Shr), c, d) => {
            let first: u64 = x.as_const(c).filter(|c| *c < U256::from(256))?.to();
            if inner == op {
                let sum = x.small(by + first);
                return Some(x.binary(op, sum, d));
            }
            // There and back again: what fell off the edge is a mask.
            let apply = |op, word: U256, by: u64| {
                if op == Binary::Shl { word << by as usize } else { word >> by as usize }
            };
            let mask = x.constant(apply(op, apply(inner, MAX, first), by));
            let rest = x.small(by.abs_diff(first));
            let moved = x.binary(if by > first { op } else { inner }, rest, d);
            Some(x.binary(Binary::And, mask, moved))
        }
        Expr::Binary(Binary::And, c, d) => {
            x.as_const(c)?;
            let (c, d) = (x.binary(op, a, c), x.binary(op, a, d));
            Some(x.binary(Binary::And, c, d))
        }
        Expr::Binary(Binary::Or, c, d) => {
            let (c, d) = (x.binary(op, a, c), x.binary(op, a, d));
            Some(x.binary(Binary::Or, c, d))
        }
        _ => None,
    }
}

fn byte(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    let index = x.as_const(a)?;
    if index >= U256::from(32) {
        return Some(x.small(0));
    }
    let by = x.small(8 * (31 - index.to::<u64>()));
    let moved = x.binary(Binary::Shr, by, b);
    let mask = x.small(0xff);
    Some(x.binary(Binary::And, mask, moved))
}

fn sign_extend(x: &mut Exprs, a: ExprId, b: ExprId) -> Option<ExprId> {
    let bytes = x.as_const(a)?;
    let fits = bytes >= U256::from(31) || x.ones(b).bit_len() <= 8 * bytes.to::<usize>() + 7;
    fits.then_some(b)
}

fn power_of_two(value: U256) -> Option<u64> {
    value.is_power_of_two().then(|| value.trailing_zeros() as u64)
}

/// `k` where the value is `2^k - 1`, `0 < k < 256`.
pub(super) fn low_bits(value: U256) -> Option<u64> {
    (!value.is_zero() && value != MAX && (value & (value + U256::ONE)).is_zero()).then(|| value.bit_len() as u64)
}

/// The bits that may be set in `expr`.
pub(super) fn ones(x: &Exprs, expr: &Expr) -> U256 {
    let below = |bits: usize| {
        if bits >= 256 { MAX } else { (U256::ONE << bits) - U256::ONE }
    };
    let bits = |id: ExprId| x.ones(id).bit_len();
    match expr {
        Expr::Const(value) => *value,
        Expr::Input(Input::Caller | Input::Address | Input::Coinbase) => below(160),
        Expr::Input(Input::Timestamp | Input::Number | Input::ChainId) => below(64),
        Expr::Input(_) | Expr::Load(_) | Expr::Keccak(_) => MAX,
        Expr::Unary(Unary::IsZero, _) => U256::ONE,
        Expr::Unary(Unary::Not, _) => MAX,
        Expr::Unary(Unary::Clz, _) => below(9),
        Expr::Ternary(_, [_, _, modulus]) => below(bits(*modulus)),
        Expr::Binary(op, a, b) => match op {
            Binary::Lt | Binary::SLt | Binary::Eq => U256::ONE,
            Binary::And => x.ones(*a) & x.ones(*b),
            Binary::Or | Binary::Xor => x.ones(*a) | x.ones(*b),
            Binary::Add => below(bits(*a).max(bits(*b)) + 1),
            Binary::Mul => below(bits(*a) + bits(*b)),
            Binary::Div => below(bits(*a)),
            Binary::Mod => below(bits(*a).min(bits(*b))),
            Binary::Byte => below(8),
            Binary::Shl => x.as_const(*a).map_or(MAX, |by| if by < U256::from(256) { x.ones(*b) << by.to::<usize>() } else { U256::ZERO }),
            Binary::Shr => match x.as_const(*a) {
                Some(by) if by < U256::from(256) => x.ones(*b) >> by.to::<usize>(),
                Some(_) => U256::ZERO,
                None => below(bits(*b)),
            },
            _ => MAX,
        },
    }
}
