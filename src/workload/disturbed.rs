//! Transfers of a token with something among them that clearing could stumble over.

use super::random::{Purpose, Random};
use super::solidity::word;
use super::transfers::{self, Pattern};
use super::{Size, Step, token};
use crate::error::Result;
use crate::state::CellKey;
use crate::tx::Transaction;
use alloy_primitives::{Address, Bytes, U256, hex};
use std::collections::HashMap;

/// Nobody has allowed him anything.
const GRIEFER: Address = Address::repeat_byte(0x66);
/// One transaction in so many is his.
const GRIEF: usize = 100;

const COUNTER_ADDRESS: Address = Address::repeat_byte(0xc8);
/// Counts the calls of each caller, and calls the identity precompile with nothing: calls do not lower.
const COUNTER: [u8; 17] = hex!("335460010133555f5f5f5f60045afa5000");

/// One in a hundred asks for all that somebody has, the busiest payers first, without being allowed to.
pub(super) fn griefed(size: Size) -> Result<Step> {
    let mut step = transfers::erc20(size, Pattern::Uniform)?;
    let mut busiest: HashMap<Address, usize> = HashMap::new();
    step.batch.transactions.iter().for_each(|transaction| *busiest.entry(transaction.from).or_default() += 1);
    let mut busiest: Vec<(Address, usize)> = busiest.into_iter().collect();
    busiest.sort_unstable_by_key(|(address, payments)| (usize::MAX - payments, *address));
    let targets = busiest.iter().map(|(address, _)| *address).cycle();
    for (transaction, target) in step.batch.transactions.iter_mut().skip(GRIEF / 2).step_by(GRIEF).zip(targets) {
        *transaction =
            Transaction { from: GRIEFER, data: token::transfer_from(target, GRIEFER, U256::MAX - U256::ONE), ..transaction.clone() };
    }
    step.ledger = None;
    Ok(step)
}

/// Fifteen in a hundred call a contract that does not lower.
pub(super) fn with_fallbacks(size: Size) -> Result<Step> {
    let mut step = transfers::erc20(size, Pattern::Uniform)?;
    for (index, transaction) in step.batch.transactions.iter_mut().enumerate() {
        if Random::new(size.seed, Purpose::Allowance, index).below(100) < 15 {
            *transaction = Transaction { from: transaction.from, to: COUNTER_ADDRESS, ..Transaction::default() };
        }
    }
    let holders = step.ledger.take().unwrap_or_default();
    let count = |(holder, _): &(Address, U256)| (CellKey::storage(COUNTER_ADDRESS, word(*holder).into()), U256::ZERO);
    step.cells.extend(holders.iter().map(count));
    step.contracts.push((COUNTER_ADDRESS, Bytes::from_static(&COUNTER)));
    Ok(step)
}
