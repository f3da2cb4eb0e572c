//! The accounts that have code, or a nonce of a contract: their records in the accounts arena, and their code, which accounts with the same
//! code share. Accounts without either are in no list: their balance is a cell. No account ever leaves except by an undo.

use super::{arena::Arena, hash::Fixed, memory::list_bytes, tree::Tree};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use bytemuck::{Pod, Zeroable};
use hashbrown::HashMap;

/// An account with code, or with a nonce that counts the contracts it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    pub address: Address,
    pub nonce: u64,
    /// Keccak-256 of the code, as EXTCODEHASH gives it.
    pub code_hash: B256,
    /// The runtime bytecode. Clones share it.
    pub code: Bytes,
}

/// A contract as the arena has it: address (20 bytes), zeros (4), nonce (8, little-endian), code hash (32).
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ContractRecord {
    address: [u8; 20],
    zeros: [u8; 4],
    nonce: u64,
    code_hash: [u8; 32],
}

impl From<&Contract> for ContractRecord {
    fn from(contract: &Contract) -> Self {
        let Contract { address, nonce, code_hash, .. } = contract;
        Self { address: address.into_array(), zeros: [0; 4], nonce: *nonce, code_hash: code_hash.0 }
    }
}

#[derive(Clone, Default)]
pub(super) struct Contracts {
    records: Arena<ContractRecord>,
    /// Like `records`, with the code.
    list: Vec<Contract>,
    ids: HashMap<Address, u32, Fixed>,
    /// Every code in use, and until the next undo some that were.
    codes: HashMap<B256, Bytes, Fixed>,
}

impl Contracts {
    pub(super) fn list(&self) -> &[Contract] {
        &self.list
    }

    pub(super) fn id(&self, address: &Address) -> Option<u32> {
        self.ids.get(address).copied()
    }

    /// The contract as it is to be, with the code of others that have the same.
    pub(super) fn intern(&mut self, address: Address, nonce: u64, code: Bytes) -> Contract {
        let code_hash = keccak256(&code);
        let code = self.codes.entry(code_hash).or_insert(code).clone();
        Contract { address, nonce, code_hash, code }
    }

    /// Its number. The address must be absent.
    pub(super) fn push(&mut self, contract: Contract) -> u32 {
        let id = self.records.push(ContractRecord::from(&contract));
        self.ids.insert(contract.address, id);
        self.list.push(contract);
        id
    }

    /// Replaces the contract `id` by another of the same address and returns the former.
    pub(super) fn replace(&mut self, id: u32, contract: Contract) -> Contract {
        self.records.set(id, ContractRecord::from(&contract));
        std::mem::replace(&mut self.list[id as usize], contract)
    }

    pub(super) fn truncate(&mut self, len: usize) {
        for contract in self.list.drain(len.min(self.list.len())..) {
            self.ids.remove(&contract.address);
        }
        self.records.truncate(len);
    }

    /// Drops code that no contract has. Code that something outside still holds may stay.
    pub(super) fn forget_codes(&mut self) {
        self.codes.retain(|_, code| !code.0.is_unique());
    }

    /// Codes held, for tests.
    #[cfg(test)]
    pub(super) fn codes(&self) -> usize {
        self.codes.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.records.bytes()
    }

    /// What it has allocated, with all code.
    pub(super) fn size_bytes(&self) -> usize {
        let tables = self.ids.allocation_size() + self.codes.allocation_size();
        let code: usize = self.codes.values().map(|code| code.len()).sum();
        self.records.size_bytes() + self.records.tree_bytes() + list_bytes(&self.list) + tables + code
    }

    pub(super) fn take_tree(&mut self) -> Tree {
        self.records.take_tree()
    }

    pub(super) fn put_tree(&mut self, tree: Tree) {
        self.records.put_tree(tree);
    }
}
