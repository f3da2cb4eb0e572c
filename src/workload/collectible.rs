//! A rush on a collection: OpenZeppelin's ERC721, moved by its holders.

use super::moves::{holder, moves};
use super::random::addresses;
use super::solidity::{call, code, in_mapping, word};
use super::{Size, Step};
use crate::error::Result;
use crate::state::CellKey;
use crate::tx::{Batch, Block, Transaction};
use alloy_primitives::{Address, Bytes, U256};
use rayon::prelude::*;

const ADDRESS: Address = Address::repeat_byte(0xc1);
const OWNERS: u64 = 2;
const BALANCES: u64 = 3;
const APPROVALS: u64 = 4;

const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
const GET_APPROVED: [u8; 4] = [0x08, 0x18, 0x12, 0xfc];

pub(super) fn step(size: Size) -> Result<Step> {
    let accounts = addresses(size.seed, size.accounts);
    let cell = |key: U256, mapping: u64| CellKey::storage(ADDRESS, in_mapping(key, U256::from(mapping)));
    let holders: Vec<usize> = (0..size.transactions).into_par_iter().map(|token| holder(size, token)).collect();
    let mut held = vec![0_u64; size.accounts];
    holders.iter().for_each(|holder| held[*holder] += 1);
    let mut cells: Vec<_> =
        accounts.par_iter().zip(&held).map(|(account, held)| (cell(word(*account), BALANCES), U256::from(*held))).collect();
    cells.par_extend(holders.par_iter().enumerate().flat_map_iter(|(token, holder)| {
        let token = U256::from(token);
        [(cell(token, OWNERS), word(accounts[*holder])), (cell(token, APPROVALS), U256::ZERO)]
    }));
    let ask = |from, data| Transaction { from, to: ADDRESS, value: U256::ZERO, data };
    let give = |given: super::moves::Move| {
        let (from, to) = (accounts[given.from], accounts[given.to]);
        ask(from, call(TRANSFER_FROM, [word(from), word(to), U256::from(given.thing)]))
    };
    let mut history: Vec<Transaction> = accounts.par_iter().map(|account| ask(*account, call(BALANCE_OF, [word(*account)]))).collect();
    history.par_extend((0..size.transactions).into_par_iter().map(|token| ask(ADDRESS, call(GET_APPROVED, [U256::from(token)]))));
    Ok(Step {
        cells,
        contracts: vec![(ADDRESS, contract()?)],
        history,
        batch: Batch { block: Block::default(), transactions: moves(size).into_iter().map(give).collect() },
        accounts: size.accounts,
        ledger: None,
    })
}

fn contract() -> Result<Bytes> {
    code(include_str!("../../kernels/collectible/Collectible.opt.json"), "Collectible")
}
