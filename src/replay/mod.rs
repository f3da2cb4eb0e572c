//! Real blocks as batches: what of a block's traffic clearwave runs, the state that it starts from, and what is said of the outcome.
//!
//! A block is one batch on a state of its own, that of its prestate; accounts that are not in it are empty. What of a block runs:
//!
//! - **Plain transfers**: calldata is empty. Whatever code the recipient has in the prestate runs.
//! - **Token calls**: `transfer`, `transferFrom` or `approve`, by the first four bytes of calldata, to a token that is listed with the
//!   slots of its mappings. Where the prestate has the token's code, that code runs on the prestate's storage as it is. Where it does not,
//!   [`token`] stands in for it, with the words that the block's calls can touch moved to the slots of the stand-in.
//! - Everything else is skipped, with a reason.
//!
//! Gas and fees are not charged and nonces not checked, so the outcome is that of revm under the same rules, and not the chain's own.
//! Nothing here executes or reads files, and no input makes it panic. A list of tokens may be wrong: then a call finds other words than on
//! the chain, and nothing else happens.

mod diff;
mod holders;
mod token;

pub use diff::{BlockDiff, Hex, TokenDiff};
pub use token::Holding;

use crate::engine::{Engine, Report};
use crate::error::Result;
use crate::host::{Prestate, RpcBlock, RpcTransaction, TokenSlots, Tokens};
use crate::state::{CellKey, Slot};
use crate::tx::{Batch, Block, Receipt, Transaction};
use alloy_primitives::{Address, B256, Bytes, U256};
use std::collections::BTreeMap;
use std::fmt;

/// What a transaction of a block is to clearwave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Without calldata.
    Plain,
    /// One of the three calls, to a listed token.
    Token,
    Skipped(Skip),
}

/// Why a transaction is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skip {
    Create,
    /// One of the three calls, to a contract that is not listed.
    Unlisted,
    OtherCall,
}

/// A block made ready: the state it starts from and its batch. It can be run any number of times.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub number: u64,
    /// In the order of their keys.
    pub cells: Vec<(CellKey, U256)>,
    /// Address, nonce and code.
    pub contracts: Vec<(Address, u64, Bytes)>,
    /// The transactions that are run, in the block's order.
    pub batch: Batch,
    /// One a transaction of the block.
    pub kinds: Vec<Kind>,
    /// By the address that a token runs at.
    homes: BTreeMap<Address, Home>,
    /// Who may hold a word of a token that runs its own code; empty where none does.
    candidates: Vec<Address>,
}

/// A token that runs.
#[derive(Debug, Clone)]
struct Home {
    /// Its address on the chain.
    token: Address,
    /// Of the code that runs.
    slots: TokenSlots,
    stands_in: bool,
}

/// Makes a block ready to run on its prestate.
pub fn prepare(block: &RpcBlock, prestate: &Prestate, tokens: &Tokens) -> Prepared {
    let mut start = Start::of(prestate, tokens);
    let mut transactions = Vec::new();
    let mut kinds = Vec::with_capacity(block.transactions.len());
    for transaction in &block.transactions {
        let kind = kind(transaction, tokens);
        kinds.push(kind);
        let Some(to) = transaction.to.filter(|_| kind.skip().is_none()) else { continue };
        let to = if kind == Kind::Token { start.token(to, transaction) } else { to };
        transactions.push(Transaction { from: transaction.from, to, value: transaction.value, data: transaction.input.clone() });
    }
    let runs_own_code = start.homes.values().any(|home| !home.stands_in);
    let candidates = if runs_own_code { holders::candidates(block, prestate) } else { vec![] };
    let environment =
        Block { number: block.number, timestamp: block.timestamp, coinbase: block.miner, prevrandao: B256::ZERO, chain_id: 1 };
    Prepared {
        number: block.number,
        cells: start.cells.into_iter().collect(),
        contracts: start.contracts,
        batch: Batch { block: environment, transactions },
        kinds,
        homes: start.homes,
        candidates,
    }
}

