//! The one promise on contracts that nobody would write: random functions over few slots, in random batches, give what revm gives one
//! transaction after another. What a compiler never emits is still bytecode: loads gone stale, two names for one cell, guards that guard
//! nothing, amounts and keys that hang on state, loops of all these in one function.
//!
//! `SEEDS=1000..2000 cargo test --release --test programs` runs other seeds. A failing case is made smaller before it is shown.

mod common;

use alloy_primitives::U256;
use clearwave::{Backend, Lane, Status, Transaction};
use common::harness::{Engines, Lanes, Runner};
use common::programs::Programs;
use common::{Case, Random, targets};
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What one case did.
#[derive(Default)]
struct Counts {
    batches: usize,
    lanes: Lanes,
    statuses: BTreeMap<Status, usize>,
}

/// Runs a case by the reference and as it is said, at once and cut in several batches.
fn check(engines: &mut Engines, case: &Case, runner: Runner, splits: &[usize]) -> Result<Counts, String> {
    let whole = || -> Result<Counts, String> {
        let truth = engines.truth(case)?;
        let mut counts = Counts::default();
        truth.report.receipts.iter().for_each(|receipt| *counts.statuses.entry(receipt.status).or_default() += 1);
        engines.compare(case, &truth, Backend::Reference, usize::MAX)?;
        for split in splits {
            let lanes = engines.compare(case, &truth, runner, *split)?;
            lanes.into_iter().for_each(|(lane, count)| *counts.lanes.entry(lane).or_default() += count);
            counts.batches += case.batch.transactions.len().div_ceil(*split);
        }
        Ok(counts)
    };
    let panicked = |_| Err("it panics".to_string());
    let result = catch_unwind(AssertUnwindSafe(whole)).unwrap_or_else(panicked);
    if result.is_err() {
        // What failed may have left them broken.
        *engines = Engines::default();
    }
    result
}

/// As `check`; what fails is made smaller and shown.
fn check_and_show(engines: &mut Engines, name: &str, programs: Programs, runner: Runner, splits: &[usize]) -> Option<Counts> {
    let counts = check(engines, &programs.case, runner, splits);
    if counts.is_err() {
        let small = shrink(programs, |case| check(engines, case, runner, splits).is_err());
        show(name, &check(engines, &small.case, runner, splits).err().unwrap_or_default(), &small);
    }
    counts.ok()
}

/// Leaves out what the failure does not need.
fn shrink(mut programs: Programs, mut fails: impl FnMut(&Case) -> bool) -> Programs {
    let mut fails = |smaller: &Programs| !smaller.case.batch.transactions.is_empty() && fails(&smaller.case);
    loop {
        let mut shrunk = false;
        for at in (0..programs.case.batch.transactions.len()).rev() {
            let mut smaller = programs.clone();
            smaller.case.batch.transactions.remove(at);
            if fails(&smaller) {
                (programs, shrunk) = (smaller, true);
            }
        }
        for contract in 0..programs.contracts.len() {
            for function in 0..programs.contracts[contract].1.len() {
                for at in (0..programs.contracts[contract].1[function].len()).rev() {
                    let mut smaller = programs.clone();
                    smaller.contracts[contract].1[function].remove(at);
                    smaller.compile();
                    if fails(&smaller) {
                        (programs, shrunk) = (smaller, true);
                    }
                }
            }
        }
        for key in programs.case.cells.keys().copied().collect::<Vec<_>>() {
            let mut smaller = programs.clone();
            smaller.case.cells.remove(&key);
            if fails(&smaller) {
                (programs, shrunk) = (smaller, true);
            }
        }
        if !shrunk {
            return programs;
        }
    }
}

