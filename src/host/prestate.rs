//! The accounts that a block starts from, as geth's prestateTracer returns them: address -> {balance, nonce, code, storage}.
//! Accounts and words that are not in it are empty.

use super::files;
use super::hex;
use super::json::{self, Node};
use crate::error::Result;
use alloy_primitives::{Address, Bytes, U256};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prestate {
    pub accounts: BTreeMap<Address, PrestateAccount>,
}

/// What a file leaves out is zero or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrestateAccount {
    /// In wei.
    pub balance: U256,
    pub nonce: u64,
    /// Runtime code.
    pub code: Bytes,
    /// Slot -> word, by the real slots.
    pub storage: BTreeMap<U256, U256>,
}

impl Prestate {
    /// # Errors
    /// Input: the file cannot be read, or holds no prestate.
    pub fn read(path: &Path) -> Result<Self> {
        files::read(path, Self::parse)
    }

    /// # Errors
    /// Input: this is no JSON, or no prestate; an address or a slot occurs twice.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let document = json::parse(json)?;
        prestate(&Node::root(&document).result()?)
    }
}

fn prestate(node: &Node) -> Result<Prestate> {
    let mut accounts = BTreeMap::new();
    for (key, entry) in node.entries("accounts by address")? {
        let address = node.key(key, hex::address, hex::ADDRESS)?;
        if accounts.insert(address, account(&entry)?).is_some() {
            return Err(node.duplicate(key));
        }
    }
    Ok(Prestate { accounts })
}

fn account(node: &Node) -> Result<PrestateAccount> {
    node.object("an account")?;
    Ok(PrestateAccount {
        balance: node.at("balance").present().map_or(Ok(U256::ZERO), |balance| balance.word())?,
        nonce: node.at("nonce").present().map_or(Ok(0), |nonce| nonce.number())?,
        code: node.at("code").present().map_or(Ok(Bytes::new()), |code| code.bytes())?,
        storage: node.at("storage").present().map_or(Ok(BTreeMap::new()), |node| storage(&node))?,
    })
}

fn storage(node: &Node) -> Result<BTreeMap<U256, U256>> {
    let mut words = BTreeMap::new();
    for (key, entry) in node.entries("words by slot")? {
        let slot = node.key(key, hex::word, hex::WORD)?;
        if words.insert(slot, entry.word()?).is_some() {
            return Err(node.duplicate(key));
        }
    }
    Ok(words)
}
