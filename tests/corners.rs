//! Corners of clearing, each the smallest contract that reaches it: two names for one cell, cells that are met only after others have
//! changed, amounts that hang on what a failed guard saw.

mod common;

use alloy_primitives::{Address, U256};
use clearwave::state::CellKey;
use clearwave::{Backend, Batch, Transaction};
use common::Case;
use common::harness::Engines;
use common::program::{Fail, Function, Key, Step, Test, Word, compile};

const CONTRACT: Address = Address::repeat_byte(0xc0);
const CALLER: Address = Address::repeat_byte(0x60);

/// Slots of storage, by number; calls by function and arguments. Every backend must agree with revm.
fn agree(functions: &[Function], slots: &[(u64, u64)], calls: &[(u8, [u64; 3])]) {
    let cells = slots.iter().map(|(slot, value)| (CellKey::storage(CONTRACT, U256::from(*slot).into()), U256::from(*value)));
    let call = |(function, arguments): &(u8, [u64; 3])| {
        let mut data = vec![0, 0, 0, *function];
        arguments.iter().for_each(|argument| data.extend(U256::from(*argument).to_be_bytes::<32>()));
        Transaction { from: CALLER, to: CONTRACT, data: data.into(), ..Transaction::default() }
    };
    let batch = Batch { transactions: calls.iter().map(call).collect(), ..Batch::default() };
    let case = Case { batch, cells: cells.collect(), contracts: vec![(CONTRACT, compile(functions))] };
    let mut engines = Engines::default();
    let truth = engines.truth(&case).expect("revm runs");
    for backend in [Backend::Reference, Backend::Cpu, Backend::Gpu] {
        engines.compare(&case, &truth, backend, usize::MAX).expect("the backend agrees");
    }
}

fn slot(number: u64) -> Key {
    Key::Slot(Word::Const(U256::from(number)))
}

fn load(argument: usize) -> Step {
    Step::Load(Key::Slot(Word::Arg(argument)))
}

fn check(load: usize, test: Test, amount: Word, or: Fail) -> Step {
    Step::Check { load, test, amount, or, turned: false }
}

fn change(load: usize, amount: Word, add: bool) -> Step {
    Step::Change { load, amount, add, latest: false }
}

fn covers(load: usize) -> Step {
    check(load, Test::Covers, Word::Arg(2), Fail::Revert)
}

fn number(value: u64) -> Word {
    Word::Const(U256::from(value))
}

/// Goes on if the transaction's last argument is 0.
fn unless_asked(or: Fail) -> Step {
    Step::Branch { word: Word::Arg(2), test: Test::Zero, amount: number(0), or }
}

#[test]
fn the_same_amount_taken_twice_from_one_load_is_taken_once() {
    let twice = vec![load(0), load(1), covers(0), covers(1), change(0, Word::Arg(2), false), change(1, Word::Arg(2), false)];
    agree(&[twice], &[(5, 100)], &[(1, [5, 5, 10])]);
}

#[test]
fn a_credit_built_on_the_load_of_another_name() {
    let copy = vec![load(0), Step::Write(Key::Slot(Word::Arg(1)), Word::Sum(Box::new(Word::Loaded(0)), Box::new(Word::Arg(2))))];
    agree(&[copy], &[(5, 100), (6, 1)], &[(1, [5, 5, 10])]);
}

#[test]
fn tested_by_one_name_and_debited_by_the_other() {
    let spend = vec![
        load(0),
        load(1),
        check(0, Test::Covers, number(8), Fail::Revert),
        check(1, Test::Covers, Word::Arg(2), Fail::Revert),
        change(1, Word::Arg(2), false),
    ];
    agree(&[spend], &[(5, 10)], &[(1, [5, 5, 3]), (1, [5, 5, 3])]);
}

#[test]
fn written_by_one_name_and_tested_by_the_other_before_it_fails() {
    let fails = |test| {
        vec![
            Step::Write(Key::Slot(Word::Arg(0)), number(5)),
            load(1),
            unless_asked(Fail::Return(vec![])),
            check(0, test, number(5), Fail::Revert),
            Step::Branch { word: number(0), test: Test::Never, amount: number(0), or: Fail::Halt },
        ]
    };
    agree(&[fails(Test::Equals), fails(Test::Differs)], &[(5, 7)], &[(1, [5, 5, 0]), (2, [5, 5, 0]), (1, [6, 5, 0]), (2, [6, 5, 0])]);
}

#[test]
fn debited_unguarded_by_one_name_and_guarded_by_the_other_before_it_fails() {
    let fails = vec![
        load(0),
        change(0, number(8), false),
        load(1),
        unless_asked(Fail::Return(vec![])),
        check(1, Test::Covers, number(3), Fail::Revert),
        Step::Branch { word: number(0), test: Test::Never, amount: number(0), or: Fail::Halt },
    ];
    agree(&[fails], &[(5, 10)], &[(1, [5, 5, 0])]);
}

