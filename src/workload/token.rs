//! The two tokens that workloads call: their code, where OpenZeppelin's ERC20 keeps its words, and their calldata.

use super::solidity::{call, code, in_mapping, in_mappings, word};
use crate::error::Result;
use crate::state::CellKey;
use alloy_primitives::{Address, B256, Bytes, U256};

/// Where the only token of a workload is.
pub(super) const ADDRESS: Address = Address::repeat_byte(0xc7);

const BALANCES: U256 = U256::ZERO;
const ALLOWANCES: U256 = U256::ONE;
const TOTAL_SUPPLY: u8 = 2;
/// In `ManagedToken` a flag in the lowest byte, the owner in the next twenty.
const PAUSED_AND_OWNER: u8 = 5;

pub(super) const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
pub(super) const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
pub(super) const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
const MINT: [u8; 4] = [0x40, 0xc1, 0x0f, 0x19];
const BURN: [u8; 4] = [0x42, 0x96, 0x6c, 0x68];

/// OpenZeppelin's ERC20 with nothing added.
pub(super) fn plain() -> Result<Bytes> {
    code(include_str!("../../kernels/token/Token.opt.json"), "Token")
}

/// The same with an owner, who mints it and can stop it.
pub(super) fn managed() -> Result<Bytes> {
    code(include_str!("../../kernels/managed_token/ManagedToken.opt.json"), "ManagedToken")
}

pub(super) fn balance(token: Address, holder: Address) -> CellKey {
    CellKey::storage(token, in_mapping(word(holder), BALANCES))
}

pub(super) fn allowance(token: Address, owner: Address, spender: Address) -> CellKey {
    CellKey::storage(token, in_mappings(word(owner), word(spender), ALLOWANCES))
}

pub(super) fn total_supply(token: Address) -> CellKey {
    CellKey::storage(token, B256::with_last_byte(TOTAL_SUPPLY))
}

/// The cell that says who owns a managed token, and its word: not paused.
pub(super) fn owned_by(token: Address, owner: Address) -> (CellKey, U256) {
    let word: U256 = owner.into_word().into();
    (CellKey::storage(token, B256::with_last_byte(PAUSED_AND_OWNER)), word << 8)
}

pub(super) fn transfer(to: Address, amount: U256) -> Bytes {
    call(TRANSFER, [word(to), amount])
}

pub(super) fn transfer_from(from: Address, to: Address, amount: U256) -> Bytes {
    call(TRANSFER_FROM, [word(from), word(to), amount])
}

pub(super) fn approve(spender: Address, amount: U256) -> Bytes {
    call(APPROVE, [word(spender), amount])
}

pub(super) fn mint(to: Address, amount: U256) -> Bytes {
    call(MINT, [word(to), amount])
}

pub(super) fn burn(amount: U256) -> Bytes {
    call(BURN, [amount])
}
