//! Workloads of one kind of transfer: who pays whom is what differs.

use super::random::{self, LARGEST, Purpose, Random};
use super::zipf::Zipf;
use super::{Size, Step, token};
use crate::error::Result;
use crate::state::CellKey;
use crate::tx::{Batch, Block, Transaction};
use alloy_primitives::{Address, Bytes, U256};
use rayon::prelude::*;

/// Who pays whom in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    Uniform,
    Zipf,
    Hot,
    Overdraft,
}

/// One account in so many is short of funds.
const SHORT: usize = 20;

pub(super) fn native(size: Size) -> Step {
    let addresses = random::addresses(size.seed, size.accounts);
    let cells = addresses.par_iter().enumerate().map(|(i, address)| (CellKey::native(*address), random::plenty(size.seed, i)));
    let pay = |from: Address, to, value| Transaction { from, to, value, data: Bytes::new() };
    let transactions = (0..size.transactions).into_par_iter().map(|index| {
        let mut random = Random::new(size.seed, Purpose::Transaction, index);
        let (from, to) = uniform(&mut random, size.accounts);
        pay(addresses[from], addresses[to], random.amount())
    });
    Step {
        cells: cells.collect(),
        history: ring(&addresses, pay),
        batch: Batch { block: Block::default(), transactions: transactions.collect() },
        accounts: size.accounts,
        ledger: Some(vec![]),
        ..Step::default()
    }
}

pub(super) fn erc20(size: Size, pattern: Pattern) -> Result<Step> {
    let code = token::plain()?;
    let addresses = random::addresses(size.seed, size.accounts);
    let zipf = Zipf::new(if pattern == Pattern::Zipf { size.accounts } else { 0 });
    let ledger: Vec<(Address, U256)> =
        addresses.par_iter().enumerate().map(|(i, address)| (*address, holding(size.seed, pattern, i))).collect();
    let transactions = (0..size.transactions).into_par_iter().map(|index| {
        let mut random = Random::new(size.seed, Purpose::Transaction, index);
        let (from, to) = match pattern {
            Pattern::Uniform | Pattern::Overdraft => uniform(&mut random, size.accounts),
            Pattern::Zipf => (zipf.draw(&mut random), zipf.draw(&mut random)),
            Pattern::Hot => hot(&mut random, size.accounts),
        };
        pay(addresses[from], addresses[to], random.amount())
    });
    let transactions = transactions.collect();
    Ok(Step {
        cells: held(&ledger),
        contracts: vec![(token::ADDRESS, code)],
        history: ring(&addresses, pay),
        batch: Batch { block: Block::default(), transactions },
        accounts: size.accounts,
        ledger: Some(ledger),
    })
}

fn pay(from: Address, to: Address, amount: U256) -> Transaction {
    Transaction { from, to: token::ADDRESS, value: U256::ZERO, data: token::transfer(to, amount) }
}

/// The storage of a token that is held so.
pub(super) fn held(ledger: &[(Address, U256)]) -> Vec<(CellKey, U256)> {
    let mut cells: Vec<_> = ledger.par_iter().map(|(holder, held)| (token::balance(token::ADDRESS, *holder), *held)).collect();
    cells.push((token::total_supply(token::ADDRESS), ledger.iter().map(|(_, held)| *held).sum()));
    cells
}

/// Everybody pays the next one the smallest amount there is: in the end all have what they had.
pub(super) fn ring(addresses: &[Address], pay: impl Fn(Address, Address, U256) -> Transaction + Sync) -> Vec<Transaction> {
    let next = |i: usize| addresses[(i + 1) % addresses.len()];
    addresses.par_iter().enumerate().map(|(i, address)| pay(*address, next(i), U256::ONE)).collect()
}

/// Those who are short have less than all but one amount in a thousand.
fn holding(seed: u64, pattern: Pattern, index: usize) -> U256 {
    if pattern == Pattern::Overdraft && index.is_multiple_of(SHORT) {
        return U256::from(1 + Random::new(seed, Purpose::Balance, index).below(LARGEST / 1000));
    }
    random::plenty(seed, index)
}

pub(super) fn uniform(random: &mut Random, accounts: usize) -> (usize, usize) {
    (random.account(accounts), random.account(accounts))
}

/// Half leave account 0, half arrive at account 1, the one independent of the other.
fn hot(random: &mut Random, accounts: usize) -> (usize, usize) {
    let from = if random.coin() { 0 } else { random.account(accounts) };
    let to = if random.coin() { 1 % accounts } else { random.account(accounts) };
    (from, to)
}
