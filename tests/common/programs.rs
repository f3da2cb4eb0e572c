//! Random programs in random batches: contracts like tokens, contracts whose cells name other cells, and contracts like nothing at all.

use super::program::{ARGS, Fail, Function, Key, Step, Test, Word, compile};
use super::{Case, Random, seed_storage};
use alloy_primitives::{Address, Bytes, U256};
use clearwave::state::{CellKey, Slot};
use clearwave::{Batch, Block, Transaction};
use std::collections::BTreeMap;

/// What the functions of a contract are like.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Style {
    /// What tokens do, so that much of it clears.
    Tame,
    /// Cells whose names other cells hold, and who changes them.
    Pointers,
    Wild,
}

/// How functions are made.
struct Maker<'a> {
    random: &'a mut Random,
    style: Style,
    /// Keys that the functions of a contract share.
    pool: Vec<Key>,
    loads: usize,
    steps: Function,
}

impl Maker<'_> {
    fn contract(random: &mut Random) -> Vec<Function> {
        let style = *random.pick(&[Style::Tame, Style::Tame, Style::Pointers, Style::Wild]);
        let functions = 1 + random.below(4);
        let mut maker = Maker { random, style, pool: vec![], loads: 0, steps: vec![] };
        maker.pool = (0..2 + maker.random.below(3)).map(|_| maker.any_key()).collect();
        let mut functions: Vec<Function> = (0..functions).map(|_| maker.function()).collect();
        if maker.one_in(4) {
            functions.push(maker.fallback());
        }
        functions
    }

    /// A function that does not lower.
    fn fallback(&mut self) -> Function {
        self.loads = 0;
        self.phrase();
        let step = match self.random.below(3) {
            0 => Step::Create,
            _ => Step::Call(self.who(), Word::Const(U256::from(self.random.below(3)))),
        };
        self.steps.push(step);
        self.phrase();
        std::mem::take(&mut self.steps)
    }

    fn function(&mut self) -> Function {
        self.loads = 0;
        for _ in 0..1 + self.random.below(if self.style == Style::Wild { 6 } else { 4 }) {
            self.phrase();
        }
        std::mem::take(&mut self.steps)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.random.below(n) == 0
    }

    /// A few steps that belong together.
    fn phrase(&mut self) {
        let kinds = match self.style {
            Style::Tame => 17,
            Style::Pointers => 23,
            Style::Wild => 29,
        };
        match self.random.below(kinds) {
            0..=3 => self.debit(),
            4..=7 => self.credit(),
            8 | 9 => self.allowance(),
            10 => self.transfer(),
            11 => self.test(),
            12 => self.branch(),
            13 if self.one_in(2) => self.log(),
            13 => self.rest(),
            14 | 15 => self.bounded(),
            16 => self.locked(),
            17..=20 => self.pointer(),
            21 | 22 => self.point(),
            23 | 24 => self.transfer(),
            _ => self.any_step(),
        }
    }

    fn test(&mut self) {
        let (key, test) = (self.key(), self.any_test());
        let load = self.load(key);
        let (amount, or) = (self.amount(), self.fail());
        let turned = self.one_in(2);
        self.steps.push(Step::Check { load, test, amount, or, turned });
    }

    fn branch(&mut self) {
        let (word, test, amount, or) = (self.amount(), self.any_test(), self.amount(), self.fail());
        self.steps.push(Step::Branch { word, test, amount, or });
    }

    fn log(&mut self) {
        let words = vec![self.amount(), self.loaded()];
        self.steps.push(Step::Log(words));
    }

    /// Changes what a pointer holds.
    fn point(&mut self) {
        let (slot, argument) = (self.random.below(3), self.random.below(2));
        self.steps.push(Step::Write(Key::Slot(Word::Const(U256::from(slot))), Word::Arg(argument)));
    }

    fn any_step(&mut self) {
        let (key, load, amount) = (self.key(), self.random.below(4), self.amount());
        let step = match self.random.below(8) {
            0 => Step::Write(key, amount),
            1 => Step::Write(key, self.loaded()),
            2 => {
                self.load(key);
                return;
            }
            3 | 4 => Step::Change { load, amount, add: self.one_in(2), latest: self.one_in(3) },
            5 => Step::Check { load, test: self.any_test(), amount, or: self.fail(), turned: false },
            _ => Step::Transient(self.random.below(2) as u64, amount),
        };
        self.steps.push(step);
    }

    fn load(&mut self, key: Key) -> usize {
        self.steps.push(Step::Load(key));
        self.loads += 1;
        self.loads - 1
    }

    /// A load, a test that the amount is there, and the store: mostly.
    fn debit(&mut self) {
        let (key, amount) = (self.key(), self.amount());
        let load = self.load(key);
        if !self.one_in(6) {
            let test = *self.random.pick(&[Test::Covers, Test::Covers, Test::CoversTurned, Test::NoBorrow, Test::MoreThan]);
            self.check(load, test, amount.clone());
        }
        let latest = self.one_in(4);
        self.steps.push(Step::Change { load, amount, add: false, latest });
    }

    fn credit(&mut self) {
        let (key, amount) = (self.key(), self.amount());
        let load = self.load(key);
        if self.one_in(2) {
            let test = *self.random.pick(&[Test::NoCarry, Test::NoCarryTurned, Test::Room, Test::Grows, Test::NotMax]);
            self.check(load, test, amount.clone());
        }
        let latest = self.one_in(4);
        self.steps.push(Step::Change { load, amount, add: true, latest });
    }

    /// A debit or a credit with a bound, tested before it or after it.
    fn bounded(&mut self) {
        let (key, amount) = (self.key(), self.amount());
        let load = self.load(key.clone());
        let add = self.one_in(2);
        let floors = [Test::Leaves, Test::CoversMore, Test::LeavesMore, Test::MoreThan, Test::Covers, Test::Unflagged];
        let ceilings = [Test::Capped, Test::CappedBelow, Test::RoomBelow, Test::AtMost, Test::Below, Test::Unflagged, Test::UnflaggedMask];
        let test = if add { *self.random.pick(&ceilings) } else { *self.random.pick(&floors) };
        let limit = if self.one_in(3) { self.amount() } else { amount.clone() };
        let change = Step::Change { load, amount, add, latest: false };
        if self.one_in(3) {
            self.steps.push(change);
            let load = self.load(key);
            self.check(load, test, limit);
        } else {
            self.check(load, test, limit);
            self.steps.push(change);
        }
    }

    /// A phrase behind a lock.
    fn locked(&mut self) {
        let key = if self.one_in(3) { self.key() } else { Key::Slot(Word::Const(U256::from(77))) };
        let [open, closed] = [1, 2].map(|word| Word::Const(U256::from(word)));
        let load = self.load(key.clone());
        let test = if self.one_in(2) { (Test::Differs, closed.clone()) } else { (Test::Equals, open.clone()) };
        self.check(load, test.0, test.1);
        self.steps.push(Step::Write(key.clone(), closed));
        self.transfer();
        self.steps.push(Step::Write(key, open));
    }

    /// An allowance that is infinite at MAX.
    fn allowance(&mut self) {
        let (key, amount) = (self.key(), self.amount());
        let load = self.load(key);
        self.steps.push(Step::Check { load, test: Test::NotMax, amount: amount.clone(), or: Fail::Skip(1), turned: false });
        self.check(load, Test::Covers, amount.clone());
        self.steps.push(Step::Change { load, amount, add: false, latest: false });
    }

    /// An amount from one cell, or what is left there from another.
    fn rest(&mut self) {
        let (first, second, amount) = (self.key(), self.key(), self.amount());
        let (load, other) = (self.load(first), self.load(second));
        let left = Word::Loaded(load);
        let left = match self.random.below(3) {
            0 => left,
            1 => Word::Share(Box::new(left), 2),
            _ => Word::Product(Box::new(left), Box::new(Word::Const(U256::from(3)))),
        };
        self.steps.push(Step::Check { load, test: Test::Covers, amount: amount.clone(), or: Fail::Skip(2), turned: false });
        self.steps.push(Step::Change { load, amount, add: false, latest: false });
        self.steps.push(Step::Branch { word: Word::Timestamp, test: Test::Zero, amount: Word::Timestamp, or: Fail::Return(vec![]) });
        if self.one_in(2) {
            self.check(other, Test::Covers, left.clone());
        }
        let add = self.one_in(3);
        self.steps.push(Step::Change { load: other, amount: left, add, latest: false });
    }

    /// A cell whose name another cell holds.
    fn pointer(&mut self) {
        let slot = U256::from(self.random.below(3));
        let load = self.load(Key::Slot(Word::Const(slot)));
        let base = self.random.below(2) as u64;
        let key = if self.one_in(2) { Key::Slot(Word::Loaded(load)) } else { Key::Map(Word::Loaded(load), base) };
        let amount = self.amount();
        match self.random.below(4) {
            0 => self.steps.push(Step::Write(key, amount)),
            1 => drop(self.load(key)),
            add => {
                let load = self.load(key);
                if self.one_in(2) {
                    self.check(load, if add == 2 { Test::NoCarry } else { Test::Covers }, amount.clone());
                }
                self.steps.push(Step::Change { load, amount, add: add == 2, latest: false });
            }
        }
    }

    /// Two loads before two stores, or each with its own.
    fn transfer(&mut self) {
        let (from, to, amount) = (self.key(), self.key(), self.amount());
        let stale = self.style == Style::Wild && self.one_in(2);
        let payer = self.load(from);
        self.check(payer, Test::Covers, amount.clone());
        let store = |load, add| Step::Change { load, amount: amount.clone(), add, latest: false };
        if stale {
            let payee = self.load(to);
            let (first, add) = (self.one_in(2), !self.one_in(3));
            let mut both = vec![store(payer, false), store(payee, add)];
            if first {
                both.reverse();
            }
            self.steps.extend(both);
        } else {
            self.steps.push(store(payer, false));
            let payee = self.load(to);
            self.steps.push(store(payee, true));
        }
    }

    fn check(&mut self, load: usize, test: Test, amount: Word) {
        let (or, turned) = (self.fail(), self.one_in(2));
        self.steps.push(Step::Check { load, test, amount, or, turned });
    }

    fn fail(&mut self) -> Fail {
        let words = vec![self.loaded()];
        match self.random.below(if self.style == Style::Wild { 14 } else { 8 }) {
            0..=3 => Fail::Revert,
            4 | 5 => Fail::RevertWith(words),
            6 => Fail::Return(vec![]),
            7 | 8 => Fail::Skip(self.random.below(3)),
            9 => Fail::Return(words),
            10 => Fail::Halt,
            11 => Fail::Skip(self.random.below(6)),
            _ => Fail::Revert,
        }
    }

    fn any_test(&mut self) -> Test {
        let rest = [Test::NotZero, Test::Zero, Test::NotMax, Test::Equals, Test::Differs, Test::Covers, Test::MoreThan, Test::NoCarry];
        let all = [Test::Always, Test::Never, Test::Room, Test::Grows, Test::NoBorrow, Test::CoversTurned, Test::NoCarryTurned];
        if self.one_in(4) { *self.random.pick(&all) } else { *self.random.pick(&rest) }
    }

    fn who(&mut self) -> Word {
        match self.random.below(if self.style == Style::Wild { 9 } else { 6 }) {
            0..=2 => Word::Caller,
            3 => Word::Account(0),
            4 => Word::Account(1),
            5 => Word::Arg(1),
            6 => Word::Arg(2),
            7 => Word::This,
            _ => self.loaded(),
        }
    }

    fn key(&mut self) -> Key {
        if self.one_in(4) { self.any_key() } else { self.random.pick(&self.pool).clone() }
    }

    fn any_key(&mut self) -> Key {
        let base = self.random.below(2) as u64;
        match self.random.below(if self.style == Style::Wild { 14 } else { 8 }) {
            0..=4 => Key::Map(self.who(), base),
            5 => Key::Nested(self.who(), self.who(), base),
            6 | 7 => Key::Slot(Word::Const(U256::from(self.random.below(3)))),
            8 => Key::Listed(base, self.who()),
            9 => Key::Packed(self.who(), base),
            10 => Key::Slot(Word::Arg(self.random.below(ARGS))),
            11 => Key::Slot(self.loaded()),
            12 => Key::Slot(Word::Sum(Box::new(self.who()), Box::new(Word::Const(U256::from(base))))),
            _ => {
                let offset = *self.random.pick(&[U256::ONE, U256::from(2), U256::MAX, U256::ONE << 255]);
                Key::Field(Box::new(self.any_key()), offset)
            }
        }
    }

    fn loaded(&mut self) -> Word {
        Word::Loaded(self.random.below(self.loads.max(1)))
    }

    fn amount(&mut self) -> Word {
        let pair = |maker: &mut Self| (Box::new(maker.amount()), Box::new(maker.amount()));
        match self.random.below(if self.style == Style::Wild { 24 } else { 12 }) {
            0..=8 => Word::Arg(2),
            9 => Word::Const(U256::from(self.random.below(4))),
            10 => Word::Value,
            11 => Word::Share(Box::new(Word::Arg(2)), 3),
            12 | 13 => self.loaded(),
            14 => Word::Sum(pair(self).0, Box::new(Word::Const(U256::from(self.random.below(3))))),
            15 => Word::Sum(pair(self).0, pair(self).1),
            16 => Word::Difference(pair(self).0, pair(self).1),
            17 => Word::Product(pair(self).0, Box::new(Word::Const(U256::from(self.random.below(3))))),
            18 => Word::OwnBalance,
            19 => Word::BalanceOf(Box::new(self.who())),
            20 => Word::Transient(self.random.below(2) as u64),
            21 if self.one_in(4) => Word::Gas,
            22 => Word::Const(self.random.amount()),
            23 => Word::Timestamp,
            _ => Word::Arg(self.random.below(ARGS)),
        }
    }
}