/// Takes an amount from the slot of argument 0, or else what is there from slot 1.
fn pay(rest: Word) -> Function {
    vec![
        load(0),
        Step::Load(slot(1)),
        check(0, Test::Covers, Word::Arg(2), Fail::Skip(2)),
        change(0, Word::Arg(2), false),
        Step::Branch { word: number(0), test: Test::Never, amount: number(0), or: Fail::Return(vec![]) },
        check(1, Test::Covers, rest.clone(), Fail::Revert),
        change(1, rest, false),
    ]
}

#[test]
fn an_amount_that_a_failed_guard_saw() {
    let credit = vec![load(0), change(0, Word::Arg(2), true)];
    let debit = vec![load(0), covers(0), change(0, Word::Arg(2), false)];
    let thrice = Word::Product(Box::new(Word::Loaded(0)), Box::new(number(3)));
    agree(&[pay(thrice), credit, debit], &[(5, 5), (1, 30)], &[(2, [5, 0, 3]), (1, [5, 0, 9]), (3, [1, 0, 10])]);
}

#[test]
fn a_choice_that_a_failed_guard_saw() {
    let mut choose = pay(number(8));
    choose.insert(5, check(0, Test::Equals, number(8), Fail::Return(vec![])));
    let credit = vec![load(0), change(0, Word::Arg(2), true)];
    let debit = vec![load(0), covers(0), change(0, Word::Arg(2), false)];
    agree(&[choose, credit, debit], &[(5, 5), (1, 10)], &[(2, [5, 0, 3]), (1, [5, 0, 9]), (3, [1, 0, 5])]);
}

#[test]
fn a_key_that_comes_to_name_what_the_call_only_reads() {
    let set = vec![Step::Write(slot(0), Word::Arg(2))];
    let put = vec![
        Step::Load(slot(7)),
        Step::Load(slot(0)),
        Step::Write(Key::Slot(Word::Loaded(1)), Word::Sum(Box::new(Word::Loaded(0)), Box::new(number(1)))),
    ];
    let read = vec![Step::Load(slot(7)), check(0, Test::NotZero, number(0), Fail::Revert)];
    agree(&[set, put, read], &[(0, 9), (7, 0)], &[(1, [0, 0, 7]), (2, [0, 0, 0]), (3, [0, 0, 0])]);
}

#[test]
fn a_store_that_comes_to_shadow_a_load() {
    let set = vec![Step::Write(slot(0), Word::Arg(2))];
    let fails = vec![
        Step::Load(slot(0)),
        Step::Write(Key::Slot(Word::Loaded(0)), number(5)),
        Step::Load(slot(7)),
        unless_asked(Fail::Return(vec![])),
        check(1, Test::Zero, number(0), Fail::Revert),
        Step::Branch { word: number(0), test: Test::Never, amount: number(0), or: Fail::Halt },
    ];
    agree(&[set, fails], &[(0, 9), (7, 0)], &[(1, [0, 0, 7]), (2, [0, 0, 0])]);
}

#[test]
fn an_own_store_that_is_met_by_a_key_that_was_somewhere_else() {
    let set = vec![Step::Write(slot(7), Word::Arg(2))];
    let copy = vec![Step::Load(slot(7)), Step::Write(slot(0), Word::Loaded(0))];
    let follow = vec![
        Step::Load(slot(1)),
        change(0, number(1), true),
        Step::Load(slot(0)),
        Step::Load(Key::Slot(Word::Loaded(1))),
        Step::Write(slot(2), Word::Loaded(2)),
    ];
    let count = vec![Step::Load(slot(1)), change(0, Word::Arg(2), true)];
    let calls = [(1, [0, 0, 1]), (2, [0; 3]), (3, [0; 3]), (4, [0, 0, 1]), (4, [0, 0, 1])];
    agree(&[set, copy, follow, count], &[(0, 5), (7, 5)], &calls);
}

#[test]
fn a_store_that_no_longer_hides_the_one_before() {
    let set = vec![Step::Write(slot(0), Word::Arg(2))];
    let twice = vec![Step::Write(slot(1), number(5)), Step::Load(slot(0)), Step::Write(Key::Slot(Word::Loaded(0)), number(1))];
    let count = vec![
        Step::Load(slot(1)),
        check(0, Test::Equals, number(5), Fail::Return(vec![])),
        Step::Load(slot(100)),
        change(1, Word::Arg(2), true),
    ];
    agree(&[set, twice, count], &[(0, 1), (1, 1)], &[(1, [0, 0, 9]), (2, [0; 3]), (3, [0, 0, 1])]);
}

