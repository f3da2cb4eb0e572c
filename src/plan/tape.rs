//! Expressions that inputs decide, compiled to a straight list of operations: what every call of a kernel evaluates while it is resolved.

use crate::ir::eval::{self, Call};
use crate::ir::{Binary, Expr, ExprId, Exprs, Input, Ternary, Unary};
use alloy_primitives::{U256, keccak256};
use std::collections::HashMap;

/// Calls that are best evaluated together: enough to share what an operation costs, and their words fit a core's cache.
pub const SIDE_BY_SIDE: usize = 32;

/// A register of a tape.
pub type Register = usize;

#[derive(Debug, Clone)]
enum Step {
    Input(Input),
    Unary(Unary, Register),
    Binary(Binary, Register, Register),
    Ternary(Ternary, [Register; 3]),
    Keccak(Vec<Register>, usize),
}

/// Operations in order. The registers are the constants, then one result an operation.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    constants: Vec<U256>,
    steps: Vec<Step>,
}

/// Builds a tape for several expressions of one arena, sharing what they share.
pub struct Writer<'a> {
    exprs: &'a Exprs,
    constants: Vec<U256>,
    steps: Vec<Step>,
    done: HashMap<ExprId, Slot>,
}

#[derive(Debug, Clone, Copy)]
enum Slot {
    Constant(usize),
    Result(usize),
}

impl<'a> Writer<'a> {
    pub fn new(exprs: &'a Exprs) -> Self {
        Self { exprs, constants: vec![], steps: vec![], done: HashMap::new() }
    }

    /// Adds what `id` needs. It must not hang on loads.
    pub fn need(&mut self, id: ExprId) {
        self.slot(id);
    }

    /// The tape, and where an expression that was needed is found.
    pub fn finish(self) -> (Tape, impl Fn(ExprId) -> Register + use<>) {
        let constants = self.constants.len();
        let place = move |slot: Slot| match slot {
            Slot::Constant(at) => at,
            Slot::Result(at) => constants + at,
        };
        let done = self.done;
        (Tape { constants: self.constants, steps: self.steps }.placed(constants), move |id| place(done[&id]))
    }

    fn slot(&mut self, id: ExprId) -> Slot {
        if let Some(slot) = self.done.get(&id) {
            return *slot;
        }
        let slot = match self.exprs.get(id) {
            Expr::Const(value) => {
                self.constants.push(*value);
                Slot::Constant(self.constants.len() - 1)
            }
            Expr::Load(_) => unreachable!("a tape holds what inputs decide"),
            Expr::Input(input) => self.push(Step::Input(*input)),
            Expr::Unary(op, a) => {
                let a = self.operand(*a);
                self.push(Step::Unary(*op, a))
            }
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.operand(*a), self.operand(*b));
                self.push(Step::Binary(*op, a, b))
            }
            Expr::Ternary(op, operands) => {
                let operands = operands.map(|operand| self.operand(operand));
                self.push(Step::Ternary(*op, operands))
            }
            Expr::Keccak(preimage) => {
                let words = preimage.words.iter().map(|word| self.operand(*word)).collect();
                self.push(Step::Keccak(words, preimage.len_bytes as usize))
            }
        };
        self.done.insert(id, slot);
        slot
    }

    /// While writing, results count from the top, since the number of constants is not known yet.
    fn operand(&mut self, id: ExprId) -> Register {
        match self.slot(id) {
            Slot::Constant(at) => at,
            Slot::Result(at) => Register::MAX - at,
        }
    }

    fn push(&mut self, step: Step) -> Slot {
        self.steps.push(step);
        Slot::Result(self.steps.len() - 1)
    }
}

impl Tape {
    fn placed(mut self, constants: usize) -> Self {
        let place = |register: &mut Register| {
            if *register > Register::MAX / 2 {
                *register = constants + (Register::MAX - *register);
            }
        };
        for step in &mut self.steps {
            match step {
                Step::Input(_) => {}
                Step::Unary(_, a) => place(a),
                Step::Binary(_, a, b) => [a, b].into_iter().for_each(place),
                Step::Ternary(_, operands) => operands.iter_mut().for_each(place),
                Step::Keccak(words, _) => words.iter_mut().for_each(place),
            }
        }
        self
    }

    /// Evaluates everything for some calls, operation by operation; `words` are the room for it, whatever they hold.
    pub fn run<'a>(&'a self, calls: &[Call<'_>], words: &'a mut Vec<U256>) -> Evaluated<'a> {
        let count = calls.len();
        if words.len() < self.steps.len() * count {
            words.resize(self.steps.len() * count, U256::ZERO);
        }
        for (at, step) in self.steps.iter().enumerate() {
            let (done, rest) = words.split_at_mut(at * count);
            let done = Evaluated { tape: self, words: done, calls: count };
            let out = rest[..count].iter_mut().enumerate();
            match step {
                Step::Input(input) => out.for_each(|(call, word)| *word = calls[call].input(*input)),
                Step::Unary(op, a) => {
                    let a = done.column(*a);
                    out.for_each(|(call, word)| *word = eval::unary(*op, *a.word(call)));
                }
                Step::Binary(op, a, b) => {
                    let (a, b) = (done.column(*a), done.column(*b));
                    out.for_each(|(call, word)| *word = eval::binary(*op, *a.word(call), *b.word(call)));
                }
                Step::Ternary(op, operands) => {
                    let [a, b, c] = operands.map(|operand| done.column(operand));
                    out.for_each(|(call, word)| *word = eval::ternary(*op, *a.word(call), *b.word(call), *c.word(call)));
                }
                Step::Keccak(words, len) => out.for_each(|(call, word)| {
                    let bytes: Vec<u8> = words.iter().flat_map(|word| done.word(*word, call).to_be_bytes::<32>()).collect();
                    *word = keccak256(&bytes[..*len]).into();
                }),
            }
        }
        Evaluated { tape: self, words, calls: count }
    }
}

/// What a tape made of some calls.
#[derive(Debug, Clone, Copy)]
pub struct Evaluated<'a> {
    tape: &'a Tape,
    /// A word a call for each operation.
    words: &'a [U256],
    calls: usize,
}

/// The words of one register, a call each, or one for all.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    words: &'a [U256],
    mask: usize,
}

impl<'a> Column<'a> {
    #[inline]
    pub fn word(self, call: usize) -> &'a U256 {
        &self.words[call & self.mask]
    }
}

impl<'a> Evaluated<'a> {
    #[inline]
    pub fn column(self, register: Register) -> Column<'a> {
        let constants = &self.tape.constants;
        match register.checked_sub(constants.len()) {
            None => Column { words: &constants[register..=register], mask: 0 },
            Some(at) => Column { words: &self.words[at * self.calls..(at + 1) * self.calls], mask: usize::MAX },
        }
    }

    pub fn word(self, register: Register, call: usize) -> U256 {
        *self.column(register).word(call)
    }

    /// Up to 32 conditions of a call as bits.
    pub fn gather(self, conditions: &[Register], call: usize) -> u32 {
        conditions.iter().enumerate().fold(0, |bits, (at, condition)| bits | u32::from(!self.word(*condition, call).is_zero()) << at)
    }
}
