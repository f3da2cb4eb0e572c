//! Where the words of a batch come from: accounts that meet, amounts at the ends, and the mood of the batch, which says how large things
//! are.

use super::types::Word;
use crate::ir::eval::address_word;
use crate::workload::random::Random;
use alloy_primitives::{Address, U256};

/// What batches are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Small amounts, large holdings, few failures: most calls clear.
    Rich,
    /// Everything about as large as everything else.
    Tight,
}

#[derive(Debug, Clone)]
pub(super) struct Words {
    pub random: Random,
    pub mood: Mood,
    /// Those that take part.
    pub accounts: Vec<Address>,
    /// Those that are called: all have the same code.
    pub contracts: Vec<Address>,
}

impl Words {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound as u64) as usize
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    pub(super) fn account(&mut self) -> Address {
        let at = self.below(self.accounts.len());
        self.accounts[at]
    }

    pub(super) fn contract(&mut self) -> Address {
        let at = self.below(self.contracts.len());
        self.contracts[at]
    }

    /// An account, or an address that is none.
    pub(super) fn address(&mut self) -> Address {
        match self.below(32) {
            0 => Address::ZERO,
            1 => self.contract(),
            2 => Address::with_last_byte(1 + self.below(18) as u8),
            _ => self.account(),
        }
    }

    pub(super) fn amount(&mut self) -> U256 {
        let one = U256::ONE;
        match self.below(if self.mood == Mood::Rich { 64 } else { 16 }) {
            0 => U256::ZERO,
            1 => one,
            2 => U256::MAX - U256::from(self.below(2)),
            3 => one << 128,
            4 | 5 => {
                let power = one << self.below(256);
                [power - one, power, power + one][self.below(3)]
            }
            6 => self.anything(),
            7..12 => U256::from(self.below(100)),
            _ => U256::from(self.random.below(1_000_000_000_000)),
        }
    }

    fn anything(&mut self) -> U256 {
        U256::from_limbs([0; 4].map(|_: u64| self.random.next()))
    }

    /// How much more than enough there is.
    pub(super) fn margin(&mut self) -> U256 {
        match self.mood {
            Mood::Rich => U256::from(self.random.next()) << (32 + self.below(64)),
            Mood::Tight => U256::from(self.below(1_000)),
        }
    }

    /// A word of a parameter, well formed.
    pub(super) fn of(&mut self, kind: Word) -> U256 {
        match kind {
            Word::Address => address_word(&self.address()),
            Word::Bool => U256::from(self.below(2)),
            Word::Any => self.stored(),
            Word::FixedBytes(_) if self.random.coin() => U256::ZERO,
            // Few ids, so that calls meet.
            Word::Uint(_) if self.once_in(4) => U256::from(self.below(4)),
            Word::Int(bits) => {
                let amount = self.amount();
                let amount = if self.random.coin() { amount } else { amount.wrapping_neg() };
                // Its sign fills what is above its bits.
                (amount << (256 - bits)).arithmetic_shr(256 - bits)
            }
            Word::FixedBytes(_) => self.anything() & kind.mask(),
            Word::Uint(_) => self.amount() & kind.mask(),
        }
    }

    /// A word of storage that nothing is known of: nothing, a flag, an account, an amount.
    pub(super) fn stored(&mut self) -> U256 {
        match self.below(8) {
            0..3 => U256::ZERO,
            3 => U256::ONE,
            4 => address_word(&self.account()),
            5 => self.margin(),
            _ => self.amount(),
        }
    }

    /// A native balance, in wei: the sum over all accounts stays below 2^256.
    pub(super) fn balance(&mut self) -> U256 {
        match self.below(6) {
            0 => U256::ZERO,
            1 => U256::from(self.below(100)),
            2 => U256::ONE << 128,
            _ => U256::from(self.random.next()) << 32,
        }
    }
}