#[test]
fn a_long_way_from_own_store_to_own_store() {
    let mut chain = vec![load(1)];
    for round in 0..300 {
        chain.push(Step::Write(Key::Slot(Word::Arg(0)), Word::Sum(Box::new(Word::Loaded(round)), Box::new(number(1)))));
        chain.push(load(1));
    }
    chain.push(Step::Write(slot(2), Word::Loaded(300)));
    agree(&[chain], &[(5, 1), (6, 2)], &[(1, [5, 5, 0]), (1, [5, 6, 0])]);
}

/// Adds an amount to the slot of argument 0, which must not come above what the slot of argument 1 holds.
fn limited() -> Function {
    vec![load(0), load(1), change(0, Word::Arg(2), true), load(0), check(2, Test::AtMost, Word::Loaded(1), Fail::Revert)]
}

#[test]
fn a_limit_that_is_the_cell_itself() {
    agree(&[limited()], &[(5, 10), (6, 30)], &[(1, [5, 6, 15]), (1, [5, 5, 3]), (1, [5, 6, 2]), (1, [6, 6, 0]), (1, [5, 6, 3])]);
}

#[test]
fn a_limit_that_others_credit() {
    agree(&[limited()], &[(5, 10), (6, 12), (7, 90)], &[(1, [5, 6, 5]), (1, [6, 7, 9]), (1, [5, 6, 5]), (1, [5, 6, 6])]);
}

#[test]
fn limits_of_all_kinds_on_one_cell() {
    let most = |test| vec![load(0), check(0, test, Word::Arg(2), Fail::Revert), change(0, Word::Arg(2), true)];
    let least = |test| vec![load(0), check(0, test, Word::Arg(2), Fail::Revert), change(0, Word::Arg(2), false)];
    let functions = [most(Test::Capped), most(Test::CappedBelow), most(Test::RoomBelow), least(Test::Leaves), least(Test::CoversMore)];
    for start in [0, 6, 7, 8, 12, 400, 418, 419, 420, 421, 449, 450, 451, 499, 500] {
        agree(&functions, &[(5, start)], &[(1, [5, 0, 1]), (3, [5, 0, 1]), (4, [5, 0, 1]), (2, [5, 0, 1]), (5, [5, 0, 1])]);
        agree(&functions, &[(5, start)], &[(2, [5, 0, 1]), (1, [5, 0, 0])]);
        agree(&functions, &[(5, start)], &[(5, [5, 0, 3]), (4, [5, 0, 0]), (1, [5, 0, 2])]);
    }
}

#[test]
fn a_limit_whose_failure_pays_another_way() {
    let spill = vec![
        load(0),
        load(1),
        check(0, Test::Capped, Word::Arg(2), Fail::Skip(2)),
        change(0, Word::Arg(2), true),
        Step::Branch { word: number(0), test: Test::Never, amount: number(0), or: Fail::Return(vec![]) },
        change(1, Word::Arg(2), true),
    ];
    let calls = [(1, [5, 6, 40]), (1, [5, 6, 20]), (1, [5, 5, 10]), (1, [5, 6, 10]), (1, [6, 5, 1])];
    agree(&[spill], &[(5, 400), (6, 445)], &calls);
}

#[test]
fn a_limit_whose_failure_does_not_lower() {
    // Below its limit a cell is credited; from there on the call makes something, which only revm can.
    let spill = vec![
        load(0),
        check(0, Test::Covers, Word::Arg(2), Fail::Skip(2)),
        change(0, Word::Arg(2), false),
        Step::Create,
        change(0, Word::Arg(2), true),
    ];
    agree(&[spill], &[(5, 0)], &[(1, [5, 0, 40]), (1, [5, 0, 40]), (1, [5, 0, 30]), (1, [5, 0, 50])]);
}

#[test]
fn a_lock_that_names_the_cell_it_guards() {
    let locked = |open: u64| {
        vec![
            load(0),
            check(0, Test::Differs, number(2), Fail::Revert),
            Step::Write(Key::Slot(Word::Arg(0)), number(2)),
            load(1),
            change(1, Word::Arg(2), true),
            Step::Write(Key::Slot(Word::Arg(0)), number(open)),
        ]
    };
    let calls = [(1, [5, 6, 3]), (1, [5, 5, 3]), (1, [6, 5, 0]), (1, [5, 7, 3]), (1, [8, 7, 3])];
    for word in [0, 1, 2, 3] {
        agree(&[locked(1)], &[(5, word), (6, 10)], &calls);
    }
    // Two functions that leave a lock open in two ways.
    agree(&[locked(1), locked(3)], &[(5, 1)], &[(1, [5, 6, 3]), (2, [5, 6, 3]), (1, [5, 7, 3])]);
    // A lock at 0 comes to exist.
    agree(&[locked(0)], &[(6, 1)], &[(1, [5, 6, 3]), (1, [5, 6, 4])]);
}

