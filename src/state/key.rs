//! What a cell is: an account's native balance or one of its storage words; and the 64 bytes that stand for it in the keys arena.
//! The bytes are part of the root's format. Nothing here looks at values.

use super::hash;
use alloy_primitives::{Address, B256};
use bytemuck::{Pod, Zeroable};
use std::{cmp::Ordering, fmt};

/// The number of a cell in a state's arenas, dense from 0. It stays the cell's own until an undo takes the cell away.
pub type CellId = u32;

/// The identity of a cell. Ordered by address, then the native balance before storage, then the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellKey {
    pub address: Address,
    pub slot: Slot,
}

/// Which of an account's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// The balance in wei.
    Native,
    /// A storage word by its slot as the EVM sees it (mappings are hashed already).
    Storage(B256),
}

impl CellKey {
    /// The balance of `address` in wei.
    pub fn native(address: Address) -> Self {
        Self { address, slot: Slot::Native }
    }

    /// The storage word of `address` at `slot`.
    pub fn storage(address: Address, slot: B256) -> Self {
        Self { address, slot: Slot::Storage(slot) }
    }
}

impl CellKey {
    /// For tables in memory; no result may hang on it.
    pub fn hash_code(&self) -> u64 {
        hash::limbs(&KeyRecord::from(self).limbs())
    }
}

impl fmt::Display for CellKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.slot {
            Slot::Native => write!(f, "{} native balance", self.address),
            Slot::Storage(slot) => write!(f, "{} slot {slot}", self.address),
        }
    }
}

const NATIVE: u64 = 0;
const STORAGE: u64 = 1;

/// A key as the arena has it: address (20 bytes), kind (1: native 0, storage 1), zeros (11), slot (32: big-endian as in the EVM, zeros if
/// native). Its order is that of [`CellKey`].
///
/// In the type it is eight little-endian limbs and not the fields: made, hashed and compared in registers a look-up takes a fifth of the
/// time, since bytes just written cannot be loaded again in other widths without waiting for them to reach the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub(super) struct KeyRecord([u64; 8]);

impl KeyRecord {
    #[inline]
    pub(super) fn is_native(&self) -> bool {
        self.0[2] >> 32 == NATIVE
    }

    /// Its limbs without the one that is always 0, for hashing.
    #[inline]
    pub(super) fn limbs(&self) -> [u64; 7] {
        let [a, b, c, _, d, e, f, g] = self.0;
        [a, b, c, d, e, f, g]
    }
}

impl From<&CellKey> for KeyRecord {
    #[inline]
    fn from(key: &CellKey) -> Self {
        let (kind, slot) = match key.slot {
            Slot::Native => (NATIVE, [0; 4]),
            Slot::Storage(slot) => (STORAGE, bytemuck::cast(slot.0)),
        };
        let [a, b, c, d, e]: [u32; 5] = bytemuck::cast(key.address.into_array());
        let wide = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        let [f, g, h, i] = slot;
        Self([wide(a, b), wide(c, d), u64::from(e) | kind << 32, 0, f, g, h, i])
    }
}

impl From<&KeyRecord> for CellKey {
    #[inline]
    fn from(record: &KeyRecord) -> Self {
        let bytes: &[u8; 64] = bytemuck::cast_ref(&record.0);
        let slot = if record.is_native() { Slot::Native } else { Slot::Storage(B256::from_slice(&bytes[32..])) };
        Self { address: Address::from_slice(&bytes[..20]), slot }
    }
}

impl Ord for KeyRecord {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.map(u64::swap_bytes).cmp(&other.0.map(u64::swap_bytes))
    }
}

impl PartialOrd for KeyRecord {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_order_and_read_back_as_their_keys_do() {
        let [low, high] = [Address::with_last_byte(1), Address::with_last_byte(2)];
        let slots = [B256::ZERO, B256::with_last_byte(9), B256::repeat_byte(0xff)];
        let keys: Vec<CellKey> = [low, high]
            .into_iter()
            .flat_map(|address| std::iter::once(CellKey::native(address)).chain(slots.map(|slot| CellKey::storage(address, slot))))
            .collect();
        assert!(keys.is_sorted());
        let records: Vec<KeyRecord> = keys.iter().map(KeyRecord::from).collect();
        assert!(records.is_sorted());
        assert_eq!(records.iter().map(CellKey::from).collect::<Vec<_>>(), keys);
    }

    #[test]
    fn the_bytes_are_the_format() {
        let key = CellKey::storage(Address::repeat_byte(0xaa), B256::with_last_byte(7));
        let mut expected = [0; 64];
        expected[..20].fill(0xaa);
        expected[20] = 1;
        expected[63] = 7;
        assert_eq!(bytemuck::bytes_of(&KeyRecord::from(&key)), expected);
    }
}
