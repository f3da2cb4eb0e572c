//! The three token calls, whose words they touch, and the stand-in for tokens of which only the slots are known.
//!
//! The stand-in is OpenZeppelin's ERC20. It does not run at the token's own address: there, plain transfers have to find what the prestate
//! has, no code, while the stand-in rejects whatever it does not know. So it has an address of its own, that no key and no contract of the
//! chain leads to, and token calls are sent there.

use crate::host::{Artifact, TokenSlots};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use std::sync::LazyLock;

/// Where the stand-in keeps its mappings.
pub(super) const STAND_IN: TokenSlots = TokenSlots { balances: Some(U256::ZERO), allowances: Some(U256::ONE) };

static CODE: LazyLock<Bytes> = LazyLock::new(|| {
    let artifact = include_bytes!("../../kernels/token/Token.opt.json");
    Artifact::parse(artifact, "Token", None).expect("the shipped artifact is whole").code
});

pub(super) fn stand_in_code() -> Bytes {
    CODE.clone()
}

/// Where the stand-in for `token` runs.
pub(super) fn stand_in_address(token: &Address) -> Address {
    Address::from_word(keccak256([b"clearwave token".as_slice(), token.as_slice()].concat()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// `transfer(address,uint256)`
    Transfer,
    /// `transferFrom(address,address,uint256)`
    TransferFrom,
    /// `approve(address,uint256)`
    Approve,
}

impl Method {
    pub fn of(calldata: &[u8]) -> Option<Self> {
        match calldata.first_chunk()? {
            [0xa9, 0x05, 0x9c, 0xbb] => Some(Self::Transfer),
            [0x23, 0xb8, 0x72, 0xdd] => Some(Self::TransferFrom),
            [0x09, 0x5e, 0xa7, 0xb3] => Some(Self::Approve),
            _ => None,
        }
    }
}

/// Whose word of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holding {
    Balance(Address),
    Allowance { owner: Address, spender: Address },
}

impl Holding {
    /// Where it is; `None` where that is not known.
    pub fn slot(&self, slots: &TokenSlots) -> Option<B256> {
        match self {
            Self::Balance(holder) => Some(entry(holder, slots.balances?.into())),
            Self::Allowance { owner, spender } => Some(entry(spender, entry(owner, slots.allowances?.into()))),
        }
    }
}

/// The slot of `key` in the mapping at `base`.
pub(super) fn entry(key: &Address, base: B256) -> B256 {
    keccak256([key.into_word(), base].concat())
}

/// The words that a call can touch in the stand-in.
pub(super) fn touched(sender: &Address, calldata: &[u8]) -> Vec<Holding> {
    let [first, second] = address_words(calldata);
    match Method::of(calldata) {
        Some(Method::Transfer) => vec![Holding::Balance(*sender), Holding::Balance(first)],
        Some(Method::TransferFrom) => {
            vec![Holding::Balance(first), Holding::Balance(second), Holding::Allowance { owner: first, spender: *sender }]
        }
        Some(Method::Approve) => vec![Holding::Allowance { owner: *sender, spender: first }],
        None => vec![],
    }
}

/// The first two argument words as addresses: their low 20 bytes. Bytes beyond the end are zero, as the EVM has it.
pub(super) fn address_words(calldata: &[u8]) -> [Address; 2] {
    [16, 48].map(|start| Address::from(std::array::from_fn(|i| calldata.get(start + i).copied().unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, b256, hex};

    #[test]
    fn methods_are_the_first_four_bytes() {
        for (signature, method) in [
            ("transfer(address,uint256)", Method::Transfer),
            ("transferFrom(address,address,uint256)", Method::TransferFrom),
            ("approve(address,uint256)", Method::Approve),
        ] {
            assert_eq!(Method::of(&keccak256(signature)[..4]), Some(method));
            assert_eq!(Method::of(&keccak256(signature)[..3]), None);
        }
    }

    #[test]
    fn calldata_ends_in_zeros() {
        let calldata = hex!("a9059cbb 000000000000000000000000 1122334455667788990011223344556677889900 00");
        assert_eq!(address_words(&calldata), [address!("1122334455667788990011223344556677889900"), Address::ZERO]);
        assert_eq!(address_words(&calldata[..20]), [address!("1122334400000000000000000000000000000000"), Address::ZERO]);
        assert_eq!(address_words(&[]), [Address::ZERO; 2]);
    }

    #[test]
    fn slots_are_those_of_solidity() {
        let holder = address!("00000000000000000000000000000000000000ff");
        let expected = keccak256(hex!(
            "00000000000000000000000000000000000000000000000000000000000000ff"
            "0000000000000000000000000000000000000000000000000000000000000009"
        ));
        let slots = TokenSlots { balances: Some(U256::from(9)), allowances: None };
        assert_eq!(Holding::Balance(holder).slot(&slots), Some(expected));
        assert_eq!(Holding::Allowance { owner: holder, spender: holder }.slot(&slots), None);
        // A well-known one: mapping at 0, key 0.
        let first = b256!("ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5");
        assert_eq!(Holding::Balance(Address::ZERO).slot(&STAND_IN), Some(first));
    }

    #[test]
    fn the_stand_in_has_code_and_an_address_of_its_own() {
        let tokens = [Address::ZERO, Address::with_last_byte(1)];
        assert!(stand_in_code().len() > 100);
        assert_ne!(stand_in_address(&tokens[0]), stand_in_address(&tokens[1]));
    }
}
