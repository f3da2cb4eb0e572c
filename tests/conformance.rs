//! The one promise, kernel by kernel: random batches on every backend give what revm gives one transaction after another: statuses, outputs,
//! logs, stores, storage, native balances, root.

mod common;

use clearwave::{Backend, Lane, Output, Receipt, Status};
use common::harness::{Engines, Lanes, Runner};
use common::{Contract, case};
use std::collections::{BTreeMap, BTreeSet};

/// The selector of revert data.
fn reason((output, receipt): (&Output, &Receipt)) -> Option<u32> {
    let selector = output.data.first_chunk().filter(|_| receipt.status == Status::Revert);
    selector.map(|selector| u32::from_be_bytes(*selector))
}

fn check(contracts: &[Contract], backends: &[Backend], seeds: std::ops::Range<u64>) {
    let mut engines = Engines::default();
    let (mut lanes, mut statuses): (Lanes, BTreeMap<Status, usize>) = Default::default();
    let mut reasons = BTreeSet::new();
    for contract in contracts {
        for seed in seeds.clone() {
            let differs = |difference: String| -> Lanes { panic!("{} with seed {seed}: {difference}", contract.file.display()) };
            let (transactions, accounts) = [(12, 3), (60, 4), (200, 40)][seed as usize % 3];
            let case = case(seed, &[contract], transactions, accounts);
            let truth = engines.truth(&case).expect("revm runs");
            truth.report.receipts.iter().for_each(|receipt| *statuses.entry(receipt.status).or_default() += 1);
            reasons.extend(truth.report.outputs.iter().zip(&truth.report.receipts).filter_map(reason));
            for backend in backends {
                for (lane, count) in engines.compare(&case, &truth, *backend, usize::MAX).unwrap_or_else(differs) {
                    *lanes.entry(lane).or_default() += count;
                }
                engines.compare(&case, &truth, *backend, 1 + seed as usize % 17).unwrap_or_else(differs);
            }
        }
    }
    println!("lanes {lanes:?}, statuses {statuses:?}");
    // The generator must reach what it is there for.
    for status in [Status::Success, Status::Revert, Status::Invalid] {
        assert!(statuses.get(&status).is_some_and(|count| *count > 100), "{status} is rare: {statuses:?}");
    }
    // Error(string), Panic(uint256), and errors that contracts declare.
    let known = BTreeSet::from([0x08c3_79a0, 0x4e48_7b71]);
    assert!(reasons.is_superset(&known) && reasons.len() > known.len(), "reverts show {reasons:08x?}");
    if backends.iter().any(|backend| matches!(backend, Backend::Cpu | Backend::Gpu)) {
        let often = |lane| lanes.get(&lane).is_some_and(|count| *count > 100);
        assert!([Lane::Clear, Lane::Line, Lane::Fallback].into_iter().all(often), "{lanes:?}");
    }
}

#[test]
fn cpu_and_reference_give_what_revm_gives() {
    check(&Contract::all(), &[Backend::Reference, Backend::Cpu], 0..12);
}

#[test]
fn the_device_gives_what_revm_gives() {
    // One setting of three of each contract: a device compiles every kernel that it meets.
    let contracts: Vec<Contract> =
        Contract::all().into_iter().filter(|contract| contract.file.to_string_lossy().contains(".opt.")).collect();
    check(&contracts, &[Backend::Gpu], 100..112);
}

#[test]
fn contracts_together_give_what_revm_gives() {
    let contracts = Contract::all();
    let mut engines = Engines::default();
    for seed in 0..40 {
        let mut random = common::Random::new(seed);
        let some: Vec<&Contract> = (0..3).map(|_| random.pick(&contracts)).collect();
        let case = case(seed, &some, 150, 5);
        let truth = engines.truth(&case).expect("revm runs");
        let differs = |difference: String| -> Lanes { panic!("contracts together with seed {seed}: {difference}") };
        // Which lane runs a call is measured: forced, it does not depend on the machine.
        for runner in [Backend::Cpu.into(), Runner::forced(Backend::Cpu, Lane::Wave), Runner::forced(Backend::Cpu, Lane::Line)] {
            for split in [usize::MAX, 7] {
                engines.compare(&case, &truth, runner, split).unwrap_or_else(differs);
            }
        }
    }
}
