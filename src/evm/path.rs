//! One path through the code while it is being explored: the machine's state and what its branches have decided.

use super::frame::{Call, Frame};
use super::memory::Byte;
use super::pinning::Source;
use crate::ir::{Binary, Expr, ExprId, Kernel, KeyId, Load, Log, Store, Unary};
use crate::limits;
use alloy_primitives::U256;
use std::collections::HashMap;
use std::rc::Rc;

/// Words looked at to find how many bits one fits: stores that shadow each other are many ways to one word.
const BITS_STEPS: usize = 64;

#[derive(Debug, Clone, Default)]
pub struct Path {
    pub frame: Frame,
    /// The frames that wait for this one, outermost first.
    pub callers: Vec<Rc<Call>>,
    pub stores: Vec<Store>,
    pub logs: Vec<Log>,
    /// Transient storage, latest store last.
    pub transient: Vec<(ExprId, ExprId)>,
    pub steps: usize,
    /// Static gas so far, and the most that it may have cost.
    pub gas: u64,
    pub gas_bound: u64,
    facts: HashMap<ExprId, bool>,
    /// Words known to be below `2^k`.
    bounds: HashMap<ExprId, usize>,
    /// How often a branch (code and byte) was open for one word alone.
    turns: HashMap<(usize, usize, Source), usize>,
}

/// What a path knows of a condition.
pub enum Decision {
    Known(bool),
    /// It hangs on whether this expression is zero.
    Open(ExprId),
}

use Decision::{Known, Open};

impl Path {
    pub fn start(gas_bound: u64, calldata: Vec<Byte>) -> Self {
        Self { gas_bound, frame: Frame::start(0, calldata.into(), limits::GAS_LIMIT), ..Self::default() }
    }

    /// Counts that a branch is open for one word: a loop that the word bounds comes back.
    pub fn turn(&mut self, word: Source) -> usize {
        let turns = self.turns.entry((self.frame.code, self.frame.at, word)).or_default();
        *turns += 1;
        *turns
    }

    pub fn assume(&mut self, kernel: &Kernel, atom: ExprId, holds: bool) {
        self.facts.insert(atom, holds);
        let Expr::Binary(op, a, b) = *kernel.exprs.get(atom) else { return };
        let (first, second) = (kernel.exprs.as_const(a), kernel.exprs.as_const(b));
        let bound = match (op, holds, first, second) {
            (Binary::Shr, false, Some(by), _) => Some((b, by.saturating_to())),
            (Binary::Lt, true, _, Some(limit)) => Some((a, limit.saturating_sub(U256::ONE).bit_len())),
            (Binary::Lt, false, Some(limit), _) | (Binary::Eq, true, Some(limit), _) => Some((b, limit.bit_len())),
            _ => None,
        };
        if let Some((word, bits)) = bound {
            self.bounds.entry(word).and_modify(|known| *known = bits.min(*known)).or_insert(bits);
        }
    }

    /// Whether `condition` is non-zero on this path.
    pub fn decide(&self, kernel: &mut Kernel, condition: ExprId) -> Decision {
        if let Some(value) = kernel.exprs.as_const(condition) {
            return Known(!value.is_zero());
        }
        if let Some(holds) = self.facts.get(&condition) {
            return Known(*holds);
        }
        match kernel.exprs.get(condition).clone() {
            Expr::Unary(Unary::IsZero, a) => self.negated(kernel, a),
            Expr::Binary(Binary::Sub | Binary::Xor, a, b) => {
                let equal = kernel.exprs.eq(a, b);
                self.negated(kernel, equal)
            }
            Expr::Unary(Unary::Not, a) => {
                let max = kernel.exprs.constant(U256::MAX);
                let equal = kernel.exprs.eq(max, a);
                self.negated(kernel, equal)
            }
            Expr::Binary(Binary::Or, a, b) => match self.decide(kernel, a) {
                Known(false) => self.decide(kernel, b),
                decision => decision,
            },
            Expr::Binary(Binary::And, a, b) if kernel.exprs.is_bool(a) && kernel.exprs.is_bool(b) => match self.decide(kernel, a) {
                Known(true) => self.decide(kernel, b),
                decision => decision,
            },
            // Some bit from one on, asked with a mask.
            Expr::Binary(Binary::And, mask, word) => {
                match kernel.exprs.as_const(mask).filter(|mask| (!*mask).wrapping_add(U256::ONE).is_power_of_two()) {
                    Some(mask) => {
                        let bits = kernel.exprs.small(mask.trailing_zeros() as u64);
                        let high = kernel.exprs.binary(Binary::Shr, bits, word);
                        self.decide(kernel, high)
                    }
                    None => Open(condition),
                }
            }
            Expr::Binary(Binary::Shr, by, word) => match kernel.exprs.as_const(by) {
                Some(by) if U256::from(self.bits(kernel, word)) <= by => Known(false),
                _ => Open(condition),
            },
            Expr::Binary(Binary::Lt, a, b) => self.decide_less(kernel, condition, a, b),
            Expr::Binary(Binary::Eq, a, b) if self.differ(kernel, a, b) => Known(false),
            _ => Open(condition),
        }
    }

    /// The opposite of `condition`; what it hangs on is the same.
    fn negated(&self, kernel: &mut Kernel, condition: ExprId) -> Decision {
        match self.decide(kernel, condition) {
            Known(holds) => Known(!holds),
            open => open,
        }
    }

