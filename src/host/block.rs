//! A block as `eth_getBlockByNumber(N, true)` returns it, with or without the JSON-RPC response around it. Only what a batch needs is read;
//! other fields may be there or not.

use super::files;
use super::json::{self, Node};
use crate::error::Result;
use alloy_primitives::{Address, Bytes, U256};
use std::path::Path;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RpcBlock {
    pub number: u64,
    /// Seconds since the Unix epoch.
    pub timestamp: u64,
    pub miner: Address,
    /// In the block's order.
    pub transactions: Vec<RpcTransaction>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RpcTransaction {
    pub from: Address,
    /// None creates a contract.
    pub to: Option<Address>,
    /// In wei.
    pub value: U256,
    /// Calldata, or the init code of a creation.
    pub input: Bytes,
}

impl RpcBlock {
    /// # Errors
    /// Input: the file cannot be read, or holds no block with whole transactions.
    pub fn read(path: &Path) -> Result<Self> {
        files::read(path, Self::parse)
    }

    /// # Errors
    /// Input: this is no JSON, or no block with whole transactions.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let document = json::parse(json)?;
        block(&Node::root(&document).result()?)
    }
}

fn block(node: &Node) -> Result<RpcBlock> {
    node.object("a block")?;
    Ok(RpcBlock {
        number: node.at("number").number()?,
        timestamp: node.at("timestamp").number()?,
        miner: node.at("miner").address()?,
        transactions: node.at("transactions").items("a list of transactions")?.map(|node| transaction(&node)).collect::<Result<_>>()?,
    })
}

fn transaction(node: &Node) -> Result<RpcTransaction> {
    node.object("a whole transaction")?;
    let input = node.at("input").present().or(node.at("data").present()).unwrap_or(node.at("input"));
    Ok(RpcTransaction {
        from: node.at("from").address()?,
        to: node.at("to").present().map(|to| to.address()).transpose()?,
        value: node.at("value").word()?,
        input: input.bytes()?,
    })
}
