//! Makes a call go the way that is wanted: down its tree, at each branch that goes wrong, something that the branch hangs on is changed: an
//! argument, the caller, the value, or a word that is still open. Whatever is tried, the tree is evaluated anew, and what does not bring
//! the call further is taken back; so an operation that cannot be turned round costs a try and no more.

use super::ground::{Drawn, Ground, Sight};
use super::trees::Turn;
use super::words::Words;
use crate::exec::fallback::Contract;
use crate::ir::eval::{Call, Run, address_word, word_address};
use crate::ir::{Binary, Expr, ExprId, Input, Kernel, KeyId, LoadId, Unary};
use crate::plan::resolve::cell_key;
use crate::state::{CellKey, Slot};
use crate::tx::{Block, Transaction};
use alloy_primitives::U256;
use std::collections::BTreeSet;

/// Changes tried for one call.
const TRIES: usize = 24;
/// Operations turned round for one change.
const FUEL: usize = 64;

/// A call that is being made.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub transaction: Transaction,
    pub drawn: Drawn,
}

pub(super) struct Solver<'a> {
    pub kernel: &'a Kernel,
    pub block: &'a Block,
    pub ground: &'a Ground,
    pub contract: &'a Contract,
    pub words: &'a mut Words,
    pub draft: &'a mut Draft,
    fuel: usize,
}

impl<'a> Solver<'a> {
    pub(super) fn new(
        kernel: &'a Kernel,
        block: &'a Block,
        ground: &'a Ground,
        contract: &'a Contract,
        words: &'a mut Words,
        draft: &'a mut Draft,
    ) -> Self {
        Self { kernel, block, ground, contract, words, draft, fuel: 0 }
    }

    /// Changes the draft until it goes this way; false where that was not found.
    pub(super) fn reach(&mut self, way: &[Turn]) -> bool {
        let mut wrong = self.first_wrong(way);
        for _ in 0..TRIES {
            let Some(at) = wrong else { return true };
            let before = self.draft.clone();
            self.fuel = FUEL;
            if self.decide(way[at].condition, way[at].yes) {
                wrong = self.first_wrong(way);
            }
            if wrong.is_some_and(|now| now <= at) {
                *self.draft = before;
                wrong = Some(at);
            }
        }
        wrong.is_none()
    }

    fn first_wrong(&mut self, way: &[Turn]) -> Option<usize> {
        self.look(|run, sight| way.iter().position(|turn| run.word(turn.condition, sight).is_zero() == turn.yes))
    }

    fn look<T>(&mut self, with: impl FnOnce(&mut Run<'_>, &mut Sight<'_>) -> T) -> T {
        let Draft { transaction, drawn } = &mut *self.draft;
        let mut sight = Sight { ground: self.ground, contract: self.contract, drawn, words: self.words, met: BTreeSet::new() };
        with(&mut Run::new(self.kernel, Call { transaction: (&*transaction).into(), block: self.block }), &mut sight)
    }

    fn value(&mut self, id: ExprId) -> U256 {
        self.look(|run, sight| run.word(id, sight))
    }

    fn cell(&mut self, key: KeyId) -> CellKey {
        let place = self.look(|run, sight| run.place(key, sight));
        cell_key(&self.draft.transaction.to, place)
    }

    /// Changes something so that a condition is `want`. False where there is nothing to change; true does not say that it worked.
    fn decide(&mut self, id: ExprId, want: bool) -> bool {
        let exprs = &self.kernel.exprs;
        match *exprs.get(id) {
            Expr::Unary(Unary::IsZero, a) => self.decide(a, !want),
            Expr::Binary(op @ (Binary::Eq | Binary::Xor), a, b) if want == (op == Binary::Eq) => {
                let (x, y) = (self.value(a), self.value(b));
                self.either((a, y), (b, x))
            }
            Expr::Binary(Binary::Eq | Binary::Xor, a, b) => {
                let (x, y) = (self.other_than(b), self.other_than(a));
                self.either((a, x), (b, y))
            }
            Expr::Binary(Binary::Lt, a, b) => self.order(a, b, want, U256::ZERO),
            Expr::Binary(Binary::SLt, a, b) => self.order(a, b, want, U256::ONE << 255),
            Expr::Binary(Binary::And, a, b) if exprs.is_bool(a) && exprs.is_bool(b) => {
                if want {
                    self.decide(a, true) & self.decide(b, true)
                } else {
                    self.decide_one(a, b, false)
                }
            }
            Expr::Binary(Binary::Or, a, b) => {
                if want {
                    self.decide_one(a, b, true)
                } else {
                    self.decide(a, false) & self.decide(b, false)
                }
            }
            _ if want => {
                let word = if self.words.random.coin() { U256::ONE } else { self.words.stored() };
                let ones = exprs.ones(id);
                self.set(id, if word & ones == U256::ZERO { ones } else { word & ones })
            }
            _ => self.set(id, U256::ZERO),
        }
    }

    fn decide_one(&mut self, a: ExprId, b: ExprId, want: bool) -> bool {
        let (first, second) = if self.words.random.coin() { (a, b) } else { (b, a) };
        self.decide(first, want) || self.decide(second, want)
    }

    /// A word that `id` is not, near it or far.
    fn other_than(&mut self, id: ExprId) -> U256 {
        let value = self.value(id);
        match self.words.below(5) {
            0 => value.wrapping_add(U256::ONE),
            1 => value.wrapping_sub(U256::ONE),
            2 => U256::ZERO,
            3 => address_word(&self.words.account()),
            _ => self.words.amount(),
        }
    }

