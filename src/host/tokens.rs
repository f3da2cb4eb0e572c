//! Where tokens keep their mappings: address -> {balanceOf_slot, allowance_slot}. What a file says here is a claim that nothing checks.

use super::files;
use super::hex;
use super::json::{self, Node};
use crate::error::Result;
use alloy_primitives::{Address, U256};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    pub slots: BTreeMap<Address, TokenSlots>,
}

/// The base slots of a token's mappings: `keccak(holder . balances)` holds a balance, `keccak(spender . keccak(owner . allowances))` an
/// allowance. At least one is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenSlots {
    pub balances: Option<U256>,
    pub allowances: Option<U256>,
}

impl Tokens {
    /// # Errors
    /// Input: the file cannot be read, or holds no slots by token.
    pub fn read(path: &Path) -> Result<Self> {
        files::read(path, Self::parse)
    }

    /// # Errors
    /// Input: this is no JSON, or no slots by token; a token occurs twice.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let document = json::parse(json)?;
        tokens(&Node::root(&document))
    }
}

fn tokens(node: &Node) -> Result<Tokens> {
    let mut slots = BTreeMap::new();
    for (key, entry) in node.entries("slots by token")? {
        let token = node.key(key, hex::address, hex::ADDRESS)?;
        if slots.insert(token, token_slots(&entry)?).is_some() {
            return Err(node.duplicate(key));
        }
    }
    Ok(Tokens { slots })
}

fn token_slots(node: &Node) -> Result<TokenSlots> {
    let slot = |name| node.at(name).present().map(|slot| slot.word()).transpose();
    let slots = TokenSlots { balances: slot("balanceOf_slot")?, allowances: slot("allowance_slot")? };
    // A misspelt name would otherwise be a token without slots, which nobody notices.
    if slots == TokenSlots::default() {
        return Err(node.unexpected("balanceOf_slot or allowance_slot"));
    }
    Ok(slots)
}