fn kind(transaction: &RpcTransaction, tokens: &Tokens) -> Kind {
    let Some(to) = &transaction.to else { return Kind::Skipped(Skip::Create) };
    if transaction.input.is_empty() {
        return Kind::Plain;
    }
    match (token::Method::of(&transaction.input), tokens.slots.contains_key(to)) {
        (Some(_), true) => Kind::Token,
        (Some(_), false) => Kind::Skipped(Skip::Unlisted),
        (None, _) => Kind::Skipped(Skip::OtherCall),
    }
}

/// The state that a block starts from, as it grows with the tokens that are called.
struct Start<'a> {
    prestate: &'a Prestate,
    tokens: &'a Tokens,
    cells: BTreeMap<CellKey, U256>,
    contracts: Vec<(Address, u64, Bytes)>,
    homes: BTreeMap<Address, Home>,
}

impl<'a> Start<'a> {
    /// Native balances, and all that has code. Storage without code cannot be reached.
    fn of(prestate: &'a Prestate, tokens: &'a Tokens) -> Self {
        let mut start = Self { prestate, tokens, cells: BTreeMap::new(), contracts: vec![], homes: BTreeMap::new() };
        for (address, account) in &prestate.accounts {
            start.cells.insert(CellKey::native(*address), account.balance);
            if account.code.is_empty() {
                continue;
            }
            start.contracts.push((*address, account.nonce, account.code.clone()));
            start.cells.extend(account.storage.iter().map(|(slot, word)| (CellKey::storage(*address, (*slot).into()), *word)));
            if let Some(slots) = tokens.slots.get(address) {
                start.homes.insert(*address, Home { token: *address, slots: *slots, stands_in: false });
            }
        }
        start
    }

    /// Where a call to a listed token goes, with the words that it can touch moved there.
    fn token(&mut self, token: Address, transaction: &RpcTransaction) -> Address {
        if self.homes.contains_key(&token) {
            return token;
        }
        let home = token::stand_in_address(&token);
        if !self.homes.contains_key(&home) {
            self.contracts.push((home, 1, token::stand_in_code()));
            self.homes.insert(home, Home { token, slots: token::STAND_IN, stands_in: true });
        }
        let (Some(account), Some(slots)) = (self.prestate.accounts.get(&token), self.tokens.slots.get(&token)) else { return home };
        for holding in token::touched(&transaction.from, &transaction.input) {
            let word = holding.slot(slots).and_then(|slot| account.storage.get(&slot.into()));
            if let (Some(word), Some(slot)) = (word, holding.slot(&token::STAND_IN)) {
                self.cells.insert(CellKey::storage(home, slot), *word);
            }
        }
        home
    }
}

impl Prepared {
    /// Has the engine start from this block's state.
    ///
    /// # Errors
    /// Input: the prestate's native balances sum to 2^256 wei or more.
    pub fn start(&self, engine: &mut Engine) -> Result<()> {
        engine.restart(self.cells.iter().copied(), self.contracts.iter().cloned())
    }

    /// The kinds of the transactions that are run, in the order of the batch.
    pub fn executed(&self) -> impl Iterator<Item = Kind> {
        self.kinds.iter().copied().filter(|kind| kind.skip().is_none())
    }

    /// What became of each transaction of the block; `None` where it was skipped.
    pub fn receipts(&self, report: &Report) -> impl Iterator<Item = (Kind, Option<Receipt>)> {
        let mut receipts = report.receipts.iter().copied();
        self.kinds.iter().map(move |kind| match kind {
            Kind::Skipped(_) => (*kind, None),
            _ => (*kind, receipts.next()),
        })
    }

    /// What the block's traffic left behind in the engine that ran it, and that recorded its stores.
    pub fn diff(&self, engine: &Engine, report: &Report) -> BlockDiff {
        diff::of(self, engine, report)
    }
}

/// The slot of a storage cell.
fn storage_slot(key: &CellKey) -> Option<B256> {
    match key.slot {
        Slot::Storage(slot) => Some(slot),
        Slot::Native => None,
    }
}

impl Kind {
    /// Why it is skipped, if it is.
    pub fn skip(self) -> Option<Skip> {
        match self {
            Self::Skipped(skip) => Some(skip),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Plain => "plain transfer",
            Self::Token => "token call",
            Self::Skipped(_) => "skipped",
        })
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Create => "create",
            Self::Unlisted => "token not listed",
            Self::OtherCall => "other call",
        })
    }
}
