//! Everything that people do with a token, in about the shares in which they do it, on a token that an issuer runs.

use super::random::{self, Purpose, Random};
use super::{Size, Step, token, transfers};
use crate::error::Result;
use crate::tx::{Batch, Block, Transaction};
use alloy_primitives::{Address, Bytes, U256};
use rayon::prelude::*;

/// The issuer, who holds nothing and only mints.
const OWNER: Address = Address::repeat_byte(0x0a);

pub(super) fn step(size: Size) -> Result<Step> {
    let code = token::managed()?;
    let addresses = random::addresses(size.seed, size.accounts);
    let token = Token { size, addresses: &addresses };
    let ledger: Vec<_> = addresses.par_iter().enumerate().map(|(i, address)| (*address, random::plenty(size.seed, i))).collect();
    let mut cells = transfers::held(&ledger);
    cells.push(token::owned_by(token::ADDRESS, OWNER));
    cells.par_extend((0..size.accounts).into_par_iter().map(|owner| {
        let spender = addresses[token.spender(owner)];
        (token::allowance(token::ADDRESS, addresses[owner], spender), token.allowance(owner))
    }));
    let transactions = (0..size.transactions).into_par_iter().map(|index| token.transaction(index)).collect();
    Ok(Step {
        cells,
        contracts: vec![(token::ADDRESS, code)],
        history: token.history(),
        batch: Batch { block: Block::default(), transactions },
        accounts: size.accounts,
        ledger: None,
    })
}

struct Token<'a> {
    size: Size,
    addresses: &'a [Address],
}

impl Token<'_> {
    /// 60% `transfer`, 15% `transferFrom`, 15% `approve`, 5% `mint`, 5% `burn`.
    fn transaction(&self, index: usize) -> Transaction {
        let mut random = Random::new(self.size.seed, Purpose::Transaction, index);
        let (one, other) = transfers::uniform(&mut random, self.size.accounts);
        let (from, to) = (self.addresses[one], self.addresses[other]);
        let amount = random.amount();
        let (from, data) = match random.below(100) {
            0..60 => (from, token::transfer(to, amount)),
            60..75 => (self.addresses[self.spender(one)], token::transfer_from(from, to, amount)),
            // Half renew what is there, half trust somebody new.
            75..90 if random.coin() => (from, token::approve(self.addresses[self.spender(one)], self.allowance(one))),
            75..90 => (from, token::approve(to, random::plenty(self.size.seed, one))),
            90..95 => (OWNER, token::mint(to, amount)),
            _ => (from, token::burn(amount)),
        };
        call(from, data)
    }

    /// Whom an account has allowed to spend.
    fn spender(&self, owner: usize) -> usize {
        Random::new(self.size.seed, Purpose::Allowance, owner).account(self.size.accounts)
    }

    /// Every fourth allowance never ends.
    fn allowance(&self, owner: usize) -> U256 {
        if owner.is_multiple_of(4) { U256::MAX } else { random::plenty(self.size.seed, owner) }
    }

    /// Transfers in a ring, every allowance once more as it is, and what is minted is burnt.
    fn history(&self) -> Vec<Transaction> {
        let mut history = transfers::ring(self.addresses, |from, to, amount| call(from, token::transfer(to, amount)));
        history.par_extend(
            (0..self.size.accounts)
                .into_par_iter()
                .map(|owner| call(self.addresses[owner], token::approve(self.addresses[self.spender(owner)], self.allowance(owner)))),
        );
        history.push(call(OWNER, token::mint(self.addresses[0], U256::ONE)));
        history.push(call(self.addresses[0], token::burn(U256::ONE)));
        history
    }
}

fn call(from: Address, data: Bytes) -> Transaction {
    Transaction { from, to: token::ADDRESS, value: U256::ZERO, data }
}
