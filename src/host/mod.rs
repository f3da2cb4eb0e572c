//! Ethereum shapes: blocks as a node returns them, the accounts they start from, token slots, compiled contracts. Files become plain data;
//! nothing here executes, hashes state or knows a lane. Whatever a file holds, the outcome is data or one [`Error`](crate::error::Error)
//! of one line (the file, the place in it, what was expected there, what was found), never a panic.

mod abi;
mod artifact;
mod block;
mod calldata;
mod files;
mod hex;
mod json;
mod prestate;
mod tokens;

pub use abi::{AbiFunction, Mutability};
pub use artifact::Artifact;
pub use block::{RpcBlock, RpcTransaction};
pub use files::{read_blocks, read_prestates};
pub use prestate::{Prestate, PrestateAccount};
pub use tokens::{TokenSlots, Tokens};

#[cfg(test)]
mod tests;
