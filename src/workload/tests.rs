use super::random::Random;
use super::zipf::Zipf;
use super::*;
use crate::tx::Status;
use std::collections::{HashMap, HashSet};

const SIZE: Size = Size { transactions: 4_000, accounts: 1_000, seed: 7 };

/// How often each account is on one side of a workload's payments.
fn shares(workload: Workload, side: impl Fn(&Transaction) -> Address) -> Vec<usize> {
    let steps = workload.generate(SIZE).expect("the size is fine");
    let mut counts: HashMap<Address, usize> = HashMap::new();
    steps[0].batch.transactions.iter().for_each(|transaction| *counts.entry(side(transaction)).or_default() += 1);
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

fn payee(transaction: &Transaction) -> Address {
    if transaction.data.is_empty() { transaction.to } else { Address::from_slice(&transaction.data[16..36]) }
}

#[test]
fn a_seed_gives_one_workload() {
    for workload in Workload::ALL {
        let of = |seed| workload.generate(Size { seed, ..SIZE }).expect("the size is fine");
        let (one, again, other) = (of(1), of(1), of(2));
        for (one, again) in one.iter().zip(&again) {
            assert_eq!(one.batch.transactions, again.batch.transactions, "{workload}");
            assert_eq!((&one.cells, &one.history), (&again.cells, &again.history), "{workload}");
        }
        let same = one[0].batch.transactions == other[0].batch.transactions;
        assert_eq!(same, workload == Workload::Mainnet, "{workload}");
    }
}

#[test]
fn cells_are_given_once() {
    for workload in Workload::ALL {
        for step in workload.generate(SIZE).expect("the size is fine") {
            let keys: HashSet<_> = step.cells.iter().map(|(key, _)| *key).collect();
            assert_eq!(keys.len(), step.cells.len(), "{workload}");
        }
    }
}

#[test]
fn one_account_is_enough() {
    for workload in Workload::ALL {
        let steps = workload.generate(Size { accounts: 1, ..SIZE }).expect("the size is fine");
        assert!(steps.iter().all(|step| !step.batch.transactions.is_empty()), "{workload}");
    }
}

#[test]
fn sizes_out_of_bounds_are_input_errors() {
    for (transactions, accounts) in [(0, 2), (1, 0), (limits::BATCH + 1, 2), (1, ACCOUNTS + 1), (usize::MAX, usize::MAX)] {
        let error = Workload::Erc20.generate(Size { transactions, accounts, seed: 0 }).expect_err("out of bounds");
        assert!(error.is_input(), "{error}");
    }
}

#[test]
fn uniform_transfers_prefer_nobody() {
    for workload in [Workload::Native, Workload::Erc20] {
        for counts in [shares(workload, |transaction| transaction.from), shares(workload, payee)] {
            assert!(counts[0] < 20 && counts.len() > 950, "{workload}: {counts:?}");
        }
    }
}

#[test]
fn zipf_falls_with_the_rank() {
    let (zipf, draws) = (Zipf::new(1_000), 1 << 17);
    let mut counts = vec![0_u32; 1_000];
    let mut random = Random::new(3, random::Purpose::Transaction, 0);
    (0..draws).for_each(|_| counts[zipf.draw(&mut random)] += 1);
    // The sum of k^-0.99 for k up to 1000 is 7.73.
    for rank in [1, 2, 10, 100] {
        let expected = f64::from(draws) * f64::from(rank).powf(-0.99) / 7.73;
        let found = f64::from(counts[rank as usize - 1]);
        assert!((found / expected - 1.0).abs() < 0.25, "rank {rank}: {found} of {expected}");
    }
    let head: u32 = counts[..10].iter().sum();
    assert!((0.33..0.43).contains(&(f64::from(head) / f64::from(draws))), "the first ten: {head}");
}

#[test]
fn hot_accounts_get_half_of_each_side() {
    for counts in [shares(Workload::Erc20Hot, |transaction| transaction.from), shares(Workload::Erc20Hot, payee)] {
        let half = SIZE.transactions / 2;
        assert!(counts[0].abs_diff(half) < 150 && counts[1] < 20, "{counts:?}");
    }
}

/// One after another on revm, as everything is compared with it.
fn statuses(workload: Workload) -> (Vec<Step>, Vec<Vec<Status>>) {
    let steps = workload.generate(SIZE).expect("the size is fine");
    let run = |step: &Step| {
        let contract = |(address, code): &(Address, Bytes)| {
            let code_hash = alloy_primitives::keccak256(code);
            (*address, crate::exec::fallback::Contract { nonce: 1, code_hash, code: code.clone() })
        };
        let run = crate::yardstick::revm(step.contracts.iter().map(contract), step.cells.iter().copied(), &step.batch);
        run.expect("revm runs").statuses
    };
    let statuses = steps.iter().map(run).collect();
    (steps, statuses)
}

#[test]
fn only_overdrafts_fail() {
    for workload in Workload::ALL {
        let (_, statuses) = statuses(workload);
        let all: Vec<Status> = statuses.concat();
        let share = all.iter().filter(|status| **status != Status::Success).count() as f64 / all.len() as f64;
        match workload {
            // Some of those who are short are paid before they pay.
            Workload::Erc20Overdraft => assert!((0.005..0.06).contains(&share), "{share}"),
            Workload::Erc20Griefed => assert!((0.009..0.011).contains(&share), "{share}"),
            // What was left out may have paid for what was kept.
            Workload::Mainnet => assert!(share < 0.1, "{share}"),
            _ => assert_eq!(share, 0.0, "{workload}"),
        }
    }
}

#[test]
fn a_tenth_touches_somebody_short() {
    let steps = Workload::Erc20Overdraft.generate(SIZE).expect("the size is fine");
    let ledger = steps[0].ledger.as_ref().expect("it is of one token");
    let short: HashSet<Address> =
        ledger.iter().filter(|(_, held)| *held < U256::from(1_000_000_000_000_000_000_u64)).map(|(a, _)| *a).collect();
    assert_eq!(short.len(), SIZE.accounts / 20);
    let touching = |transaction: &&Transaction| short.contains(&transaction.from) || short.contains(&payee(transaction));
    let share = steps[0].batch.transactions.iter().filter(touching).count() as f64 / SIZE.transactions as f64;
    assert!((0.07..0.13).contains(&share), "{share}");
}

#[test]
fn real_blocks_hold_what_they_are_known_for() {
    let steps = Workload::Mainnet.generate(SIZE).expect("the assets are whole");
    let counts: Vec<usize> = steps.iter().map(|step| step.batch.transactions.len()).collect();
    assert_eq!(counts, [10, 380, 314, 169]);
}
