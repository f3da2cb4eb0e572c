//! Small contracts as data: functions of steps over a few slots, compiled to bytecode. A step that lost what it refers to still means
//! something, so that a failing program can be shrunk by leaving steps out.

use super::assembler::{Assembler, Label, op};
use alloy_primitives::{Bytes, U256};

#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    Const(U256),
    Caller,
    This,
    Value,
    Timestamp,
    Arg(usize),
    /// An argument cut to an address.
    Account(usize),
    /// The value that a load found.
    Loaded(usize),
    Sum(Box<Word>, Box<Word>),
    Difference(Box<Word>, Box<Word>),
    Product(Box<Word>, Box<Word>),
    Share(Box<Word>, u64),
    OwnBalance,
    BalanceOf(Box<Word>),
    Transient(u64),
    Gas,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    Slot(Word),
    /// keccak(word . base), as Solidity has it.
    Map(Word, u64),
    /// keccak(base . word), as Vyper has it.
    Listed(u64, Word),
    /// keccak(second . keccak(first . base)).
    Nested(Word, Word, u64),
    /// keccak of an address' 20 bytes and the base.
    Packed(Word, u64),
    Field(Box<Key>, U256),
}

/// What is asked of a loaded value and an amount; true where it passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// !(value < amount)
    Covers,
    /// !(amount > value)
    CoversTurned,
    /// !(value - amount > value)
    NoBorrow,
    /// amount < value
    MoreThan,
    /// !(value + amount < value)
    NoCarry,
    /// !(amount > value + amount)
    NoCarryTurned,
    /// !(MAX - value < amount)
    Room,
    /// value + amount > value
    Grows,
    /// !(amount < value)
    AtMost,
    /// value < amount
    Below,
    /// !(450 < value + amount)
    Capped,
    /// value + amount < 500
    CappedBelow,
    /// !(420 - value < amount)
    RoomBelow,
    /// !(value - amount < 7)
    Leaves,
    /// !(value < amount + 5)
    CoversMore,
    /// 9 < value - amount
    LeavesMore,
    /// value >> 255 == 0
    Unflagged,
    /// value & 2^255 == 0
    UnflaggedMask,
    NotZero,
    Zero,
    /// value != MAX
    NotMax,
    Equals,
    Differs,
    Always,
    Never,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fail {
    Revert,
    /// Revert data that shows words.
    RevertWith(Vec<Word>),
    Halt,
    /// A success that shows words and ends here.
    Return(Vec<Word>),
    /// Leaves out as many of the next steps.
    Skip(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Load(Key),
    /// A test of a load.
    Check {
        load: usize,
        test: Test,
        amount: Word,
        or: Fail,
        turned: bool,
    },
    /// A test of any word.
    Branch {
        word: Word,
        test: Test,
        amount: Word,
        or: Fail,
    },
    /// Stores a load's value with an amount added or taken; of the cell's latest value if `latest`.
    Change {
        load: usize,
        amount: Word,
        add: bool,
        latest: bool,
    },
    Write(Key, Word),
    Transient(u64, Word),
    Log(Vec<Word>),
    Call(Word, Word),
    /// A contract without code.
    Create,
}

pub type Function = Vec<Step>;

/// Arguments of every function.
pub const ARGS: usize = 3;

/// Functions behind a dispatcher: the selector of function `i` is `i + 1`.
pub fn compile(functions: &[Function]) -> Bytes {
    let mut to = Assembler::default();
    let labels: Vec<Label> = functions.iter().map(|_| to.label()).collect();
    to.push(0).op(op::CALLDATALOAD).push(0xe0).op(op::SHR);
    for (i, label) in labels.iter().enumerate() {
        to.op(0x80).push(i + 1).op(op::EQ).jump_if(*label);
    }
    to.push(0).push(0).op(op::REVERT);
    for (function, label) in functions.iter().zip(labels) {
        to.mark(label).op(op::POP);
        Compiler { to: &mut to, loads: 0, skips: vec![] }.function(function);
    }
    to.finish()
}

/// Where a load's slot and value are kept in memory.
const LOADS: usize = 0x200;

struct Compiler<'a> {
    to: &'a mut Assembler,
    loads: usize,
    /// Steps until a label stands.
    skips: Vec<(usize, Label)>,
}

