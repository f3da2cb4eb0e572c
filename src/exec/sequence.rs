//! One transaction after another, straight on the state: the `reference` backend (kernels through the IR interpreter) and the `revm`
//! backend. Whatever else executes a batch is compared with these two, and these two with each other.

use super::fallback::{self, Fallback, View};
use crate::error::Result;
use crate::ir::eval::{Call, Run};
use crate::plan::library::{Compiled, Library, Target};
use crate::plan::resolve::Present;
use crate::state::{CellKey, Contract, Slot, State};
use crate::tx::{Block, Output, Status, TransactionRef};
use alloy_primitives::{Address, B256, Bytes, Log, U256};

/// What one transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effects {
    pub status: Status,
    /// Return or revert data.
    pub output: Bytes,
    pub logs: Vec<Log>,
    /// Every cell stored to, changed or not, with its value afterwards, in the order of the keys.
    pub stores: Vec<(CellKey, U256)>,
    pub contracts: Vec<(Address, u64, Bytes)>,
}

impl Effects {
    /// Writes them to the state. New cells come in the order of their keys.
    pub fn apply(&self, state: &mut State) {
        for (key, value) in &self.stores {
            match state.find(key) {
                Some(id) => state.set(id, *value),
                None => drop(state.append(*key, *value)),
            }
        }
        for (address, nonce, code) in &self.contracts {
            state.set_contract(*address, *nonce, code.clone());
        }
    }
}

/// Executes through the IR interpreter, and on revm what does not lower.
pub fn reference(
    state: &State,
    library: &Library,
    fallback: &mut Fallback,
    block: &Block,
    transaction: TransactionRef<'_>,
) -> Result<Effects> {
    match library.target(state, transaction)? {
        Target::Kernel(compiled) => match interpret(state, &compiled, block, transaction) {
            Some(effects) => Ok(effects),
            None => revm(state, fallback, transaction),
        },
        Target::Empty => Ok(Effects { status: Status::Success, output: Bytes::new(), logs: vec![], stores: vec![], contracts: vec![] }),
        Target::Fallback => revm(state, fallback, transaction),
    }
}

/// Executes on revm.
pub fn revm(state: &State, fallback: &mut Fallback, transaction: TransactionRef<'_>) -> Result<Effects> {
    let fallback::Outcome { status, output, logs, stores, contracts, .. } = fallback.execute(&mut Present { state }, transaction)?;
    Ok(Effects { status, output, logs, stores, contracts })
}

/// The cells that revm reads and stores to if it executes a transaction now; `true` where code or nonces change.
pub fn foresee(state: &State, fallback: &mut Fallback, transaction: TransactionRef<'_>) -> Result<(Vec<CellKey>, Vec<CellKey>, bool)> {
    let outcome = fallback.execute(&mut Present { state }, transaction)?;
    let stores = outcome.stores.into_iter().map(|(key, _)| key).collect();
    Ok((outcome.reads, stores, !outcome.contracts.is_empty()))
}

/// `None` where the call escapes.
fn interpret(state: &State, compiled: &Compiled, block: &Block, transaction: TransactionRef<'_>) -> Option<Effects> {
    let kernel = &compiled.program.kernel;
    let mut world = Present { state };
    let mut run = Run::new(kernel, Call { transaction, block });
    let id = run.leaf(&mut world);
    let status = kernel.leaf(id).outcome.status()?;
    let Output { data, logs } = run.output(id, &mut world);
    let mut stores: Vec<(CellKey, U256)> = Vec::new();
    for (key, value) in run.stores(id, &mut world) {
        match stores.iter_mut().find(|(stored, _)| *stored == key) {
            Some(store) => store.1 = value,
            None => stores.push((key, value)),
        }
    }
    stores.sort_unstable_by_key(|(key, _)| *key);
    Some(Effects { status, output: data, logs, stores, contracts: vec![] })
}

impl View for Present<'_> {
    fn balance(&mut self, address: &Address) -> U256 {
        self.state.read(&CellKey { address: *address, slot: Slot::Native })
    }

    fn storage(&mut self, address: &Address, slot: B256) -> U256 {
        self.state.read(&CellKey { address: *address, slot: Slot::Storage(slot) })
    }

    fn contract(&mut self, address: &Address) -> Option<fallback::Contract> {
        self.state.contract(address).map(seen_by_revm)
    }
}

pub(super) fn seen_by_revm(contract: &Contract) -> fallback::Contract {
    fallback::Contract { nonce: contract.nonce, code_hash: contract.code_hash, code: contract.code.clone() }
}