/// A case whose contracts are still programs.
#[derive(Clone)]
pub struct Programs {
    pub contracts: Vec<(Address, Vec<Function>)>,
    pub case: Case,
}

impl Programs {
    pub fn random(mut random: Random) -> Self {
        let accounts: Vec<Address> = (0..2 + random.below(3)).map(|i| Address::with_last_byte(0x60 + i as u8)).collect();
        let contracts: Vec<(Address, Vec<Function>)> =
            (0..1 + random.below(3) / 2).map(|i| (Address::repeat_byte(0xc0 + i as u8), Maker::contract(&mut random))).collect();
        let mut case = Case { batch: batch(&mut random, &contracts, &accounts), cells: BTreeMap::new(), contracts: vec![] };
        for address in accounts.iter().chain(contracts.iter().map(|(address, _)| address)) {
            let balance = *random.pick(&[U256::ZERO, U256::from(5), U256::from(300), U256::ONE << 200]);
            case.cells.insert(CellKey::native(*address), balance);
        }
        let mut programs = Self { contracts, case };
        programs.compile();
        let rich = random.below(3) > 0;
        let stored = |random: &mut Random| match random.below(if rich { 32 } else { 8 }) {
            0..=4 => *random.pick(&[U256::ZERO, U256::MAX, U256::MAX - U256::ONE, U256::ONE << 255, U256::ONE]),
            5 => random.pick(&accounts).into_word().into(),
            6 => U256::from(random.below(12)),
            7 => U256::from(random.below(3)),
            _ => U256::from(100 + random.below(400)),
        };
        let Case { batch, cells, contracts } = &mut programs.case;
        seed_storage(&mut random, batch, contracts, cells, &stored);
        for slot in 0..3_u8 {
            if random.below(2) == 0 {
                let key = CellKey { address: contracts[0].0, slot: Slot::Storage(U256::from(slot).into()) };
                cells.entry(key).or_insert_with(|| stored(&mut random));
            }
        }
        // Cells are numbered in another way where there are more than calls name.
        if random.below(4) == 0 {
            let idle = (0..1_000_u32).map(|at| Address::left_padding_from(&(0x60ff + at * 0x1_0000).to_be_bytes()));
            cells.extend(idle.map(|account| (CellKey::native(account), U256::ONE)));
        }
        programs
    }

