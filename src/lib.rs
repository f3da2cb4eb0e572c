//! clearwave applies whole batches of EVM transactions on the GPU, with the result of executing them one by one, in order.

pub mod bench;
pub mod cli;
pub mod engine;
pub mod error;
pub mod evm;
pub mod exec;
pub mod host;
pub mod ir;
mod keccak;
pub mod limits;
pub mod lower;
pub mod plan;
mod prefetch;
pub mod replay;
pub mod report;
pub mod state;
#[cfg(test)]
mod tidy;
pub mod tx;
pub mod verify;
pub mod word;
pub mod workload;
pub mod yardstick;

pub use engine::{Backend, Builder, Choice, Engine, Reason, Report, Snapshot};
pub use error::{Error, Result};
pub use tx::{AnyBatch, Batch, BatchRef, Block, Columns, Lane, Output, Receipt, Status, Transaction, TransactionRef};
