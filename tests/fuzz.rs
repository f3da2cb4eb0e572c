//! Input of any bytes: mutated contracts and artifacts, and what fuzzing once found. `make fuzz` looks for more.

mod common;

use common::{Contract, Random, targets};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a target on mutated seeds; fails with the seed.
fn mutate(name: &str, seeds: &[Vec<u8>], runs: u64, target: impl Fn(&[u8])) {
    for run in 0..runs {
        let mut random = Random::new(run);
        let mut data = random.pick(seeds).clone();
        for _ in 0..1 + random.below(6) {
            change(&mut data, seeds, &mut random);
        }
        catch_unwind(AssertUnwindSafe(|| target(&data))).unwrap_or_else(|_| panic!("{name}, run {run}"));
    }
}

fn change(data: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    if data.is_empty() {
        return;
    }
    let (from, to) = (random.below(data.len()), random.below(data.len()));
    match random.below(6) {
        0 => data[from] = random.next() as u8,
        1 => data[from] ^= 1 << random.below(8),
        2 => data.truncate(from.max(1)),
        3 => data.swap(from, to),
        4 => {
            let end = (from + random.below(64)).min(data.len());
            data.drain(from..end);
        }
        _ => {
            let other = random.pick(seeds);
            let start = random.below(other.len());
            let end = (start + random.below(200)).min(other.len());
            data.splice(from..from, other[start..end].iter().copied());
        }
    }
}

fn contracts() -> Vec<Contract> {
    [Contract::all(), Contract::below("tests/fixtures", &["proxy"])]
        .into_iter()
        .flatten()
        .filter(|contract| contract.code.len() < 6_000)
        .collect()
}

#[test]
fn any_bytes_as_code() {
    let codes: Vec<Vec<u8>> = contracts().iter().map(|contract| contract.code.to_vec()).collect();
    mutate("code", &codes, 300, targets::bytecode);
}

#[test]
fn any_bytes_as_an_artifact() {
    let texts: Vec<Vec<u8>> = contracts().iter().map(|contract| std::fs::read(&contract.file).expect("it was read before")).collect();
    mutate("an artifact", &texts, 400, targets::artifact);
}

#[test]
fn what_was_found_stays_fixed() {
    targets::findings("bytecode").iter().for_each(|(_, data)| targets::bytecode(data));
    targets::findings("artifact").iter().for_each(|(_, data)| targets::artifact(data));
}
