//! Expressions compiled to a straight list of operations, for many calls at once: what every call of a kernel evaluates while it is
//! resolved, asks of its cells, or runs in a wave. Where the words come from that it starts with, whoever makes the tape says.

use crate::ir::eval;
use crate::ir::{Binary, Expr, ExprId, Exprs, Ternary, Unary};
use crate::keccak::keccak256_each;
use alloy_primitives::U256;
use std::collections::HashMap;

/// Calls that are best evaluated together: enough to share what an operation costs, and their words fit a core's cache.
pub const SIDE_BY_SIDE: usize = 32;

/// A register of a tape.
pub type Register = usize;

#[derive(Debug, Clone)]
enum Step<S> {
    Source(S),
    Unary(Unary, Register),
    Binary(Binary, Register, Register),
    Ternary(Ternary, [Register; 3]),
    Keccak(Vec<Register>, usize),
}

/// Operations in order. The registers are the constants, then one result an operation.
#[derive(Debug, Clone)]
pub struct Tape<S> {
    constants: Vec<U256>,
    steps: Vec<Step<S>>,
    cost: usize,
}

impl<S> Default for Tape<S> {
    fn default() -> Self {
        Self { constants: vec![], steps: vec![], cost: 0 }
    }
}

/// Where a word comes from.
pub enum Origin<S> {
    /// It is there when the tape starts.
    Source(S),
    /// It is the same as another.
    Same(ExprId),
    /// From its operands.
    Operation,
}

/// Builds a tape for several expressions of one arena, sharing what they share.
pub struct Writer<'a, S, F> {
    exprs: &'a Exprs,
    origin: F,
    constants: Vec<U256>,
    steps: Vec<Step<S>>,
    done: HashMap<ExprId, Slot>,
    cost: usize,
}

#[derive(Debug, Clone, Copy)]
enum Slot {
    Constant(usize),
    Result(usize),
}

/// Where a tape's expressions are found.
pub struct Registers {
    constants: usize,
    done: HashMap<ExprId, Slot>,
}

impl Registers {
    /// The register of an expression that was needed.
    pub fn of(&self, id: ExprId) -> Register {
        match self.done[&id] {
            Slot::Constant(at) => at,
            Slot::Result(at) => self.constants + at,
        }
    }
}

impl<'a, S, F: Fn(ExprId) -> Origin<S>> Writer<'a, S, F> {
    /// `origin` knows inputs and loads.
    pub fn new(exprs: &'a Exprs, origin: F) -> Self {
        Self { exprs, origin, constants: vec![], steps: vec![], done: HashMap::new(), cost: 0 }
    }

    /// Adds what `id` needs.
    pub fn need(&mut self, id: ExprId) {
        self.slot(id);
    }

    /// The tape, and where the expressions that were needed are found.
    pub fn finish(self) -> (Tape<S>, Registers) {
        let constants = self.constants.len();
        let tape = Tape { constants: self.constants, steps: self.steps, cost: self.cost };
        (tape.placed(constants), Registers { constants, done: self.done })
    }

    fn slot(&mut self, id: ExprId) -> Slot {
        if let Some(slot) = self.done.get(&id) {
            return *slot;
        }
        let slot = match (self.origin)(id) {
            Origin::Source(source) => {
                self.cost += 1;
                self.push(Step::Source(source))
            }
            Origin::Same(other) => self.slot(other),
            Origin::Operation => {
                self.cost += self.exprs.cost(id);
                self.operation(id)
            }
        };
        self.done.insert(id, slot);
        slot
    }

    fn operation(&mut self, id: ExprId) -> Slot {
        match self.exprs.get(id) {
            Expr::Const(value) => {
                self.constants.push(*value);
                Slot::Constant(self.constants.len() - 1)
            }
            Expr::Load(_) | Expr::Input(_) => unreachable!("whoever makes a tape says where these come from"),
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
        }
    }

    /// While writing, results count from the top, since the number of constants is not known yet.
    fn operand(&mut self, id: ExprId) -> Register {
        match self.slot(id) {
            Slot::Constant(at) => at,
            Slot::Result(at) => Register::MAX - at,
        }
    }

    fn push(&mut self, step: Step<S>) -> Slot {
        self.steps.push(step);
        Slot::Result(self.steps.len() - 1)
    }
}

impl<S> Tape<S> {
    fn placed(mut self, constants: usize) -> Self {
        let place = |register: &mut Register| {
            if *register > Register::MAX / 2 {
                *register = constants + (Register::MAX - *register);
            }
        };
        for step in &mut self.steps {
            match step {
                Step::Source(_) => {}
                Step::Unary(_, a) => place(a),
                Step::Binary(_, a, b) => [a, b].into_iter().for_each(place),
                Step::Ternary(_, operands) => operands.iter_mut().for_each(place),
                Step::Keccak(words, _) => words.iter_mut().for_each(place),
            }
        }
        self
    }

