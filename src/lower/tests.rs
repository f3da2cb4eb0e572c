//! Kernels at the limits: what comes out is a module or an error, in little time, on a small stack.

use super::{Language, kernel, validate};
use crate::ir::access::{Walker, Waver};
use crate::ir::{Binary, ExprId, Input, Kernel, Key, Leaf, Load, Node, NodeId, Outcome, Store};
use crate::limits;
use alloy_primitives::U256;

fn load(kernel: &mut Kernel, slot: u64) -> ExprId {
    let slot = kernel.exprs.small(slot);
    let key = kernel.intern_key(Key::Storage(slot));
    kernel.intern_load(Load { key, shadows: vec![] })
}

fn revert(kernel: &mut Kernel) -> NodeId {
    kernel.push_leaf(Leaf::new(Outcome::Revert))
}

/// A row of conditions, each of which reverts or goes on.
fn chain(conditions: usize, condition: impl Fn(&mut Kernel, usize) -> ExprId) -> Kernel {
    let mut kernel = Kernel::default();
    let mut rest = revert(&mut kernel);
    for i in 0..conditions {
        let condition = condition(&mut kernel, i);
        // Leaves that end alike would be one.
        let fails = kernel.push_leaf(Leaf::new(if i % 2 == 0 { Outcome::Halt } else { Outcome::Revert }));
        // The side that goes on is now the one, now the other.
        let (yes, no) = if i % 2 == 0 { (fails, rest) } else { (rest, fails) };
        rest = kernel.push_node(Node::Branch { condition, yes, no });
    }
    kernel
}

#[test]
fn the_deepest_trees_are_written_flat() {
    let bits = chain(limits::PATHS - 1, |kernel, i| kernel.exprs.input(Input::Calldata(4 + 32 * i as u32)));
    let reads = chain(limits::PATHS - 1, |kernel, i| {
        let (word, constant) = (load(kernel, 0), kernel.exprs.small(7 + i as u64));
        kernel.exprs.eq(constant, word)
    });
    for deep in [bits, reads] {
        let walker = Walker::new(&deep);
        let text = kernel(&deep, &walker).expect("a tree within the limits lowers");
        assert!(text.lines().all(|line| !line.starts_with(&" ".repeat(4 * 12))), "nesting stays shallow");
        let module = validate(&text).expect("it is valid");
        Language::ALL.iter().for_each(|language| drop(module.emit(*language, None).expect("it can be written")));
    }
}

#[test]
fn ways_that_multiply_are_refused_in_time() {
    // Either side of a sentinel asks things of its own, and each demands something else.
    let mut many = Kernel::default();
    let max = many.exprs.constant(U256::MAX);
    let limit = load(&mut many, 0);
    let side = |many: &mut Kernel, from: u64| {
        let mut rest = revert(many);
        for i in 0..100 {
            let (flag, balance) = (load(many, from + 2 * i), load(many, from + 2 * i + 1));
            let amount = many.exprs.input(Input::Calldata(4));
            let less = many.exprs.binary(Binary::Sub, balance, amount);
            let slot = many.exprs.small(from + 2 * i + 1);
            let key = many.intern_key(Key::Storage(slot));
            let takes = many.push_leaf(Leaf::new(Outcome::Return).with_stores(vec![Store { key, value: less }]));
            rest = many.push_node(Node::Branch { condition: flag, yes: takes, no: rest });
        }
        rest
    };
    let (yes, no) = (side(&mut many, 1), side(&mut many, 1_000));
    let slot = many.exprs.small(0);
    let key = many.intern_key(Key::Storage(slot));
    let amount = many.exprs.input(Input::Calldata(4));
    let less = many.exprs.binary(Binary::Sub, limit, amount);
    let debits = many.push_leaf(Leaf::new(Outcome::Return).with_stores(vec![Store { key, value: less }]));
    let condition = many.exprs.eq(max, limit);
    let flag = many.exprs.input(Input::Calldata(36));
    let rest = many.push_node(Node::Branch { condition, yes, no });
    many.push_node(Node::Branch { condition: flag, yes: debits, no: rest });

    let walker = Walker::new(&many);
    let error = kernel(&many, &walker).expect_err("ten thousand ways are too many");
    assert!(error.is_input(), "{error}");
}