#[test]
fn a_flag_beside_a_balance_that_pays_itself() {
    let pay = vec![
        load(0),
        load(1),
        check(0, Test::Unflagged, number(0), Fail::Revert),
        check(1, Test::UnflaggedMask, number(0), Fail::Revert),
        covers(0),
        change(0, Word::Arg(2), false),
        Step::Load(Key::Slot(Word::Arg(1))),
        change(2, Word::Arg(2), true),
    ];
    agree(&[pay], &[(5, 20), (6, 3)], &[(1, [5, 6, 10]), (1, [5, 5, 10]), (1, [6, 6, 14]), (1, [6, 5, 13])]);
}

fn arg(at: usize) -> Key {
    Key::Slot(Word::Arg(at))
}

#[test]
fn restored_by_one_name_and_written_by_the_other_between() {
    let lock = vec![Step::Write(arg(0), number(1)), Step::Write(arg(2), number(5)), Step::Write(arg(0), number(0))];
    agree(&[lock], &[(5, 0), (6, 3)], &[(1, [5, 0, 5]), (1, [6, 0, 7])]);
    let swap = vec![load(0), Step::Write(arg(0), number(1)), Step::Write(arg(2), number(5)), Step::Write(arg(0), Word::Loaded(0))];
    agree(&[swap], &[(5, 9), (6, 3)], &[(1, [5, 0, 5]), (1, [6, 0, 7])]);
}

#[test]
fn a_cell_of_one_call_that_a_call_off_its_kernel_changes() {
    let never = || Step::Branch { word: number(0), test: Test::Never, amount: number(0), or: Fail::Return(vec![]) };
    let debit = vec![load(0), covers(0), change(0, Word::Arg(2), false)];
    // Takes an amount from the slot of argument 0; where that is not there it leaves its kernel, and sets the slot of argument 1.
    let spill = vec![
        load(0),
        check(0, Test::Covers, Word::Arg(2), Fail::Skip(2)),
        change(0, Word::Arg(2), false),
        never(),
        Step::Call(number(4), number(0)),
        Step::Write(arg(1), number(8)),
    ];
    let calls = [(2, [20, 0, 8]), (3, [20, 5, 5]), (1, [5, 0, 9]), (2, [1, 0, 10])];
    let mut choose = pay(number(24));
    choose.insert(5, check(0, Test::Equals, number(8), Fail::Return(vec![])));
    agree(&[choose, debit.clone(), spill.clone()], &[(5, 5), (1, 30), (20, 10)], &calls);
    let thrice = Word::Product(Box::new(Word::Loaded(0)), Box::new(number(3)));
    agree(&[pay(thrice), debit, spill], &[(5, 5), (1, 30), (20, 10)], &calls);
}

#[test]
fn written_and_then_built_on_an_own_store() {
    let twice = vec![
        load(0),
        Step::Change { load: 0, amount: number(4), add: false, latest: true },
        Step::Write(arg(2), number(9)),
        load(0),
        change(0, number(5), false),
        change(1, number(5), true),
    ];
    agree(&[twice], &[(5, 100), (6, 1)], &[(1, [5, 0, 6])]);
}

#[test]
fn written_from_a_load_by_a_name_that_nothing_else_needs() {
    let copy = |last| vec![load(0), Step::Write(arg(2), number(7)), Step::Write(arg(2), last)];
    agree(&[copy(Word::Sum(Box::new(Word::Loaded(0)), Box::new(number(5))))], &[(5, 100)], &[(1, [5, 0, 5])]);
    agree(&[copy(Word::Loaded(0))], &[(5, 100)], &[(1, [5, 0, 5])]);
    let overwritten = vec![load(0), Step::Write(arg(2), Word::Loaded(0)), Step::Write(arg(2), Word::Arg(1))];
    agree(&[overwritten], &[(5, 100)], &[(1, [5, 0, 5])]);
}

#[test]
fn an_amount_from_a_cell_of_the_call_that_revm_changes_before() {
    // Pays what the slot of argument 0 holds out of that of argument 1, and leaves nothing there.
    let claim = vec![
        load(0),
        load(1),
        check(1, Test::Covers, Word::Loaded(0), Fail::Revert),
        change(1, Word::Loaded(0), false),
        Step::Write(arg(0), number(0)),
    ];
    let set = vec![Step::Create, Step::Write(arg(0), Word::Arg(2))];
    let credit = vec![load(1), change(0, Word::Arg(2), true)];
    agree(&[claim, set, credit], &[(5, 1), (6, 10)], &[(2, [5, 0, 1000]), (1, [5, 6, 0]), (3, [0, 6, 1000])]);
}
