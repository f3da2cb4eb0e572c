//! The one source of chance. Every account and every transaction has a generator of its own, so that threads can make them in any order.

use alloy_primitives::{Address, U256};
use rayon::prelude::*;

/// The largest amount of a transfer: a whole token, or ether, of 18 decimals.
pub(super) const LARGEST: u64 = 1_000_000_000_000_000_000;

/// What a number is drawn for. Draws for different purposes have nothing to do with each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Address,
    Balance,
    Allowance,
    Transaction,
    /// A batch of `verify`.
    Batch,
    /// A private key.
    Key,
}

/// SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64, purpose: Purpose, index: usize) -> Self {
        Self(mix(mix(seed).wrapping_add(purpose as u64)).wrapping_add(mix(index as u64)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`: 0 if that is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// One of `accounts`, by its index.
    pub(super) fn account(&mut self, accounts: usize) -> usize {
        self.below(accounts as u64) as usize
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.next() & 1 == 0
    }

    /// What is transferred: never nothing.
    pub(super) fn amount(&mut self) -> U256 {
        U256::from(1 + self.below(LARGEST))
    }
}

fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The addresses of a workload: without any order, as real ones are.
pub(crate) fn addresses(seed: u64, accounts: usize) -> Vec<Address> {
    let address = |index| {
        let mut random = Random::new(seed, Purpose::Address, index);
        let mut bytes = [0; 24];
        bytes.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&random.next().to_be_bytes()));
        Address::from_slice(&bytes[..20])
    };
    (0..accounts).into_par_iter().map(address).collect()
}

/// More than an account can ever spend: 10^12 times the largest amount, and some more.
pub(super) fn plenty(seed: u64, index: usize) -> U256 {
    U256::from(LARGEST) * U256::from(1_000_000_000_000_u64) + Random::new(seed, Purpose::Balance, index).amount()
}
