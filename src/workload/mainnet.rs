//! The real blocks of `assets/mainnet`, as `replay` runs them: their plain transfers and ERC-20 calls, each block on its own prestate.

use super::Step;
use crate::error::Result;
use crate::host::{Prestate, RpcBlock, Tokens};
use crate::replay::{self, Prepared};
use std::collections::BTreeSet;

/// Each block with its prestate.
const BLOCKS: [(&str, &str); 4] = [
    (include_str!("../../assets/mainnet/blocks/2675000.json"), include_str!("../../assets/mainnet/prestate/2675000.json")),
    (include_str!("../../assets/mainnet/blocks/5891667.json"), include_str!("../../assets/mainnet/prestate/5891667.json")),
    (include_str!("../../assets/mainnet/blocks/8889776.json"), include_str!("../../assets/mainnet/prestate/8889776.json")),
    (include_str!("../../assets/mainnet/blocks/19932148.json"), include_str!("../../assets/mainnet/prestate/19932148.json")),
];
const TOKENS: &str = include_str!("../../assets/mainnet/tokens.json");

pub(super) fn steps() -> Result<Vec<Step>> {
    let tokens = Tokens::parse(TOKENS.as_bytes())?;
    BLOCKS
        .iter()
        .map(|(block, prestate)| step(&RpcBlock::parse(block.as_bytes())?, &Prestate::parse(prestate.as_bytes())?, &tokens))
        .collect()
}

fn step(block: &RpcBlock, prestate: &Prestate, tokens: &Tokens) -> Result<Step> {
    let Prepared { cells, contracts, batch, .. } = replay::prepare(block, prestate, tokens);
    let people: BTreeSet<_> = batch.transactions.iter().flat_map(|transaction| [transaction.from, transaction.to]).collect();
    let contracts = contracts.into_iter().map(|(address, _, code)| (address, code)).collect();
    Ok(Step { cells, contracts, accounts: people.len(), batch, ..Step::default() })
}
