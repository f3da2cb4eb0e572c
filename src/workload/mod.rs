//! Workloads: what clearwave is measured with. Each is generated from a seed, and the same seed gives the same workload on any number of
//! threads. A workload is one step or several, independent of each other: a state to start from, and a batch.
//!
//! Nothing is executed here. In generated workloads every transaction succeeds unless the workload is about failing, and every account that
//! takes part has been there before. Payer and payee are drawn independently, so now and then somebody pays himself.

mod collectible;
mod custody;
mod disturbed;
mod escrow;
mod items;
mod mainnet;
mod mixed;
mod moves;
pub(crate) mod random;
mod solidity;
mod swap;
#[cfg(test)]
mod tests;
mod token;
mod transfers;
mod vote;
mod zipf;

use crate::error::{Error, Result};
use crate::limits;
use crate::state::CellKey;
use crate::tx::{Batch, Transaction};
use alloy_primitives::{Address, Bytes, U256};
use std::fmt;
use std::str::FromStr;

/// Accounts of one workload: each takes about half a kilobyte while it is measured.
pub const ACCOUNTS: usize = 1 << 26;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Workload {
    /// Plain transfers of value, uniform over the accounts.
    Native,
    /// ERC-20 `transfer`, uniform over the accounts on both sides.
    Erc20,
    /// ERC-20 `transfer`, both sides drawn by Zipf's law with exponent 0.99.
    Erc20Zipf,
    /// ERC-20 `transfer`: half of all leave one account, half arrive at another.
    Erc20Hot,
    /// ERC-20 `transfer` where one sender in twenty is short of funds.
    Erc20Overdraft,
    /// A token with an owner: 60% `transfer`, 15% `transferFrom`, 15% `approve`, 5% `mint`, 5% `burn`.
    Erc20Mixed,
    /// ERC-20 `transfer`, and one transaction in a hundred is a hopeless `transferFrom` from one of the busiest accounts.
    Erc20Griefed,
    /// ERC-20 `transfer`, and fifteen transactions in a hundred call a contract that does not lower.
    Erc20Fallback,
    /// ERC-721 `transferFrom`, as many tokens as transactions: a tenth of them move twice or more.
    Erc721,
    /// As many voters as transactions, and eight proposals.
    Vote,
    /// Deals of an escrow: a third of the transactions open one, the others end one.
    Escrow,
    /// Trades with one pool: a pure chain.
    Swap,
    /// A game's items: 90% given away, 5% used, 5% brought in.
    Items,
    /// Goods of a supply chain, as many as transactions: a tenth of them change hands twice or more.
    Custody,
    /// Real blocks of Ethereum: their plain transfers and ERC-20 calls.
    Mainnet,
}

/// How large, and from which seed. Real blocks have the size they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub transactions: usize,
    pub accounts: usize,
    pub seed: u64,
}

/// A state to start from, and a batch.
#[derive(Debug, Clone, Default)]
pub struct Step {
    pub cells: Vec<(CellKey, U256)>,
    /// Addresses and runtime code.
    pub contracts: Vec<(Address, Bytes)>,
    /// Traffic that reaches every cell there is and leaves each as it was: an engine that has seen it knows its accounts, as one that
    /// has been running for a while does. Empty for real blocks.
    pub history: Vec<Transaction>,
    pub batch: Batch,
    /// The accounts that take part.
    pub accounts: usize,
    /// Who holds how much of the only token, where the batch has nothing but plain transfers of value or of that token.
    pub ledger: Option<Vec<(Address, U256)>>,
}

impl Workload {
    pub const ALL: [Self; 15] = [
        Self::Native,
        Self::Erc20,
        Self::Erc20Zipf,
        Self::Erc20Hot,
        Self::Erc20Overdraft,
        Self::Erc20Mixed,
        Self::Erc20Griefed,
        Self::Erc20Fallback,
        Self::Erc721,
        Self::Vote,
        Self::Escrow,
        Self::Swap,
        Self::Items,
        Self::Custody,
        Self::Mainnet,
    ];

    /// The steps.
    ///
    /// # Errors
    /// Input: the size is out of bounds.
    pub fn generate(self, size: Size) -> Result<Vec<Step>> {
        size.check()?;
        let step = match self {
            Self::Native => transfers::native(size),
            Self::Erc20 => transfers::erc20(size, transfers::Pattern::Uniform)?,
            Self::Erc20Zipf => transfers::erc20(size, transfers::Pattern::Zipf)?,
            Self::Erc20Hot => transfers::erc20(size, transfers::Pattern::Hot)?,
            Self::Erc20Overdraft => transfers::erc20(size, transfers::Pattern::Overdraft)?,
            Self::Erc20Mixed => mixed::step(size)?,
            Self::Erc20Griefed => disturbed::griefed(size)?,
            Self::Erc20Fallback => disturbed::with_fallbacks(size)?,
            Self::Erc721 => collectible::step(size)?,
            Self::Vote => vote::step(size)?,
            Self::Escrow => escrow::step(size)?,
            Self::Swap => swap::step(size)?,
            Self::Items => items::step(size)?,
            Self::Custody => custody::step(size)?,
            Self::Mainnet => return mainnet::steps(),
        };
        Ok(vec![step])
    }
}

impl Size {
    /// # Errors
    /// Input: too few or too many of something.
    pub fn check(&self) -> Result<()> {
        let bounds = [("transactions", self.transactions, 1, limits::BATCH), ("accounts", self.accounts, 1, ACCOUNTS)];
        match bounds.into_iter().find(|(_, number, least, most)| number < least || number > most) {
            Some((what, number, least, most)) => Err(Error::input(format_args!("{number} {what}: expected {least} to {most}"))),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Native => "native",
            Self::Erc20 => "erc20",
            Self::Erc20Zipf => "erc20-zipf",
            Self::Erc20Hot => "erc20-hot",
            Self::Erc20Overdraft => "erc20-overdraft",
            Self::Erc20Mixed => "erc20-mixed",
            Self::Erc20Griefed => "erc20-griefed",
            Self::Erc20Fallback => "erc20-fallback",
            Self::Erc721 => "erc721",
            Self::Vote => "vote",
            Self::Escrow => "escrow",
            Self::Swap => "swap",
            Self::Items => "items",
            Self::Custody => "custody",
            Self::Mainnet => "mainnet",
        })
    }
}

impl FromStr for Workload {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let names = || Self::ALL.map(|workload| workload.to_string()).join(", ");
        let wrong = || Error::input(format_args!("workload {name:?}: expected one of {}", names()));
        Self::ALL.into_iter().find(|workload| workload.to_string() == name).ok_or_else(wrong)
    }
}
