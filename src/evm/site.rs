//! Where code is to run, as far as a kernel is made for it: words and codes that execution needs to know. Lowering asks for them one by
//! one, and what it was told is part of the kernel's identity.

use alloy_primitives::{Address, B256, Bytes, U256};
use std::fmt;

/// What surrounds a call. Where an answer is missing, the path that needs it escapes.
pub trait Site {
    /// The word of calldata at a byte offset.
    fn calldata(&self, offset: u32) -> Option<U256>;

    /// A storage word of the called contract.
    fn storage(&self, slot: U256) -> Option<U256>;

    /// The code of an account and its Keccak-256, empty where it has none. `None` also where what runs there is not code.
    fn code(&self, address: Address) -> Option<(B256, Bytes)>;
}

/// A site of which nothing is known.
#[derive(Debug, Clone, Copy)]
pub struct Nowhere;

impl Site for Nowhere {
    fn calldata(&self, _: u32) -> Option<U256> {
        None
    }

    fn storage(&self, _: U256) -> Option<U256> {
        None
    }

    fn code(&self, _: Address) -> Option<(B256, Bytes)> {
        None
    }
}

/// Something that a kernel was made for. Its tree asks first whether the words still are as they were, and escapes where one is not; whether
/// a code is, only who calls the kernel knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pin {
    /// The word of calldata at a byte offset: offsets and lengths of lists.
    Calldata { offset: u32, value: U256 },
    /// The word of calldata at a byte offset is more than what is worth a kernel; the tree does not ask for it.
    Beyond { offset: u32, most: usize },
    /// A storage word of the called contract, such as the address of a proxy's implementation.
    Storage { slot: U256, value: U256 },
    /// The code of an account, by its Keccak-256.
    Code { address: Address, hash: B256 },
}

impl Pin {
    /// Pins a word of calldata. What is above `most` is all alike.
    pub(super) fn calldata(offset: u32, value: U256, most: usize) -> Self {
        if value > U256::from(most) { Self::Beyond { offset, most } } else { Self::Calldata { offset, value } }
    }

    /// Whether it is so at `site`.
    pub fn holds(&self, site: &dyn Site) -> bool {
        match *self {
            Self::Calldata { offset, value } => site.calldata(offset) == Some(value),
            Self::Beyond { offset, most } => site.calldata(offset).is_some_and(|value| value > U256::from(most)),
            Self::Storage { slot, value } => site.storage(slot) == Some(value),
            Self::Code { address, hash } => site.code(address).is_some_and(|(found, _)| found == hash),
        }
    }

    /// Whether the call itself brings what is pinned.
    pub fn is_of_call(&self) -> bool {
        matches!(self, Self::Calldata { .. } | Self::Beyond { .. })
    }

    /// Whether the kernel's tree asks for it.
    pub fn is_asked(&self) -> bool {
        matches!(self, Self::Calldata { .. } | Self::Storage { .. })
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calldata { offset, value } => write!(f, "calldata word {offset} is {value}"),
            Self::Beyond { offset, most } => write!(f, "calldata word {offset} is above {most}"),
            Self::Storage { slot, value } => write!(f, "slot {slot:#x} is {value:#x}"),
            Self::Code { address, hash } => write!(f, "the code of {address} has hash {hash}"),
        }
    }
}
