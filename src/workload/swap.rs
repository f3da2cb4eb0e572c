//! A market: everybody trades with one pool, so that each price hangs on the trade before.

use super::random::{self, LARGEST, Purpose, Random};
use super::solidity::{call, code, in_mapping, word};
use super::{Size, Step};
use crate::error::Result;
use crate::state::CellKey;
use crate::tx::{Batch, Block, Transaction};
use alloy_primitives::{Address, U256};
use rayon::prelude::*;

const ADDRESS: Address = Address::repeat_byte(0xc5);
const OWNER: u64 = 0;
const RESERVES: [u64; 2] = [1, 2];
const BALANCES: [u64; 2] = [3, 4];

const SWAP: [[u8; 4]; 2] = [[0xaf, 0xd5, 0x63, 0x15], [0xd2, 0xbe, 0x3e, 0xe0]];
const BALANCE: [[u8; 4]; 2] = [[0x34, 0x36, 0xf5, 0xb4], [0xaf, 0x62, 0xdb, 0x3f]];

pub(super) fn step(size: Size) -> Result<Step> {
    let accounts = random::addresses(size.seed, size.accounts);
    let at = |slot: u64| CellKey::storage(ADDRESS, U256::from(slot).into());
    let mut cells: Vec<_> = accounts
        .par_iter()
        .enumerate()
        .flat_map_iter(|(i, account)| {
            let cell = |mapping| CellKey::storage(ADDRESS, in_mapping(word(*account), U256::from(mapping)));
            BALANCES.map(|mapping| (cell(mapping), random::plenty(size.seed, i)))
        })
        .collect();
    cells.extend(RESERVES.map(|slot| (at(slot), U256::from(LARGEST) * U256::from(1_000_000))));
    cells.push((at(OWNER), word(Address::repeat_byte(0x0a))));
    let ask = |from, data| Transaction { from, to: ADDRESS, value: U256::ZERO, data };
    let trade = |index| {
        let mut random = Random::new(size.seed, Purpose::Transaction, index);
        let from = accounts[random.account(size.accounts)];
        ask(from, call(SWAP[usize::from(random.coin())], [random.amount(), U256::ZERO]))
    };
    let history = accounts.par_iter().flat_map_iter(|account| BALANCE.map(|selector| ask(*account, call(selector, [word(*account)]))));
    Ok(Step {
        history: history.collect(),
        cells,
        contracts: vec![(ADDRESS, code(include_str!("../../kernels/swap/Swap.opt.json"), "Swap")?)],
        batch: Batch { block: Block::default(), transactions: (0..size.transactions).into_par_iter().map(trade).collect() },
        accounts: size.accounts,
        ledger: None,
    })
}
