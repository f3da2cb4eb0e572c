//! Words as Solidity lays them out: in calldata without lists, and in mappings.

use alloy_primitives::{Address, Bytes, U256, keccak256};

pub fn word(address: Address) -> U256 {
    address.into_word().into()
}

/// The calldata of a function by its signature.
pub fn encode(signature: &str, words: &[U256]) -> Bytes {
    let mut data = keccak256(signature)[..4].to_vec();
    words.iter().for_each(|word| data.extend(word.to_be_bytes::<32>()));
    data.into()
}

/// The slot of a key in the mapping at `base`.
pub fn in_mapping(key: U256, base: U256) -> U256 {
    keccak256([key.to_be_bytes::<32>(), base.to_be_bytes::<32>()].concat()).into()
}
