//! Proxies: the kernel of a proxy is that of its implementation, for as long as it is that. Every backend must agree with revm, and users'
//! calls must clear, whatever the proxy is.

mod common;

use alloy_primitives::{Address, B256, Bytes, U256, b256, hex};
use clearwave::state::{CellKey, Slot};
use clearwave::{Backend, Batch, Block, Lane, Transaction};
use common::harness::{Engines, Lanes, agree};
use common::words::{encode, in_mapping, word};
use common::{Case, Contract, Random};
use std::collections::BTreeMap;
use std::path::Path;

const PROXY: Address = Address::repeat_byte(0xc0);
/// As the fixtures' immutables have it.
const IMPLEMENTATION: Address = Address::repeat_byte(0xc1);
const OTHER: Address = Address::repeat_byte(0xc2);
const ADMIN: Address = Address::repeat_byte(0xad);

const EIP_1967: B256 = b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
const EIP_1967_ADMIN: B256 = b256!("b53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103");
const ZOS: B256 = b256!("7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3");
const ZOS_ADMIN: B256 = b256!("10d6a54a4754c8869d6886b5f5d7fbfa5b4522237ea5c60d11bc4e7a1ff9390b");

/// A proxy, and the slots of its implementation and of its admin, where it has one in storage.
const PROXIES: [(&str, B256, Option<B256>); 6] = [
    ("ZosProxy", ZOS, Some(ZOS_ADMIN)),
    ("Transparent3", EIP_1967, Some(EIP_1967_ADMIN)),
    ("Transparent4", EIP_1967, Some(EIP_1967_ADMIN)),
    ("Transparent5", EIP_1967, None),
    ("Erc1967Proxy4", EIP_1967, None),
    ("Erc1967Proxy5", EIP_1967, None),
];

fn fixture(name: &str) -> Bytes {
    code(&format!("tests/fixtures/proxy/{name}.json"))
}

fn code(path: &str) -> Bytes {
    Contract::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).code
}

/// EIP-1167's clone of `target`.
fn clone_of(target: Address) -> Bytes {
    [&hex!("363d3d373d3d3d363d73")[..], target.as_slice(), &hex!("5af43d82803e903d91602b57fd5bf3")].concat().into()
}

fn account(index: usize) -> Address {
    Address::with_last_byte(0x60 + index as u8)
}

fn call(from: Address, to: Address, signature: &str, arguments: &[U256]) -> Transaction {
    Transaction { from, to, data: encode(signature, arguments), ..Transaction::default() }
}

/// Calls of a token, among few accounts; `odd` ones may be beyond anybody's means.
fn token_calls(random: &mut Random, to: Address, count: usize, odd: bool) -> Vec<Transaction> {
    let calls = (0..count).map(|_| {
        let [from, payee, owner] = [(); 3].map(|()| account(random.below(5)));
        let amount = if odd && random.below(12) == 0 { random.amount() } else { U256::from(random.below(30)) };
        match random.below(6) {
            0 => call(from, to, "transferFrom(address,address,uint256)", &[word(owner), word(payee), amount]),
            1 => call(from, to, "balanceOf(address)", &[word(payee)]),
            _ => call(from, to, "transfer(address,uint256)", &[word(payee), amount]),
        }
    });
    calls.collect()
}

/// A state with balances and allowances of an OpenZeppelin token at `token`.
fn case(token: Address, contracts: &[(Address, Bytes)], words: &[(B256, U256)], transactions: Vec<Transaction>) -> Case {
    let mut cells: BTreeMap<CellKey, U256> = words.iter().map(|(slot, value)| (CellKey::storage(token, *slot), *value)).collect();
    for owner in (0..5).map(account) {
        cells.insert(CellKey::storage(token, in_mapping(word(owner), U256::ZERO).into()), U256::from(600));
        cells.insert(CellKey { address: owner, slot: Slot::Native }, U256::from(1_000));
        for spender in (0..5).map(account) {
            let of_owner = in_mapping(word(owner), U256::ONE);
            cells.insert(CellKey::storage(token, in_mapping(word(spender), of_owner).into()), U256::from(200));
        }
    }
    Case { batch: Batch { block: Block::default(), transactions }, cells, contracts: contracts.to_vec() }
}

