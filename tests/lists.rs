//! Lists in calldata, and paths that leave a kernel: each length of a list has a kernel of its own, and only who takes a path that does not
//! lower goes to revm.

mod common;

use alloy_primitives::{Address, Bytes, U256};
use clearwave::state::CellKey;
use clearwave::{Batch, Lane, Transaction};
use common::harness::{Lanes, agree};
use common::words::{encode, in_mapping, word};
use common::{Case, Contract, Random};
use std::path::Path;

const TOKEN: Address = Address::repeat_byte(0xc0);
const HOOK: Address = Address::repeat_byte(0xc1);

fn account(index: usize) -> Address {
    Address::with_last_byte(0x60 + index as u8)
}

fn call(from: usize, signature: &str, words: &[U256]) -> Transaction {
    Transaction { from: account(from), to: TOKEN, data: encode(signature, words), ..Transaction::default() }
}

/// Two lists, the second behind the first.
fn airdrop(from: usize, to: &[U256], amounts: &[U256]) -> Transaction {
    let mut words = vec![U256::from(64), U256::from(96 + 32 * to.len())];
    for list in [to, amounts] {
        words.push(U256::from(list.len()));
        words.extend(list);
    }
    call(from, "airdrop(address[],uint256[])", &words)
}

fn batch_transfer(from: usize, to: &[U256], amount: U256) -> Transaction {
    let head = [U256::from(64), amount, U256::from(to.len())];
    call(from, "batchTransfer(address[],uint256)", &[&head, to].concat())
}

fn transfer(from: usize, name: &str, to: usize, amount: u64) -> Transaction {
    call(from, &format!("{name}(address,uint256)"), &[word(account(to)), U256::from(amount)])
}

/// Five accounts with 100 each; slot 3 has the hook.
fn case(transactions: Vec<Transaction>, hook: Option<Bytes>) -> Case {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/proxy/Lists.json");
    let balance = |owner: Address| in_mapping(word(owner), U256::ZERO).into();
    let cells = (0..5).map(|i| (CellKey::storage(TOKEN, balance(account(i))), U256::from(100)));
    let contracts = [(TOKEN, Contract::read(&file).code)].into_iter().chain(hook.map(|code| (HOOK, code)));
    Case { batch: Batch { transactions, ..Batch::default() }, cells: cells.collect(), contracts: contracts.collect() }
}

fn fallbacks(lanes: &Lanes) -> usize {
    lanes.get(&Lane::Fallback).copied().unwrap_or_default()
}

#[test]
fn lists_of_every_length_run_in_kernels() {
    for seed in 0..4 {
        let mut random = Random::new(seed);
        let calls = (0..40).map(|_| {
            let (from, len) = (random.below(5), random.below(6));
            let to: Vec<U256> = (0..len).map(|_| word(account(random.below(5)))).collect();
            let amounts: Vec<U256> = (0..len).map(|_| U256::from(random.below(40))).collect();
            match random.below(4) {
                0 => airdrop(from, &to, &amounts),
                1 => batch_transfer(from, &to, U256::from(random.below(30))),
                2 => call(from, "mint(address,uint256)", &[word(account(random.below(5))), U256::from(random.below(17))]),
                _ => transfer(from, "transfer", random.below(5), random.below(50) as u64),
            }
        });
        let lanes = agree(&format!("lists with seed {seed}"), &case(calls.collect(), None));
        assert_eq!(fallbacks(&lanes), 0, "seed {seed}: {lanes:?}");
    }
}

#[test]
fn odd_lists_give_what_revm_gives() {
    let one = [word(account(1))];
    let mut calls = vec![
        airdrop(0, &one, &[U256::ONE, U256::ONE]),
        airdrop(0, &[word(account(1)); 17], &[U256::ONE; 17]),
        airdrop(0, &one, &[U256::ONE]),
        call(0, "mint(address,uint256)", &[one[0], U256::from(100)]),
        call(0, "mint(address,uint256)", &[one[0], U256::from(3)]),
        call(0, "mint(address,uint256)", &[one[0], U256::from(101)]),
    ];
    // Offsets and lengths that lead nowhere, or into each other.
    for at in 0..4 {
        for value in [U256::ZERO, U256::from(31), U256::from(64), U256::from(4_000), U256::MAX, U256::ONE << 64] {
            let good = airdrop(2, &[word(account(3)); 2], &[U256::ONE; 2]);
            let mut data = good.data.to_vec();
            data[4 + 32 * at..][..32].copy_from_slice(&value.to_be_bytes::<32>());
            calls.push(Transaction { data: data.into(), ..good.clone() });
            calls.push(good);
        }
    }
    agree("odd lists", &case(calls, None));
}

#[test]
fn only_who_takes_the_path_that_escapes_falls_back() {
    let pay = |from, to| transfer(from, "pay", to, 1);
    let set = |hook: Address| call(0, "setHook(address)", &[word(hook)]);
    // Counts in its own slot 0.
    let hook = Bytes::from_static(&[0x60, 1, 0x60, 0, 0x54, 0x01, 0x60, 0, 0x55, 0x00]);

    let calm: Vec<_> = (0..20).map(|i| pay(i % 5, (i + 1) % 5)).collect();
    let lanes = agree("nobody sets the hook", &case(calm.clone(), Some(hook.clone())));
    assert_eq!(fallbacks(&lanes), 0, "{lanes:?}");
    assert!(lanes.get(&Lane::Clear).is_some_and(|clear| *clear > 15), "{lanes:?}");

    // Set in the middle, and taken away again: those between call out, in their place.
    let mut calls = calm.clone();
    calls.push(set(HOOK));
    calls.extend(calm.clone());
    calls.push(set(Address::ZERO));
    calls.extend(calm.clone());
    // Others who never look at the hook.
    calls.extend((0..10).map(|i| transfer(i % 5, "transfer", (i + 2) % 5, 2)));
    let lanes = agree("the hook is set for a while", &case(calls, Some(hook.clone())));
    assert_eq!(fallbacks(&lanes), 20, "{lanes:?}");

    let mut set_before = case(calm, Some(hook));
    set_before.cells.insert(CellKey::storage(TOKEN, U256::from(3).into()), word(HOOK));
    let lanes = agree("the hook is set from the start", &set_before);
    assert_eq!(fallbacks(&lanes), 20, "{lanes:?}");
}
