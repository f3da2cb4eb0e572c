//! Trades through an escrow: a third of the transactions open a deal, the others end one, mostly of before: a seller is paid, now and then a buyer
//! paid back.

use super::random::{self, Purpose, Random};
use super::solidity::{call, code, in_mapping, member, word};
use super::{Size, Step};
use crate::error::Result;
use crate::state::CellKey;
use crate::tx::{Batch, Block, Transaction};
use alloy_primitives::{Address, U256};
use rayon::prelude::*;

const ADDRESS: Address = Address::repeat_byte(0xc4);
const BALANCES: u64 = 1;
const DEALS: u64 = 2;
/// The state in the byte above the seller's address.
const OPEN: u64 = 1;

const OPEN_DEAL: [u8; 4] = [0xb6, 0x14, 0x7e, 0xd5];
const RELEASE: [u8; 4] = [0x37, 0xbd, 0xc9, 0x9b];
const REFUND: [u8; 4] = [0x27, 0x8e, 0xcd, 0xe1];
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
const DEAL: [u8; 4] = [0x03, 0x98, 0x8f, 0x84];

/// A deal, by the indices of accounts.
#[derive(Clone, Copy)]
struct Deal {
    id: u64,
    buyer: usize,
    seller: usize,
    amount: U256,
}

impl Deal {
    fn new(size: Size, id: u64) -> Self {
        let mut random = Random::new(size.seed, Purpose::Allowance, id as usize);
        Self { id, buyer: random.account(size.accounts), seller: random.account(size.accounts), amount: random.amount() }
    }
}

pub(super) fn step(size: Size) -> Result<Step> {
    let accounts = random::addresses(size.seed, size.accounts);
    let transactions = transactions(size, &accounts);
    // Every id that a transaction of the batch may name has its cells: those of deals that are still to be opened hold nothing.
    let ids = 2 * size.transactions as u64;
    let cell = |key: U256, mapping: u64| in_mapping(key, U256::from(mapping));
    let mut cells: Vec<_> = accounts
        .par_iter()
        .enumerate()
        .map(|(i, account)| (CellKey::storage(ADDRESS, cell(word(*account), BALANCES)), random::plenty(size.seed, i)))
        .collect();
    cells.par_extend((0..ids).into_par_iter().flat_map_iter(|id| {
        let deal = Deal::new(size, id);
        let seller = word(accounts[deal.seller]) | U256::from(OPEN) << 160;
        let held = if id < size.transactions as u64 { [word(accounts[deal.buyer]), seller, deal.amount] } else { [U256::ZERO; 3] };
        let slot = cell(U256::from(id), DEALS);
        held.into_iter().enumerate().map(move |(i, word)| (CellKey::storage(ADDRESS, member(slot, i as u64)), word))
    }));
    cells.push((CellKey::storage(ADDRESS, U256::ZERO.into()), word(Address::repeat_byte(0x0a))));
    let mut history: Vec<Transaction> = accounts.par_iter().map(|account| ask(*account, call(BALANCE_OF, [word(*account)]))).collect();
    history.par_extend((0..ids).into_par_iter().map(|id| ask(ADDRESS, call(DEAL, [U256::from(id)]))));
    Ok(Step {
        cells,
        contracts: vec![(ADDRESS, code(include_str!("../../kernels/escrow/Escrow.opt.json"), "Escrow")?)],
        history,
        batch: Batch { block: Block::default(), transactions },
        accounts: size.accounts,
        ledger: None,
    })
}

fn ask(from: Address, data: alloy_primitives::Bytes) -> Transaction {
    Transaction { from, to: ADDRESS, value: U256::ZERO, data }
}

fn transactions(size: Size, accounts: &[Address]) -> Vec<Transaction> {
    let mut random = Random::new(size.seed, Purpose::Transaction, 0);
    let (mut old, mut new) = (0, size.transactions as u64);
    let mut ended = new;
    let mut next = |_| {
        if random.below(3) == 0 {
            let deal = Deal::new(size, new);
            new += 1;
            return ask(accounts[deal.buyer], call(OPEN_DEAL, [U256::from(deal.id), word(accounts[deal.seller]), deal.amount]));
        }
        // One in sixteen ends a deal of this batch, if there is one left.
        let young = random.below(16) == 0 && ended < new;
        let id = if young { &mut ended } else { &mut old };
        let deal = Deal::new(size, *id);
        *id += 1;
        let (from, selector) = if random.below(5) == 0 { (deal.seller, REFUND) } else { (deal.buyer, RELEASE) };
        ask(accounts[from], call(selector, [U256::from(deal.id)]))
    };
    (0..size.transactions).map(&mut next).collect()
}
