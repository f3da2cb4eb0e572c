//! How Solidity lays out storage and calldata, as far as workloads need it.

use crate::error::Result;
use crate::host::Artifact;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

/// The runtime code of a compiled contract.
pub(super) fn code(artifact: &str, name: &str) -> Result<Bytes> {
    Ok(Artifact::parse(artifact.as_bytes(), name, None)?.code)
}

/// The slot of a key in the mapping at `base`.
pub(super) fn in_mapping(key: U256, base: U256) -> B256 {
    let mut preimage = [0; 64];
    preimage[..32].copy_from_slice(&key.to_be_bytes::<32>());
    preimage[32..].copy_from_slice(&base.to_be_bytes::<32>());
    keccak256(preimage)
}

/// The slot of two keys in the mapping of mappings at `base`.
pub(super) fn in_mappings(outer: U256, inner: U256, base: U256) -> B256 {
    in_mapping(inner, in_mapping(outer, base).into())
}

/// The slot of a member of the structure at `slot`.
pub(super) fn member(slot: B256, index: u64) -> B256 {
    U256::from_be_bytes(slot.0).wrapping_add(U256::from(index)).into()
}

pub(super) fn word(address: Address) -> U256 {
    address.into_word().into()
}

pub(super) fn call<const N: usize>(selector: [u8; 4], words: [U256; N]) -> Bytes {
    let mut data = Vec::with_capacity(4 + 32 * N);
    data.extend(selector);
    words.iter().for_each(|word| data.extend(word.to_be_bytes::<32>()));
    data.into()
}
