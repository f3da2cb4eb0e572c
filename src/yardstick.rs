//! What clearwave is measured against, as the design fixes it: revm in order on one thread, and the floor below which one thread does not
//! get. Both take the state and the raw batch; only the work on the batch is timed, neither loading the state nor dropping it.
//!
//! A yardstick is as fast as it honestly can be, and nothing here is shared with what it measures beyond the settings of the block. It
//! keeps no receipts but statuses, and no root. It may assume what [`crate::exec::fallback`] may.

#[cfg(test)]
mod tests;

use crate::error::Result;
use crate::exec::fallback::{Contract, env};
use crate::state::{CellKey, Slot};
use crate::tx::{Batch, Block, Status, Transaction};
use alloy_primitives::{Address, B256, U256};
use revm::bytecode::Bytecode;
use revm::context::Context;
use revm::context::result::ExecutionResult;
use revm::database::CacheDB;
use revm::handler::MainnetContext;
use revm::state::AccountInfo;
use revm::{DatabaseRef, ExecuteCommitEvm, MainBuilder, MainnetEvm};
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// What a yardstick did, and how long the batch took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub statuses: Vec<Status>,
    pub elapsed: Duration,
}

/// revm: a `CacheDB` that holds everything the batch needs, one `transact_commit` a transaction.
pub fn revm(
    contracts: impl IntoIterator<Item = (Address, Contract)>,
    cells: impl IntoIterator<Item = (CellKey, U256)>,
    batch: &Batch,
) -> Result<Run> {
    let mut evm = evm(preload(contracts, cells, batch), &batch.block);
    apply(&mut evm, batch)
}

type Loaded = CacheDB<Nothing>;

fn apply(evm: &mut MainnetEvm<MainnetContext<Loaded>>, batch: &Batch) -> Result<Run> {
    let mut statuses = Vec::with_capacity(batch.transactions.len());
    let start = Instant::now();
    for tx in &batch.transactions {
        statuses.push(match evm.transact_commit(env::transaction(tx.into(), tx.data.clone())) {
            Ok(ExecutionResult::Success { .. }) => Status::Success,
            Ok(ExecutionResult::Revert { .. }) => Status::Revert,
            Ok(ExecutionResult::Halt { .. }) => Status::Halt,
            Err(error) => env::invalid(error)?,
        });
    }
    Ok(Run { statuses, elapsed: start.elapsed() })
}

fn evm(db: Loaded, block: &Block) -> MainnetEvm<MainnetContext<Loaded>> {
    let context: MainnetContext<Loaded> = Context::new(db, env::SPEC);
    context.with_cfg(env::cfg(block)).with_block(env::block(block)).build_mainnet()
}

/// Senders are loaded even where they own nothing, so that the cache does not grow while it is timed.
fn preload(
    contracts: impl IntoIterator<Item = (Address, Contract)>,
    cells: impl IntoIterator<Item = (CellKey, U256)>,
    batch: &Batch,
) -> Loaded {
    let mut db = CacheDB::new(Nothing);
    for (address, contract) in contracts {
        db.insert_account_info(address, AccountInfo::from_bytecode(contract.analysed()).with_nonce(contract.nonce));
    }
    for (key, value) in cells {
        let account = db.cache.accounts.entry(key.address).or_default();
        match key.slot {
            Slot::Native => account.info.balance = value,
            Slot::Storage(slot) => _ = account.storage.insert(U256::from_be_bytes(slot.0), value),
        }
    }
    for tx in &batch.transactions {
        db.cache.accounts.entry(tx.from).or_default();
    }
    db
}

/// What lies behind the cache. Not revm's `EmptyDB`: it makes up block hashes, and they are 0 here.
struct Nothing;

impl DatabaseRef for Nothing {
    type Error = Infallible;

    fn basic_ref(&self, _: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(None)
    }

    fn code_by_hash_ref(&self, _: B256) -> Result<Bytecode, Infallible> {
        Ok(Bytecode::default())
    }

    fn storage_ref(&self, _: Address, _: U256) -> Result<U256, Infallible> {
        Ok(U256::ZERO)
    }

    fn block_hash_ref(&self, _: u64) -> Result<B256, Infallible> {
        Ok(B256::ZERO)
    }
}

/// The floor: one hash map of balances per asset, no code, no receipts but statuses, nothing clever.
///
/// `native` and `token` are the balances at the start. The only token is the one that the batch's first token transfer calls. `None` if the
/// batch holds anything but plain transfers of value and ERC-20 transfers of that token.
pub fn floor(
    native: impl IntoIterator<Item = (Address, U256)>,
    token: impl IntoIterator<Item = (Address, U256)>,
    batch: &Batch,
) -> Option<Run> {
    let mut native: Balances = native.into_iter().collect();
    let mut token: Balances = token.into_iter().collect();
    let contract = batch.transactions.iter().find(|tx| !tx.data.is_empty()).map(|tx| tx.to);
    let mut statuses = Vec::with_capacity(batch.transactions.len());
    let start = Instant::now();
    for tx in &batch.transactions {
        statuses.push(if Some(tx.to) == contract {
            let (to, amount) = erc20_transfer(tx)?;
            if pay(&mut token, tx.from, to, amount) { Status::Success } else { Status::Revert }
        } else if tx.data.is_empty() {
            if pay(&mut native, tx.from, tx.to, tx.value) { Status::Success } else { Status::Invalid }
        } else {
            return None;
        });
    }
    Some(Run { statuses, elapsed: start.elapsed() })
}

type Balances = hashbrown::HashMap<Address, U256, ahash::RandomState>;

fn erc20_transfer(tx: &Transaction) -> Option<(Address, U256)> {
    let arguments = tx.data.strip_prefix(&[0xa9, 0x05, 0x9c, 0xbb])?;
    let (to, amount) = arguments.split_first_chunk::<32>()?;
    let amount: &[u8; 32] = amount.try_into().ok()?;
    let plain = tx.value.is_zero() && to[..12] == [0; 12];
    plain.then(|| (Address::from_slice(&to[12..]), U256::from_be_bytes(*amount)))
}

fn pay(balances: &mut Balances, from: Address, to: Address, amount: U256) -> bool {
    let Some(payer) = balances.get_mut(&from).filter(|balance| **balance >= amount) else {
        return amount.is_zero();
    };
    *payer -= amount;
    *balances.entry(to).or_default() += amount;
    true
}
