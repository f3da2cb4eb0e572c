//! The keys of accounts that take part, so that calls which bring a signature can succeed. What is to be signed the contract itself tells:
//! whatever digest it has ECRECOVER look at. Nothing is known of how it comes by that, or of EIP-712.

use crate::exec::fallback::Recovery;
use crate::workload::random::{Purpose, Random};
use alloy_primitives::{Address, Bytes, U256};
use k256::ecdsa::SigningKey;
use std::collections::HashMap;
use std::ops::Range;

const WORD: usize = 32;

#[derive(Debug)]
pub(super) struct Signers {
    addresses: Vec<Address>,
    keys: HashMap<Address, SigningKey>,
}

impl Signers {
    pub(super) fn new(seed: u64, count: usize) -> Self {
        let keys: Vec<SigningKey> = (0..count).map(|index| key(seed, index)).collect();
        let addresses = keys.iter().map(address).collect::<Vec<_>>();
        Self { keys: addresses.iter().copied().zip(keys).collect(), addresses }
    }

    pub(super) fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The calldata with a signature that holds, of the first account that it names or else of the sender; `None` where the signature at
    /// hand is not found in it, or the account has no key.
    pub(super) fn sign(&self, data: &Bytes, sender: &Address, asked: &Recovery) -> Option<Bytes> {
        let places = Places::find(data, asked)?;
        let words = (4..data.len().saturating_sub(WORD - 1)).step_by(WORD).map(|at| Address::from_slice(&data[at + 12..at + WORD]));
        let key = words.chain([*sender]).find_map(|address| self.keys.get(&address))?;
        let (signature, odd) = key.sign_prehash_recoverable(&asked.digest[..]).ok()?;
        let mut data = data.to_vec();
        data[places.both].copy_from_slice(&signature.to_bytes());
        data[places.v] = 27 + u8::from(odd.is_y_odd());
        Some(data.into())
    }
}

/// Where in calldata a signature stands.
struct Places {
    /// The last byte of v.
    v: usize,
    /// r, and s behind it.
    both: Range<usize>,
}

impl Places {
    /// v is the word before r, or the byte behind s, as in signatures of 65 bytes.
    fn find(data: &[u8], asked: &Recovery) -> Option<Self> {
        let both = [asked.r, asked.s].concat();
        let mut found = data.windows(both.len()).enumerate().filter(|(_, window)| !asked.r.is_zero() && *window == both).map(|(at, _)| at);
        let (at, None) = (found.next()?, found.next()) else { return None };
        let before = at.checked_sub(WORD).filter(|v| U256::from_be_slice(&data[*v..at]) == asked.v).map(|_| at - 1);
        let behind = data.get(at + both.len()).filter(|v| U256::from(**v) == asked.v).map(|_| at + both.len());
        Some(Self { v: before.or(behind)?, both: at..at + both.len() })
    }
}

fn key(seed: u64, index: usize) -> SigningKey {
    let mut random = Random::new(seed, Purpose::Key, index);
    loop {
        let bytes: Vec<u8> = (0..4).flat_map(|_| random.next().to_be_bytes()).collect();
        // Almost every number is a key.
        if let Ok(key) = SigningKey::from_slice(&bytes) {
            return key;
        }
    }
}

fn address(key: &SigningKey) -> Address {
    Address::from_raw_public_key(&key.verifying_key().to_encoded_point(false).as_bytes()[1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;

    fn word(number: u64) -> [u8; 32] {
        U256::from(number).to_be_bytes()
    }

    #[test]
    fn a_signature_is_found_where_it_stands() {
        let asked = Recovery { digest: B256::repeat_byte(7), v: U256::from(5), r: B256::from(word(88)), s: B256::from(word(99)) };
        let signers = Signers::new(3, 2);
        let [owner, other] = [signers.addresses()[0], signers.addresses()[1]];
        let apart = [&[1; 4][..], owner.into_word().as_slice(), &word(5), &word(88), &word(99)].concat();
        let packed = [&[1; 4][..], &word(65), &word(88), &word(99), &[5], &[0; 31]].concat();
        for (data, sender, v, r) in [(apart, other, 4 + 63, 4 + 64), (packed, owner, 4 + 96, 4 + 32)] {
            let signed = signers.sign(&data.clone().into(), &sender, &asked).expect("it is there");
            let signature = k256::ecdsa::Signature::from_slice(&signed[r..r + 64]).expect("it is well formed");
            let odd = k256::ecdsa::RecoveryId::new(signed[v] == 28, false);
            let key = k256::ecdsa::VerifyingKey::recover_from_prehash(&asked.digest[..], &signature, odd).expect("it recovers");
            assert_eq!(Address::from_raw_public_key(&key.to_encoded_point(false).as_bytes()[1..]), owner);
            let changed: Vec<usize> = (0..data.len()).filter(|at| data[*at] != signed[*at]).collect();
            assert!(changed.iter().all(|at| *at == v || (r..r + 64).contains(at)), "{changed:?}");
        }
    }

    #[test]
    fn what_is_not_there_or_there_twice_is_left_alone() {
        let asked = Recovery { digest: B256::ZERO, v: U256::from(27), r: B256::from(word(88)), s: B256::from(word(99)) };
        let signers = Signers::new(3, 1);
        let sender = signers.addresses()[0];
        let pair = [word(27), word(88), word(99)].concat();
        let none = [&[0; 4][..], &word(27), &word(99)].concat();
        let twice = [&[0; 4][..], &pair, &pair].concat();
        let without_v = [&[0; 4][..], &word(26), &pair[32..]].concat();
        for data in [none, twice, without_v] {
            assert_eq!(signers.sign(&data.into(), &sender, &asked), None);
        }
        let once = [&[0; 4][..], &pair].concat();
        assert!(signers.sign(&once.clone().into(), &sender, &asked).is_some());
        assert_eq!(signers.sign(&once.into(), &Address::ZERO, &asked), None, "nobody has its key");
    }
}