fn show(name: &str, difference: &str, Programs { contracts, case }: &Programs) {
    println!("{name}: {difference}");
    for (address, functions) in contracts {
        println!("contract {address}");
        for (i, steps) in functions.iter().enumerate().filter(|(_, steps)| !steps.is_empty()) {
            println!("  function {}", i + 1);
            steps.iter().for_each(|step| println!("    {step:?}"));
        }
    }
    case.cells.iter().for_each(|(key, value)| println!("{key}: {value:#x}"));
    for (i, Transaction { from, to, value, data }) in case.batch.transactions.iter().enumerate() {
        println!("{i}: {from} sends {value} to {to} with");
        let (selector, arguments) = data.split_at(data.len().min(4));
        println!("  {}", alloy_primitives::hex::encode(selector));
        arguments.chunks(32).for_each(|word| println!("  {:#x}", U256::from_be_slice(word)));
    }
}

fn seeds() -> Range<u64> {
    let given = std::env::var("SEEDS").ok();
    let range = given.as_deref().and_then(|given| given.split_once("..")).map(|(first, end)| first.parse().ok()..end.parse().ok());
    match range {
        Some(Range { start: Some(start), end: Some(end) }) => start..end,
        _ => 0..400,
    }
}

/// Runs programs on a backend that clears; fails where one of them differs.
fn survey(runner: Runner, seeds: Range<u64>) -> Counts {
    let (mut all, mut failed, mut engines) = (Counts::default(), Vec::new(), Engines::default());
    for seed in seeds {
        // Each program has a code of its own, and engines keep what they have compiled.
        if seed % 64 == 0 {
            engines = Engines::default();
        }
        let programs = Programs::random(Random::new(seed));
        let splits = [usize::MAX, 1 + seed as usize % 7];
        let Some(counts) = check_and_show(&mut engines, &format!("seed {seed}"), programs, runner, &splits) else {
            failed.push(seed);
            continue;
        };
        all.batches += counts.batches;
        counts.lanes.into_iter().for_each(|(lane, count)| *all.lanes.entry(lane).or_default() += count);
        counts.statuses.into_iter().for_each(|(status, count)| *all.statuses.entry(status).or_default() += count);
    }
    println!("{runner:?}: {} batches, lanes {:?}, statuses {:?}", all.batches, all.lanes, all.statuses);
    assert!(failed.is_empty(), "{runner:?}, seeds {failed:?}");
    all
}

#[test]
fn random_programs_give_what_revm_gives() {
    let lanes = survey(Backend::Cpu.into(), seeds()).lanes;
    let transactions: usize = lanes.values().sum();
    let share = |lane: Lane| lanes.get(&lane).copied().unwrap_or(0) * 100 / transactions;
    assert!(share(Lane::Clear) > 25 && share(Lane::Line) > 5 && share(Lane::Fallback) > 1, "the lanes are badly mixed: {lanes:?}");
}

#[test]
fn random_programs_give_it_in_every_lane() {
    for lane in [Lane::Wave, Lane::Line] {
        let lanes = survey(Runner::forced(Backend::Cpu, lane), seeds()).lanes;
        assert!(lanes.get(&lane).is_some_and(|count| *count > 500), "{lanes:?}");
    }
}

#[test]
fn random_programs_on_the_device_give_what_revm_gives() {
    // Few: the device compiles every function of every program.
    let lanes = survey(Backend::Gpu.into(), 1_000..1_024).lanes;
    assert!([Lane::Clear, Lane::Line].into_iter().all(|lane| lanes.contains_key(&lane)), "{lanes:?}");
}

#[test]
fn what_fuzzing_found_stays_fixed() {
    let mut failed = Vec::new();
    for (name, data) in targets::findings("program") {
        let forced = [Lane::Wave, Lane::Line].map(|lane| Runner::forced(Backend::Cpu, lane));
        for runner in [Runner::from(Backend::Cpu)].into_iter().chain(forced) {
            let programs = Programs::random(Random::scripted(&data));
            if check_and_show(&mut Engines::default(), &name, programs, runner, &[usize::MAX, 1 + data.len() % 7]).is_none() {
                failed.push(name.clone());
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
