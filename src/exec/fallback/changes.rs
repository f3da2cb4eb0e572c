//! From revm's journal to what a transaction stored. The journal says which cells and contracts, the state says what is in them now.

use crate::state::{CellKey, Slot};
use alloy_primitives::{Address, B256, Bytes, U256};
use revm::context::JournalEntry;
use revm::state::{Account, EvmState};

/// Every cell that the journal stored to, with its value now, in the order of the keys.
pub fn stores(journal: &[JournalEntry], state: &EvmState) -> Vec<(CellKey, U256)> {
    let mut keys = Vec::new();
    let native = |address: &Address| CellKey { address: *address, slot: Slot::Native };
    for entry in journal {
        match entry {
            JournalEntry::StorageChanged { address, key, .. } => {
                keys.push(CellKey { address: *address, slot: Slot::Storage(B256::from(*key)) });
            }
            JournalEntry::BalanceTransfer { from: address, to, balance }
            | JournalEntry::AccountDestroyed { address, target: to, had_balance: balance, .. }
                if !balance.is_zero() =>
            {
                keys.extend([native(address), native(to)]);
            }
            // With gas for free revm changes no balance by itself: these are transfers to oneself.
            JournalEntry::BalanceChange { address, .. } => keys.push(native(address)),
            _ => {}
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().filter_map(|key| Some((key, value(state.get(&key.address)?, key.slot)?))).collect()
}

/// The storage of a destroyed account is gone, and so is what it was sent since.
fn value(account: &Account, slot: Slot) -> Option<U256> {
    match slot {
        Slot::Native if account.is_selfdestructed() => Some(U256::ZERO),
        Slot::Native => Some(account.info.balance),
        Slot::Storage(_) if account.is_selfdestructed() => None,
        Slot::Storage(key) => account.storage.get(&U256::from_be_bytes(key.0)).map(|slot| slot.present_value),
    }
}

/// Every account whose code or nonce the journal changed, in the order of their addresses.
///
/// A transaction increments its sender's nonce; that is not kept. If the sender is a contract and created another in the transaction it
/// stays: the new address comes from the incremented nonce, which must not come up a second time.
pub fn contracts(journal: &[JournalEntry], state: &EvmState, sender: &Address) -> Vec<(Address, u64, Bytes)> {
    let mut addresses = Vec::new();
    let mut of_transaction = true;
    for entry in journal {
        match entry {
            JournalEntry::NonceBump { address } if of_transaction && address == sender => of_transaction = false,
            JournalEntry::NonceBump { address }
            | JournalEntry::AccountCreated { address, .. }
            | JournalEntry::CodeChange { address, .. } => {
                addresses.push(*address);
            }
            _ => {}
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    let alive = |address| state.get(&address).filter(|account| !account.is_selfdestructed()).map(|account| (address, account));
    addresses.into_iter().filter_map(alive).map(|(address, account)| (address, account.info.nonce, code(account))).collect()
}

fn code(account: &Account) -> Bytes {
    account.info.code.as_ref().map(|code| code.original_bytes()).unwrap_or_default()
}
