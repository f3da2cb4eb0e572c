//! A game: players give each other items, use them up, and the master brings in new ones.

use super::random::{self, Purpose, Random};
use super::solidity::{call, code, in_mapping, in_mappings, word};
use super::{Size, Step};
use crate::error::Result;
use crate::state::CellKey;
use crate::tx::{Batch, Block, Transaction};
use alloy_primitives::{Address, U256};
use rayon::prelude::*;

const ADDRESS: Address = Address::repeat_byte(0xc6);
const MASTER: Address = Address::repeat_byte(0x0a);
/// Kinds of items. A player has one of them.
const KINDS: usize = 64;
const COUNTS: u64 = 1;
const SUPPLY: u64 = 2;

const GIVE: [u8; 4] = [0xd9, 0xc2, 0x4c, 0xaf];
const USE: [u8; 4] = [0x9c, 0x80, 0x6f, 0xae];
const CRAFT: [u8; 4] = [0x57, 0x9e, 0x0c, 0x00];
const COUNT: [u8; 4] = [0xa2, 0x13, 0x9f, 0x6b];
const SUPPLY_OF: [u8; 4] = [0x35, 0x40, 0x32, 0x3f];

pub(super) fn step(size: Size) -> Result<Step> {
    let players = random::addresses(size.seed, size.accounts);
    let kind = |player: usize| U256::from(player % KINDS);
    let count = |player: usize| in_mappings(kind(player), word(players[player]), U256::from(COUNTS));
    let all = || (0..size.accounts).into_par_iter();
    let mut cells: Vec<_> = all().map(|player| (CellKey::storage(ADDRESS, count(player)), random::plenty(size.seed, player))).collect();
    for kind in 0..KINDS {
        let supply = (kind..size.accounts).step_by(KINDS).map(|player| random::plenty(size.seed, player)).sum();
        cells.push((CellKey::storage(ADDRESS, in_mapping(U256::from(kind), U256::from(SUPPLY))), supply));
    }
    cells.push((CellKey::storage(ADDRESS, U256::ZERO.into()), word(MASTER)));
    let ask = |from, data| Transaction { from, to: ADDRESS, value: U256::ZERO, data };
    let play = |index| {
        let mut random = Random::new(size.seed, Purpose::Transaction, index);
        let from = random.account(size.accounts);
        let peers = (size.accounts - from % KINDS).div_ceil(KINDS);
        let to = players[from % KINDS + KINDS * random.account(peers)];
        let (id, amount) = (kind(from), random.amount());
        match random.below(20) {
            0 => ask(MASTER, call(CRAFT, [word(to), id, amount])),
            1 => ask(players[from], call(USE, [id, amount])),
            _ => ask(players[from], call(GIVE, [word(to), id, amount])),
        }
    };
    let mut history: Vec<Transaction> =
        all().map(|player| ask(players[player], call(COUNT, [kind(player), word(players[player])]))).collect();
    history.extend((0..KINDS).map(|kind| ask(MASTER, call(SUPPLY_OF, [U256::from(kind)]))));
    Ok(Step {
        cells,
        contracts: vec![(ADDRESS, code(include_str!("../../kernels/items/Items.opt.json"), "Items")?)],
        history,
        batch: Batch { block: Block::default(), transactions: (0..size.transactions).into_par_iter().map(play).collect() },
        accounts: size.accounts,
        ledger: None,
    })
}