#[test]
fn what_costs_too_much_or_hashes_is_refused() {
    let product = |kernel: &mut Kernel| {
        let mut word = load(kernel, 0);
        for i in 0..limits::EXPRESSION_DEPTH as u64 - 1 {
            let factor = load(kernel, 1 + i % 7);
            word = kernel.exprs.binary(Binary::Mul, word, factor);
        }
        word
    };
    let hash = |kernel: &mut Kernel| {
        let word = load(kernel, 0);
        kernel.exprs.keccak(vec![word], 32)
    };
    for word in [product, hash] {
        // As a condition it stops clearing.
        let condition = chain(1, |kernel, _| word(kernel));
        let walker = Walker::new(&condition);
        assert!(kernel(&condition, &walker).is_err_and(|error| error.is_input()));

        // As a value that is stored it stops waves alone.
        let mut stored = Kernel::default();
        let value = word(&mut stored);
        let slot = stored.exprs.small(100);
        let key = stored.intern_key(Key::Storage(slot));
        stored.push_leaf(Leaf::new(Outcome::Return).with_stores(vec![Store { key, value }]));
        let walker = Walker::new(&stored);
        assert!(Waver::new(&stored, &walker).is_none());
        let text = kernel(&stored, &walker).expect("clearing does not need the value");
        assert!(validate(&text).expect("it is valid").entries().eq(["net", "retract"]));
    }
}

#[test]
fn what_adds_to_totals_too_often_is_refused() {
    // As many ways as inputs tell apart, each with credits of its own to eight cells.
    let ways = |count: u32| {
        let mut kernel = Kernel::default();
        let mut rest = revert(&mut kernel);
        for way in 0..count {
            let credit = |kernel: &mut Kernel, cell: u64| {
                let before = load(kernel, cell);
                let amount = kernel.exprs.input(Input::Calldata(4 + 32 * way));
                let value = kernel.exprs.binary(Binary::Add, before, amount);
                let slot = kernel.exprs.small(cell);
                Store { key: kernel.intern_key(Key::Storage(slot)), value }
            };
            let stores = (0..8).map(|cell| credit(&mut kernel, cell)).collect();
            let pays = kernel.push_leaf(Leaf::new(Outcome::Return).with_stores(stores));
            let condition = kernel.exprs.input(Input::Calldata(4 + 32 * (count + way)));
            rest = kernel.push_node(Node::Branch { condition, yes: pays, no: rest });
        }
        kernel
    };
    let text = |count| {
        let many = ways(count);
        kernel(&many, &Walker::new(&many))
    };
    let waves = |count| {
        let many = ways(count);
        Waver::new(&many, &Walker::new(&many)).is_some()
    };
    assert!(text(4).is_ok_and(|text| text.contains("add_credits")) && waves(4));
    // Each way stores, which takes a wave more than an addition to a total takes net.
    assert!(text(8).is_ok() && !waves(8));
    assert!(text(30).is_err_and(|error| error.is_input()));
}

#[test]
fn loads_behind_loads_are_written_on_a_small_stack() {
    // Each store may hit the next load: the last value hangs on all of them.
    let mut kernel = Kernel::default();
    let mut shadows: Vec<Store> = Vec::new();
    for i in 0..600 {
        let slot = kernel.exprs.input(Input::Calldata(4 + 32 * (i % 2)));
        let key = kernel.intern_key(Key::Storage(slot));
        let before = kernel.intern_load(Load { key, shadows: shadows.iter().rev().take(1).copied().collect() });
        let one = kernel.exprs.small(1 + u64::from(i));
        let value = kernel.exprs.binary(Binary::Xor, one, before);
        shadows.push(Store { key, value });
    }
    kernel.push_leaf(Leaf::new(Outcome::Return).with_stores(shadows.split_off(shadows.len() - 2)));
    let lower = move || super::kernel(&kernel, &Walker::new(&kernel)).map(|text| text.contains("fn wave("));
    let small = std::thread::Builder::new().stack_size(256 << 10).spawn(lower).expect("a thread starts");
    assert!(small.join().expect("the stack is large enough").expect("the kernel lowers"));
}
