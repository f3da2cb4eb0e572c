//! Things that pass from holder to holder: which thing moves when, and from whom. A tenth of the things move twice or more, an eighth of them
//! never.

use super::Size;
use super::random::{Purpose, Random};

/// One thing given away.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    pub thing: usize,
    /// Accounts, by index.
    pub from: usize,
    pub to: usize,
}

/// Who holds a thing at first.
pub(super) fn holder(size: Size, thing: usize) -> usize {
    Random::new(size.seed, Purpose::Balance, thing).account(size.accounts)
}

/// As many moves as the size has transactions, of as many things, in an order that has nothing to do with them.
pub(super) fn moves(size: Size) -> Vec<Move> {
    let (things, often) = (size.transactions, size.transactions.div_ceil(10));
    let mut order: Vec<usize> = (0..often).chain(0..things).take(things).collect();
    let mut random = Random::new(size.seed, Purpose::Transaction, 0);
    // One of those that move often moves once more, in five.
    for _ in 0..often / 5 {
        let (at, again) = (random.account(things), random.account(often));
        if order[at] >= often {
            order[at] = again;
        }
    }
    for last in (1..things).rev() {
        order.swap(last, random.account(last + 1));
    }
    let mut holders: Vec<usize> = (0..things).map(|thing| holder(size, thing)).collect();
    let give = |thing: usize| {
        let to = random.account(size.accounts);
        Move { thing, from: std::mem::replace(&mut holders[thing], to), to }
    };
    order.into_iter().map(give).collect()
}