    /// What a register holds whatever the sources are.
    pub fn constant(&self, register: Register) -> Option<U256> {
        self.constants.get(register).copied()
    }

    /// Where its words start.
    pub fn sources(&self) -> impl Iterator<Item = &S> {
        self.steps.iter().filter_map(|step| if let Step::Source(source) = step { Some(source) } else { None })
    }

    /// What it costs a call, in additions; `None` where it hashes, which is best left to those that need it.
    pub fn cost(&self) -> Option<usize> {
        let hashes = self.steps.iter().any(|step| matches!(step, Step::Keccak(..)));
        (!hashes).then_some(self.cost)
    }

    /// Evaluates everything for so many calls, operation by operation; `source` writes the words to start with, one a call, and `words` are
    /// the room for it, whatever they hold.
    pub fn run<'a>(&'a self, count: usize, source: impl Fn(&S, &mut [U256]), words: &'a mut Vec<U256>) -> Evaluated<'a> {
        if words.len() < self.steps.len() * count {
            words.resize(self.steps.len() * count, U256::ZERO);
        }
        (0..self.steps.len()).for_each(|at| self.step(at, count, &source, words));
        self.evaluated(count, words)
    }

    /// Begins evaluating for so many calls, of which only what is needed is evaluated.
    pub fn begin(&self, count: usize, room: &mut Room) {
        if room.words.len() < self.steps.len() * count {
            room.words.resize(self.steps.len() * count, U256::ZERO);
        }
        room.done.clear();
        room.done.resize(self.steps.len(), false);
    }

    /// Evaluates a register, unless that has been done since the beginning.
    pub fn need(&self, register: Register, count: usize, source: &impl Fn(&S, &mut [U256]), room: &mut Room) {
        let Some(at) = register.checked_sub(self.constants.len()).filter(|at| !room.done[*at]) else { return };
        room.done[at] = true;
        let mut need = |register: &Register| self.need(*register, count, source, room);
        match &self.steps[at] {
            Step::Source(_) => {}
            Step::Unary(_, a) => need(a),
            Step::Binary(_, a, b) => [a, b].into_iter().for_each(need),
            Step::Ternary(_, operands) => operands.iter().for_each(need),
            Step::Keccak(words, _) => words.iter().for_each(need),
        }
        self.step(at, count, source, &mut room.words);
    }

    /// Evaluates one operation.
    fn step(&self, at: usize, count: usize, source: &impl Fn(&S, &mut [U256]), words: &mut [U256]) {
        let (done, rest) = words.split_at_mut(at * count);
        let (done, out) = (Evaluated { constants: &self.constants, words: done, calls: count }, &mut rest[..count]);
        let each = out.iter_mut().enumerate();
        match &self.steps[at] {
            Step::Source(of) => source(of, out),
            Step::Unary(op, a) => {
                let a = done.column(*a);
                each.for_each(|(call, word)| *word = eval::unary(*op, *a.word(call)));
            }
            Step::Binary(op, a, b) => {
                let (a, b) = (done.column(*a), done.column(*b));
                each.for_each(|(call, word)| *word = eval::binary(*op, *a.word(call), *b.word(call)));
            }
            Step::Ternary(op, operands) => {
                let [a, b, c] = operands.map(|operand| done.column(operand));
                each.for_each(|(call, word)| *word = eval::ternary(*op, *a.word(call), *b.word(call), *c.word(call)));
            }
            Step::Keccak(words, len) => keccak256_each(*len, |at, call| done.word(words[at], call), out),
        }
    }

    /// What `run` made of so many calls in this room.
    pub fn evaluated<'a>(&'a self, count: usize, words: &'a [U256]) -> Evaluated<'a> {
        Evaluated { constants: &self.constants, words, calls: count }
    }
}

/// Room for the words of some calls, and which of the operations have been evaluated for them.
#[derive(Debug, Default)]
pub struct Room {
    pub words: Vec<U256>,
    done: Vec<bool>,
}

/// What a tape made of some calls.
#[derive(Debug, Clone, Copy)]
pub struct Evaluated<'a> {
    constants: &'a [U256],
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
        match register.checked_sub(self.constants.len()) {
            None => Column { words: &self.constants[register..=register], mask: 0 },
            Some(at) => Column { words: &self.words[at * self.calls..(at + 1) * self.calls], mask: usize::MAX },
        }
    }

    pub fn word(self, register: Register, call: usize) -> U256 {
        *self.column(register).word(call)
    }

    /// Sets a bit in the words of the calls where a condition holds.
    pub fn gather(self, condition: Register, bit: usize, words: &mut [u32]) {
        let column = self.column(condition);
        words.iter_mut().enumerate().for_each(|(call, word)| *word |= u32::from(!column.word(call).is_zero()) << bit);
    }
}
