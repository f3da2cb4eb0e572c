//! The way into a new state and out of any: cells and contracts in any order in, the three arenas' bytes out. Two imports of the same
//! content give the same arenas, and so the same root.

use super::{CellKey, State, arena::MAX_RECORDS, key::KeyRecord};
use crate::{
    error::{Error, Result},
    word::{Word, from_word, to_word},
};
use alloy_primitives::{Address, Bytes, U256};
use rayon::prelude::*;

impl State {
    /// A state of these cells, in the order of their keys, and these contracts (address, nonce, runtime code), in the order of their
    /// addresses. Contracts with neither nonce nor code are left out.
    ///
    /// An input error if two cells or two contracts are the same, if the native balances sum to 2^256 or more, or if there are 2^32 cells.
    pub fn import(
        cells: impl IntoIterator<Item = (CellKey, U256)>,
        contracts: impl IntoIterator<Item = (Address, u64, Bytes)>,
    ) -> Result<Self> {
        let mut cells: Vec<(KeyRecord, Word)> = cells.into_iter().map(|(key, value)| (KeyRecord::from(&key), to_word(value))).collect();
        cells.par_sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        if cells.len() > MAX_RECORDS {
            return Err(Error::input(format_args!("{} cells: a state has at most {MAX_RECORDS}", cells.len())));
        }
        if let Some([(twice, _), _]) = cells.array_windows().find(|[(a, _), (b, _)]| a == b) {
            return Err(Error::input(format_args!("{}: the cell is given twice", CellKey::from(twice))));
        }
        check_native_sum(&cells)?;

        let mut contracts: Vec<_> = contracts.into_iter().collect();
        contracts.sort_unstable_by_key(|(address, ..)| *address);
        if let Some([(twice, ..), _]) = contracts.array_windows().find(|[(a, ..), (b, ..)]| a == b) {
            return Err(Error::input(format_args!("{twice}: the contract is given twice")));
        }

        let mut state = Self::default();
        state.push_all(cells.into_iter());
        for (address, nonce, code) in contracts {
            state.set_contract(address, nonce, code);
        }
        Ok(state)
    }

    /// The cells arena: 32 bytes a cell, little-endian, in the order of their ids.
    pub fn export_cells(&self) -> &[u8] {
        self.cells.bytes()
    }

    /// The keys arena: 64 bytes a cell: address (20), kind (1: native 0, storage 1), zeros (11), slot (32: big-endian; zeros if native).
    pub fn export_keys(&self) -> &[u8] {
        self.keys.bytes()
    }

    /// The accounts arena: 64 bytes a contract: address (20), zeros (4), nonce (8, little-endian), Keccak-256 of the code (32).
    pub fn export_contracts(&self) -> &[u8] {
        self.contracts.bytes()
    }
}

/// No transfer can overflow a balance, provided that all of them together do not.
fn check_native_sum(cells: &[(KeyRecord, Word)]) -> Result<()> {
    let mut sum = U256::ZERO;
    for (key, word) in cells.iter().filter(|(key, _)| key.is_native()) {
        sum = sum
            .checked_add(from_word(word))
            .ok_or_else(|| Error::input(format_args!("{}: up to here the native balances sum to 2^256 wei or more", CellKey::from(key))))?;
    }
    Ok(())
}
