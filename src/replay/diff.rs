//! What a block's traffic left behind: native balances by account, and the words of tokens by holder, at the tokens' own addresses.

use super::holders::Holders;
use super::token::{self, Holding};
use super::{Home, Kind, Prepared, storage_slot};
use crate::engine::{Engine, Report};
use crate::tx::{Status, Transaction};
use alloy_primitives::{Address, B256, U256};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::LowerHex;

/// A value that is written as 0x and lower-case digits: numbers without leading zeros, addresses with all of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hex<T>(pub T);

/// Values after a block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BlockDiff {
    /// Of the two parties of every successful plain transfer of more than 0, in wei.
    pub native: BTreeMap<Hex<Address>, Hex<U256>>,
    /// What successful token calls stored to, changed or not.
    pub tokens: BTreeMap<Hex<Address>, TokenDiff>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TokenDiff {
    /// By holder.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub balances: BTreeMap<Hex<Address>, Hex<U256>>,
    /// By owner and spender.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub allowances: BTreeMap<Hex<Address>, BTreeMap<Hex<Address>, Hex<U256>>>,
}

impl<T: LowerHex> Serialize for Hex<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#x}", self.0))
    }
}

pub(super) fn of(prepared: &Prepared, engine: &Engine, report: &Report) -> BlockDiff {
    let mut diff = BlockDiff::default();
    let calls: Vec<(Kind, &Transaction)> = prepared.executed().zip(&prepared.batch.transactions).collect();
    for ((kind, call), receipt) in calls.iter().zip(&report.receipts) {
        if *kind == Kind::Plain && receipt.status == Status::Success && !call.value.is_zero() {
            diff.native.extend([call.from, call.to].map(|account| (Hex(account), Hex(engine.balance(&account)))));
        }
    }
    let mut holders: BTreeMap<Address, Holders> = BTreeMap::new();
    for (index, key) in &report.stores {
        // Engine's indices are the batch's.
        let Some((Kind::Token, call)) = calls.get(*index as usize) else { continue };
        let (Some(home), Some(slot)) = (prepared.homes.get(&key.address), storage_slot(key)) else { continue };
        let holding = if home.stands_in {
            token::touched(&call.from, &call.data).into_iter().find(|holding| holding.slot(&home.slots) == Some(slot))
        } else {
            let holders = holders.entry(key.address).or_insert_with(|| Holders::new(home.slots, &prepared.candidates));
            holders.find(slot, call)
        };
        if let Some(holding) = holding {
            diff.insert(home, holding, value(engine, &key.address, slot));
        }
    }
    diff
}

fn value(engine: &Engine, contract: &Address, slot: B256) -> Hex<U256> {
    Hex(engine.storage(contract, slot))
}

impl BlockDiff {
    fn insert(&mut self, home: &Home, holding: Holding, value: Hex<U256>) {
        let token = self.tokens.entry(Hex(home.token)).or_default();
        match holding {
            Holding::Balance(holder) => token.balances.insert(Hex(holder), value),
            Holding::Allowance { owner, spender } => token.allowances.entry(Hex(owner)).or_default().insert(Hex(spender), value),
        };
    }
}