    /// Makes `a < b`, or `a >= b`. Signed words compare as unsigned ones do once `flip` has turned their sign.
    fn order(&mut self, a: ExprId, b: ExprId, less: bool, flip: U256) -> bool {
        let (x, y) = (self.value(a) ^ flip, self.value(b) ^ flip);
        let (one, margin, part) = (U256::ONE, self.words.margin(), self.words.below(200));
        let (low, high) = if less { (x, y) } else { (y, x) };
        // What is to be below `high`, and what above `low`; where equal will do, it is among them.
        let least = if less { one } else { U256::ZERO };
        let below = high.checked_sub(least).map(|most| [most, most, U256::ZERO, most >> part, high >> 20][self.words.below(5)]);
        let above = low.checked_add(least).map(|fewest| {
            let more = fewest.saturating_add(margin);
            [fewest, more, more, U256::MAX][self.words.below(4)]
        });
        let (for_a, for_b) = if less { (below, above) } else { (above, below) };
        let fit = |id: ExprId, word: U256| (word & self.kernel.exprs.ones(id)) ^ flip;
        let (for_a, for_b) = (for_a.map(|word| (a, fit(a, word))), for_b.map(|word| (b, fit(b, word))));
        match (for_a, for_b) {
            (Some(for_a), Some(for_b)) => self.either(for_a, for_b),
            (Some((id, word)), None) | (None, Some((id, word))) => self.set(id, word),
            (None, None) => false,
        }
    }

    fn either(&mut self, one: (ExprId, U256), other: (ExprId, U256)) -> bool {
        let (first, second) = if self.words.random.coin() { (one, other) } else { (other, one) };
        self.set(first.0, first.1) || self.set(second.0, second.1)
    }

    /// Changes something so that `id` becomes `word`.
    fn set(&mut self, id: ExprId, word: U256) -> bool {
        if self.fuel == 0 {
            return false;
        }
        self.fuel -= 1;
        match *self.kernel.exprs.get(id) {
            Expr::Const(value) => value == word,
            Expr::Input(input) => self.set_input(input, word),
            Expr::Load(load) => self.set_load(load, word),
            Expr::Unary(Unary::Not, a) => self.set(a, !word),
            Expr::Unary(Unary::IsZero, _) | Expr::Binary(Binary::Eq | Binary::Lt | Binary::SLt, ..) => {
                word <= U256::ONE && self.decide(id, !word.is_zero())
            }
            Expr::Binary(op, a, b) => self.set_binary(op, a, b, word),
            Expr::Unary(Unary::Clz, _) | Expr::Ternary(..) | Expr::Keccak(_) => false,
        }
    }

    fn set_binary(&mut self, op: Binary, a: ExprId, b: ExprId, word: U256) -> bool {
        let (x, y) = (self.value(a), self.value(b));
        let shift = || (x < U256::from(256)).then(|| x.to::<usize>());
        match op {
            Binary::Add => self.either((a, word.wrapping_sub(y)), (b, word.wrapping_sub(x))),
            Binary::Sub => self.either((a, word.wrapping_add(y)), (b, x.wrapping_sub(word))),
            Binary::Xor => self.either((a, word ^ y), (b, word ^ x)),
            // What the other side masks away stays as it is.
            Binary::And => {
                (word & !y == U256::ZERO && self.set(a, x & !y | word)) || (word & !x == U256::ZERO && self.set(b, y & !x | word))
            }
            Binary::Or => (y & !word == U256::ZERO && self.set(a, word & !y)) || (x & !word == U256::ZERO && self.set(b, word & !x)),
            Binary::Mul if word.is_zero() => self.either((a, word), (b, word)),
            Binary::Mul => {
                let part = |of: U256| word.checked_div(of).filter(|part| part.wrapping_mul(of) == word);
                part(y).is_some_and(|part| self.set(a, part)) || part(x).is_some_and(|part| self.set(b, part))
            }
            Binary::Div => word.checked_mul(y).is_some_and(|product| self.set(a, product)),
            Binary::Mod => word < y && self.set(a, word),
            Binary::Shl => shift().is_some_and(|by| self.set(b, word >> by)),
            Binary::Shr => shift().is_some_and(|by| self.set(b, word << by | y & !(U256::MAX << by))),
            Binary::Sar => shift().is_some_and(|by| self.set(b, word << by)),
            Binary::SignExtend => self.set(b, word),
            Binary::SDiv | Binary::SMod | Binary::Exp | Binary::Byte | Binary::Eq | Binary::Lt | Binary::SLt => false,
        }
    }

    /// A call with value stays one, and one without too: it would be another kernel's.
    fn set_input(&mut self, input: Input, word: U256) -> bool {
        let transaction = &mut self.draft.transaction;
        match input {
            Input::Caller if word >> 160 == U256::ZERO => transaction.from = word_address(word),
            Input::Value if word.is_zero() == transaction.value.is_zero() => transaction.value = word,
            // The selector is the kernel's.
            Input::Calldata(at) if at >= 4 => {
                let mut data = transaction.data.to_vec();
                data.iter_mut().skip(at as usize).zip(word.to_be_bytes::<32>()).for_each(|(byte, new)| *byte = new);
                transaction.data = data.into();
            }
            _ => return false,
        }
        true
    }

    fn set_load(&mut self, id: LoadId, word: U256) -> bool {
        let load = self.kernel.load(id);
        let cell = self.cell(load.key);
        for store in load.shadows.iter().rev() {
            if store.key == load.key || self.cell(store.key) == cell {
                return self.set(store.value, word);
            }
        }
        // Native balances sum below 2^256.
        let too_much = cell.slot == Slot::Native && word >> 200 != U256::ZERO;
        let open = self.ground.held(&cell).is_none() && !too_much;
        if open {
            self.draft.drawn.insert(cell, word);
        }
        open
    }
}