    fn decide_less(&self, kernel: &mut Kernel, condition: ExprId, a: ExprId, b: ExprId) -> Decision {
        // `v < v + w`: w is not zero and the sum has not wrapped. The two are asked apart: only the second is a guard.
        if let Expr::Binary(Binary::Add, v, w) = *kernel.exprs.get(b)
            && (v == a || w == a)
        {
            let other = if v == a { w } else { v };
            return match self.decide(kernel, other) {
                Known(true) => {
                    let wraps = kernel.exprs.binary(Binary::Lt, b, a);
                    self.negated(kernel, wraps)
                }
                decision => decision,
            };
        }
        let below = |bits: usize, limit: U256| limit.bit_len() > bits;
        match (kernel.exprs.as_const(a), kernel.exprs.as_const(b)) {
            (_, Some(limit)) if below(self.bits(kernel, a), limit) => return Known(true),
            (Some(limit), _) if limit.checked_add(U256::ONE).is_some_and(|limit| below(self.bits(kernel, b), limit)) => {
                return Known(false);
            }
            _ => {}
        }
        let reverse = kernel.exprs.binary(Binary::Lt, b, a);
        if self.facts.get(&reverse) == Some(&true) {
            return Known(false);
        }
        let equal = kernel.exprs.eq(a, b);
        if self.facts.get(&equal) == Some(&true) { Known(false) } else { Open(condition) }
    }

    /// Whether facts tell two words apart: one is below the other, or equals another constant.
    fn differ(&self, kernel: &mut Kernel, a: ExprId, b: ExprId) -> bool {
        let less = kernel.exprs.binary(Binary::Lt, a, b);
        let more = kernel.exprs.binary(Binary::Lt, b, a);
        if [less, more].iter().any(|fact| self.facts.get(fact) == Some(&true)) {
            return true;
        }
        if kernel.exprs.as_const(a).is_none() {
            return false;
        }
        self.facts.iter().any(|(fact, holds)| {
            *holds && matches!(kernel.exprs.get(*fact), Expr::Binary(Binary::Eq, c, d) if *d == b && *c != a && kernel.exprs.as_const(*c).is_some())
        })
    }

    /// The number of low bits that `word` fits on this path.
    fn bits(&self, kernel: &mut Kernel, word: ExprId) -> usize {
        self.bits_within(kernel, word, &mut { BITS_STEPS })
    }

    fn bits_within(&self, kernel: &mut Kernel, word: ExprId, steps: &mut usize) -> usize {
        let known = self.bounds.get(&word).copied().unwrap_or(256).min(kernel.exprs.ones(word).bit_len());
        if *steps == 0 {
            return known;
        }
        *steps -= 1;
        let computed = match *kernel.exprs.get(word) {
            // A difference that has not borrowed.
            Expr::Binary(Binary::Sub, a, b) => {
                let borrows = kernel.exprs.binary(Binary::Lt, a, b);
                if self.facts.get(&borrows) == Some(&false) { self.bits_within(kernel, a, steps) } else { 256 }
            }
            // What was there, or what one of the call's own stores has put there.
            Expr::Load(load) if !kernel.load(load).shadows.is_empty() => {
                let Load { key, shadows } = kernel.load(load).clone();
                let before = kernel.intern_load(Load { key, shadows: vec![] });
                let words = shadows.iter().map(|store| store.value).chain([before]);
                words.map(|word| self.bits_within(kernel, word, steps)).max().unwrap_or(256)
            }
            _ => 256,
        };
        known.min(computed)
    }

    /// A mask that this path knows to change nothing.
    pub fn unmask(&self, kernel: &mut Kernel, word: ExprId) -> Option<ExprId> {
        let Expr::Binary(Binary::And, mask, inner) = *kernel.exprs.get(word) else { return None };
        let mask = kernel.exprs.as_const(mask)?;
        let clear = |(fact, holds): (&ExprId, &bool)| match *kernel.exprs.get(*fact) {
            Expr::Binary(Binary::And, tested, of) if of == inner && !holds => kernel.exprs.as_const(tested).unwrap_or_default(),
            _ => U256::ZERO,
        };
        let clear = self.facts.iter().map(clear).fold(U256::ZERO, |all, clear| all | clear);
        let bits = self.bits(kernel, inner);
        let low = if bits < 256 { (U256::ONE << bits) - U256::ONE } else { U256::MAX };
        (!mask & low & !clear).is_zero().then_some(inner)
    }

    /// The value of `key` after this path's stores.
    pub fn load(&mut self, kernel: &mut Kernel, key: KeyId) -> ExprId {
        let mut shadows = Vec::new();
        for store in self.stores.iter().rev() {
            if store.key == key && shadows.is_empty() {
                return store.value;
            }
            if !kernel.distinct(store.key, key) {
                shadows.push(*store);
            }
            if store.key == key {
                break;
            }
        }
        shadows.reverse();
        kernel.intern_load(Load { key, shadows })
    }

    pub fn store(&mut self, key: KeyId, value: ExprId) {
        self.stores.push(Store { key, value });
    }

    pub fn push_word(&mut self, kernel: &mut Kernel, value: U256) {
        let id = kernel.exprs.constant(value);
        self.frame.stack.push(id);
    }

    pub fn bytes(&mut self, offset: usize, len: usize) -> Vec<Byte> {
        self.frame.memory.read(offset, len)
    }
}
