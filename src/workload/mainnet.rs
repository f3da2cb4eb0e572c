//! The real blocks of `assets/mainnet`, as far as they are plain transfers and ERC-20 calls; all else is left out. The assets hold no
//! code: every token runs OpenZeppelin's, with the balances and allowances that it really had.

use super::Step;
use super::token::{self, APPROVE, TRANSFER, TRANSFER_FROM};
use crate::error::Result;
use crate::host::{Prestate, PrestateAccount, RpcBlock, RpcTransaction, TokenSlots, Tokens};
use crate::state::CellKey;
use crate::tx::{Batch, Block, Transaction};
use alloy_primitives::{Address, B256, Bytes, U256};
use std::collections::{BTreeMap, BTreeSet};

/// Each block with its prestate.
const BLOCKS: [(&str, &str); 4] = [
    (include_str!("../../assets/mainnet/blocks/2675000.json"), include_str!("../../assets/mainnet/prestate/2675000.json")),
    (include_str!("../../assets/mainnet/blocks/5891667.json"), include_str!("../../assets/mainnet/prestate/5891667.json")),
    (include_str!("../../assets/mainnet/blocks/8889776.json"), include_str!("../../assets/mainnet/prestate/8889776.json")),
    (include_str!("../../assets/mainnet/blocks/19932148.json"), include_str!("../../assets/mainnet/prestate/19932148.json")),
];
const TOKENS: &str = include_str!("../../assets/mainnet/tokens.json");

pub(super) fn steps() -> Result<Vec<Step>> {
    let (tokens, code) = (Tokens::parse(TOKENS.as_bytes())?, token::plain()?);
    let step = |(block, prestate): &(&str, &str)| {
        let (block, prestate) = (RpcBlock::parse(block.as_bytes())?, Prestate::parse(prestate.as_bytes())?);
        Ok(step(&block, &prestate, &tokens, &code))
    };
    BLOCKS.iter().map(step).collect()
}

fn step(block: &RpcBlock, prestate: &Prestate, tokens: &Tokens, code: &Bytes) -> Step {
    let balances = prestate.accounts.iter().filter(|(_, account)| !account.balance.is_zero());
    let mut cells: BTreeMap<CellKey, U256> = balances.map(|(address, account)| (CellKey::native(*address), account.balance)).collect();
    let (mut called, mut people, mut transactions) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for RpcTransaction { from, to, value, input } in &block.transactions {
        let Some(to) = *to else { continue };
        match Call::of(input) {
            _ if input.is_empty() => _ = people.insert(to),
            Some(call) if tokens.slots.contains_key(&to) => {
                let account = prestate.accounts.get(&to).cloned().unwrap_or_default();
                cells.extend(call.cells(to, *from, &account, &tokens.slots[&to]));
                people.extend(call.people);
                called.insert(to);
            }
            _ => continue,
        }
        people.insert(*from);
        transactions.push(Transaction { from: *from, to, value: *value, data: input.clone() });
    }
    Step {
        cells: cells.into_iter().collect(),
        contracts: called.into_iter().map(|address| (address, code.clone())).collect(),
        batch: Batch { block: environment(block), transactions },
        accounts: people.len(),
        ..Step::default()
    }
}

fn environment(block: &RpcBlock) -> Block {
    Block { number: block.number, timestamp: block.timestamp, coinbase: block.miner, ..Block::default() }
}

/// A well-formed call of ERC-20: its addresses, in their order.
struct Call {
    selector: [u8; 4],
    people: Vec<Address>,
}

impl Call {
    fn of(input: &[u8]) -> Option<Self> {
        let (selector, words) = input.split_first_chunk::<4>()?;
        let people = match *selector {
            TRANSFER | APPROVE if words.len() == 64 => &words[..32],
            TRANSFER_FROM if words.len() == 96 => &words[..64],
            _ => return None,
        };
        let people = people.as_chunks::<32>().0.iter().map(|word| Address::from_slice(&word[12..])).collect();
        Some(Self { selector: *selector, people })
    }

    /// The words that it may touch: where OpenZeppelin keeps them, what the real token had.
    fn cells(&self, token: Address, from: Address, account: &PrestateAccount, slots: &TokenSlots) -> Vec<(CellKey, U256)> {
        let had = |slot: B256| account.storage.get(&slot.into()).copied().filter(|word| !word.is_zero());
        let balance = |holder: Address| {
            let word = slots.balances.and_then(|base| had(token::in_mapping(holder, base.into())))?;
            Some((token::balance(token, holder), word))
        };
        let allowance = |owner: Address, spender: Address| {
            let word = slots.allowances.and_then(|base| had(token::in_mappings(owner, spender, base)))?;
            Some((token::allowance(token, owner, spender), word))
        };
        let owner = self.people[0];
        let found = match self.selector {
            TRANSFER => vec![balance(from), balance(owner)],
            APPROVE => vec![allowance(from, owner)],
            _ => vec![balance(owner), balance(self.people[1]), allowance(owner, from)],
        };
        found.into_iter().flatten().collect()
    }
}
