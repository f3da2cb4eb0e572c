//! Goods in a supply chain, handed from holder to holder.

use super::moves::{holder, moves};
use super::random::addresses;
use super::solidity::{call, code, in_mapping, word};
use super::{Size, Step};
use crate::error::Result;
use crate::state::CellKey;
use crate::tx::{Batch, Block, Transaction};
use alloy_primitives::{Address, U256};
use rayon::prelude::*;

const ADDRESS: Address = Address::repeat_byte(0xc2);
const HOLDERS: u64 = 0;
const HANDOVERS: u64 = 1;

const HAND: [u8; 4] = [0x59, 0x5f, 0x09, 0xd8];
const HOLDER_OF: [u8; 4] = [0xfe, 0x6a, 0x9a, 0x8c];
const HANDOVERS_OF: [u8; 4] = [0x9e, 0xc4, 0xdb, 0xfb];

pub(super) fn step(size: Size) -> Result<Step> {
    let accounts = addresses(size.seed, size.accounts);
    let cell = |item: usize, mapping: u64| CellKey::storage(ADDRESS, in_mapping(U256::from(item), U256::from(mapping)));
    let cells = (0..size.transactions)
        .into_par_iter()
        .flat_map_iter(|item| [(cell(item, HOLDERS), word(accounts[holder(size, item)])), (cell(item, HANDOVERS), U256::ZERO)]);
    let ask = |from, data| Transaction { from, to: ADDRESS, value: U256::ZERO, data };
    let hand = |given: super::moves::Move| ask(accounts[given.from], call(HAND, [U256::from(given.thing), word(accounts[given.to])]));
    let history = (0..size.transactions)
        .into_par_iter()
        .flat_map_iter(|item| [HOLDER_OF, HANDOVERS_OF].map(|selector| ask(ADDRESS, call(selector, [U256::from(item)]))));
    Ok(Step {
        cells: cells.collect(),
        contracts: vec![(ADDRESS, code(include_str!("../../kernels/custody/Custody.opt.json"), "Custody")?)],
        history: history.collect(),
        batch: Batch { block: Block::default(), transactions: moves(size).into_iter().map(hand).collect() },
        accounts: size.accounts,
        ledger: None,
    })
}