impl Compiler<'_> {
    fn function(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
            self.land();
        }
        while !self.skips.is_empty() {
            self.land();
        }
        self.show(&(0..self.loads).map(Word::Loaded).collect::<Vec<_>>());
        self.to.op(op::RETURN);
    }

    /// A step is over.
    fn land(&mut self) {
        for (left, label) in std::mem::take(&mut self.skips) {
            match left {
                0 => drop(self.to.mark(label)),
                _ => self.skips.push((left - 1, label)),
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Load(key) => {
                self.key(key);
                let at = LOADS + 64 * self.loads;
                self.to.op(0x80).push(at).op(op::MSTORE).op(op::SLOAD).push(at + 32).op(op::MSTORE);
                self.loads += 1;
            }
            Step::Check { load, test, amount, or, turned } => {
                self.test(&Word::Loaded(*load), *test, amount);
                self.or(or, *turned);
            }
            Step::Branch { word, test, amount, or } => {
                self.test(word, *test, amount);
                self.or(or, false);
            }
            Step::Change { load, amount, add, latest } => {
                self.word(amount);
                match latest {
                    true => self.slot(*load).op(op::SLOAD),
                    false => self.word(&Word::Loaded(*load)),
                };
                self.to.op(if *add { op::ADD } else { op::SUB });
                self.slot(*load).op(op::SSTORE);
            }
            Step::Write(key, word) => {
                self.word(word);
                self.key(key);
                self.to.op(op::SSTORE);
            }
            Step::Transient(slot, word) => drop(self.word(word).push(*slot).op(op::TSTORE)),
            Step::Log(words) => {
                self.word(&Word::Caller);
                self.show(words);
                self.to.op(op::LOG0 + 1);
            }
            Step::Create => drop(self.to.push(0).push(0).push(0).op(op::CREATE).op(op::POP)),
            Step::Call(target, value) => {
                self.to.push(0).push(0).push(0).push(0);
                self.word(value);
                self.word(target).op(op::GAS).op(op::CALL).op(op::POP);
            }
        }
    }

    /// Leaves whether the test passes.
    fn test(&mut self, value: &Word, test: Test, amount: &Word) {
        let (value, amount, not) = (value.clone(), amount.clone(), op::ISZERO);
        let pair = |a: &Word, b: &Word| (Box::new(a.clone()), Box::new(b.clone()));
        let sum = |(a, b)| Word::Sum(a, b);
        let difference = |(a, b)| Word::Difference(a, b);
        let number = |value: u64| Word::Const(U256::from(value));
        match test {
            Test::Covers => self.compare(&value, op::LT, &amount).op(not),
            Test::CoversTurned => self.compare(&amount, op::GT, &value).op(not),
            Test::NoBorrow => {
                let (a, b) = pair(&value, &amount);
                self.compare(&Word::Difference(a, b), op::GT, &value).op(not)
            }
            Test::MoreThan => self.compare(&amount, op::LT, &value),
            Test::NoCarry => self.compare(&sum(pair(&value, &amount)), op::LT, &value).op(not),
            Test::NoCarryTurned => self.compare(&amount, op::GT, &sum(pair(&amount, &value))).op(not),
            Test::Room => {
                let (a, b) = pair(&Word::Const(U256::MAX), &value);
                self.compare(&Word::Difference(a, b), op::LT, &amount).op(not)
            }
            Test::Grows => self.compare(&sum(pair(&value, &amount)), op::GT, &value),
            Test::AtMost => self.compare(&amount, op::LT, &value).op(not),
            Test::Below => self.compare(&value, op::LT, &amount),
            Test::Capped => self.compare(&number(450), op::LT, &sum(pair(&value, &amount))).op(not),
            Test::CappedBelow => self.compare(&sum(pair(&value, &amount)), op::LT, &number(500)),
            Test::RoomBelow => {
                let (a, b) = pair(&number(420), &value);
                self.compare(&Word::Difference(a, b), op::LT, &amount).op(not)
            }
            Test::Leaves => self.compare(&difference(pair(&value, &amount)), op::LT, &number(7)).op(not),
            Test::CoversMore => self.compare(&value, op::LT, &sum(pair(&amount, &number(5)))).op(not),
            Test::LeavesMore => self.compare(&number(9), op::LT, &difference(pair(&value, &amount))),
            Test::Unflagged => self.word(&value).push(255).op(op::SHR).op(not),
            Test::UnflaggedMask => self.compare(&value, op::AND, &Word::Const(U256::ONE << 255)).op(not),
            Test::NotZero => self.word(&value),
            Test::Zero => self.word(&value).op(not),
            Test::NotMax => self.compare(&value, op::EQ, &Word::Const(U256::MAX)).op(not),
            Test::Equals => self.compare(&value, op::EQ, &amount),
            Test::Differs => self.compare(&amount, op::SUB, &value),
            Test::Always => self.to.push(1),
            Test::Never => self.to.push(0),
        };
    }

    fn compare(&mut self, a: &Word, with: u8, b: &Word) -> &mut Assembler {
        self.word(b);
        self.word(a).op(with)
    }

    /// Fails unless the word on the stack is not zero. There are two ways to write it.
    fn or(&mut self, fail: &Fail, turned: bool) {
        if let Fail::Skip(steps) = fail {
            let label = self.to.label();
            self.to.op(op::ISZERO).jump_if(label);
            self.skips.push((*steps, label));
            return;
        }
        let (failed, passed) = (self.to.label(), self.to.label());
        if turned {
            self.to.op(op::ISZERO).jump_if(failed).jump(passed).mark(failed);
        } else {
            self.to.jump_if(passed);
        }
        match fail {
            Fail::Revert => drop(self.to.push(0).push(0).op(op::REVERT)),
            Fail::RevertWith(words) => drop(self.show(words).op(op::REVERT)),
            Fail::Halt => drop(self.to.op(op::INVALID)),
            Fail::Return(words) => drop(self.show(words).op(op::RETURN)),
            Fail::Skip(_) => unreachable!("it has been left out above"),
        }
        self.to.mark(passed);
    }

    /// Leaves offset and length of these words in memory.
    fn show(&mut self, words: &[Word]) -> &mut Assembler {
        for (i, word) in words.iter().enumerate() {
            self.word(word).push(0x80 + 32 * i).op(op::MSTORE);
        }
        self.to.push(32 * words.len()).push(0x80)
    }

    /// Leaves the slot of a load.
    fn slot(&mut self, load: usize) -> &mut Assembler {
        match self.loads {
            0 => self.to.push(0),
            loads => self.to.push(LOADS + 64 * (load % loads)).op(op::MLOAD),
        }
    }

    fn key(&mut self, key: &Key) {
        match key {
            Key::Slot(word) => drop(self.word(word)),
            Key::Map(word, base) => self.hash(word, &Word::Const(U256::from(*base))),
            Key::Listed(base, word) => self.hash(&Word::Const(U256::from(*base)), word),
            Key::Nested(first, second, base) => {
                self.hash(first, &Word::Const(U256::from(*base)));
                self.to.push(0x20).op(op::MSTORE);
                self.word(second).push(0).op(op::MSTORE).push(0x40).push(0).op(op::KECCAK256);
            }
            Key::Packed(word, base) => {
                self.word(word).push(96).op(op::SHL).push(0).op(op::MSTORE);
                self.to.push(*base).push(20).op(op::MSTORE).push(52).push(0).op(op::KECCAK256);
            }
            Key::Field(key, offset) => {
                self.key(key);
                self.to.push(*offset).op(op::ADD);
            }
        }
    }

    fn hash(&mut self, first: &Word, second: &Word) {
        self.word(first).push(0).op(op::MSTORE);
        self.word(second).push(0x20).op(op::MSTORE).push(0x40).push(0).op(op::KECCAK256);
    }

    fn word(&mut self, word: &Word) -> &mut Assembler {
        match word {
            Word::Const(value) => self.to.push(*value),
            Word::Caller => self.to.op(op::CALLER),
            Word::This => self.to.op(op::ADDRESS),
            Word::Value => self.to.op(op::CALLVALUE),
            Word::Timestamp => self.to.op(op::TIMESTAMP),
            Word::Arg(i) => self.to.push(4 + 32 * i).op(op::CALLDATALOAD),
            Word::Account(i) => {
                let mask = (U256::ONE << 160) - U256::ONE;
                self.to.push(4 + 32 * i).op(op::CALLDATALOAD).push(mask).op(op::AND)
            }
            Word::Loaded(_) if self.loads == 0 => self.to.push(0),
            Word::Loaded(load) => self.to.push(LOADS + 64 * (load % self.loads) + 32).op(op::MLOAD),
            Word::Sum(a, b) => self.compare(a, op::ADD, b),
            Word::Difference(a, b) => self.compare(a, op::SUB, b),
            Word::Product(a, b) => self.compare(a, op::MUL, b),
            Word::Share(word, of) => self.compare(word, op::DIV, &Word::Const(U256::from(*of))),
            Word::OwnBalance => self.to.op(op::SELFBALANCE),
            Word::BalanceOf(word) => self.word(word).op(op::BALANCE),
            Word::Transient(slot) => self.to.push(*slot).op(op::TLOAD),
            Word::Gas => self.to.op(op::GAS),
        }
    }
}
