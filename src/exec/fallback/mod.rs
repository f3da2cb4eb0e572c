//! revm as the executor of one transaction on any state: the truth that every other executor is compared with, and the way of whatever
//! does not lower.
//!
//! It runs in unmetered mode (`env` says what that is): no fees, the same gas limit for all, senders' nonces neither checked nor kept. It never writes
//! to the state: it reads through a [`View`] and hands back an [`Outcome`] for the caller to apply. Nothing survives from one transaction
//! to the next but allocations and analysed code.
//!
//! It may assume that all native balances sum below 2^256, that an account without a [`Contract`] has no storage, and that a contract's
//! `code_hash` is the keccak of its `code`. No input makes it panic; an [`Error`](crate::error::Error) is a defect, of clearwave's or of revm's.
//!
//! Which cells a transaction stored to is read from revm's own journal, which undoes with a reverted frame exactly what that frame did.
//! The stores it leaves out, because they change nothing, are added to it by `machine`.

mod changes;
pub(crate) mod env;
mod machine;
#[cfg(test)]
pub(crate) mod tests;

use crate::error::Result;
use crate::state::CellKey;
use crate::tx::{Block, Status, TransactionRef};
use alloy_primitives::{Address, B256, Bytes, Log, U256};
use machine::Machine;
use revm::bytecode::Bytecode;
use revm::context::result::{ExecutionResult, HaltReason};

/// What revm sees of the world. Each account and each storage slot is asked for once a transaction.
pub trait View {
    fn balance(&mut self, address: &Address) -> U256;

    fn storage(&mut self, address: &Address, slot: B256) -> U256;

    /// `None`: no code, and nonce 0.
    fn contract(&mut self, address: &Address) -> Option<Contract>;
}

/// What an account has beside its balance and storage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contract {
    pub nonce: u64,
    /// keccak256 of `code`; not looked at where `code` is empty.
    pub code_hash: B256,
    pub code: Bytes,
}

impl Contract {
    /// The code with its jump destinations found.
    pub(crate) fn analysed(&self) -> Bytecode {
        // What begins like a delegation and is none can only be imported: it halts at its first byte.
        Bytecode::new_raw_checked(self.code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(self.code.clone()))
    }
}

/// What a transaction did. Whatever is not said of it has not happened: a transaction that did not succeed changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub status: Status,
    /// What it returned, or the revert data.
    pub output: Bytes,
    pub logs: Vec<Log>,
    /// Every cell stored to, or that value above 0 moved from or to, changed or not, with its value afterwards, in the order of the keys.
    /// What reverted frames did is not in it.
    pub stores: Vec<(CellKey, U256)>,
    /// Every cell whose value was asked of the view, each once, in the order of asking; what reverted frames read is in it. An account's
    /// balance is asked for whenever revm loads the account, and its contract along with it.
    pub reads: Vec<CellKey>,
    /// Contracts that came to be or whose nonce changed: nonce and code afterwards, in the order of their addresses.
    pub contracts: Vec<(Address, u64, Bytes)>,
    /// What ECRECOVER was last asked.
    pub recovery: Option<Recovery>,
    /// The gas that was spent on executing: of a halt nothing, unless gas ran out.
    pub gas: u64,
}

/// A question to the precompile ECRECOVER: whose signature of a digest this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    pub digest: B256,
    pub v: U256,
    pub r: B256,
    pub s: B256,
}

/// Executes the transactions of one block. Stays on the thread that made it: revm's frames share their memory without locks.
pub struct Fallback {
    machine: Machine,
}

impl Fallback {
    pub fn new(block: &Block) -> Self {
        Self { machine: Machine::new(block) }
    }

    pub fn execute(&mut self, view: &mut impl View, tx: TransactionRef<'_>) -> Result<Outcome> {
        let ran = self.machine.run(view, env::transaction(tx, Bytes::copy_from_slice(tx.data())));
        let journal = self.machine.journal();
        let gas = ran.result.as_ref().map_or(0, spent);
        let outcome = match ran.result {
            Ok(ExecutionResult::Success { logs, output, .. }) => Outcome {
                output: output.into_data(),
                logs,
                stores: changes::stores(journal, &ran.state),
                contracts: changes::contracts(journal, &ran.state, tx.from()),
                ..Outcome::new(Status::Success)
            },
            Ok(ExecutionResult::Revert { output, .. }) => Outcome { output, ..Outcome::new(Status::Revert) },
            Ok(ExecutionResult::Halt { .. }) => Outcome::new(Status::Halt),
            Err(error) => Outcome::new(env::invalid(error)?),
        };
        Ok(Outcome { reads: ran.reads, recovery: ran.recovery, gas, ..outcome })
    }
}

impl Outcome {
    fn new(status: Status) -> Self {
        let (output, logs, stores, reads, contracts) = Default::default();
        Self { status, output, logs, stores, reads, contracts, recovery: None, gas: 0 }
    }
}

fn spent(result: &ExecutionResult) -> u64 {
    match result {
        ExecutionResult::Success { gas, .. } | ExecutionResult::Revert { gas, .. } => gas.total_gas_spent(),
        ExecutionResult::Halt { gas, reason: HaltReason::OutOfGas(_), .. } => gas.total_gas_spent(),
        ExecutionResult::Halt { .. } => 0,
    }
}
