//! A vote: everybody has a weight and votes once, for one of eight proposals.

use super::random::{Purpose, Random, addresses};
use super::solidity::{call, code, in_mapping, word};
use super::{Size, Step};
use crate::error::Result;
use crate::state::CellKey;
use crate::tx::{Batch, Block, Transaction};
use alloy_primitives::{Address, U256};
use rayon::prelude::*;

const ADDRESS: Address = Address::repeat_byte(0xc3);
const PROPOSALS: u64 = 8;
const CHAIR: u64 = 0;
const WEIGHTS: u64 = 1;
const VOTED: u64 = 2;
const TALLY: u64 = 3;

const VOTE: [u8; 4] = [0x01, 0x21, 0xb9, 0x3f];
const WEIGHT_OF: [u8; 4] = [0xdd, 0x4b, 0xc1, 0x01];
const HAS_VOTED: [u8; 4] = [0x09, 0xee, 0xf4, 0x3e];
const TALLY_OF: [u8; 4] = [0xed, 0x8b, 0x6b, 0x31];

/// There are as many voters as transactions.
pub(super) fn step(size: Size) -> Result<Step> {
    let voters = addresses(size.seed, size.transactions);
    let cell = |key: U256, mapping: u64| CellKey::storage(ADDRESS, in_mapping(key, U256::from(mapping)));
    let mut cells: Vec<_> = voters
        .par_iter()
        .enumerate()
        .flat_map_iter(|(index, voter)| {
            let weight = Random::new(size.seed, Purpose::Balance, index).amount();
            [(cell(word(*voter), WEIGHTS), weight), (cell(word(*voter), VOTED), U256::ZERO)]
        })
        .collect();
    cells.extend((0..PROPOSALS).map(|proposal| (cell(U256::from(proposal), TALLY), U256::ZERO)));
    cells.push((CellKey::storage(ADDRESS, U256::from(CHAIR).into()), word(Address::repeat_byte(0x0a))));
    let ask = |from, data| Transaction { from, to: ADDRESS, value: U256::ZERO, data };
    let vote = |(index, voter): (usize, &Address)| {
        let proposal = Random::new(size.seed, Purpose::Transaction, index).below(PROPOSALS);
        ask(*voter, call(VOTE, [U256::from(proposal)]))
    };
    let mut history: Vec<Transaction> = voters
        .par_iter()
        .flat_map_iter(|voter| [WEIGHT_OF, HAS_VOTED].map(|selector| ask(*voter, call(selector, [word(*voter)]))))
        .collect();
    history.extend((0..PROPOSALS).map(|proposal| ask(ADDRESS, call(TALLY_OF, [U256::from(proposal)]))));
    Ok(Step {
        cells,
        contracts: vec![(ADDRESS, code(include_str!("../../kernels/vote/Vote.opt.json"), "Vote")?)],
        history,
        batch: Batch { block: Block::default(), transactions: voters.par_iter().enumerate().map(vote).collect() },
        accounts: size.transactions,
        ledger: None,
    })
}