    pub fn compile(&mut self) {
        self.case.contracts = self.contracts.iter().map(|(address, functions)| (*address, compile(functions))).collect();
    }
}

fn batch(random: &mut Random, contracts: &[(Address, Vec<Function>)], accounts: &[Address]) -> Batch {
    let block = Block { number: 7, timestamp: 9, coinbase: *random.pick(accounts), ..Block::default() };
    let amounts = 2 + random.below(60);
    let transactions = (0..1 + random.below(24)).map(|_| {
        let from = *random.pick(accounts);
        let value = if random.below(6) == 0 { U256::from(random.below(60)) } else { U256::ZERO };
        match random.below(10) {
            0 => Transaction { from, to: *random.pick(accounts), value, data: Bytes::new() },
            _ => {
                let (to, functions) = random.pick(contracts);
                Transaction { from, to: *to, value, data: calldata(random, functions.len(), accounts, amounts) }
            }
        }
    });
    Batch { block, transactions: transactions.collect() }
}

fn calldata(random: &mut Random, functions: usize, accounts: &[Address], amounts: usize) -> Bytes {
    let mut data = vec![0, 0, 0, 1 + random.below(functions) as u8];
    for argument in 0..ARGS {
        let word: U256 = match random.below(16) {
            0 => random.amount(),
            1 | 3 => U256::from(random.below(3)),
            2 => random.pick(accounts).into_word().into(),
            _ if argument < 2 => random.pick(accounts).into_word().into(),
            _ => U256::from(random.below(amounts)),
        };
        data.extend(word.to_be_bytes::<32>());
    }
    match random.below(50) {
        0 => data.truncate(random.below(data.len())),
        1 => data.extend([7; 5]),
        _ => {}
    }
    data.into()
}
