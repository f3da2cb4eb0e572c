//! Transactions, the block they run in, batches and receipts. Plain data: nothing here executes anything.

mod columns;
mod view;

pub use columns::Columns;
pub use view::{AnyBatch, BatchRef, TransactionRef};

use alloy_primitives::{Address, B256, Bytes, Log, U256};
use std::fmt;

/// One call: `from` sends `value` wei and `data` to `to`. Gas, fees and nonces are neither charged nor checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    pub from: Address,
    pub to: Address,
    /// In wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
}

/// What the block opcodes return. Base fee, blob base fee and gas price are 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub number: u64,
    /// Seconds since the Unix epoch.
    pub timestamp: u64,
    pub coinbase: Address,
    pub prevrandao: B256,
    pub chain_id: u64,
}

impl Default for Block {
    fn default() -> Self {
        Self { number: 1, timestamp: 1, coinbase: Address::ZERO, prevrandao: B256::ZERO, chain_id: 1 }
    }
}

/// Transactions that are applied together, with the result of applying them one by one in this order.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub block: Block,
    pub transactions: Vec<Transaction>,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    Success,
    /// REVERT: nothing changed.
    Revert,
    /// An exceptional halt (INVALID, a bad jump, out of gas): nothing changed.
    Halt,
    /// The sender could not cover the value: the transaction never ran.
    Invalid,
}

/// Where a transaction really ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// By clearing: netted with all others, without an order.
    Clear,
    /// On the device, in the order of its level.
    Wave,
    /// In order on the CPU, through the IR interpreter.
    Line,
    /// In order on the CPU, through revm.
    Fallback,
    /// By the `reference` backend.
    Reference,
    /// By the `revm` backend.
    Revm,
}

/// What became of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    pub status: Status,
    pub lane: Lane,
}

/// What a transaction showed: as revm gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Return or revert data.
    pub data: Bytes,
    /// Of a transaction that succeeded.
    pub logs: Vec<Log>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Success => "success",
            Self::Revert => "revert",
            Self::Halt => "halt",
            Self::Invalid => "invalid",
        })
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Clear => "clear",
            Self::Wave => "wave",
            Self::Line => "line",
            Self::Fallback => "fallback",
            Self::Reference => "reference",
            Self::Revm => "revm",
        })
    }
}