fn count(lanes: &Lanes, lane: Lane) -> usize {
    lanes.get(&lane).copied().unwrap_or_default()
}

#[test]
fn calls_through_every_proxy_clear() {
    let token = code("kernels/token/Token.opt.json");
    for (name, slot, admin) in PROXIES {
        for seed in 0..3 {
            let odd = seed == 2;
            let calls = token_calls(&mut Random::new(seed), PROXY, 80, odd);
            let mut words = vec![(slot, word(IMPLEMENTATION))];
            words.extend(admin.map(|slot| (slot, word(ADMIN))));
            let case = case(PROXY, &[(PROXY, fixture(name)), (IMPLEMENTATION, token.clone())], &words, calls);
            let lanes = agree(&format!("{name} with seed {seed}"), &case);
            assert_eq!(count(&lanes, Lane::Fallback), 0, "{name} with seed {seed}: {lanes:?}");
            assert!(odd || count(&lanes, Lane::Clear) > 60, "{name} with seed {seed}: {lanes:?}");
        }
    }
}

#[test]
fn clones_and_proxies_behind_clones_clear() {
    let token = code("kernels/token/Token.opt.json");
    let clone = (PROXY, clone_of(IMPLEMENTATION));
    let direct = case(PROXY, &[clone.clone(), (IMPLEMENTATION, token.clone())], &[], token_calls(&mut Random::new(1), PROXY, 80, false));
    // The clone's own storage says which implementation the proxy behind it takes.
    let nested = [clone, (IMPLEMENTATION, fixture("Erc1967Proxy5")), (OTHER, token)];
    let nested = case(PROXY, &nested, &[(EIP_1967, word(OTHER))], token_calls(&mut Random::new(2), PROXY, 80, false));
    for (what, case) in [("a clone", direct), ("a clone of a proxy", nested)] {
        let lanes = agree(what, &case);
        assert!(count(&lanes, Lane::Fallback) == 0 && count(&lanes, Lane::Clear) > 60, "{what}: {lanes:?}");
    }
}

#[test]
fn an_upgrade_in_the_middle_of_a_batch() {
    let (token, other) = (code("kernels/token/Token.opt.json"), code("kernels/managed_token/ManagedToken.opt.json"));
    for (name, slot, admin) in PROXIES.into_iter().filter(|(_, _, admin)| admin.is_some()) {
        let mut random = Random::new(7);
        let mut calls = token_calls(&mut random, PROXY, 40, true);
        // Of the admin by revm, and of a user, whom the implementation gets.
        calls.push(call(ADMIN, PROXY, "upgradeTo(address)", &[word(OTHER)]));
        calls.push(call(account(0), PROXY, "upgradeTo(address)", &[word(IMPLEMENTATION)]));
        calls.extend(token_calls(&mut random, PROXY, 40, true));
        calls.push(call(ADMIN, PROXY, "transfer(address,uint256)", &[word(account(1)), U256::ONE]));
        let words = [(slot, word(IMPLEMENTATION)), (admin.expect("it was asked for"), word(ADMIN))];
        let contracts = [(PROXY, fixture(name)), (IMPLEMENTATION, token.clone()), (OTHER, other.clone())];
        let case = case(PROXY, &contracts, &words, calls);
        agree(name, &case);
        let mut engines = Engines::default();
        let (engine, _) = engines.run(&case, Backend::Cpu, usize::MAX).expect("it runs");
        assert_eq!(engine.storage(&PROXY, slot), word(OTHER), "{name}: upgraded");
    }
}

#[test]
fn an_implementation_that_upgrades_itself() {
    let mut random = Random::new(3);
    let owner = (B256::from(U256::from(5)), word(account(0)));
    let upgrade = call(account(0), PROXY, "upgradeToAndCall(address,bytes)", &[word(OTHER), U256::from(64), U256::ZERO]);
    let mut calls = token_calls(&mut random, PROXY, 30, true);
    calls.push(upgrade);
    calls.extend(token_calls(&mut random, PROXY, 30, true));
    let first = fixture("UupsToken");
    // The second knows its own address too.
    let mut second = first.to_vec();
    let places: Vec<_> = (0..first.len() - 20).filter(|at| first[*at..].starts_with(IMPLEMENTATION.as_slice())).collect();
    places.iter().for_each(|at| second[*at..][..20].copy_from_slice(OTHER.as_slice()));
    let contracts = [(PROXY, fixture("Erc1967Proxy5")), (IMPLEMENTATION, first), (OTHER, second.into())];
    let case = case(PROXY, &contracts, &[(EIP_1967, word(IMPLEMENTATION)), owner], calls);
    agree("UUPS", &case);
    let mut engines = Engines::default();
    let (engine, _) = engines.run(&case, Backend::Cpu, usize::MAX).expect("it runs");
    assert_eq!(engine.storage(&PROXY, EIP_1967), word(OTHER), "upgraded");
}

#[test]
fn value_goes_through_a_proxy() {
    let wrapper = code("kernels/wrapper/Wrapper.opt.json");
    let mut random = Random::new(11);
    let calls = (0..40).map(|_| {
        let value = U256::from(random.below(60));
        Transaction { value, ..call(account(random.below(5)), PROXY, "deposit()", &[]) }
    });
    let calls = calls.collect();
    let case = case(PROXY, &[(PROXY, clone_of(IMPLEMENTATION)), (IMPLEMENTATION, wrapper)], &[], calls);
    let lanes = agree("deposits", &case);
    assert!(count(&lanes, Lane::Fallback) == 0 && count(&lanes, Lane::Clear) > 10, "{lanes:?}");
}

/// Calls the code at the address in slot 0 with all calldata; returns what it returns, and counts in slot 1 where it fails.
const HAND_MADE: [u8; 32] = hex!("365f5f375f5f365f5f545af4601857600154600101600155 5b 3d5f5f3e3d5ff3");

#[test]
fn callees_that_fail_undo_their_own_and_nobody_elses() {
    // SSTORE(2, 7), and then: STOP, REVERT, INVALID; and a callee that puts its argument in slot 0, the address it was found at.
    let stores = |end: &[u8]| [&hex!("6007600255")[..], end].concat();
    let ends: [Vec<u8>; 4] = [stores(&hex!("00")), stores(&hex!("5f5ffd")), stores(&hex!("fe")), hex!("60043560005500").to_vec()];
    let callees: Vec<(Address, Bytes)> =
        ends.iter().enumerate().map(|(i, code)| (Address::repeat_byte(0xd0 + i as u8), code.clone().into())).collect();
    // Without code, a precompile, and the proxy itself, which never ends.
    let odd = [Address::repeat_byte(0xee), Address::with_last_byte(4), PROXY];
    for target in callees.iter().map(|(address, _)| *address).chain(odd) {
        let mut calls: Vec<_> = (0..4).map(|i| call(account(i), PROXY, "f(uint256)", &[word(callees[i].0)])).collect();
        calls.push(call(account(0), PROXY, "g()", &[]));
        let contracts: Vec<_> = callees.iter().cloned().chain([(PROXY, Bytes::from_static(&HAND_MADE))]).collect();
        agree(&format!("the callee {target}"), &case(PROXY, &contracts, &[(B256::ZERO, word(target))], calls));
    }
}

#[test]
fn proxies_of_one_code_have_kernels_of_their_own() {
    let token = code("kernels/token/Token.opt.json");
    let managed = code("kernels/managed_token/ManagedToken.opt.json");
    let second = Address::repeat_byte(0xcf);
    let mut random = Random::new(5);
    let calls = (0..30).flat_map(|_| [PROXY, second].map(|proxy| token_calls(&mut random, proxy, 1, true).remove(0))).collect();
    let contracts = [(PROXY, fixture("Erc1967Proxy5")), (second, fixture("Erc1967Proxy5")), (IMPLEMENTATION, token), (OTHER, managed)];
    let mut case = case(PROXY, &contracts, &[(EIP_1967, word(IMPLEMENTATION))], calls);
    case.cells.insert(CellKey::storage(second, EIP_1967), word(OTHER));
    agree("two proxies", &case);
}
